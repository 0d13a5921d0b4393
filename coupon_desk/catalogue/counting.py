"""How many coupons each status filter would show; where counting on would take too long, "at least so many"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, text

from coupon_desk.catalogue.matching import Match, match
from coupon_desk.catalogue.narrowing import narrowing
from coupon_desk.catalogue.query import Count, StatusFilter
from coupon_desk.catalogue.rows import Shelf
from coupon_desk.catalogue.search import count, names_one

MOST: Final = 100_000
"""Counting stops here: “100,000+”."""

MOST_MATCHES: Final = 5_000
"""Counting the matches of a text means reading each, and stops earlier."""


def counts_of_all(connection: Connection, now: int) -> dict[StatusFilter, Count]:
    """The counts without a text, each from an index alone."""
    found: dict[StatusFilter, Count] = {}
    for status in StatusFilter:
        conditions = narrowing(status, expiring=False).conditions()
        value = count(connection, conditions, {"now": now}, MOST + 1)
        found[status] = Count(min(value, MOST), value > MOST)
    return found


def counts_of_text(connection: Connection, typed: str, now: int, *, by_person: bool = True) -> dict[StatusFilter, Count]:
    """The counts among the coupons that fit a text; without `by_person` only in their codes."""
    found = match(typed, codes_only=not by_person)
    if found is None:
        return dict.fromkeys(StatusFilter, Count(0, capped=False))
    parts = [" ".join(["SELECT * FROM (", part, "LIMIT :ceiling) AS", name]) for name, part in _parts(connection, found)]
    if not parts:
        return dict.fromkeys(StatusFilter, Count(0, capped=False))
    sql = " ".join(
        [
            "SELECT shelf, expires_at <= :now AS ended, starts_at > :now AS ahead, count(*) AS many FROM coupons",
            "WHERE id IN (",
            " UNION ".join(parts),
            ") GROUP BY 1, 2, 3",
        ]
    )
    tally = dict.fromkeys(StatusFilter, 0)
    for shelf, ended, ahead, many in connection.execute(text(sql), {**found.values, "now": now, "ceiling": MOST_MATCHES + 1}):
        tally[StatusFilter.ALL] += many
        tally[_filter_of(Shelf(shelf), ended=bool(ended), ahead=bool(ahead))] += many
    capped = tally[StatusFilter.ALL] > MOST_MATCHES
    return {status: Count(min(value, MOST_MATCHES), capped) for status, value in tally.items()}


def _parts(connection: Connection, found: Match) -> Iterator[tuple[str, str]]:
    """Each way to fit the text, as a query for places, with a name for it."""
    if found.by_code:
        yield "by_code", " ".join(["SELECT id FROM coupons WHERE", found.prefix()])
    if found.by_customer:
        yield "by_customer", " ".join(["SELECT id FROM coupons WHERE", found.customer()])
    if not found.by_text or names_one(connection, found):
        return
    select = ["SELECT", f"{found.index}.rowid", "FROM", found.index, *_coupons_too(found), "WHERE"]
    if connection.dialect.name == "sqlite":
        order = f"ORDER BY {found.index}.rowid DESC"
        yield "by_text", " ".join([*select, " AND ".join([f"{found.index} MATCH :phrase", *found.in_code()]), order])
    else:
        yield "by_text", " ".join([*select, " AND ".join([found.inside(), *found.in_code()])])


def _coupons_too(found: Match) -> list[str]:
    """The coupons of the texts that the index finds, where their codes have to be looked at."""
    return [f"JOIN coupons ON coupons.id = {found.index}.rowid"] if found.codes_only else []


def _filter_of(shelf: Shelf, *, ended: bool, ahead: bool) -> StatusFilter:
    match shelf:
        case Shelf.USED:
            return StatusFilter.USED
        case Shelf.CANCELLED:
            return StatusFilter.CANCELLED
        case Shelf.ATTENTION:
            return StatusFilter.NEEDS_ATTENTION
        case _:
            return StatusFilter.EXPIRED if ended else StatusFilter.SCHEDULED if ahead else StatusFilter.UNUSED
