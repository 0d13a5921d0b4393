"""The rows of the table: read from the catalogue page by page as one scrolls, their texts made on a worker.

What was asked last is what counts: while two searches run, those typed meanwhile are not even begun, but for the last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.coupon import Coupon
from coupon_desk.desk.columns import Column
from coupon_desk.desk.coupon_pages import Page, Pages
from coupon_desk.desk.coupon_words import Row, in_words, spoken
from coupon_desk.desk.row_changes import Gone, changes, surely_gone
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.statuses import StatusRole
from coupon_desk.errors import DeskError
from coupon_desk.people.roles import Right
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.app.coupon_reading import CouponReading
    from coupon_desk.catalogue.query import CouponQuery, Cursor
    from coupon_desk.people.operators import Session

Index = QModelIndex | QPersistentModelIndex
FIRST_ROWS: Final = 40
"""More than a window shows: the first page is small, because somebody waits for it at each key."""

AHEAD_ROWS: Final = 60
"""So many rows before the end the next page is asked for, or halfway where there are fewer."""

LANES: Final = 2
"""So many searches run at the same time: the newest need not wait for the one before it."""

_RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT: Final = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class CouponRows(QAbstractTableModel):
    """The coupons that a query finds.

    `begun` tells that other rows stand here now, with the query before and the one they are of. `changing` and `changed` come
    before and after rows are read again, the latter with the codes that are no longer found and the first and last row that
    were read. `arrived` comes after each of them and after each further page.
    """

    begun = Signal(object, object)
    changing = Signal()
    changed = Signal(object, int, int)
    arrived = Signal()
    failed = Signal(object)

    def __init__(self, stage: Stage, coupons: CouponReading, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stage = stage
        self._coupons = coupons
        self._session = session
        self._hides_customer = not session.may(Right.SEE_CUSTOMER)
        self._query: CouponQuery | None = None
        self._shown: CouponQuery | None = None
        self._pages = Pages()
        self._generation = 0
        self._shown_generation = 0
        self._lanes: set[int] = set()
        self._newest_begun = 0
        self._is_reading = False
        self._is_stale = False
        self._seen = (0, 0)
        stage.speech.changed.connect(self._say_again)

    @property
    def query(self) -> CouponQuery | None:
        """What is asked for; None before the first query."""
        return self._query

    @property
    def is_fetching(self) -> bool:
        """Whether what is asked for is still on its way."""
        return self._generation != self._shown_generation

    @property
    def has_more(self) -> bool:
        """Whether there are rows that were not read yet."""
        return self._pages.end is not None

    @property
    def hides_customer(self) -> bool:
        """Whether whoever looks may not see whose a coupon is."""
        return self._hides_customer

    def show(self, query: CouponQuery) -> None:
        """Show what this query finds; the rows that stand stay until the new ones are there."""
        self._query = query
        self._generation += 1
        self._begin_newest()

    def refresh(self) -> None:
        """Read again what is seen, because something changed; whoever looks keeps their place."""
        if self._query is not None and not self.is_fetching:
            self._is_stale = True
            self._read_on()

    def look_at(self, first: int, last: int) -> None:
        """These rows are seen: bring what is missing there and next, and let go what is far."""
        self._seen = (first, last)
        self._read_on()

    def coupon_at(self, index: Index) -> Coupon | None:
        """The coupon of a row; None where it is not there."""
        row = self._row(index) if index.isValid() else None
        return None if row is None else row.coupon

    def row_at(self, place: int) -> Row | None:
        """The texts of a row; None where they are not there. For those who draw it."""
        return self._pages.row(place)

    def resident(self) -> Iterator[Row]:
        """The rows that are there now."""
        return (row for _, row in self._pages.resident())

    def codes(self, first: int, last: int) -> tuple[CouponCode, ...]:
        """The codes of rows, both included, whether they are there or were let go."""
        return tuple(self._pages.codes(first, last))

    def find(self, code: CouponCode) -> QModelIndex:
        """Where a code stands among the rows that are there; an invalid index where it does not."""
        for place, row in self._pages.resident():
            if row.coupon.code == code:
                return self.index(place, Column.CODE)
        return QModelIndex()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        """How many rows have been read."""
        return 0 if parent.isValid() else self._pages.count

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        """How many columns there are."""
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """One text or fact of a cell. Makes nothing, looks up only."""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if Column(index.column()).is_figure else _LEFT
        if role not in _ROLES:
            return None
        row = self._row(index)
        if row is None:
            return self._stage.speech.say(msg("Loading…")) if role in _TEXTS and index.column() == Column.CODE else None
        if role == StatusRole:
            return row.coupon.status
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == Column.CODE:
            return spoken(row, self._stage.speech.language)
        if role == Qt.ItemDataRole.ToolTipRole and index.column() not in _WITH_HINT:
            return None
        return row.texts[index.column()]

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The titles of the columns."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role in _TEXTS:
            return self._stage.speech.say(Column(section).title)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if Column(section).is_figure else _LEFT
        return None

    def canFetchMore(self, parent: Index) -> bool:
        """Whether the end was not reached."""
        return not parent.isValid() and self.has_more and not self._is_reading and not self.is_fetching

    def fetchMore(self, parent: Index) -> None:
        """Read the next page behind the last row."""
        if self.canFetchMore(parent):
            self._append()

    def _row(self, index: Index) -> Row | None:
        place = index.row()
        return self._pages.row(place) if place < self._pages.count else None

    def _begin_newest(self) -> None:
        query, generation = self._query, self._generation
        if query is None or self._newest_begun == generation or len(self._lanes) >= LANES:
            return
        lane = next(number for number in range(LANES) if number not in self._lanes)
        self._lanes.add(lane)
        self._newest_begun = generation

        def done(pages: tuple[Page, ...]) -> None:
            self._lanes.discard(lane)
            if generation == self._generation:
                self._begin(query, pages[0])
            else:
                self._begin_newest()

        def failed(error: DeskError) -> None:
            self._lanes.discard(lane)
            if generation == self._generation:
                self._shown_generation = generation
                self.failed.emit(error)
            else:
                self._begin_newest()

        self._read(f"search-{lane}", query, ((None, min(FIRST_ROWS, query.limit)),), done, failed)

    def _begin(self, query: CouponQuery, page: Page) -> None:
        before, self._shown = self._shown, query
        self._shown_generation = self._generation
        self._is_stale = False
        self._seen = (0, 0)
        self.beginResetModel()
        self._pages.begin(page)
        self.endResetModel()
        self.begun.emit(before, query)
        self.arrived.emit()

    def _read_on(self) -> None:
        """The one thing that is most wanted: what is seen and stale or missing, then what comes next."""
        if self._is_reading or self.is_fetching or self._query is None:
            return
        first, last = self._seen
        if self._is_stale:
            self._is_stale = False
            self._read_again(self._pages.span(first, last))
        elif (gone := self._pages.missing(first, last)) is not None:
            self._read_again(gone)
        elif self.has_more and last + min(AHEAD_ROWS, self._pages.count // 2) >= self._pages.count:
            self._append()

    def _append(self) -> None:
        if self._query is None:
            return
        self._more(self._query, ((self._pages.end, self._query.limit),), lambda pages: self._appended(pages[0]))

    def _appended(self, page: Page) -> None:
        if page.rows:
            self.beginInsertRows(QModelIndex(), self._pages.count, self._pages.count + len(page.rows) - 1)
            self._pages.append(page)
            self.endInsertRows()
        else:
            self._pages.append(page)
        self._pages.let_go(*self._seen)
        self.arrived.emit()

    def _read_again(self, span: range) -> None:
        if self._query is None:
            return
        wants = self._pages.wants(span) or ((None, min(FIRST_ROWS, self._query.limit)),)
        self._more(self._query, wants, lambda pages: self._read_anew(span, pages))

    def _read_anew(self, span: range, pages: tuple[Page, ...]) -> None:
        """Put what was read in its place; what was read before behind it goes where it would not fit any more."""
        self.changing.emit()
        places, end = self._pages.places(span), pages[-1].next
        if self._pages.follows(span) != end:
            if places.stop < self._pages.count:
                self.beginRemoveRows(QModelIndex(), places.stop, self._pages.count - 1)
                self._pages.drop_after(span, end)
                self.endRemoveRows()
            else:
                self._pages.drop_after(span, end)
        old = list(self._pages.codes(places.start, places.stop - 1)) if places else []
        new = [row.coupon.code for page in pages for row in page.rows]
        gone = surely_gone(old, new, is_end=end is None)
        span = self._walk(span, places.start, pages[0].after, old, new)
        self._pages.put(span, pages)
        self._pages.let_go(*self._seen)
        if new:
            last = self.index(places.start + len(new) - 1, len(Column) - 1)
            self.dataChanged.emit(self.index(places.start, 0), last)
        self.changed.emit(gone, places.start, places.start + len(new) - 1)
        self.arrived.emit()

    def _walk(self, span: range, start: int, after: Cursor | None, old: list[CouponCode], new: list[CouponCode]) -> range:
        """Tell row by row what comes and goes, so that what is selected stays selected."""
        codes = list(old)
        for step in tuple(changes(old, new)):
            first, last = start + step.first, start + step.last
            if isinstance(step, Gone):
                self.beginRemoveRows(QModelIndex(), first, last)
                del codes[step.first : step.last + 1]
                span = self._pages.stand_in(span, after, codes)
                self.endRemoveRows()
            else:
                self.beginInsertRows(QModelIndex(), first, last)
                codes[step.first : step.first] = new[step.begin : step.begin + step.last - step.first + 1]
                span = self._pages.stand_in(span, after, codes)
                self.endInsertRows()
        return span

    def _more(
        self, query: CouponQuery, wants: tuple[tuple[Cursor | None, int], ...], done: Callable[[tuple[Page, ...]], None]
    ) -> None:
        generation = self._shown_generation
        self._is_reading = True

        def read(pages: tuple[Page, ...]) -> None:
            self._is_reading = False
            if generation == self._shown_generation and not self.is_fetching:
                done(pages)
            self._read_on()

        def failed(error: DeskError) -> None:
            self._is_reading = False
            self.failed.emit(error)

        self._read("more", query, wants, read, failed)

    def _read(
        self,
        kind: str,
        query: CouponQuery,
        wants: tuple[tuple[Cursor | None, int], ...],
        done: Callable[[tuple[Page, ...]], None],
        failed: Callable[[DeskError], None],
    ) -> None:
        """Read pages one behind the other: where one ends otherwise than before, the next begins there."""
        coupons, session, language, hides = self._coupons, self._session, self._stage.speech.language, self._hides_customer

        def read() -> tuple[Page, ...]:
            found: list[Page] = []
            after = wants[0][0]
            for _, size in wants:
                page = coupons.search(replace(query, after=after, limit=size, may_be_short=True), session)
                rows = tuple(in_words(coupon, language, hides_customer=hides) for coupon in page.rows)
                found.append(Page(after, rows, page.next))
                after = page.next
                if after is None:
                    break
            return tuple(found)

        self._stage.runner.read(self, kind, read, done, failed)

    def _say_again(self) -> None:
        """What is seen in the new language at once; the rest when it is looked at."""
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(Column) - 1)
        language, hides = self._stage.speech.language, self._hides_customer
        self._pages.say_again(*self._seen, lambda row: in_words(row.coupon, language, hides_customer=hides))
        if self._pages.count:
            self.dataChanged.emit(self.index(0, 0), self.index(self._pages.count - 1, len(Column) - 1))


_TEXTS: Final = {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}
_ROLES: Final = {*_TEXTS, Qt.ItemDataRole.ToolTipRole, StatusRole}
_WITH_HINT: Final = {Column.CUSTOMER, Column.EMAIL}
