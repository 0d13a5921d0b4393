"""The operations that this window has begun: they run to their end whether or not a dialog looks at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from coupon_desk.cancellation.operation import CancelRequest, Operation
from coupon_desk.coupons.code import CouponCode
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.threads import Tell
from coupon_desk.errors import DeskError

if TYPE_CHECKING:
    from coupon_desk.app.approvals import WaitingRequest
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Session

WAIT_SECONDS: Final = 20.0
"""How long an operation may pause (to see that the code was not used meanwhile) before the window lets it go on later."""


class Work(QObject):
    """Hands requests to the desk and tells each new snapshot of an operation to whoever listens.

    `decided` brings a request of this or another desk that a second person has decided.
    """

    changed = Signal(object)
    ended = Signal(object)
    failed = Signal(object, object)
    decided = Signal(object)

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stage = stage
        self._desk = desk
        self._session = session
        self._running: set[CouponCode] = set()

    @property
    def running(self) -> frozenset[CouponCode]:
        """The coupons that are being worked on by this window now."""
        return frozenset(self._running)

    def begin(self, request: CancelRequest) -> bool:
        """Begin an operation; False where one on the same coupon is running, so that nothing is asked twice."""
        if request.code in self._running:
            return False
        self._running.add(request.code)
        desk, session = self._desk, self._session
        self._stage.runner.write(
            self,
            lambda tell: desk.cancel(request, session, on_change=tell, wait_seconds=WAIT_SECONDS),
            self._end,
            lambda error: self._fail(request.code, error),
            self.changed.emit,
        )
        return True

    def release(self, suspected: str, code: CouponCode, note: str) -> None:
        """Ask for the points of an invalidated coupon; a second person decides."""
        desk, session = self._desk, self._session
        self._running.add(code)
        self._stage.runner.write(
            self,
            lambda tell: desk.investigations.release(suspected, session, note, on_change=tell),
            self._end,
            lambda error: self._fail(code, error),
            self.changed.emit,
        )

    def decide(self, request: WaitingRequest, session: Session, note: str, *, approves: bool) -> None:
        """Decide what somebody asks for, in the name of a second person; what another desk asked for goes on there."""
        approvals, identity = self._desk.approvals, request.operation
        if request.code is not None and not request.is_elsewhere:
            self._running.add(request.code)

        def approve(tell: Tell) -> Operation | None:
            if approves:
                return approvals.approve(identity, session, note, on_change=tell, wait_seconds=WAIT_SECONDS)
            return approvals.reject(identity, session, note)

        def decided(operation: Operation | None) -> None:
            if operation is not None:
                self._end(operation)
            self.decided.emit(request)

        def refused(error: DeskError) -> None:
            if request.code is not None:
                self._running.discard(request.code)
            self.failed.emit(request.code, error)

        self._stage.runner.write(self, approve, decided, refused, self.changed.emit)

    def answer(self, operation: Operation, note: str) -> None:
        """Say that a person has looked after what was left over."""
        desk, identity, session = self._desk, operation.id, self._session
        self._stage.runner.write(
            self,
            lambda _tell: desk.answer(identity, session, note),
            self._end,
            lambda error: self._fail(operation.code, error),
        )

    def withdraw(self, operation: Operation, note: str) -> None:
        """Take a request back of which nothing was done yet."""
        desk, identity, session = self._desk, operation.id, self._session
        self._stage.runner.write(
            self,
            lambda _tell: desk.withdraw(identity, session, note),
            self._end,
            lambda error: self._fail(operation.code, error),
        )

    def _end(self, operation: Operation) -> None:
        self._running.discard(operation.code)
        self.changed.emit(operation)
        self.ended.emit(operation)

    def _fail(self, code: CouponCode, error: DeskError) -> None:
        self._running.discard(code)
        self.failed.emit(code, error)
