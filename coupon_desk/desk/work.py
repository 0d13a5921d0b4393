"""The operations that this window has begun: they run to their end whether or not a dialog looks at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from coupon_desk.cancellation.operation import CancelRequest, Operation
from coupon_desk.coupons.code import CouponCode
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Session

WAIT_SECONDS: Final = 20.0
"""How long an operation may pause (to see that the code was not used meanwhile) before the window lets it go on later."""


class Work(QObject):
    """Hands requests to the desk and tells each new snapshot of an operation to whoever listens."""

    changed = Signal(object)
    ended = Signal(object)
    failed = Signal(object, object)

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

    def approve(self, operation: Operation, session: Session, note: str) -> None:
        """Let an operation go on, in the name of a second person."""
        desk, identity = self._desk, operation.id
        self._running.add(operation.code)
        self._stage.runner.write(
            self,
            lambda tell: desk.approve(identity, session, note, on_change=tell, wait_seconds=WAIT_SECONDS),
            self._end,
            lambda error: self._fail(operation.code, error),
            self.changed.emit,
        )

    def reject(self, operation: Operation, session: Session, note: str) -> None:
        """End an operation, in the name of a second person."""
        desk, identity = self._desk, operation.id
        self._stage.runner.write(
            self,
            lambda _tell: desk.reject(identity, session, note),
            self._end,
            lambda error: self._fail(operation.code, error),
        )

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
