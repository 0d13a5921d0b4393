"""The orders in which coupons can be shown, and the index that has each of them ready."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from coupon_desk.catalogue.asking import Values
from coupon_desk.catalogue.narrowing import ENDS, PLACE, POINTS, STARTS, Piece, Span
from coupon_desk.catalogue.query import Cursor, Sort, SortBy

INDEX_OF: Final = {
    PLACE: "ix_coupons_shelf_newest",
    ENDS: "ix_coupons_shelf_expiry",
    STARTS: "ix_coupons_shelf_starts",
    POINTS: "ix_coupons_shelf_points",
    "code_key": "ix_coupons_shelf_code",
    "customer_sort": "ix_coupons_shelf_customer",
}
"""By which index the coupons of a shelf are found in the order of a column; each holds all other numbers of a piece, too."""


@dataclass(frozen=True, slots=True)
class Order:
    """By a column, and by place among coupons that are alike in it; both the same way up."""

    column: str
    descending: bool

    @property
    def index(self) -> str:
        """The index that has this order, shelf by shelf."""
        return INDEX_OF[self.column]

    @property
    def is_by_number(self) -> bool:
        """Whether every index has what the order goes by."""
        return self.column in {PLACE, ENDS, POINTS}

    @property
    def columns(self) -> str:
        """What is asked for: what is needed to go on after a row. The place comes last, so that rows sort as they are."""
        return "coupons.id" if self.column == PLACE else f"coupons.{self.column}, coupons.id"

    def by(self, hide: str = "") -> str:
        """The order in SQL."""
        way = "DESC" if self.descending else "ASC"
        place = f"{hide}coupons.id {way}"
        return place if self.column == PLACE else f"{hide}coupons.{self.column} {way}, {place}"

    def after(self, cursor: Cursor, values: Values, hide: str = "") -> str:
        """What comes behind a row, in SQL."""
        sign = "<" if self.descending else ">"
        place = values.bind(cursor.place)
        if self.column == PLACE:
            return f"{hide}coupons.id {sign} {place}"
        return f"({hide}coupons.{self.column}, {hide}coupons.id) {sign} ({values.bind(cursor.key)}, {place})"

    def behind(self, piece: Piece) -> Piece:
        """The piece without the bound that a cursor takes over: SQLite goes by one of two bounds, and not by the nearer."""
        span = piece.spans.get(self.column)
        if span is None:
            return piece
        rest = Span(span.low, None) if self.descending else Span(None, span.high)
        return Piece(piece.shelf, {**piece.spans, self.column: rest})

    def merged(self, rows: list[Any], limit: int) -> list[Any]:
        """Rows of several questions in this order, at most `limit`."""
        return sorted(rows, reverse=self.descending)[:limit]

    def cursor(self, row: Any) -> Cursor:
        """Where to go on after a row."""
        return Cursor(row[-1], key=row[0] if len(row) > 1 else None)


NEWEST: Final = Order(PLACE, descending=True)

_COLUMN: Final = {
    SortBy.ISSUED: PLACE,
    SortBy.EXPIRES: ENDS,
    SortBy.POINTS: POINTS,
    SortBy.CODE: "code_key",
    SortBy.CUSTOMER: "customer_sort",
}


def order_of(sort: Sort) -> Order:
    """The order of a sort; what fits equally well comes newest first."""
    return NEWEST if sort.by is SortBy.FIT else Order(_COLUMN[sort.by], sort.descending)
