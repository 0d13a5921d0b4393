"""What can be asked of the catalogue, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from coupon_desk.coupons.coupon import Coupon
from coupon_desk.words import Message, msg

MOST_ROWS: Final = 1000


class StatusFilter(StrEnum):
    """Which coupons the table shows. CANCELLED holds those that are being cancelled, too."""

    ALL = "all"
    UNUSED = "unused"
    USED = "used"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SCHEDULED = "scheduled"
    NEEDS_ATTENTION = "needs_attention"

    @property
    def label(self) -> Message:
        """What a person reads."""
        return _LABELS[self]


_LABELS: Final = {
    StatusFilter.ALL: msg("All"),
    StatusFilter.UNUSED: msg("Unused"),
    StatusFilter.USED: msg("Used"),
    StatusFilter.EXPIRED: msg("Expired"),
    StatusFilter.CANCELLED: msg("Cancelled"),
    StatusFilter.SCHEDULED: msg("Scheduled"),
    StatusFilter.NEEDS_ATTENTION: msg("Needs attention"),
}


class Tier(StrEnum):
    """How well a coupon fits the text that was typed, the best first."""

    EXACT = "exact"
    PREFIX = "prefix"
    CUSTOMER = "customer"
    CONTAINS = "contains"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next page begins: after this row of this tier. Opaque; only valid for the query that it came from."""

    tier: Tier
    place: int


@dataclass(frozen=True, slots=True)
class CouponQuery:
    """Coupons that fit a text and a status, newest first among those that fit equally well.

    `text` is a code or its beginning, a customer's id or its end, or any part of code, name, e-mail or phone; empty for all.
    `expiring_days` asks for coupons that can still be used and end within so many days. `limit` is the page's size. Without
    `by_person` the text is looked for in codes alone: for those who may not see customers' personal data.
    """

    text: str = ""
    status: StatusFilter = StatusFilter.ALL
    expiring_days: int | None = None
    limit: int = 100
    after: Cursor | None = None
    by_person: bool = True

    def __post_init__(self) -> None:
        """Refuse sizes that no caller can mean. Raises ValueError."""
        if not 1 <= self.limit <= MOST_ROWS:
            raise ValueError(f"limit must be 1 to {MOST_ROWS}, not {self.limit}")
        if self.expiring_days is not None and not 0 <= self.expiring_days <= 36_500:
            raise ValueError(f"expiring_days must be 0 to 36500, not {self.expiring_days}")


@dataclass(frozen=True, slots=True)
class CouponPage:
    """One page of coupons. `next` asks for the page after it; None at the end."""

    rows: tuple[Coupon, ...]
    next: Cursor | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many coupons there are. `capped`: at least so many; counting on would take too long."""

    value: int
    capped: bool
