"""Which coupons a status filter and "expiring within" leave over, as SQL; unused, scheduled and expired are told by the clock.

SQLite picks an index by what it can see, and would often pick wrong without knowing how the rows are spread. A `+` before a
column hides it from that choice (it changes nothing else), so the search says which index each query walks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from coupon_desk.catalogue.query import StatusFilter
from coupon_desk.catalogue.rows import Shelf

_SHELF: Final = {
    StatusFilter.USED: Shelf.USED,
    StatusFilter.CANCELLED: Shelf.CANCELLED,
    StatusFilter.NEEDS_ATTENTION: Shelf.ATTENTION,
}
_BY_CLOCK: Final = {
    StatusFilter.UNUSED: (
        "coupons.expires_at > :now",
        "+coupons.starts_at <= :now",
    ),  # few have not ended, nearly all have begun
    StatusFilter.SCHEDULED: ("coupons.starts_at > :now", "+coupons.expires_at > :now"),
    StatusFilter.EXPIRED: ("coupons.expires_at <= :now",),
}


@dataclass(frozen=True, slots=True)
class Narrowing:
    """The conditions of a filter: one shelf, or none for all; and what the clock says. `is_void` contradicts itself."""

    shelf: Shelf | None
    by_clock: tuple[str, ...]
    is_void: bool = False

    def conditions(self, hide_shelf: str = "", hide_dates: str = "") -> list[str]:
        """The conditions; what is hidden (by a `+`) is looked at, but not by an index of its own."""
        shelf = [] if self.shelf is None else [f"{hide_shelf}coupons.shelf = '{self.shelf.value}'"]
        return shelf + [f"{hide_dates}{condition}" for condition in self.by_clock]

    @property
    def takes_all(self) -> bool:
        """Nothing is left out."""
        return self.shelf is None


def narrowing(status: StatusFilter, *, expiring: bool) -> Narrowing:
    """What `status` leaves over, and of that what ends by `:until`, where `expiring`."""
    by_clock = _BY_CLOCK.get(status, ())
    shelf = Shelf.OPEN if by_clock else _SHELF.get(status)
    if not expiring:
        return Narrowing(shelf, by_clock)
    is_void = shelf not in (None, Shelf.OPEN) or status is StatusFilter.EXPIRED
    still = () if by_clock else ("coupons.expires_at > :now",)
    return Narrowing(Shelf.OPEN, (*by_clock, *still, "coupons.expires_at <= :until"), is_void)
