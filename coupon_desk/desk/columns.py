"""The columns of the coupon table: what stands above each, how it may be sorted, and which are shown in which order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from coupon_desk.catalogue.query import Sort, SortBy
from coupon_desk.words import Message, msg

NARROWEST_PX: Final = 60
WIDEST_PX: Final = 900


class Column(IntEnum):
    """All there are; the first is frozen at the left."""

    CODE = 0
    CUSTOMER = 1
    POINTS = 2
    AMOUNT = 3
    STATUS = 4
    ISSUED = 5
    EXPIRES = 6
    EMAIL = 7
    CUSTOMER_ID = 8
    UPDATED = 9

    @property
    def title(self) -> Message:
        """What stands above the column."""
        return _FACTS[self].title

    @property
    def key(self) -> str:
        """How it is called in a file."""
        return self.name.lower()

    @property
    def is_figure(self) -> bool:
        """Whether it holds figures, which stand at the right."""
        return self in _FIGURES

    @property
    def width_px(self) -> int:
        """How wide it is at first."""
        return _FACTS[self].width_px

    @property
    def first_sort(self) -> Sort | None:
        """The order that one click asks for; None where the list cannot be sorted by it."""
        return _FACTS[self].sort


@dataclass(frozen=True, slots=True)
class _Facts:
    title: Message
    width_px: int
    sort: Sort | None = None


_FACTS: Final = {
    Column.CODE: _Facts(msg("Code"), 158, Sort(SortBy.CODE)),
    Column.CUSTOMER: _Facts(msg("Customer"), 128, Sort(SortBy.CUSTOMER)),
    Column.POINTS: _Facts(msg("Points"), 80, Sort(SortBy.POINTS, descending=True)),
    Column.AMOUNT: _Facts(msg("Amount"), 80),
    Column.STATUS: _Facts(msg("Status"), 152),
    Column.ISSUED: _Facts(msg("Issued"), 108, Sort(SortBy.ISSUED, descending=True)),
    Column.EXPIRES: _Facts(msg("Expires"), 108, Sort(SortBy.EXPIRES)),
    Column.EMAIL: _Facts(msg("E-mail"), 200),
    Column.CUSTOMER_ID: _Facts(msg("Customer number"), 140),
    Column.UPDATED: _Facts(msg("Changed"), 108),
}
_FIGURES: Final = {Column.POINTS, Column.AMOUNT}
_AT_FIRST: Final = (
    Column.CODE,
    Column.CUSTOMER,
    Column.POINTS,
    Column.AMOUNT,
    Column.STATUS,
    Column.ISSUED,
    Column.EXPIRES,
)
PERSONAL: Final = frozenset({Column.CUSTOMER, Column.EMAIL, Column.CUSTOMER_ID})
"""Columns that tell whose coupon it is."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A column in its place; `width_px` is None where it takes what suits it."""

    column: Column
    width_px: int | None = None


Layout = tuple[Shown, ...]
"""The columns that are shown, from left to right; the code is always the first."""

LAYOUT_AT_FIRST: Final[Layout] = tuple(Shown(column) for column in _AT_FIRST)


def sound(layout: Iterable[Shown]) -> Layout:
    """The layout with the code in front, each column once, and no width that hides a column or the rest."""
    found = {Column.CODE: Shown(Column.CODE)}
    for shown in layout:
        width = shown.width_px
        if width is not None:
            shown = replace(shown, width_px=min(max(width, NARROWEST_PX), WIDEST_PX))  # noqa: PLW2901  # mended in passing
        if shown.column not in found or shown.column is Column.CODE:
            found[shown.column] = shown
    return tuple(found.values())


def with_column(layout: Layout, column: Column, *, is_shown: bool) -> Layout:
    """The layout with this column behind the others, or without it; the code stays."""
    if not is_shown:
        return sound(shown for shown in layout if shown.column is not column)
    return layout if any(shown.column is column for shown in layout) else sound((*layout, Shown(column)))


def next_sort(column: Column, now: Sort) -> Sort:
    """What pressing the head of a column asks for: its order, then the reverse, then how the search puts it by itself."""
    first = column.first_sort
    if first is None:
        return now
    if now == first:
        return replace(first, descending=not first.descending)
    return Sort() if now.by is first.by else first
