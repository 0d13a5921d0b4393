"""What the sources say about one coupon, and how that becomes its standing in the catalogue.

Order of evidence (DESIGN.md): our own word, the customer's record, Shopify. Whether a coupon that still stands open is unused,
scheduled or expired is a matter of the clock and is decided when it is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import RecordEntry, RecordStatus
from coupon_desk.coupons.status import CouponStatus


class Standing(StrEnum):
    """A coupon's status without the clock."""

    OPEN = "open"
    USED = "used"
    CANCELLED = "cancelled"
    CANCELLING = "cancelling"
    NEEDS_ATTENTION = "needs_attention"


class Shelf(StrEnum):
    """Where a coupon is filed, so that each status filter is one stretch of an index."""

    OPEN = "open"
    USED = "used"
    CANCELLED = "cancelled"
    ATTENTION = "attention"


@dataclass(frozen=True, slots=True)
class Customer:
    """Whose coupon it is. Personal data, and so not in its representation."""

    id: str
    name: str = field(repr=False)
    email: str | None = field(repr=False)
    phone: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class DiscountFacts:
    """What Shopify says of the discount that bears the code; amounts in `currency`, times in UTC."""

    id: str
    usage_count: int
    starts_at: datetime | None
    ends_at: datetime | None
    created_at: datetime | None
    customer_ids: tuple[str, ...] = ()
    amount: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """News of one coupon. A source that is None was not read this time: what is known of it stays."""

    code: CouponCode
    updated_at: datetime
    customer: Customer | None = None
    record: RecordEntry | None = None
    discount: DiscountFacts | None = None
    currency: str | None = None


def standing_of(
    own: CouponStatus | None, record: RecordStatus | None, *, claimed: bool, usage_count: int, discount_missing: bool
) -> Standing:
    """What a coupon is, without the clock, from all that is known."""
    if own is not None:
        return _OWN[own]
    if record is RecordStatus.CANCELLED:
        return Standing.CANCELLED
    if record is RecordStatus.USED:
        return Standing.USED
    if claimed:
        return Standing.CANCELLING
    if usage_count > 0:
        return Standing.USED
    if discount_missing:  # not found in Shopify: unknown, never "deleted"
        return Standing.NEEDS_ATTENTION
    return Standing.OPEN


def is_our_word(status: CouponStatus) -> bool:
    """Whether the status stands above what the sources say, until we say something else."""
    return status in _OWN


def status_of(standing: Standing, starts: int, expires: int, now: int) -> CouponStatus:
    """The status at this moment; times as the catalogue keeps them."""
    if standing is not Standing.OPEN:
        return CouponStatus(standing.value)
    if expires <= now:
        return CouponStatus.EXPIRED
    return CouponStatus.SCHEDULED if starts > now else CouponStatus.UNUSED


def shelf_of(standing: Standing) -> Shelf:
    """Where a coupon of this standing is filed."""
    return _SHELVES[standing]


_OWN = {
    CouponStatus.CANCELLING: Standing.CANCELLING,
    CouponStatus.CANCELLED: Standing.CANCELLED,
    CouponStatus.NEEDS_ATTENTION: Standing.NEEDS_ATTENTION,
    CouponStatus.USED: Standing.USED,
}

_SHELVES = {
    Standing.OPEN: Shelf.OPEN,
    Standing.USED: Shelf.USED,
    Standing.CANCELLED: Shelf.CANCELLED,
    Standing.CANCELLING: Shelf.CANCELLED,
    Standing.NEEDS_ATTENTION: Shelf.ATTENTION,
}
