"""Goes on with what is not finished: what an earlier run left, when the desk opens, and what waits, when its time has come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from coupon_desk.cancellation.operation import Operation
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.threads import Tell
from coupon_desk.errors import DeskError

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk

Round = Callable[[Tell], tuple[Operation, ...]]
SHORTEST_WAIT_MS: Final = 1000
LONGEST_WAIT_MS: Final = 60 * 60 * 1000
AFTER_FAILURE_MS: Final = 60 * 1000
"""How long to wait after a failure of our own (the home is taken, a secret is missing) before trying again."""


class Continuation(QObject):
    """Lives as long as the desk is open, whoever is signed in, or nobody.

    `changed` tells each new snapshot of an operation, `resumed` that a round is over, `failed` why none was possible.
    """

    changed = Signal(object)
    resumed = Signal()
    failed = Signal(object)

    def __init__(self, stage: Stage, desk: CouponDesk, parent: QObject) -> None:
        super().__init__(parent)
        self._stage = stage
        self._desk = desk
        self._is_working = False
        self._is_ended = False
        self._next = QTimer(self)
        self._next.setSingleShot(True)
        self._next.timeout.connect(self.run_due)

    @property
    def is_working(self) -> bool:
        """Whether a round is under way."""
        return self._is_working

    @property
    def is_waiting(self) -> bool:
        """Whether it goes on by itself."""
        return self._next.isActive()

    def resume(self) -> None:
        """Finish what can be finished, also what waited for a person; asking again while it runs is harmless."""
        desk = self._desk
        self._work(lambda tell: desk.resume(on_change=tell))

    def run_due(self) -> None:
        """Go on with what waited for its time."""
        desk = self._desk
        self._work(lambda tell: desk.run_due(on_change=tell))

    def plan(self) -> None:
        """Ask when the next operation goes on by itself."""
        self._stage.runner.read(self, "next", self._desk.next_due, self._wait_until, lambda _error: None)

    def end(self) -> None:
        """Begin nothing more."""
        self._is_ended = True
        self._next.stop()

    def _work(self, job: Round) -> None:
        if self._is_working or self._is_ended:
            return
        self._is_working = True
        self._next.stop()
        self._stage.runner.write(self, job, self._done, self._fail, self.changed.emit)

    def _done(self, _operations: tuple[Operation, ...]) -> None:
        self._is_working = False
        self.resumed.emit()
        self.plan()

    def _fail(self, error: DeskError) -> None:
        self._is_working = False
        self.failed.emit(error)
        if not self._is_ended:
            self._next.start(AFTER_FAILURE_MS)

    def _wait_until(self, due: datetime | None) -> None:
        if due is None or self._is_working or self._is_ended:
            return
        wait_ms = int((due - self._desk.clock.now()).total_seconds() * 1000)
        self._next.start(max(SHORTEST_WAIT_MS, min(LONGEST_WAIT_MS, wait_ms)))
