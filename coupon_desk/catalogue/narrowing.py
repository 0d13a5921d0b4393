"""Which coupons statuses, ranges and "expiring within" leave over: as stretches of numbers, one for each status.

Unused, scheduled and expired are told by the clock, from the moments between which a coupon can be used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from coupon_desk.catalogue.facts import NO_END, first_place, micros
from coupon_desk.catalogue.query import CouponQuery, StatusFilter
from coupon_desk.catalogue.rows import Shelf

PLACE: Final = "id"
ENDS: Final = "expires_at"
STARTS: Final = "starts_at"
POINTS: Final = "points"


@dataclass(frozen=True, slots=True)
class Span:
    """Whole numbers from `low` on and below `high`; None where there is no such bound."""

    low: int | None = None
    high: int | None = None

    def within(self, other: Span) -> Span:
        """What lies in both."""
        lows = [low for low in (self.low, other.low) if low is not None]
        highs = [high for high in (self.high, other.high) if high is not None]
        return Span(max(lows, default=None), min(highs, default=None))

    @property
    def is_empty(self) -> bool:
        """Nothing lies in it."""
        return self.low is not None and self.high is not None and self.low >= self.high

    @property
    def is_whole(self) -> bool:
        """Everything lies in it."""
        return self.low is None and self.high is None


EVERYTHING: Final = Span()


@dataclass(frozen=True, slots=True)
class Piece:
    """Coupons of one shelf, of which the numbers in these columns lie in these stretches."""

    shelf: Shelf
    spans: Mapping[str, Span] = field(default_factory=dict)

    def narrowed(self, column: str, span: Span) -> Piece:
        """What of it lies in one stretch more."""
        both = self.spans.get(column, EVERYTHING).within(span)
        return self if both.is_whole else Piece(self.shelf, {**self.spans, column: both})

    def only(self, column: str) -> Piece:
        """The shelf with the stretch of one column."""
        return Piece(self.shelf, {name: span for name, span in self.spans.items() if name == column})

    @property
    def is_empty(self) -> bool:
        """No coupon can lie in it."""
        return any(span.is_empty for span in self.spans.values())


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What is left over: no coupon lies in two of the pieces. None at all where the query contradicts itself."""

    pieces: tuple[Piece, ...]

    @property
    def takes_all(self) -> bool:
        """Nothing is left out."""
        return len(self.pieces) == len(Shelf) and not any(piece.spans for piece in self.pieces)


def narrowing(query: CouponQuery, now: int) -> Narrowing:
    """What a query's filters leave over at this moment; `now` in the catalogue's microseconds."""
    pieces = _pieces(query.statuses, now)
    if query.expiring_days is not None:
        until = now + timedelta(days=query.expiring_days) // timedelta(microseconds=1)
        pieces = [piece.narrowed(ENDS, Span(now + 1, until + 1)) for piece in pieces if piece.shelf is Shelf.OPEN]
    ranges = ((ENDS, _range_of_ends(query)), (POINTS, _range_of_points(query)), (PLACE, _range_of_places(query)))
    for column, span in ranges:
        pieces = [piece.narrowed(column, span) for piece in pieces]
    return Narrowing(tuple(piece for piece in pieces if not piece.is_empty))


def _pieces(statuses: frozenset[StatusFilter], now: int) -> list[Piece]:
    """A piece for each status; the three that the clock tells apart are put together again where that is one stretch."""
    if not statuses or StatusFilter.ALL in statuses:
        return [Piece(shelf) for shelf in Shelf]
    pieces = [Piece(shelf) for status, shelf in _SHELF.items() if status in statuses]
    ended, begun, ahead = (status in statuses for status in (StatusFilter.EXPIRED, StatusFilter.UNUSED, StatusFilter.SCHEDULED))
    not_ended = Span(low=now + 1)
    if ended and begun and ahead:
        return [Piece(Shelf.OPEN), *pieces]
    if ended:
        pieces.append(Piece(Shelf.OPEN, {ENDS: Span(high=now + 1)}))
    if begun and ahead:
        pieces.append(Piece(Shelf.OPEN, {ENDS: not_ended}))
    elif begun:
        pieces.append(Piece(Shelf.OPEN, {ENDS: not_ended, STARTS: Span(high=now + 1)}))
    elif ahead:
        pieces.append(Piece(Shelf.OPEN, {ENDS: not_ended, STARTS: Span(low=now + 1)}))
    return pieces


_SHELF: Final = {
    StatusFilter.USED: Shelf.USED,
    StatusFilter.CANCELLED: Shelf.CANCELLED,
    StatusFilter.NEEDS_ATTENTION: Shelf.ATTENTION,
}


def _range_of_ends(query: CouponQuery) -> Span:
    if query.expires_from is None and query.expires_until is None:
        return EVERYTHING
    low = None if query.expires_from is None else micros(query.expires_from)
    return Span(low, NO_END if query.expires_until is None else micros(query.expires_until))


def _range_of_points(query: CouponQuery) -> Span:
    return Span(query.points_from, None if query.points_until is None else query.points_until + 1)


def _range_of_places(query: CouponQuery) -> Span:
    """Coupons stand in the order of their issue, to the second; those of unknown issue before all others."""
    if query.issued_from is None and query.issued_until is None:
        return EVERYTHING
    low = 0 if query.issued_from is None else micros(query.issued_from)
    return Span(first_place(low), None if query.issued_until is None else first_place(micros(query.issued_until)))
