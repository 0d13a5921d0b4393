"""What a person has to look at: approvals, cancelled orders, investigations, signals. A window of its own beside the page."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeySequence, QShortcut
from PySide6.QtWidgets import QButtonGroup, QDialog, QFrame, QPushButton, QStackedWidget, QWidget

from coupon_desk.desk.controls import button, column, frame, icon_label, label, row
from coupon_desk.desk.review_approvals import ReviewApprovals
from coupon_desk.desk.review_investigations import ReviewInvestigations
from coupon_desk.desk.review_orders import ReviewOrders
from coupon_desk.desk.review_signals import ReviewSignals
from coupon_desk.desk.review_tab import ReviewTab
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.theme import font
from coupon_desk.desk.work import Work
from coupon_desk.errors import DeskError
from coupon_desk.people.roles import Right
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Session

SIZE_PX: Final = (1160, 740)
SMALLEST_PX: Final = (1000, 600)
FRAME_PX: Final = 40
SEGMENT_MARGINS_PX: Final = 28


class Subject(StrEnum):
    """The tabs, from left to right."""

    APPROVALS = "approvals"
    ORDERS = "orders"
    INVESTIGATIONS = "investigations"
    SIGNALS = "signals"

    @property
    def label(self) -> Message:
        """What a person reads."""
        return _LABELS[self]


_LABELS = {
    Subject.APPROVALS: msg("Approvals"),
    Subject.ORDERS: msg("Cancelled orders"),
    Subject.INVESTIGATIONS: msg("Investigations"),
    Subject.SIGNALS: msg("Signals"),
}
_KEYS: Final = {Subject.APPROVALS: "A", Subject.ORDERS: "O", Subject.INVESTIGATIONS: "I", Subject.SIGNALS: "S"}


class Page(Protocol):
    """What a tab shows: reads when it comes to the front."""

    tab: ReviewTab

    def read(self) -> None:
        """Look what waits now; on a worker."""

    def focus(self) -> None:
        """Take the keyboard to where one goes on."""


class ReviewWindow(QDialog):
    """Nothing here decides anything: each tab hands requests to the desk. `read_again` says that somebody wants it all anew.

    `refund_asked` brings a line of the inbox, `show_asked` the id of an operation, `trail_asked` what to look for in the trail.
    """

    read_again = Signal()
    refund_asked = Signal(object)
    show_asked = Signal(str)
    trail_asked = Signal(object)

    def __init__(
        self,
        stage: Stage,
        desk: CouponDesk,
        session: Session,
        work: Work,
        rights: Mapping[Right, Message | None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._stage = stage
        self._pages: dict[Subject, Page] = {}
        self._buttons: dict[Subject, QPushButton] = {}
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.setWindowFlag(Qt.WindowType.WindowMinimizeButtonHint)
        self.setMinimumSize(*SMALLEST_PX)
        self.resize(_fitting(self))
        stage.speech.tell(self, msg("Review – {shop}", shop=desk.settings.shop.name), "setWindowTitle")
        self._stack = QStackedWidget()
        whole = column(self._bar(), self._stack, spacing=0)
        whole.setStretchFactor(self._stack, 1)
        self.setLayout(whole)
        stage.theme.changed.connect(self._fit)
        self._fit()
        self.approvals = ReviewApprovals(stage, desk, session, work)
        self._add(Subject.APPROVALS, self.approvals)
        may_ask = rights.get(Right.ASK) is None
        self.orders = ReviewOrders(stage, desk, session, None if may_ask else rights.get(Right.REFUND_ORDER))
        self._add(Subject.ORDERS, self.orders)
        self.investigations = ReviewInvestigations(stage, desk, session, work, rights.get(Right.READ_TRAIL))
        self._add(Subject.INVESTIGATIONS, self.investigations)
        self.signals = ReviewSignals(stage, desk, session, rights.get(Right.READ_TRAIL))
        self._add(Subject.SIGNALS, self.signals)
        self.signals.trail_asked.connect(self.trail_asked)
        for tab in (self.orders, self.investigations, self.signals):
            tab.show_asked.connect(self.show_asked)
        self.orders.refund_asked.connect(self.refund_asked)
        self.finished.connect(self.orders.end)
        QShortcut(QKeySequence("F5"), self, self.read)
        QShortcut(QKeySequence("Ctrl+Tab"), self, lambda: self._walk(1))
        QShortcut(QKeySequence("Ctrl+Shift+Tab"), self, lambda: self._walk(-1))

    @property
    def subject(self) -> Subject:
        """The tab in front."""
        return tuple(self._pages)[self._stack.currentIndex()]

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The tabs that there are."""
        return tuple(self._pages)

    def show_subject(self, subject: Subject) -> None:
        """Bring a tab to the front and read it anew."""
        self._buttons[subject].setChecked(True)
        self._stack.setCurrentIndex(tuple(self._pages).index(subject))
        self._pages[subject].read()
        self._pages[subject].focus()

    def read(self) -> None:
        """Read the tab in front anew, and have the numbers counted."""
        self._pages[self.subject].read()
        self.read_again.emit()

    def tell(self, error: DeskError) -> None:
        """Something did not go as it should; said in the tab in front."""
        page = self._pages[self.subject]
        page.tab.tell(error)

    def show_count(self, subject: Subject, count: int | None) -> None:
        """How much waits there; None where this is not known or does not concern this operator."""
        message = msg("{subject} ({count})", subject=subject.label, count=count) if count else subject.label
        self._stage.speech.tell(self._buttons[subject], message)
        self._fit()

    def _bar(self) -> QFrame:
        stage = self._stage
        tabs = row(spacing=4, margins=(4, 3, 4, 3))
        group = QButtonGroup(self)
        for subject in Subject:
            made = button(stage, subject.label, "segment", key=_KEYS[subject])
            made.setObjectName(f"review-{subject.value}")
            made.setCheckable(True)
            made.clicked.connect(lambda _on=False, chosen=subject: self.show_subject(chosen))
            made.hide()
            group.addButton(made)
            tabs.addWidget(made)
            self._buttons[subject] = made
        again = button(stage, msg("Read again (F5)"), "icon", "refresh", "muted")
        again.setObjectName("review-refresh")
        again.clicked.connect(self.read)
        close = button(stage, msg("Close"))
        close.setObjectName("review-close")
        close.clicked.connect(self.reject)
        title = row(icon_label(stage, "people", "accent", 24), label(stage, msg("Review"), "heading"), spacing=10)
        return frame("header", row(title, 18, frame("segments", tabs), 0, again, close, spacing=8, margins=(20, 10, 20, 10)))

    def _add(self, subject: Subject, page: ReviewApprovals | ReviewOrders | ReviewInvestigations | ReviewSignals) -> None:
        self._pages[subject] = page
        self._stack.addWidget(page)
        self._buttons[subject].show()
        page.counted.connect(lambda count: self.show_count(subject, count))

    def _fit(self) -> None:
        """The chosen tab is bold; Qt does not count on that."""
        metrics = QFontMetrics(font(self._stage.speech.language, is_bold=True))
        for made in self._buttons.values():
            made.setMinimumWidth(metrics.horizontalAdvance(made.text().replace("&", "")) + SEGMENT_MARGINS_PX)

    def _walk(self, steps: int) -> None:
        subjects = tuple(self._pages)
        self.show_subject(subjects[(self._stack.currentIndex() + steps) % len(subjects)])


def _fitting(window: QWidget) -> QSize:
    room = window.screen().availableSize()
    return QSize(min(SIZE_PX[0], room.width()), min(SIZE_PX[1], room.height() - FRAME_PX))
