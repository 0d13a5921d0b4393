"""The changes that we make to a coupon's entry in the customer's record (INTERFACE.md §5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from coupon_desk.coupons.evidence import Claim
from coupon_desk.coupons.points import Points
from coupon_desk.coupons.reasons import Reason


@dataclass(frozen=True, slots=True)
class PutClaim:
    """Mark the entry as being worked on. An entry that is missing is made, with the code's points, as active.

    `replaces`: the operation of a desk that is gone, whose mark ours takes the place of.
    """

    claim: Claim
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class DropClaim:
    """Take our mark away and leave the entry as it was before."""

    operation: str


@dataclass(frozen=True, slots=True)
class MarkCancelled:
    """Cancelled: status, when, by whom and why; the mark goes.

    `taken_over_by` is the operation that finished another desk's.
    """

    at: datetime
    by: str
    reason: Reason
    points_returned: Points
    taken_over_by: str | None = None


@dataclass(frozen=True, slots=True)
class MarkUsed:
    """Used while we were cancelling: the record tells the truth; the mark goes."""

    at: datetime


@dataclass(frozen=True, slots=True)
class MarkRefunded:
    """A used coupon whose cancelled order was refunded in points: stays used, the grant is noted; the mark goes.

    `taken_over_by` is the operation that finished another desk's.
    """

    at: datetime
    by: str
    points_returned: Points
    taken_over_by: str | None = None


@dataclass(frozen=True, slots=True)
class MarkReleased:
    """A coupon that was cancelled without points, whose points were given back after all: stays cancelled; the mark goes.

    `taken_over_by` is the operation that finished another desk's.
    """

    at: datetime
    by: str
    points_returned: Points
    taken_over_by: str | None = None


@dataclass(frozen=True, slots=True)
class MarkReminded:
    """A reminder is about to be sent, by this desk: no other sends one. Nothing else of the entry changes.

    `id` is the reminder's, so that the desk knows its own mark again.
    """

    id: str
    at: datetime
    by: str


RecordChange = PutClaim | DropClaim | MarkCancelled | MarkUsed | MarkRefunded | MarkReleased | MarkReminded
