"""The receipt of what was done on a coupon, once more: marked as a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QWidget

from coupon_desk.cancellation.operation import Operation, OperationState
from coupon_desk.coupons.code import CouponCode
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, button, column, label, row
from coupon_desk.desk.receipt_view import ReceiptView
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Session


class ReceiptDialog(QDialog):
    """Finds the completed operation of a coupon and shows its receipt."""

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session, code: CouponCode, parent: QWidget) -> None:
        super().__init__(parent)
        self.setModal(True)
        self.resize(460, 640)
        stage.speech.tell(self, msg("Receipt copy"), "setWindowTitle")
        title = label(stage, role="code")
        title.setText(code.text)
        self.problem = Banner(stage)
        self.receipt = ReceiptView(stage, desk, session)
        close = button(stage, msg("Close"))
        close.clicked.connect(self.reject)
        whole = column(
            label(stage, msg("Receipt copy"), "section"), title, self.problem, self.receipt, row(0, close), spacing=12
        )
        whole.setContentsMargins(24, 20, 24, 20)
        whole.setStretchFactor(self.receipt, 1)
        self.setLayout(whole)
        self.receipt.hide()
        stage.runner.read(self, "operations", lambda: desk.operations(code=code), self._show, self._fail)

    def _show(self, operations: tuple[Operation, ...]) -> None:
        done = next((one for one in operations if one.state is OperationState.COMPLETED), None)
        if done is None:
            self.problem.show_message(
                Tone.NEUTRAL,
                msg("There is no receipt for this coupon."),
                msg("It was not cancelled in this home."),
            )
            return
        self.receipt.show()
        self.receipt.show_receipt(done, is_copy=True)

    def _fail(self, error: DeskError) -> None:
        self.problem.show_message(Tone.WARN, error.what, error.todo)
