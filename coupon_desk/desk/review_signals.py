"""What looks unusual, for those who may read the trail: a sentence with its figures each, and what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget

from coupon_desk.app.trail_search import EntryKind, TrailSearch
from coupon_desk.desk.controls import button, column, icon_label, label, row
from coupon_desk.desk.review_tab import ReviewTab
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Session
    from coupon_desk.trail.signals import Signal as Noticed

HEAVY = 5.0
MOST_LINKS = 3


class ReviewSignals(QWidget):
    """A signal blocks and proves nothing. `trail_asked` brings what to look for there, `show_asked` an operation's id."""

    trail_asked = Signal(object)
    show_asked = Signal(str)
    counted = Signal(int)

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session, why_not: Message | None) -> None:
        super().__init__()
        self._stage = stage
        self._desk = desk
        self._session = session
        self._why_not = why_not
        self.signals: tuple[Noticed, ...] = ()
        self.tab = ReviewTab(
            stage,
            msg("Signals of the last 90 days, heaviest first"),
            msg("Nothing looks unusual"),
            msg("What looks unusual in the trail appears here by itself. A signal blocks nothing and proves nothing."),
        )
        self.setLayout(column(self.tab))
        if why_not is not None:
            self.tab.close_for(why_not, msg("Ask a manager."))

    def read(self) -> None:
        """Look through the trail."""
        if self._why_not is not None:
            return
        desk, session = self._desk, self._session
        self.tab.be_busy()
        self._stage.runner.read(self, "signals", lambda: desk.signals(session), self._show, self.tab.tell)

    def focus(self) -> None:
        """To the first signal."""
        self.tab.focus_first()

    def _show(self, signals: tuple[Noticed, ...]) -> None:
        self.signals = signals
        self.tab.show_cards(signals, self._card)
        self.counted.emit(len(signals))

    def _card(self, signal: Noticed) -> QFrame:
        stage = self._stage
        is_heavy = signal.weight >= HEAVY
        picture = icon_label(stage, "attention" if is_heavy else "info", "warn" if is_heavy else "muted", 18)
        when = label(stage, msg("{at}", at=signal.at), "small")
        head = row(picture, label(stage, signal.kind.label, "strong"), 0, when, spacing=8)
        sentence = label(stage, signal.message, wraps=True)
        links = row(spacing=4)
        for operation in signal.operations[:MOST_LINKS]:
            link = button(stage, msg("Operation {id}", id=operation[:8]), "link")
            link.setObjectName(f"operation-{operation}")
            link.clicked.connect(lambda _on=False, identity=operation: self.show_asked.emit(identity))
            links.addWidget(link)
        beyond = len(signal.operations) - MOST_LINKS
        if beyond > 0:
            links.addWidget(label(stage, msg("and {count} more", count=beyond), "small"))
        links.addStretch(1)
        trail = button(stage, msg("Show in the trail"), "link", "trail", "accent")
        trail.clicked.connect(lambda: self.trail_asked.emit(_search(signal)))
        stage.speech.tell(trail, msg("Show in the trail: {kind}", kind=signal.kind.label), "setAccessibleName")
        links.addWidget(trail, 0, Qt.AlignmentFlag.AlignRight)
        made = QFrame()
        made.setProperty("role", "card")
        made.setLayout(column(head, sentence, links, spacing=7, margins=(16, 12, 14, 10)))
        return made


def _search(signal: Noticed) -> TrailSearch:
    """What to look for in the trail: the one operation, else what this operator did up to that day."""
    if len(signal.operations) == 1:
        return TrailSearch(operation=signal.operations[0])
    kind = EntryKind.ALL if signal.operations else EntryKind.SIGNING_IN
    return TrailSearch(operator=signal.who or None, kind=kind, until=signal.at.astimezone().date())
