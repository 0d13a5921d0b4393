"""One operation that is not finished: how far it is, what a person has to do, and where they say that they did it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QLineEdit, QWidget

from coupon_desk.cancellation.operation import Operation, OperationState
from coupon_desk.coupons.code import CouponCode
from coupon_desk.desk.attention_strip import needs_person
from coupon_desk.desk.continuation import Continuation
from coupon_desk.desk.controls import allow, button, column, frame, label, row
from coupon_desk.desk.progress import Progress
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.work import Work
from coupon_desk.errors import DeskError
from coupon_desk.people.roles import Right
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Session


class OperationDialog(QDialog):
    """The steps and the outcome. What needs a person is answered with a note, what waits for one can be withdrawn."""

    def __init__(
        self,
        stage: Stage,
        desk: CouponDesk,
        session: Session,
        rights: Mapping[Right, Message | None],
        work: Work,
        continuation: Continuation,
        operation: Operation,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._stage = stage
        self._work = work
        self._rights = rights
        self._is_own = session.login == operation.operator.login
        self._operation = operation
        self.setModal(True)
        self.setMinimumSize(820, 560)
        self.resize(900, 640)
        stage.speech.tell(self, operation.kind.label, "setWindowTitle")
        code = label(stage, role="code")
        code.setText(operation.code.text)
        asked = msg("Asked by {name}, {at}", name=operation.operator.name, at=operation.opened_at)
        head = column(label(stage, operation.kind.label, "section"), code, label(stage, asked, "muted"), spacing=4)
        head.setContentsMargins(26, 18, 26, 16)
        self.progress = Progress(stage, desk, session)
        self.note = QLineEdit()
        self.note.setObjectName("answer-note")
        stage.speech.tell(self.note, msg("What you found, and what you did"), "setPlaceholderText")
        stage.speech.tell(self.note, msg("Note"), "setAccessibleName")
        self.note.textChanged.connect(lambda _text: self._allow())
        self.answer = button(stage, msg("I have seen to it"), "primary", key="I")
        self.answer.setObjectName("answer")
        self.answer.clicked.connect(self._answer)
        self.withdraw = button(stage, msg("Withdraw the request"), key="W")
        self.withdraw.setObjectName("withdraw")
        self.withdraw.clicked.connect(self._withdraw)
        self.go_on = button(stage, msg("Go on now"), icon="refresh", key="G")
        self.go_on.setObjectName("go-on")
        self.go_on.clicked.connect(continuation.resume)
        close = button(stage, msg("Close"))
        close.clicked.connect(self.reject)
        bottom = row(self.note, self.answer, self.withdraw, 0, self.go_on, close, spacing=10, margins=(26, 14, 26, 14))
        bottom.setStretchFactor(self.note, 1)
        whole = column(frame("header", head), self.progress, frame("footer", bottom), spacing=0)
        whole.setStretchFactor(self.progress, 1)
        self.setLayout(whole)
        work.changed.connect(self._changed)
        work.failed.connect(self._failed)
        continuation.failed.connect(self._not_continued)
        self._changed(operation)
        close.setFocus()

    def _changed(self, operation: Operation) -> None:
        if operation.id != self._operation.id:
            return
        self._operation = operation
        self.progress.show_operation(operation)
        self._allow()

    def _allow(self) -> None:
        """What needs a person may be answered, whatever it is; the cause may have been mended, so it may also go on."""
        operation = self._operation
        is_for_person = needs_person(operation)
        awaits_approval = operation.state is OperationState.AWAITING_APPROVAL
        needs_note = None if self.note.text().strip() else msg("Write a note first.")
        self.note.setVisible(is_for_person or awaits_approval)
        self.answer.setVisible(is_for_person)
        allow(self._stage, self.answer, self._rights.get(Right.APPROVE) or needs_note)
        self.withdraw.setVisible(awaits_approval)
        allow(self._stage, self.withdraw, self._rights.get(Right.ASK if self._is_own else Right.APPROVE) or needs_note)
        can_go_on = operation.ended_at is None and not awaits_approval and not operation.state.is_over
        self.go_on.setVisible(can_go_on)
        allow(self._stage, self.go_on, self._rights.get(Right.ASK))

    def _answer(self) -> None:
        self.answer.setEnabled(False)
        self._work.answer(self._operation, self.note.text().strip())

    def _withdraw(self) -> None:
        self.withdraw.setEnabled(False)
        self._work.withdraw(self._operation, self.note.text().strip())

    def _not_continued(self, error: DeskError) -> None:
        self._failed(None, error)

    def _failed(self, code: CouponCode | None, error: DeskError) -> None:
        if code is None or code == self._operation.code:
            self.progress.show_error(error)
            self._allow()
