"""How many coupons each filter would show; where counting on would take too long, "at least so many"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from coupon_desk.catalogue.asking import Asker, Values, question
from coupon_desk.catalogue.fitting import LEAN, fit_more_than, ways
from coupon_desk.catalogue.matching import Match, match
from coupon_desk.catalogue.narrowing import ENDS, PLACE, POINTS, STARTS, Piece, Span, narrowing
from coupon_desk.catalogue.ordering import INDEX_OF
from coupon_desk.catalogue.query import EXPIRING_DAYS, Count, Counts, CouponQuery, StatusFilter
from coupon_desk.catalogue.rows import Shelf
from coupon_desk.catalogue.walking import FEW, of_narrowing, of_piece, stretch

MOST_MATCHES: Final = 20_000
"""Counting the matches of a text means looking at each, and stops here."""

_NONE: Final = Count(0, capped=False)
_NOTHING: Final = Counts(dict.fromkeys(StatusFilter, _NONE), _NONE, _NONE)
_SINGLE: Final = tuple(status for status in StatusFilter if status is not StatusFilter.ALL)


def counts(asker: Asker, query: CouponQuery, now: int) -> Counts:
    """What each filter would show at this moment, in the catalogue's microseconds."""
    if not query.text.strip():
        return _counts_of_all(asker, query, now)
    found = match(query.text, codes_only=not query.by_person)
    return _NOTHING if found is None else _counts_of_text(asker, query, found, now)


def _counts_of_all(asker: Asker, query: CouponQuery, now: int) -> Counts:
    """The counts without a text, each from an index alone."""
    by_status: dict[StatusFilter, int] = {
        status: _count(asker, replace(query, statuses=frozenset({status})), now) for status in _SINGLE
    }
    all_of_them = sum(by_status.values())
    soon = replace(query, statuses=frozenset(), expiring_days=EXPIRING_DAYS)
    expiring = all_of_them if query.expiring_days is not None else _count(asker, soon, now)
    return _counts(query, {**by_status, StatusFilter.ALL: all_of_them}, expiring)


def _counts_of_text(asker: Asker, query: CouponQuery, found: Match, now: int) -> Counts:
    """The counts among the coupons that fit a text."""
    within = narrowing(replace(query, statuses=frozenset()), now)
    values = Values()
    fits = ways(asker, found, values, MOST_MATCHES + 1)
    if not fits or not within.pieces:
        return _NOTHING
    days = EXPIRING_DAYS if query.expiring_days is None else query.expiring_days
    this_moment, soon = values.bind(now), values.bind(now + timedelta(days=days) // timedelta(microseconds=1))
    lean = f"coupons INDEXED BY {LEAN}" if asker.is_sqlite else "coupons"
    what = f"shelf, expires_at <= {this_moment} AS ended, starts_at > {this_moment} AS ahead, expires_at <= {soon} AS soon"
    every = question(what, lean, [f"coupons.id IN ({' UNION '.join(fits)})", *of_narrowing(within, values, asker.hide)])
    asked = question("shelf, ended, ahead, soon, count(*)", f"({every}) AS every") + " GROUP BY 1, 2, 3, 4"
    tally = dict.fromkeys(StatusFilter, 0)
    expiring = 0
    for shelf, ended, ahead, ends_soon, many in asker.rows(asked, values):
        status = _status(Shelf(shelf), ended=bool(ended), ahead=bool(ahead))
        tally[status] += many
        tally[StatusFilter.ALL] += many
        if ends_soon and status in {StatusFilter.UNUSED, StatusFilter.SCHEDULED}:
            expiring += many
    return _counts(query, tally, expiring, MOST_MATCHES if fit_more_than(asker, found, MOST_MATCHES) else None)


def _counts(query: CouponQuery, tally: Mapping[StatusFilter, int], expiring: int, ceiling: int | None = None) -> Counts:
    def count(value: int) -> Count:
        return Count(value, capped=False) if ceiling is None else Count(min(value, ceiling), capped=True)

    wanted = set(query.statuses)
    shown = tally[StatusFilter.ALL] if not wanted or StatusFilter.ALL in wanted else sum(tally[status] for status in wanted)
    return Counts({status: count(tally[status]) for status in StatusFilter}, count(expiring), count(shown))


def _count(asker: Asker, query: CouponQuery, now: int) -> int:
    return sum(_size(asker, piece) for piece in narrowing(query, now).pieces)


def _size(asker: Asker, piece: Piece) -> int:
    """How many coupons a piece holds, counted in the index where that takes the least."""
    columns = [column for column in (PLACE, POINTS, ENDS) if column in piece.spans]
    column = columns[0] if columns else ENDS
    if len(columns) > 1 or piece.spans.get(STARTS, Span()).low is not None:
        column = stretch(asker, piece, FEW) or column
    values = Values()
    return int(asker.rows(question("count(*)", asker.by(INDEX_OF[column]), of_piece(piece, values)), values)[0][0])


def _status(shelf: Shelf, *, ended: bool, ahead: bool) -> StatusFilter:
    match shelf:
        case Shelf.USED:
            return StatusFilter.USED
        case Shelf.CANCELLED:
            return StatusFilter.CANCELLED
        case Shelf.ATTENTION:
            return StatusFilter.NEEDS_ATTENTION
        case _:
            return StatusFilter.EXPIRED if ended else StatusFilter.SCHEDULED if ahead else StatusFilter.UNUSED
