"""Counts, on a worker, what waits for the operator who works here, and takes over what other desks have decided meanwhile."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError, NotPermitted
from coupon_desk.people.roles import Right

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.app.inbox import Inbox
    from coupon_desk.cancellation.operation import Operation
    from coupon_desk.people.operators import Session

LOOK_EVERY_MS: Final = 20_000
ORDERS_FIRST_MS: Final = 4_000
ORDERS_EVERY_MS: Final = 5 * 60 * 1000
"""Orders are many calls over the network: not while somebody who has just signed in wants to see the first coupon."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much this operator may decide, or ask for, now."""

    approvals: int = 0
    investigations: int = 0
    orders: int = 0

    @property
    def total(self) -> int:
        """All together."""
        return self.approvals + self.investigations + self.orders


class ReviewWatch(QObject):
    """`counted` tells how much waits for this operator, `changed` what goes on because another desk has decided."""

    counted = Signal(object)
    changed = Signal(object)

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._stage = stage
        self._desk = desk
        self._session = session
        self._here = Waiting()
        self._orders = 0
        self._stop = threading.Event()
        self._is_catching_up = False
        self._every = QTimer(self)
        self._every.setInterval(LOOK_EVERY_MS)
        self._every.timeout.connect(self.keep_up)
        self._orders_every = QTimer(self)
        self._orders_every.timeout.connect(self.look_at_orders)

    def begin(self) -> None:
        """Count now, and again and again."""
        self.look()
        self._every.start()
        self._orders_every.start(ORDERS_FIRST_MS)

    def end(self) -> None:
        """Count no more."""
        self._stop.set()
        self._every.stop()
        self._orders_every.stop()

    def look(self) -> None:
        """Count the requests and the investigations that this operator may decide."""
        desk, session = self._desk, self._session

        def count() -> Waiting:
            requests = sum(1 for one in desk.approvals.waiting(session) if one.why_not is None)
            if not session.may(Right.INVESTIGATE):
                return Waiting(requests)
            return Waiting(requests, sum(1 for one in desk.investigations.open(session) if one.why_not is None))

        self._stage.runner.read(self, "review", count, self._looked, self._not_looked)

    def look_at_orders(self) -> None:
        """Count the cancelled orders for which nobody has asked yet; what was read before is read quickly."""
        desk, session, stop = self._desk, self._session, self._stop
        if self._orders_every.isActive():
            self._orders_every.start(ORDERS_EVERY_MS)
        if session.may(Right.ASK) or session.may(Right.REFUND_ORDER):
            self._stage.runner.read(
                self, "review-orders", lambda: desk.inbox.read(session, stop=stop), self._orders_looked, self._not_looked
            )

    def keep_up(self) -> None:
        """Count, and take over what other desks have decided; asking while that runs is harmless."""
        self.look()
        if self._desk.settings.central is None or self._is_catching_up:
            return
        self._is_catching_up = True
        approvals = self._desk.approvals
        self._stage.runner.write(self, approvals.catch_up, self._caught_up, self._not_caught_up, self.changed.emit)

    def _looked(self, here: Waiting) -> None:
        self._here = here
        self._tell()

    def _orders_looked(self, inbox: Inbox) -> None:
        self._orders = sum(1 for item in inbox.items if item.state.value == "open")
        self._tell()

    def _tell(self) -> None:
        self.counted.emit(Waiting(self._here.approvals, self._here.investigations, self._orders))

    def _caught_up(self, operations: tuple[Operation, ...]) -> None:
        self._is_catching_up = False
        if operations:
            self.look()

    def _not_caught_up(self, error: DeskError) -> None:
        self._is_catching_up = False
        self._not_looked(error)

    def _not_looked(self, error: DeskError) -> None:
        """A source is out of reach; whoever opens the review hears of it there. Who may see no more is asked about no more."""
        if isinstance(error, NotPermitted):
            self.end()
