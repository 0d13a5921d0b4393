"""Counts, on a worker, what waits for the operator who works here, so that nobody has to look for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.people.roles import Right

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.cancellation.operation import Operation
    from coupon_desk.people.operators import Session

LOOK_EVERY_MS: Final = 20_000


class ReviewWatch(QObject):
    """`counted` tells how much waits for this operator, all tabs together."""

    counted = Signal(int)

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._stage = stage
        self._desk = desk
        self._session = session
        self._every = QTimer(self)
        self._every.setInterval(LOOK_EVERY_MS)
        self._every.timeout.connect(self.look)

    def begin(self) -> None:
        """Count now, and again and again."""
        self.look()
        self._every.start()

    def end(self) -> None:
        """Count no more."""
        self._every.stop()

    def look(self) -> None:
        """Count what waits."""
        desk = self._desk
        self._stage.runner.read(self, "approvals", desk.awaiting_approval, self._looked, self._not_looked)

    def _looked(self, waiting: tuple[Operation, ...]) -> None:
        session = self._session
        may = session.may(Right.APPROVE)
        self.counted.emit(sum(1 for one in waiting if may and one.operator.login != session.login))

    def _not_looked(self, error: DeskError) -> None:
        """A source is out of reach; whoever opens the window hears of it there. What was counted stands."""
