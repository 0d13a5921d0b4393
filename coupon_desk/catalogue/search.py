"""Finds the places of the coupons that fit a text, page by page, the best fit first and the newest first among equals.

Each tier is one question. Where few coupons fit, they are collected by an index and sorted; where many fit, they are walked
from the newest and the walk ends when the page is full. A quick count with a ceiling tells which of the two it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from coupon_desk.catalogue.asking import Asker, Values, question
from coupon_desk.catalogue.fitting import (
    ALL_SHELVES,
    BY_CODE,
    BY_CUSTOMER,
    LEAN,
    collected_by,
    fitting,
    looked_through,
    names_one,
)
from coupon_desk.catalogue.matching import Match, match
from coupon_desk.catalogue.narrowing import Narrowing, narrowing
from coupon_desk.catalogue.ordering import NEWEST, order_of
from coupon_desk.catalogue.query import CouponQuery, Cursor, SortBy, Tier
from coupon_desk.catalogue.walking import of_narrowing, walk

FEW_CODES: Final = 50_000
"""So many codes that begin alike are counted, and sorted, in a few milliseconds."""


def find(asker: Asker, query: CouponQuery, limit: int, now: int) -> list[Cursor]:
    """The next coupons of a query in its order, at most `limit`; `now` in the catalogue's microseconds."""
    narrowed = narrowing(query, now)
    is_for_text = bool(query.text.strip())
    found = match(query.text, codes_only=not query.by_person) if is_for_text else None
    if not narrowed.pieces or (is_for_text and found is None):
        return []
    if found is not None and query.sort.by is SortBy.FIT:
        return Search(asker, found, narrowed).places(limit, query.after)
    order = order_of(query.sort)
    if found is None:
        rows = walk(asker, narrowed, order, limit, query.after)
    else:
        rows = fitting(asker, found, narrowed, order, limit, query.after)
    return [Cursor(row[0], key=row[1] if len(row) > 1 else None) for row in rows]


class Search:
    """One search for a text on one connection, by how well it fits. `narrowed` leaves something over."""

    def __init__(self, asker: Asker, found: Match, narrowing: Narrowing) -> None:
        self._asker = asker
        self._match = found
        self._narrowing = narrowing

    def places(self, limit: int, after: Cursor | None) -> list[Cursor]:
        """The next coupons in the order of the search, at most `limit`."""
        found: list[Cursor] = []
        for tier in self._tiers():
            if after is not None and after.tier is not tier:
                continue
            found += [Cursor(row[0], tier) for row in self._tier(tier, limit - len(found), after)]
            after = None
            if len(found) >= limit:
                break
        return found

    def _tiers(self) -> Iterator[Tier]:
        found = self._match
        if found.by_code:
            yield Tier.EXACT
            yield Tier.PREFIX
        if found.by_customer:
            yield Tier.CUSTOMER
        if found.text_tiers and not names_one(self._asker, found):
            yield from found.text_tiers

    def _tier(self, tier: Tier, limit: int, after: Cursor | None) -> Sequence[Any]:
        match tier:
            case Tier.EXACT:
                return self._exact(limit, after)
            case Tier.PREFIX:
                return self._prefix(limit, after)
            case Tier.CUSTOMER:
                return self._customer(limit, after)
            case _:
                return self._text(tier, limit, after)

    def _exact(self, limit: int, after: Cursor | None) -> Sequence[Any]:
        values = Values()
        return self._sorted(values, BY_CODE, [ALL_SHELVES, self._match.exact(values)], limit, after)

    def _prefix(self, limit: int, after: Cursor | None) -> Sequence[Any]:
        found, asker = self._match, self._asker
        values = Values()
        begins = question("1", asker.by(BY_CODE), [ALL_SHELVES, found.prefix(values)], limit=values.bind(FEW_CODES + 1))
        if asker.size(begins, values) > FEW_CODES:
            return walk(asker, self._narrowing, NEWEST, limit, after, found.prefix, found.longer)
        values = Values()
        conditions = [ALL_SHELVES, found.prefix(values), found.longer(values)]
        return self._sorted(values, BY_CODE, conditions, limit, after)

    def _customer(self, limit: int, after: Cursor | None) -> Sequence[Any]:
        found, values = self._match, Values()
        better = [f"NOT ({found.prefix(values)})"] if found.by_code else []
        return self._sorted(values, BY_CUSTOMER, [found.customer(values), *better], limit, after)

    def _text(self, tier: Tier, limit: int, after: Cursor | None) -> Sequence[Any]:
        if not self._asker.is_sqlite:
            return self._read_through(tier, limit, after)
        columns = collected_by(self._asker, self._narrowing)
        if columns is not None:
            few, found = self._narrowing, self._match
            return looked_through(self._asker, found, few, columns, NEWEST, limit, after, tier)
        return self._matched(tier, limit, after)

    def _matched(self, tier: Tier, limit: int, after: Cursor | None) -> Sequence[Any]:
        """Walked from the newest in the full-text index, each looked up where something else is to be known of it."""
        found, values, index = self._match, Values(), self._match.index
        conditions = [f"{index} MATCH {values.bind(found.phrase(tier))}"]
        numbers = found.not_by_number(values)
        filters = of_narrowing(self._narrowing, values)
        tables = index
        if numbers or filters:
            looked_up = "coupons" if numbers else f"coupons INDEXED BY {LEAN}"
            tables += f" CROSS JOIN {looked_up} ON coupons.id = {index}.rowid"
            conditions += [*numbers, *filters]
        if after is not None:
            conditions.append(f"{index}.rowid < {values.bind(after.place)}")
        newest = f"{index}.rowid DESC"
        return self._asker.rows(question(f"{index}.rowid", tables, conditions, order=newest, limit=values.bind(limit)), values)

    def _read_through(self, tier: Tier, limit: int, after: Cursor | None) -> Sequence[Any]:
        found, index, values = self._match, self._match.index, Values()
        conditions = [found.inside(values, "", tier), *found.not_by_number(values), *of_narrowing(self._narrowing, values)]
        if after is not None:
            conditions.append(NEWEST.after(after, values))
        tables = f"coupons JOIN {index} ON {index}.rowid = coupons.id"
        return self._asker.rows(question("coupons.id", tables, conditions, order=NEWEST.by(), limit=values.bind(limit)), values)

    def _sorted(self, values: Values, index: str, conditions: list[str], limit: int, after: Cursor | None) -> Sequence[Any]:
        """Collected by an index, then sorted."""
        hide = self._asker.hide
        conditions = [*conditions, *of_narrowing(self._narrowing, values, hide)]
        if after is not None:
            conditions.append(NEWEST.after(after, values, hide))
        table, order = self._asker.by(index), NEWEST.by(hide)
        return self._asker.rows(question("coupons.id", table, conditions, order=order, limit=values.bind(limit)), values)
