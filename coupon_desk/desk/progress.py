"""How far an operation is, and how it ended: the steps at the left, at the right the receipt when there is one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QScrollArea, QWidget

from coupon_desk.cancellation.operation import Operation, OperationKind, OperationState
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, button, column, frame, icon_label, label, row
from coupon_desk.desk.findings import Findings
from coupon_desk.desk.receipt_view import ReceiptView
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.step_list import StepList
from coupon_desk.desk.work import WAIT_SECONDS
from coupon_desk.errors import DeskError
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Session

SHORT_PAUSE: Final = timedelta(seconds=WAIT_SECONDS)
"""What is waited for while one looks is work, too; a longer pause is announced."""


class Progress(QWidget):
    """Draws each snapshot of one operation. `second_person_asked` brings the one that somebody else is to decide here."""

    second_person_asked = Signal(object)

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session) -> None:
        super().__init__()
        self.operation: Operation | None = None
        self.banner = Banner(stage)
        self.banner.setObjectName("outcome")
        self.second_person = button(stage, msg("Second person signs in here…"), "primary", "people", "on_accent", key="P")
        self.second_person.setObjectName("second-person")
        self.second_person.clicked.connect(lambda: self.second_person_asked.emit(self.operation))
        self._asking = QWidget()
        self._asking.setLayout(
            column(
                row(self.second_person, 0),
                label(stage, msg("They decide on this request with their own PIN. Your session goes on."), "muted", wraps=True),
                spacing=4,
            )
        )
        self._asking.hide()
        self.steps = StepList(stage)
        self.findings = Findings(stage)
        self.receipt = ReceiptView(stage, desk, session)
        self.receipt.hide()
        waiting = label(stage, msg("The receipt appears here when the work is done."), "muted", wraps=True)
        waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        picture = icon_label(stage, "document", "line_strong", 40)
        self._waiting = QWidget()
        layout = column(0, picture, waiting, 0, spacing=12, margins=(30, 0, 30, 0))
        layout.setAlignment(picture, Qt.AlignmentFlag.AlignHCenter)
        self._waiting.setLayout(layout)
        left = QWidget()
        left.setLayout(column(self.banner, self._asking, self.findings, self.steps, 0, spacing=12, margins=(26, 20, 24, 20)))
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(left)
        right = frame("pane", column(self._waiting, self.receipt, margins=(20, 18, 22, 18)))
        right.setFixedWidth(400)
        whole = row(scroll, right, spacing=0)
        whole.setStretchFactor(scroll, 1)
        self.setLayout(whole)

    def begin(self) -> None:
        """Handed in; the first news will come from the engine."""
        if self.operation is None and not self.banner.isVisibleTo(self):
            self.banner.show_message(Tone.ACCENT, msg("At work…"), icon="cancelling")
            self.steps.show_beginning()

    def show_operation(self, operation: Operation) -> None:
        """Draw this snapshot."""
        self.operation = operation
        self.steps.show_operation(operation)
        self.findings.setVisible(bool(operation.refused))
        self.findings.show_findings(operation.refused)
        tone, title, text, icon = _outcome(operation)
        self.banner.show_message(tone, title, text, icon)
        self._asking.setVisible(operation.state is OperationState.AWAITING_APPROVAL)
        has_receipt = operation.state is OperationState.COMPLETED
        self._waiting.setVisible(not has_receipt)
        self.receipt.setVisible(has_receipt)
        if has_receipt:
            self.receipt.show_receipt(operation, is_copy=False)

    def show_error(self, error: DeskError) -> None:
        """It could not be handed in, or stopped in a way that the trail does not know."""
        self.banner.show_message(Tone.DANGER, error.what, error.todo or error.done)


def _outcome(operation: Operation) -> tuple[Tone, Message, Message | None, str]:
    """What to say above the steps."""
    match operation.state:
        case OperationState.COMPLETED:
            return (Tone.SUCCESS, _completed(operation), _balances(operation), "used")
        case OperationState.REFUSED:
            return (Tone.DANGER, msg("Refused: no points were returned"), operation.next_action, "refused")
        case OperationState.AWAITING_APPROVAL:
            reasons = operation.approval_needed
            return (Tone.WARN, msg("Waiting for a second person"), reasons[0] if reasons else operation.next_action, "people")
        case OperationState.NEEDS_ATTENTION:
            what = operation.attention or msg("This needs a person")
            return (Tone.WARN, what, operation.next_action, "attention")
        case OperationState.RUNNING if operation.due_at is not None and operation.due_at - operation.updated_at > SHORT_PAUSE:
            return (Tone.ACCENT, msg("Goes on by itself at {at}", at=operation.due_at), operation.next_action, "expired")
        case _:
            return (Tone.ACCENT, msg("At work…"), operation.next_action, "cancelling")


def _completed(operation: Operation) -> Message:
    if operation.kind is OperationKind.INVALIDATE:
        return msg("Invalidated; no points were returned")
    if operation.kind in {OperationKind.ORDER_REFUND, OperationKind.RELEASE}:
        return msg("{points} points were returned", points=operation.points_returned)
    return msg("Cancelled: {points} points are returned", points=operation.points_returned)


def _balances(operation: Operation) -> Message | None:
    before, after = operation.balance_before, operation.balance_after
    if before is None or after is None:
        return None
    return msg("Balance {before} → {after}", before=before, after=after)
