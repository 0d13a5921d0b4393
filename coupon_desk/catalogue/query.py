"""What can be asked of the catalogue, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from coupon_desk.coupons.coupon import Coupon
from coupon_desk.words import Message, msg

MOST_ROWS: Final = 1000

EXPIRING_DAYS: Final = 30
"""“Expiring soon”, where nobody says how soon."""


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


class SortBy(StrEnum):
    """By what coupons are put in order."""

    FIT = "fit"
    ISSUED = "issued"
    EXPIRES = "expires"
    POINTS = "points"
    CODE = "code"
    CUSTOMER = "customer"

    @property
    def label(self) -> Message:
        """What a person reads."""
        return _SORT_LABELS[self]


_SORT_LABELS: Final = {
    SortBy.FIT: msg("Best fit"),
    SortBy.ISSUED: msg("Issued"),
    SortBy.EXPIRES: msg("Expires"),
    SortBy.POINTS: msg("Points"),
    SortBy.CODE: msg("Code"),
    SortBy.CUSTOMER: msg("Customer"),
}


@dataclass(frozen=True, slots=True)
class Sort:
    """An order that is the same each time: coupons that are alike in `by` follow their moment of issue, the same way up.

    FIT shows what fits the text best, then the newest, and has no other direction. Coupons without an end expire last; coupons
    of unknown issue come before all others; customers follow their folded names, then their numbers, those without a name last.
    """

    by: SortBy = SortBy.FIT
    descending: bool = False


class Tier(StrEnum):
    """How well a coupon fits the text that was typed, the best first."""

    EXACT = "exact"
    PREFIX = "prefix"
    CUSTOMER = "customer"
    STARTS = "starts"
    CONTAINS = "contains"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next page begins: after this row. Opaque; only valid for the text, filters and sort that it came from.

    `tier` is told where coupons are sorted by how well they fit, `key` where they are sorted by something else than their
    place. Personal data may be in it, and so it is not in its representation.
    """

    place: int
    tier: Tier | None = None
    key: int | str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CouponQuery:
    """Coupons that fit a text, have one of these statuses and lie within these ranges.

    `text` is a code or its beginning, a customer's number or its end, or any part of code, customer's number, name, e-mail or
    phone; empty for all. No `statuses`, or ALL among them, means all. `expiring_days` asks for coupons that can still be used
    and end within so many days. `limit` is the page's size. Without `by_person` the text is looked for in codes alone: for
    those who may not see customers' personal data.

    A moment is within its range from `…_from` on and before `…_until`; coupons of which it is not known, or that never end, are
    in no range of it. Points are within theirs with both ends.

    With `may_be_short` a page ends where the codes and customers' numbers that fit end, and what merely holds the text is the
    next page: for those who show the first rows at once, and ask for the next page when its end is seen.
    """

    text: str = ""
    statuses: frozenset[StatusFilter] = frozenset()
    expiring_days: int | None = None
    limit: int = 100
    after: Cursor | None = None
    by_person: bool = True
    sort: Sort = field(default=Sort(), kw_only=True)
    issued_from: datetime | None = field(default=None, kw_only=True)
    issued_until: datetime | None = field(default=None, kw_only=True)
    expires_from: datetime | None = field(default=None, kw_only=True)
    expires_until: datetime | None = field(default=None, kw_only=True)
    points_from: int | None = field(default=None, kw_only=True)
    points_until: int | None = field(default=None, kw_only=True)
    may_be_short: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse what no caller can mean. Raises ValueError."""
        if not 1 <= self.limit <= MOST_ROWS:
            raise ValueError(f"limit must be 1 to {MOST_ROWS}, not {self.limit}")
        if self.expiring_days is not None and not 0 <= self.expiring_days <= 36_500:
            raise ValueError(f"expiring_days must be 0 to 36500, not {self.expiring_days}")
        for name, low, high in (
            ("issued", self.issued_from, self.issued_until),
            ("expires", self.expires_from, self.expires_until),
        ):
            if any(moment is not None and moment.tzinfo is None for moment in (low, high)):
                raise ValueError(f"{name}_from and {name}_until need a time zone")
            if low is not None and high is not None and low > high:
                raise ValueError(f"{name}_from must not be after {name}_until")
        if any(points is not None and points < 0 for points in (self.points_from, self.points_until)):
            raise ValueError("points must not be below 0")
        if self.points_from is not None and self.points_until is not None and self.points_from > self.points_until:
            raise ValueError("points_from must not be more than points_until")


@dataclass(frozen=True, slots=True)
class CouponPage:
    """One page of coupons, full unless it is the last or may be short. `next` asks for the page after it; None at the end."""

    rows: tuple[Coupon, ...]
    next: Cursor | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many coupons there are. `capped`: at least so many; counting on would take too long."""

    value: int
    capped: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """What each filter would show, within the text and the ranges of a query.

    `by_status` is each filter alone, whatever statuses the query has; `expiring` what can still be used and ends within the
    query's `expiring_days` (EXPIRING_DAYS where it has none); `shown` is what the query itself finds, on all its pages.
    """

    by_status: Mapping[StatusFilter, Count]
    expiring: Count
    shown: Count
