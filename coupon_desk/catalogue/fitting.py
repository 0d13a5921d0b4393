"""The coupons that fit a text in any way, as one set: for counting them, and for sorting them by something else than fit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from coupon_desk.catalogue.asking import Asker, Values, question
from coupon_desk.catalogue.matching import Match
from coupon_desk.catalogue.narrowing import PLACE, Narrowing
from coupon_desk.catalogue.ordering import INDEX_OF, Order
from coupon_desk.catalogue.query import Cursor, Tier
from coupon_desk.catalogue.rows import Shelf
from coupon_desk.catalogue.walking import FEW_ROWS, is_few, of_narrowing, of_piece, stretch, walk

ALL_SHELVES: Final = f"coupons.shelf IN ({', '.join(repr(shelf.value) for shelf in Shelf)})"
"""Lets SQLite go by an index whose first column is the shelf, whatever the shelf."""

BY_CODE: Final = INDEX_OF["code_key"]
BY_CUSTOMER: Final = "ix_coupons_customer_key"

LEAN: Final = "ix_coupons_lean"
"""By place; holds all numbers of a piece, and is ten times smaller than the coupons themselves."""

FEW_FITTING: Final = 5_000
"""So many coupons are looked up, and sorted, in some milliseconds."""

_FIRST_STRETCH: Final = 500
_WALKED: Final = 6_000


def fitting(asker: Asker, found: Match, narrowing: Narrowing, order: Order, limit: int, after: Cursor | None) -> Sequence[Any]:
    """The next rows (the key where the order has one, the place) that fit in any way, in the order, at most `limit`.

    Few are collected and sorted. Where many fit, the order itself leads to a full page soon, unless those that fit stand at its
    other end: then all are collected after all.
    """
    columns = collected_by(asker, narrowing)
    if columns is not None and asker.is_sqlite:
        return looked_through(asker, found, narrowing, columns, order, limit, after)
    if asker.is_sqlite and fit_more_than(asker, found, FEW_FITTING):
        rows = _walked(asker, found, narrowing, order, limit, after)
        if rows is not None:
            return rows
    values = Values()
    fits = ways(asker, found, values)
    if not fits:
        return []
    hide = asker.hide
    lean = f"coupons INDEXED BY {LEAN}" if asker.is_sqlite and order.is_by_number else "coupons"
    conditions = [f"coupons.id IN ({' UNION '.join(fits)})", *of_narrowing(narrowing, values, hide)]
    if after is not None:
        conditions.append(order.after(after, values, hide))
    return asker.rows(question(order.columns, lean, conditions, order=order.by(hide), limit=values.bind(limit)), values)


def ways(asker: Asker, found: Match, values: Values, ceiling: int | None = None) -> list[str]:
    """Each way to fit the text, as a question for places; with a ceiling for so many at most, the newest of those in a text."""
    questions = []
    if found.by_code:
        questions.append(question("coupons.id", asker.by(BY_CODE), [ALL_SHELVES, found.prefix(values)]))
    if found.by_customer:
        questions.append(question("coupons.id", asker.by(BY_CUSTOMER), [found.customer(values)]))
    if found.by_text and not names_one(asker, found):
        questions.append(_in_text(asker, found, values, is_ordered=ceiling is not None))
    if ceiling is None:
        return questions
    return [question("*", f"({asked} LIMIT {values.bind(ceiling)}) AS way") for asked in questions]


def fit_more_than(asker: Asker, found: Match, most: int) -> bool:
    """Whether more coupons fit the text in one of the ways than these."""
    values = Values()
    return any(asker.size(way, values) > most for way in ways(asker, found, values, most + 1))


def names_one(asker: Asker, found: Match) -> bool:
    """Whether the text is the whole code of a coupon, or the whole number of a customer, that there is.

    Then nothing is looked for that merely holds the text somewhere: nobody wants it, and the long text of a whole code takes
    the full-text index longer than everything else.
    """
    values = Values()
    questions = []
    if found.by_code:
        questions.append(question("1", asker.by(BY_CODE), [ALL_SHELVES, found.exact(values)], limit="1"))
    if found.by_customer:
        questions.append(question("1", asker.by(BY_CUSTOMER), [found.whole_customer(values)], limit="1"))
    return any(asker.rows(asked, values) for asked in questions)


def collected_by(asker: Asker, narrowing: Narrowing) -> list[str] | None:
    """The columns by which the pieces are collected, where each leaves so few coupons that their texts can be read."""
    columns = []
    for piece in narrowing.pieces:
        column = stretch(asker, piece, FEW_ROWS)
        if column is None and is_few(asker, piece.only(PLACE), INDEX_OF[PLACE], FEW_ROWS):
            column = PLACE
        if column is None:
            return None
        columns.append(column)
    return columns


def looked_through(
    asker: Asker,
    found: Match,
    narrowing: Narrowing,
    columns: Sequence[str],
    order: Order,
    limit: int,
    after: Cursor | None,
    tier: Tier | None = None,
) -> Sequence[Any]:
    """Those of few coupons that fit, their texts read one by one; of one tier of texts, or in any way."""
    hide = asker.hide
    rows: list[Any] = []
    for piece, column in zip(narrowing.pieces, columns, strict=True):
        values = Values()
        conditions = of_piece(piece, values)
        if tier is None:
            conditions.append(_fits(asker, found, values))
        else:
            conditions += [found.inside(values, hide, tier), *found.not_by_number(values, hide)]
        if after is not None:
            conditions.append(order.after(after, values, hide))
        tables = f"{asker.by(INDEX_OF[column])} LEFT JOIN {found.index} ON {found.index}.rowid = coupons.id"
        asked = question(order.columns, tables, conditions, order=order.by(hide), limit=values.bind(limit))
        rows += asker.rows(asked, values)
    return order.merged(rows, limit)


def _walked(
    asker: Asker, found: Match, narrowing: Narrowing, order: Order, limit: int, after: Cursor | None
) -> Sequence[Any] | None:
    """The page, found by walking in the order for a while; None where that did not fill it."""
    page: list[Any] = []
    size = _FIRST_STRETCH
    walked = 0
    while walked < _WALKED:
        rows = walk(asker, narrowing, order, size, after)
        fit = _those_that_fit(asker, found, [row[-1] for row in rows])
        page += [row for row in rows if row[-1] in fit]
        if len(page) >= limit or len(rows) < size:
            return page[:limit]
        walked += size
        size *= 2
        after = order.cursor(rows[-1])
    return None


def _those_that_fit(asker: Asker, found: Match, places: Sequence[int]) -> set[int]:
    values = Values()
    which = question("value", f"json_each({values.bind(json.dumps(places))})")
    tables = f"coupons LEFT JOIN {found.index} ON {found.index}.rowid = coupons.id"
    asked = question("coupons.id", tables, [f"coupons.id IN ({which})", _fits(asker, found, values)])
    return {row[0] for row in asker.rows(asked, values)}


def _fits(asker: Asker, found: Match, values: Values) -> str:
    """The text is fitted in any way, told without an index; the full-text table is joined, with NULL where it has no row."""
    hide = asker.hide
    ways_to_fit = []
    if found.by_code:
        ways_to_fit.append(f"({found.prefix(values, hide)})")
    if found.by_customer:
        ways_to_fit.append(f"({found.customer(values, hide)})")
    if found.by_text and not names_one(asker, found):
        ways_to_fit.append(found.inside(values, hide))
    return "(" + " OR ".join(ways_to_fit or ["1 = 0"]) + ")"


def _in_text(asker: Asker, found: Match, values: Values, *, is_ordered: bool) -> str:
    index = found.index
    fits = f"{index} MATCH {values.bind(found.phrase())}" if asker.is_sqlite else found.inside(values, "")
    return question(f"{index}.rowid", index, [fits], order=f"{index}.rowid DESC" if is_ordered else "")
