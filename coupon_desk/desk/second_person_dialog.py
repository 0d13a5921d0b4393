"""A second person looks at one request over the dialog of the first, signs in there and decides. The first one's work stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QScrollArea, QWidget

from coupon_desk.cancellation.operation import Operation, OperationState
from coupon_desk.coupons.code import CouponCode
from coupon_desk.desk.controls import button, clear, column, frame, label, row
from coupon_desk.desk.request_card import RequestCard
from coupon_desk.desk.second_person import SecondPerson
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.work import Work
from coupon_desk.errors import DeskError
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.app.approvals import WaitingRequest
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Session


class SecondPersonDialog(QDialog):
    """The request at the left, at the right who decides. It closes when the decision stands in the trail."""

    def __init__(
        self, stage: Stage, desk: CouponDesk, session: Session, work: Work, operation: Operation, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._stage = stage
        self._session = session
        self._desk = desk
        self._work = work
        self._operation = operation
        self.setModal(True)
        self.setMinimumSize(820, 480)
        self.resize(880, 560)
        stage.speech.tell(self, msg("Second person"), "setWindowTitle")
        self.card: RequestCard | None = None
        self._place = column()
        inner = QWidget()
        inner.setLayout(column(self._place, 0))
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        asker = operation.operator
        self.who = SecondPerson(
            stage, desk, msg("Anybody who may approve, but not {name}, signs in with their own PIN.", name=asker.name)
        )
        self.who.changed.connect(self._allow)
        self.who.known.connect(self._read)
        self.form = self.who.form
        middle = row(scroll, self.who, spacing=0)
        middle.setStretchFactor(scroll, 1)
        close = button(stage, msg("Close"))
        close.setObjectName("second-person-close")
        close.clicked.connect(self.reject)
        hint = label(stage, msg("The request keeps waiting when this window is closed."), "muted", wraps=True)
        bottom = row(hint, close, spacing=10, margins=(26, 12, 24, 12))
        bottom.setStretchFactor(hint, 1)
        whole = column(middle, frame("footer", bottom), spacing=0)
        whole.setStretchFactor(middle, 1)
        self.setLayout(whole)
        work.changed.connect(self._changed)
        work.failed.connect(self._failed)
        self.who.offer(None, but_not=(asker.login,))
        self._read()

    def _read(self) -> None:
        """The request, with the eyes of who decides."""
        approvals, reader = self._desk.approvals, self.who.session or self._session
        self._stage.runner.read(self, "waiting", lambda: approvals.waiting(reader), self._show, self.who.tell)

    def _show(self, requests: tuple[WaitingRequest, ...]) -> None:
        request = next((one for one in requests if one.operation == self._operation.id), None)
        if request is None:  # somebody else has decided it meanwhile
            self.reject()
            return
        clear(self._place)
        self.card = RequestCard(self._stage, request, is_alone=True)
        self.card.decided.connect(self._decide)
        self._place.addWidget(self.card)
        self._allow()

    def _allow(self) -> None:
        if self.card is not None:
            is_known = self.who.session is not None
            why_not = self.card.asked.why_not if is_known else msg("First sign in at the right: who decides?")
            self.card.show_decider(why_not, has_note=bool(self.who.said))

    def _decide(self, approves: bool) -> None:
        session = self.who.session
        if session is None or self.card is None:
            return
        self.who.be_quiet()
        self.card.show_decider(msg("Being decided…"), has_note=True)
        self._work.decide(self.card.asked, session, self.who.said, approves=approves)

    def _changed(self, operation: Operation) -> None:
        if operation.id == self._operation.id and operation.state is not OperationState.AWAITING_APPROVAL:
            self.accept()

    def _failed(self, code: CouponCode | None, error: DeskError) -> None:
        if code == self._operation.code:
            self.who.tell(error)
            self._read()
