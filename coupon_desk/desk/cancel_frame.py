"""What stays above and below while the dialog goes from asking to done: which coupon it is, and the two verbs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame

from coupon_desk.cancellation.operation import OperationKind
from coupon_desk.desk.controls import Elided, button, column, label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.statuses import StatusPill
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.view import CouponView

VERBS = {
    OperationKind.CANCEL: msg("Cancel coupon"),
    OperationKind.INVALIDATE: msg("Invalidate coupon"),
    OperationKind.ORDER_REFUND: msg("Ask for the refund"),
}
BUTTON_PX = 40


class CancelHead(QFrame):
    """The coupon, its status, whose it is and what it is worth."""

    def __init__(self, stage: Stage, view: CouponView, kind: OperationKind) -> None:
        super().__init__()
        self.setProperty("role", "header")
        code = label(stage, role="code")
        code.setText(view.code.text)
        self.pill = StatusPill(stage)
        self.pill.show_status(view.verdict.status)
        customer = Elided("muted")
        customer.say(view.customer_name)
        points = label(stage, msg("{points} points", points=view.code.points), "heading")
        left = column(label(stage, kind.label, "section"), row(code, self.pill, 0, spacing=12), customer, spacing=4)
        inside = row(left, points, margins=(26, 18, 26, 16))
        inside.setStretchFactor(left, 1)
        inside.setAlignment(points, Qt.AlignmentFlag.AlignVCenter)
        self.setLayout(inside)


class CancelFoot(QFrame):
    """A sentence on how it stands, the way out, and the verb."""

    def __init__(self, stage: Stage, kind: OperationKind) -> None:
        super().__init__()
        self._stage = stage
        self.setProperty("role", "footer")
        self.hint = label(stage, role="muted", wraps=True)
        self.keep = button(stage, msg("Keep coupon"), key="K")
        self.keep.setObjectName("keep")
        self.confirm = button(stage, VERBS[kind], "primary", key="C")
        self.confirm.setObjectName("confirm")
        stage.speech.tell(self.confirm, msg("Ctrl+Enter"), "setToolTip")
        for one in (self.keep, self.confirm):
            one.setMinimumHeight(BUTTON_PX)
        inside = row(self.hint, self.keep, self.confirm, spacing=10, margins=(26, 14, 26, 14))
        inside.setStretchFactor(self.hint, 1)
        self.setLayout(inside)

    def tell(self, message: Message) -> None:
        """How it stands."""
        self._stage.speech.tell(self.hint, message)

    def offer(self, way_out: Message, *, with_verb: bool) -> None:
        """What the way out is called now, and whether there is anything to confirm."""
        self._stage.speech.tell(self.keep, way_out)
        self.confirm.setVisible(with_verb)
