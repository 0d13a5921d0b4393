"""Goes through what filters leave over, in any order, in a time that does not grow with the catalogue.

Each piece is asked for by itself. Where one of its stretches holds few coupons, they are collected by the index of that
stretch and sorted; where all hold many, the index that has the order ready is walked until the page is full.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from coupon_desk.catalogue.asking import Asker, Values, question
from coupon_desk.catalogue.narrowing import PLACE, STARTS, Narrowing, Piece
from coupon_desk.catalogue.ordering import INDEX_OF, Order
from coupon_desk.catalogue.query import Cursor

FEW: Final = 20_000
"""So many entries of an index are counted, and sorted, in a few milliseconds."""

FEW_ROWS: Final = 4_000
"""So many coupons, or their texts, are read one by one in a few milliseconds."""

Condition = Callable[[Values], str]
"""One more condition on `coupons`; binds the values it needs."""


def walk(asker: Asker, narrowing: Narrowing, order: Order, limit: int, after: Cursor | None, *also: Condition) -> Sequence[Any]:
    """The next rows (the key where the order has one, the place) in the order, at most `limit`."""
    if narrowing.takes_all and order.column == PLACE:
        return _all(asker, order, limit, after, also)
    found = [row for piece in narrowing.pieces for row in _piece(asker, piece, order, limit, after, also)]
    return found if len(narrowing.pieces) == 1 else order.merged(found, limit)


def stretch(asker: Asker, piece: Piece, few: int, *, besides: str | None = None) -> str | None:
    """The column whose stretch, in this shelf, holds at most `few` coupons; None where all hold more."""
    for column, span in piece.spans.items():
        # Nearly all coupons have begun: that they have leaves nothing out.
        if column == besides or (column == STARTS and span.low is None):
            continue
        if is_few(asker, piece.only(column), INDEX_OF[column], few):
            return column
    return None


def is_few(asker: Asker, piece: Piece, index: str, few: int) -> bool:
    """Whether the piece, counted by an index, holds at most `few` coupons."""
    values = Values()
    return asker.size(question("1", asker.by(index), of_piece(piece, values), limit=values.bind(few + 1)), values) <= few


def of_piece(piece: Piece, values: Values, hide: str = "") -> list[str]:
    """The conditions of a piece."""
    conditions = [f"{hide}coupons.shelf = '{piece.shelf.value}'"]
    for column, span in piece.spans.items():
        if span.low is not None:
            conditions.append(f"{hide}coupons.{column} >= {values.bind(span.low)}")
        if span.high is not None:
            conditions.append(f"{hide}coupons.{column} < {values.bind(span.high)}")
    return conditions


def of_narrowing(narrowing: Narrowing, values: Values, hide: str = "") -> list[str]:
    """The condition of all pieces together; none where nothing is left out."""
    if narrowing.takes_all:
        return []
    return ["(" + " OR ".join(" AND ".join(of_piece(piece, values, hide)) for piece in narrowing.pieces) + ")"]


def _all(asker: Asker, order: Order, limit: int, after: Cursor | None, also: Sequence[Condition]) -> Sequence[Any]:
    """Where nothing is left out, the rows themselves stand in the order of their places."""
    values = Values()
    conditions = [condition(values) for condition in also]
    if after is not None:
        conditions.append(order.after(after, values))
    table = "coupons NOT INDEXED" if asker.is_sqlite else "coupons"
    return asker.rows(question(order.columns, table, conditions, order=order.by(), limit=values.bind(limit)), values)


def _piece(
    asker: Asker, piece: Piece, order: Order, limit: int, after: Cursor | None, also: Sequence[Condition]
) -> Sequence[Any]:
    values = Values()
    column = stretch(asker, piece, FEW if order.is_by_number and not also else FEW_ROWS, besides=order.column)
    if column is None:
        index, hide = order.index, ""
        conditions = of_piece(piece if after is None else order.behind(piece), values)
    else:
        index, hide = INDEX_OF[column], asker.hide
        conditions = of_piece(piece, values)
    conditions += [condition(values) for condition in also]
    if after is not None:
        conditions.append(order.after(after, values, hide))
    asked = question(order.columns, asker.by(index), conditions, order=order.by(hide), limit=values.bind(limit))
    return asker.rows(asked, values)
