"""Everything about one customer: all their coupons with what contradicts in them, and their life as one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QFrame, QWidget

from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, Spinner, button, clear, column, frame, icon_label, label, row
from coupon_desk.desk.scrolling import scrolled
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.statuses import StatusPill
from coupon_desk.desk.timeline_part import TimelinePart
from coupon_desk.errors import DeskError
from coupon_desk.words import msg, msgn

if TYPE_CHECKING:
    from coupon_desk.app.customer_looking import CustomerView
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.app.view import CouponView
    from coupon_desk.people.operators import Session

LIST_PX: Final = 470


class CustomerDialog(QDialog):
    """Looks at every coupon when it is opened. `compare_asked` brings the code of the one that is to be compared."""

    compare_asked = Signal(object)

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session, customer_id: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._stage = stage
        self._desk = desk
        self._session = session
        self._customer_id = customer_id
        self.view: CustomerView | None = None
        self.setModal(True)
        self.setMinimumSize(940, 560)
        self.resize(1060, 680)
        stage.speech.tell(self, msg("Everything about this customer"), "setWindowTitle")
        self.name = label(stage, role="title")
        self.balance = label(stage, role="muted")
        self.again = button(stage, msg("Look again"), icon="refresh", colour="muted", key="L")
        self.again.setObjectName("look-again")
        self.again.clicked.connect(self.look)
        head = frame("header", row(column(self.name, self.balance, spacing=2), 0, self.again, margins=(26, 14, 26, 12)))
        whole = column(head, self._body(), self._foot(), spacing=0)
        whole.setStretch(1, 1)
        self.setLayout(whole)
        stage.speech.changed.connect(self._draw)
        self.look()

    def look(self) -> None:
        """Look at all coupons now."""
        desk, session, customer_id = self._desk, self._session, self._customer_id
        self.told.hide()
        self._busy.show()
        self.again.setEnabled(False)
        self._stage.runner.read(self, "customer", lambda: desk.customers.of(customer_id, session), self._show, self._fail)

    def _body(self) -> QWidget:
        stage = self._stage
        self.told = Banner(stage)
        looking = label(stage, msg("Looking at every coupon of this customer…"), "muted")
        self._busy = frame("well", row(Spinner(stage), looking, 0, spacing=10, margins=(12, 10, 12, 10)))
        self._coupons = column(spacing=8)
        title = label(stage, msg("Coupons"), "section")
        left = column(self.told, self._busy, title, self._coupons, 0, spacing=10, margins=(26, 18, 18, 18))
        self.timeline = TimelinePart(stage, with_codes=True)
        life = column(label(stage, msg("What happened"), "section"), self.timeline, 0, spacing=10, margins=(20, 18, 18, 18))
        list_ = scrolled(left)
        list_.setFixedWidth(LIST_PX)
        made = QWidget()
        inside = row(list_, frame("pane", column(scrolled(life))), spacing=0)
        inside.setStretch(1, 1)
        made.setLayout(inside)
        return made

    def _foot(self) -> QWidget:
        close = button(self._stage, msg("Close"))
        close.clicked.connect(self.reject)
        return frame("footer", row(0, close, margins=(26, 14, 26, 14)))

    def _show(self, view: CustomerView) -> None:
        self.view = view
        self._busy.hide()
        self.again.setEnabled(True)
        self._draw()

    def _draw(self) -> None:
        """Draw the view anew, also in another language."""
        view, tell = self.view, self._stage.speech.tell
        if view is None:
            return
        number = view.customer_id.rsplit("/", 1)[-1]
        self.name.setText(view.name or number)
        if view.balance is not None:
            tell(self.balance, msg("Number {number} · balance {balance}", number=number, balance=view.balance))
        else:
            tell(self.balance, msg("Number {number}", number=number))
        clear(self._coupons)
        for coupon in view.coupons:
            self._coupons.addWidget(self._card(coupon))
        self.timeline.show_events(view.events)
        if not view.coupons:
            self.told.show_message(Tone.NEUTRAL, msg("No coupon of this customer is known."))
        elif view.left_out:
            count = view.left_out
            left_out = msgn("{count} more was not looked at.", "{count} more were not looked at.", count=count)
            self.told.show_message(Tone.NEUTRAL, left_out)

    def _card(self, view: CouponView) -> QFrame:
        stage = self._stage
        code = label(stage, role="mono")
        code.setText(view.code.text)
        pill = StatusPill(stage)
        pill.show_status(view.verdict.status)
        compare = button(stage, msg("Compare…"), "link")
        compare.clicked.connect(lambda: self.compare_asked.emit(view.code))
        inside = column(row(code, 0, pill, compare, spacing=8), spacing=4, margins=(12, 8, 8, 8))
        spoken = [view.code.text, stage.speech.say(view.verdict.status.label)]
        for difference in view.differences[:1]:
            what = label(stage, difference.what, "doubt", wraps=True)
            inside.addLayout(row(icon_label(stage, "attention", "warn", 16), what, spacing=8))
            spoken.append(what.text())
        stage.speech.tell(compare, msg("Compare {code}…", code=view.code.text), "setAccessibleName")
        made = QFrame()
        made.setProperty("role", "card")
        made.setLayout(inside)
        made.setAccessibleName(", ".join(spoken))
        return made

    def _fail(self, error: DeskError) -> None:
        self._busy.hide()
        self.again.setEnabled(True)
        self.told.show_message(Tone.WARN, error.what, error.todo or error.done)
