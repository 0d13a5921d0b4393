"""One coupon as it is held against itself: what each source says, and what of our own work on it is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from coupon_desk.cancellation.operation import Operation, OperationKind, OperationState
from coupon_desk.coupons.eligibility import is_used
from coupon_desk.coupons.evidence import (
    DiscountSeen,
    Evidence,
    HistorySeen,
    OrderSeen,
    OrdersSeen,
    RecordEntry,
    RecordSeen,
    RecordStatus,
)
from coupon_desk.coupons.points import PointEntry

_AFTERWARDS: Final = frozenset({OperationKind.ORDER_REFUND, OperationKind.RELEASE})


@dataclass(frozen=True, slots=True)
class Case:
    """Evidence, and our own operations on the coupon, newest first."""

    evidence: Evidence
    operations: tuple[Operation, ...]

    @property
    def now(self) -> datetime:
        """When the sources were asked."""
        return self.evidence.gathered_at

    @property
    def discount(self) -> DiscountSeen | None:
        """The discount, where Shopify showed one."""
        return self.evidence.discount if isinstance(self.evidence.discount, DiscountSeen) else None

    @property
    def entry(self) -> RecordEntry | None:
        """The coupon's entry in the customer's record."""
        return self.evidence.record.entry if isinstance(self.evidence.record, RecordSeen) else None

    @property
    def orders(self) -> tuple[OrderSeen, ...]:
        """The orders that bear the code."""
        return self.evidence.orders.orders if isinstance(self.evidence.orders, OrdersSeen) else ()

    @property
    def history(self) -> HistorySeen | None:
        """The point history, where it was read to its end and its entries bear references."""
        history = self.evidence.history
        return history if isinstance(history, HistorySeen) and history.complete and not history.unreferenced else None

    @property
    def returns(self) -> tuple[PointEntry, ...]:
        """The returns that stand in the point history, whether it was read to its end or not; newest first."""
        return self.evidence.history.returns if isinstance(self.evidence.history, HistorySeen) else ()

    @property
    def last(self) -> Operation | None:
        """What we completed last on it: its end, or the points of what was used or withheld."""
        return next((one for one in self.operations if one.state is OperationState.COMPLETED), None)

    @property
    def ended(self) -> Operation | None:
        """What of ours ended the coupon; the release of its points stands for the invalidation before it."""
        return next((one for one in self._completed if one.kind is not OperationKind.ORDER_REFUND), None)

    @property
    def returned(self) -> Operation | None:
        """What of ours returned its points."""
        return next((one for one in self._completed if one.points_returned > 0), None)

    @property
    def is_over(self) -> bool:
        """Cancelled, by our trail or by the record, whoever did it."""
        return self.ended is not None or (self.entry is not None and self.entry.status is RecordStatus.CANCELLED)

    @property
    def is_used(self) -> bool:
        """Whether any source proves a use."""
        return is_used(self.evidence)

    @property
    def is_at_work(self) -> bool:
        """Whether somebody works on it: an operation of ours, or of another desk."""
        if any(not one.state.is_over for one in self.operations):
            return True
        own = {one.id for one in self.operations}
        claim = self.entry.claim if self.entry else None
        held = self.evidence.held
        return (claim is not None and claim.operation not in own) or (held is not None and held.operation not in own)

    def is_recorded(self, operation: Operation) -> bool:
        """Whether the record says what this completed operation of ours brought about."""
        entry = self.entry
        if entry is None or entry.claim is not None:
            return False
        if operation.kind in _AFTERWARDS:
            return entry.refunded_at is not None
        return entry.status is RecordStatus.CANCELLED

    @property
    def _completed(self) -> tuple[Operation, ...]:
        return tuple(one for one in self.operations if one.state is OperationState.COMPLETED)
