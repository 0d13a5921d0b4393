"""Finds the places of the coupons that a query asks for, page by page, in a time that hardly grows with the catalogue.

By fit, codes and customers' numbers come first, each tier one question, then texts (`texts`). Where few codes begin so, they
are collected by their index and sorted; where many do, they are walked from the newest until the page is full.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from coupon_desk.catalogue.asking import Asker, Values, question
from coupon_desk.catalogue.fitting import (
    ALL_SHELVES,
    BY_CODE,
    BY_CUSTOMER,
    fitting,
    names_one,
)
from coupon_desk.catalogue.matching import Match, match
from coupon_desk.catalogue.narrowing import Narrowing, narrowing
from coupon_desk.catalogue.ordering import NEWEST, order_of
from coupon_desk.catalogue.query import CouponQuery, Cursor, SortBy, Tier
from coupon_desk.catalogue.texts import Texts
from coupon_desk.catalogue.walking import of_narrowing, walk

FEW_CODES: Final = 20_000
"""So many codes that begin alike are counted, and sorted, in a few milliseconds."""


_BEFORE_ALL: Final = (1 << 63) - 1
"""Behind no place, seen from the newest."""


def find(asker: Asker, query: CouponQuery, now: int) -> tuple[list[Cursor], Cursor | None]:
    """The next coupons of a query in its order, and where the page after them begins; `now` in the catalogue's microseconds."""
    found = _found(asker, query, query.limit + 1, now)
    if len(found) > query.limit:
        return found[:-1], found[-2]
    if found and query.may_be_short:
        return found, _texts_left(asker, query, found[-1])
    return found, None


def _texts_left(asker: Asker, query: CouponQuery, last: Cursor) -> Cursor | None:
    """Where texts begin, where they were not looked through because codes or customers' numbers fit."""
    found = match(query.text, codes_only=not query.by_person)
    if found is None or last.tier is None or last.tier in found.text_tiers or not found.text_tiers or names_one(asker, found):
        return None
    return Cursor(_BEFORE_ALL, found.text_tiers[0])


def _found(asker: Asker, query: CouponQuery, limit: int, now: int) -> list[Cursor]:
    narrowed = narrowing(query, now)
    is_for_text = bool(query.text.strip())
    found = match(query.text, codes_only=not query.by_person) if is_for_text else None
    if not narrowed.pieces or (is_for_text and found is None):
        return []
    if found is not None and query.sort.by is SortBy.FIT:
        return Search(asker, found, narrowed).places(limit, query.after, may_be_short=query.may_be_short)
    order = order_of(query.sort)
    if found is None:
        rows = walk(asker, narrowed, order, limit, query.after)
    else:
        rows = fitting(asker, found, narrowed, order, limit, query.after)
    return [order.cursor(row) for row in rows]


class Search:
    """One search for a text on one connection, by how well it fits. `narrowed` leaves something over."""

    def __init__(self, asker: Asker, found: Match, narrowing: Narrowing) -> None:
        self._asker = asker
        self._match = found
        self._narrowing = narrowing

    def places(self, limit: int, after: Cursor | None, *, may_be_short: bool = False) -> list[Cursor]:
        """The next coupons in the order of the search, at most `limit`; short where numbers fit, if it may be."""
        found: list[Cursor] = []
        is_in_texts = after is not None and after.tier in self._match.text_tiers
        if not is_in_texts:
            for tier, one in self._by_number().items():
                if after is not None and after.tier is not tier:
                    continue
                found += [Cursor(row[-1], tier) for row in one(limit - len(found), after)]
                after = None
                if len(found) >= limit:
                    return found
            if (found and may_be_short) or names_one(self._asker, self._match):
                return found
        if not self._match.text_tiers:
            return found
        return found + Texts(self._asker, self._match, self._narrowing).places(limit - len(found), after)

    def _by_number(self) -> dict[Tier, Callable[[int, Cursor | None], Sequence[Any]]]:
        by_code = {Tier.EXACT: self._exact, Tier.PREFIX: self._prefix} if self._match.by_code else {}
        return by_code | ({Tier.CUSTOMER: self._customer} if self._match.by_customer else {})

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

    def _sorted(self, values: Values, index: str, conditions: list[str], limit: int, after: Cursor | None) -> Sequence[Any]:
        """Collected by an index, then sorted."""
        hide = self._asker.hide
        conditions = [*conditions, *of_narrowing(self._narrowing, values, hide)]
        if after is not None:
            conditions.append(NEWEST.after(after, values, hide))
        table, order = self._asker.by(index), NEWEST.by(hide)
        return self._asker.rows(question("coupons.id", table, conditions, order=order, limit=values.bind(limit)), values)
