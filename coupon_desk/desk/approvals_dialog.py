"""Requests that wait for a second person, who signs in here with their own PIN and then approves or rejects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFrame, QLineEdit, QScrollArea, QWidget

from coupon_desk.cancellation.operation import Operation
from coupon_desk.coupons.code import CouponCode
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, button, clear, column, frame, label, row
from coupon_desk.desk.sign_in_page import SignInForm
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.work import Work
from coupon_desk.errors import DeskError
from coupon_desk.people.roles import Right
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Operator, Session


class ApprovalsDialog(QDialog):
    """The requests at the left; at the right who decides. Every decision asks for the PIN anew when the dialog was closed."""

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session, work: Work, parent: QWidget) -> None:
        super().__init__(parent)
        self._stage = stage
        self._desk = desk
        self._work = work
        self._asker = session
        self._approver: Session | None = None
        self._operations: tuple[Operation, ...] = ()
        self.setModal(True)
        self.resize(900, 600)
        stage.speech.tell(self, msg("Approvals"), "setWindowTitle")
        self.problem = Banner(stage)
        self._cards = column(spacing=10)
        inner = QWidget()
        inner.setLayout(
            column(
                label(stage, msg("Waiting for approval"), "heading"),
                self.problem,
                self._cards,
                0,
                spacing=12,
                margins=(26, 20, 20, 20),
            )
        )
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        self.form = SignInForm(stage, desk)
        self.form.signed_in.connect(self._welcome)
        self.who = Banner(stage)
        self.note = QLineEdit()
        self.note.setObjectName("decision-note")
        stage.speech.tell(self.note, msg("Note on the decision"), "setPlaceholderText")
        stage.speech.tell(self.note, msg("Note on the decision"), "setAccessibleName")
        self.note.textChanged.connect(lambda _text: self._draw())
        self._decision = QWidget()
        self._decision.setLayout(column(self.who, label(stage, msg("Note"), "section"), self.note, 0, spacing=10))
        self._decision.hide()
        close = button(stage, msg("Close"))
        close.clicked.connect(self.reject)
        right = frame(
            "pane",
            column(
                label(stage, msg("Second person"), "heading"),
                label(stage, msg("Somebody other than the one who asked signs in here."), "muted", wraps=True),
                self.form,
                self._decision,
                0,
                row(0, close),
                spacing=14,
                margins=(24, 22, 26, 20),
            ),
        )
        right.setFixedWidth(360)
        whole = row(scroll, right, spacing=0)
        whole.setStretchFactor(scroll, 1)
        self.setLayout(whole)
        work.ended.connect(self._read)
        work.failed.connect(self._work_failed)
        stage.speech.changed.connect(self._draw)
        people = desk.people
        stage.runner.read(self, "operators", people.list, self._offer, self._fail)
        self._read()

    def _read(self, _ended: Operation | None = None) -> None:
        self._stage.runner.read(self, "waiting", self._desk.awaiting_approval, self._show, self._fail)

    def _offer(self, operators: tuple[Operator, ...]) -> None:
        """Those who may decide; whoever else tries may type a login, and is told why not."""
        self.form.offer((one for one in operators if one.role.may(Right.APPROVE)), but_not=self._asker.login)
        self.form.focus()

    def _show(self, operations: tuple[Operation, ...]) -> None:
        self._operations = operations
        self._draw()

    def _welcome(self, session: Session) -> None:
        self._approver = session
        self.form.hide()
        self._decision.show()
        self.who.show_message(
            Tone.ACCENT, msg("{name} decides", name=session.operator.name), session.operator.role.label, "person"
        )
        self._draw()

    def _draw(self) -> None:
        clear(self._cards)
        if not self._operations:
            self._cards.addWidget(label(self._stage, msg("Nothing waits for approval."), "muted"))
        for operation in self._operations:
            self._cards.addWidget(self._card(operation))

    def _card(self, operation: Operation) -> QFrame:
        stage = self._stage
        code = label(stage, role="mono")
        code.setText(operation.code.text)
        points = operation.points_to_return if operation.points_to_return is not None else operation.code.points
        asked = msg("Asked by {name}, {at}", name=operation.operator.name, at=operation.opened_at)
        why = column(*(label(stage, reason, "body", wraps=True) for reason in operation.approval_needed), spacing=3)
        note = label(stage, role="muted", wraps=True)
        note.setText(operation.request.note)
        approve = button(stage, msg("Approve"), "primary")
        approve.setObjectName(f"approve-{operation.id}")
        approve.clicked.connect(lambda: self._approve(operation))
        refuse = button(stage, msg("Reject"))
        refuse.setObjectName(f"reject-{operation.id}")
        refuse.clicked.connect(lambda: self._refuse(operation))
        is_known = self._approver is not None
        approve.setEnabled(is_known)
        refuse.setEnabled(is_known and bool(self.note.text().strip()))
        stage.speech.tell(refuse, msg("Rejecting needs a note."), "setToolTip")
        head = row(
            code, label(stage, operation.kind.label, "muted"), 0, label(stage, msg("{points} points", points=points), "strong")
        )
        return frame(
            "card",
            column(
                head,
                label(stage, asked, "small"),
                why,
                note,
                row(0, refuse, approve, spacing=8),
                spacing=8,
                margins=(16, 14, 16, 14),
            ),
        )

    def _approve(self, operation: Operation) -> None:
        if self._approver is None:
            return
        self._forget(operation)
        self._work.approve(operation, self._approver, self.note.text().strip())

    def _refuse(self, operation: Operation) -> None:
        if self._approver is None:
            return
        self._forget(operation)
        self._work.reject(operation, self._approver, self.note.text().strip())

    def _forget(self, operation: Operation) -> None:
        """Decided: nobody decides it twice."""
        self.problem.hide()
        self._operations = tuple(one for one in self._operations if one.id != operation.id)
        self._draw()

    def _work_failed(self, _code: CouponCode | None, error: DeskError) -> None:
        self._fail(error)
        self._read()

    def _fail(self, error: DeskError) -> None:
        self.problem.show_message(Tone.WARN, error.what, error.todo)
        self._read()
