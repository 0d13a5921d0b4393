"""The inbox: cancelled orders that used a coupon whose points nobody has given back yet."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget

from coupon_desk.desk.controls import allow, button, column, label, row
from coupon_desk.desk.figures import Figures, of_proposal
from coupon_desk.desk.findings import Findings
from coupon_desk.desk.review_tab import ReviewTab
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.app.inbox import Inbox, InboxItem
    from coupon_desk.people.operators import Session

DAYS = 30


class ReviewOrders(QWidget):
    """`refund_asked` brings the line for which somebody wants to ask; `show_asked` the id of an operation."""

    refund_asked = Signal(object)
    show_asked = Signal(str)
    counted = Signal(int)

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session, why_not: Message | None) -> None:
        super().__init__()
        self._stage = stage
        self._desk = desk
        self._session = session
        self._why_not = why_not
        self._stop = threading.Event()
        self.items: tuple[InboxItem, ...] = ()
        self.tab = ReviewTab(
            stage,
            msg("Cancelled orders that used a coupon"),
            msg("No cancelled order waits"),
            msg(
                "Orders of the last {days} days that were cancelled after they used a coupon appear here by themselves.",
                days=DAYS,
            ),
        )
        self.setLayout(column(self.tab))
        if why_not is not None:
            self.tab.close_for(why_not, msg("Ask a manager."))

    def read(self) -> None:
        """Look through the orders; what was read before is read quickly."""
        if self._why_not is not None:
            return
        desk, session, stop = self._desk, self._session, self._stop
        self.tab.be_busy()
        self._stage.runner.read(
            self, "inbox", lambda: desk.inbox.read(session, days=DAYS, stop=stop), self._show, self.tab.tell
        )

    def end(self) -> None:
        """Nobody looks any more: read nothing further."""
        self._stop.set()

    def focus(self) -> None:
        """To the first order."""
        self.tab.focus_first()

    def _show(self, inbox: Inbox) -> None:
        self.items = inbox.items
        self.tab.be_quiet()
        self.tab.show_cards(self.items, self._card)
        self.counted.emit(len(self.items))

    def _card(self, item: InboxItem) -> QFrame:
        stage = self._stage
        code = label(stage, role="mono")
        code.setText(item.code.text)
        code.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        order = label(stage, msg("Order {order}", order=item.order), "muted")
        head = row(code, order, 0, label(stage, item.state.label, "small"), spacing=12)
        about = msg("Cancelled {at}", at=item.cancelled_at)
        if item.customer_name:
            about = msg("{name}, cancelled {at}", name=item.customer_name, at=item.cancelled_at)
        figures = Figures(stage)
        figures.setVisible(item.proposal is not None)
        if item.proposal is not None:
            figures.show_points(of_proposal(item.proposal))
        why = Findings(stage)
        why.show_lines([("info", "muted", item.why)] if item.why is not None else [])
        refund = button(stage, msg("Refund…"), "primary")
        refund.setObjectName(f"refund-{item.code}-{item.order}")
        refund.clicked.connect(lambda: self.refund_asked.emit(item))
        spoken = msg("Refund for order {order}, coupon {code}", order=item.order, code=item.code)
        stage.speech.tell(refund, spoken, "setAccessibleName")
        allow(stage, refund, _why_no_refund(item))
        show = button(stage, msg("Show the request"), "link")
        show.setObjectName(f"show-{item.operation}")
        show.setVisible(item.operation is not None)
        show.clicked.connect(lambda: self.show_asked.emit(item.operation or ""))
        made = QFrame()
        made.setProperty("role", "card")
        made.setLayout(
            column(
                head,
                label(stage, about, "small"),
                figures,
                why,
                row(0, show, refund, spacing=8),
                spacing=9,
                margins=(16, 13, 16, 13),
            )
        )
        return made


def _why_no_refund(item: InboxItem) -> Message | None:
    is_asked = item.operation is not None and item.state.value == "requested"
    return msg("It was asked for already: a second person decides under Approvals.") if is_asked else None
