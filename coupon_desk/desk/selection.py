"""The coupons that are selected: a set of codes, which outlives that their rows are let go, read again or stand elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QObject, QPersistentModelIndex, Signal

from coupon_desk.coupons.code import CouponCode
from coupon_desk.desk.columns import Column
from coupon_desk.desk.coupon_rows import CouponRows

if TYPE_CHECKING:
    from coupon_desk.catalogue.query import CouponQuery

MOST_SELECTED: Final = 10_000
"""So many coupons can be selected at once; a longer list of money is nobody's to look over."""

Flag = QItemSelectionModel.SelectionFlag


@dataclass(frozen=True, slots=True)
class Selected:
    """What is selected. `is_cut`: more would have been, but for MOST_SELECTED."""

    codes: tuple[CouponCode, ...] = ()
    is_cut: bool = False

    @property
    def count(self) -> int:
        """How many coupons."""
        return len(self.codes)

    @property
    def points(self) -> int:
        """What they are worth together."""
        return sum(code.points for code in self.codes)


class CouponSelection(QItemSelectionModel):
    """What a person selects becomes codes; codes whose rows come into the list are selected there.

    `told` says what is selected now.
    """

    told = Signal(object)

    def __init__(self, rows: CouponRows, parent: QObject) -> None:
        super().__init__(rows, parent)
        self._rows = rows
        self._chosen: dict[CouponCode, None] = {}
        self._is_cut = False
        self._is_drawing = False
        self._selected = Selected()
        self.selectionChanged.connect(self._follow)
        rows.begun.connect(self._begin)
        rows.changing.connect(self._rest)
        rows.changed.connect(self._draw_again)
        rows.rowsInserted.connect(lambda _parent, first, last: self._draw(first, last))

    @property
    def selected(self) -> Selected:
        """What is selected now."""
        return self._selected

    def holds(self, code: CouponCode) -> bool:
        """Whether this coupon is selected."""
        return code in self._chosen

    def choose(self, codes: Iterable[CouponCode], *, is_cut: bool = False) -> None:
        """Select exactly these, whether their rows are there or not; not more than MOST_SELECTED."""
        chosen = dict.fromkeys(codes)
        self._is_cut = is_cut or len(chosen) > MOST_SELECTED
        self._chosen = dict.fromkeys(tuple(chosen)[:MOST_SELECTED])
        self._show_all()
        self._tell()

    def forget(self) -> None:
        """Select nothing."""
        self.choose(())

    def select(
        self, what: QModelIndex | QPersistentModelIndex | QItemSelection, command: QItemSelectionModel.SelectionFlag
    ) -> None:
        """What the table does for a person: what begins anew begins the codes anew."""
        if not self._is_drawing and command & Flag.Clear:
            self._chosen.clear()
            self._is_cut = False
            self._is_drawing = True
            super().select(what, command)
            self._is_drawing = False
            self._take(self.selection())
            self._tell()
        else:
            super().select(what, command)

    def reset(self) -> None:
        """Other rows come, and the list itself says which of the codes stay."""
        self._is_drawing = True
        super().reset()
        self._is_drawing = False

    def _follow(self, came: QItemSelection, went: QItemSelection) -> None:
        """One row more or less, beside those that stay."""
        if self._is_drawing:
            return
        for code in self._codes(went):
            self._chosen.pop(code, None)
        self._take(came)
        self._tell()

    def _take(self, ranges: QItemSelection) -> None:
        for code in self._codes(ranges):
            if len(self._chosen) >= MOST_SELECTED:
                self._is_cut = True
                self._show_all()
                return
            self._chosen[code] = None

    def _codes(self, ranges: QItemSelection) -> Iterable[CouponCode]:
        parts = [(ranges.at(number).top(), ranges.at(number).bottom()) for number in range(ranges.count())]
        for first, last in sorted(parts):
            yield from self._rows.codes(first, last)

    def _begin(self, before: CouponQuery | None, query: CouponQuery) -> None:
        """Another list: nothing of it is selected, unless it is the same in another order."""
        if not _is_same_list(before, query):
            self._chosen.clear()
            self._is_cut = False
        self._draw(0, self._rows.rowCount() - 1)
        self._tell()

    def _rest(self) -> None:
        self._is_drawing = True

    def _draw_again(self, gone: frozenset[CouponCode], first: int, last: int) -> None:
        """Rows were read again; what is no longer found is no longer selected."""
        self._is_drawing = False
        for code in gone & self._chosen.keys():
            del self._chosen[code]
        self._draw(first, last)
        self._tell()

    def _show_all(self) -> None:
        """Select the rows that are chosen, and no others."""
        self._is_drawing = True
        super().clearSelection()
        self._is_drawing = False
        self._draw(0, self._rows.rowCount() - 1)

    def _draw(self, first: int, last: int) -> None:
        if self._is_drawing or not self._chosen or last < first:
            return
        ranges = QItemSelection()
        begin = None
        for place, code in enumerate(self._rows.codes(first, last), first):
            if code in self._chosen:
                begin = place if begin is None else begin
            elif begin is not None:
                ranges.select(self._rows.index(begin, 0), self._rows.index(place - 1, len(Column) - 1))
                begin = None
        if begin is not None:
            ranges.select(self._rows.index(begin, 0), self._rows.index(last, len(Column) - 1))
        self._is_drawing = True
        super().select(ranges, Flag.Select | Flag.Rows)
        self._is_drawing = False

    def _tell(self) -> None:
        now = Selected(tuple(self._chosen), self._is_cut)
        if now != self._selected:
            self._selected = now
            self.told.emit(now)


def _is_same_list(before: CouponQuery | None, query: CouponQuery) -> bool:
    return before is not None and replace(before, sort=query.sort) == query
