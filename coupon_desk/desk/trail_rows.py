"""The rows of the trail window: pages fetched as one scrolls, newest first, their texts made on a worker, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from coupon_desk.app.trail_search import TrailSearch
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.trail_words import Outcome, happened, outcome, reason, role_in_words
from coupon_desk.errors import DeskError
from coupon_desk.words import Language, Message, day, msg, number, say, time_of_day

if TYPE_CHECKING:
    from coupon_desk.app.trail_reading import TrailLine, TrailReading
    from coupon_desk.people.operators import Session

Index = QModelIndex | QPersistentModelIndex
Cell = tuple[str, str]
PAGE: Final = 100
SecondRole: Final = Qt.ItemDataRole.UserRole + 1
OutcomeRole: Final = Qt.ItemDataRole.UserRole + 2
ErasedRole: Final = Qt.ItemDataRole.UserRole + 3
_RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT: Final = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
SHOWN_OF_HASH: Final = 8


class Column(IntEnum):
    """The columns, from left to right."""

    WHEN = 0
    WHAT = 1
    COUPON = 2
    RESULT = 3
    POINTS = 4

    @property
    def title(self) -> Message:
        """What stands above the column."""
        return _TITLES[self]


_TITLES = {
    Column.WHEN: msg("When"),
    Column.WHAT: msg("What and who"),
    Column.COUPON: msg("Coupon and customer"),
    Column.RESULT: msg("Result and reason"),
    Column.POINTS: msg("Points"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One entry and its texts, two to a cell, made once and only read while the table is drawn."""

    line: TrailLine
    cells: tuple[Cell, ...]
    outcome: Outcome | None
    spoken: str


class TrailRows(QAbstractTableModel):
    """The entries that a search finds, newest first."""

    arrived = Signal()
    failed = Signal(object)

    def __init__(self, stage: Stage, reading: TrailReading, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stage = stage
        self._reading = reading
        self._session = session
        self._search: TrailSearch | None = None
        self._rows: list[Row] = []
        self._before: int | None = None
        self._is_fetching = False
        stage.speech.changed.connect(self._say_again)

    @property
    def is_fetching(self) -> bool:
        """Whether rows are on their way."""
        return self._is_fetching

    def show(self, search: TrailSearch, *, before: int | None = None) -> None:
        """Show what this search finds, the entries before this sequence where one is given.

        The rows that stand stay until the new ones are there.
        """
        self._search = search
        self._fetch(search, before, self._begin)

    def line_at(self, index: Index) -> TrailLine | None:
        """The entry of a row."""
        return self._rows[index.row()].line if index.isValid() and index.row() < len(self._rows) else None

    def find(self, sequence: int) -> QModelIndex:
        """Where an entry stands among the fetched rows; an invalid index where it does not."""
        for place, row in enumerate(self._rows):
            if row.line.entry.sequence == sequence:
                return self.index(place, Column.WHEN)
        return QModelIndex()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        """How many rows were fetched."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        """How many columns there are."""
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """One text or fact of a cell. Called some thousand times for each frame: makes nothing, looks up only."""
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.cells[index.column()][0]
        if role == SecondRole:
            return row.cells[index.column()][1]
        if role == OutcomeRole:
            return row.outcome
        if role == ErasedRole:
            return row.line.entry.is_erased
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if index.column() == Column.POINTS else _LEFT
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.spoken if index.column() == Column.WHEN else " ".join(row.cells[index.column()])
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The titles of the columns."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return self._stage.speech.say(Column(section).title)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if section == Column.POINTS else _LEFT
        return None

    def canFetchMore(self, parent: Index) -> bool:
        """Whether the first entry of all was not reached."""
        return not parent.isValid() and self._before is not None and not self._is_fetching

    def fetchMore(self, parent: Index) -> None:
        """Fetch the next page behind the last row."""
        if not parent.isValid() and self._search is not None and self._before is not None and not self._is_fetching:
            self._fetch(self._search, self._before, self._append)

    def _fetch(self, search: TrailSearch, before: int | None, done: Callable[[tuple[Row, ...]], None]) -> None:
        self._is_fetching = True
        reading, session, language = self._reading, self._session, self._stage.speech.language

        def page() -> tuple[Row, ...]:
            return in_words(reading.page(search, session, before=before, limit=PAGE), language)

        self._stage.runner.read(self, "rows", page, done, self._fail)

    def _begin(self, rows: tuple[Row, ...]) -> None:
        self.beginResetModel()
        self._rows = list(rows)
        self._turned(rows)
        self.endResetModel()
        self.arrived.emit()

    def _append(self, rows: tuple[Row, ...]) -> None:
        if rows:
            self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows) + len(rows) - 1)
            self._rows.extend(rows)
            self.endInsertRows()
        self._turned(rows)
        self.arrived.emit()

    def _turned(self, rows: tuple[Row, ...]) -> None:
        """A page that is not full was the last."""
        self._is_fetching = False
        self._before = rows[-1].line.entry.sequence if len(rows) == PAGE else None

    def _fail(self, error: DeskError) -> None:
        self._is_fetching = False
        self.failed.emit(error)

    def _say_again(self) -> None:
        """As many as were scrolled through, so not on this thread."""
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(Column) - 1)
        lines, language = [row.line for row in self._rows], self._stage.speech.language
        self._stage.runner.read(self, "words", lambda: in_words(lines, language), self._reword, self._fail)

    def _reword(self, rows: tuple[Row, ...]) -> None:
        """Rows that came meanwhile speak the new language already."""
        stand = [row.line for row in self._rows[: len(rows)]]
        if rows and stand == [row.line for row in rows]:
            self._rows[: len(rows)] = rows
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(Column) - 1))


def in_words(lines: Iterable[TrailLine], language: Language) -> tuple[Row, ...]:
    """The texts of some rows."""
    return tuple(_row(line, language) for line in lines)


def who(line: TrailLine) -> Message:
    """Who did it, as what, and who approved it."""
    fields = line.entry.fields
    if fields.actor is None:
        name: Message | str = msg("The program itself")
    else:
        name = line.actor_name or fields.actor
    if fields.role is not None:
        name = msg("{name}, {role}", name=name, role=role_in_words(fields.role))
    if fields.approver is not None and fields.approver != fields.actor:
        return msg("{name}; approved by {approver}", name=name, approver=line.approver_name or fields.approver)
    return msg("{name}", name=name)


def _row(line: TrailLine, language: Language) -> Row:
    entry = line.entry
    became, because = outcome(entry), reason(entry)
    points = entry.fields.points
    when = line.moment
    cells = (
        (time_of_day(when), day(when, language)) if when is not None else ("?", ""),
        (say(happened(entry), language), say(who(line), language)),
        (line.code or "", customer_in_short(line) or ""),
        (say(became.word, language) if became else "", say(because, language) if because else ""),
        ("" if points is None else number(points, language), ""),
    )
    spoken = ", ".join(text for cell in (cells[1], cells[3], cells[2], cells[0]) for text in cell if text)
    return Row(line, cells, became, spoken)


def customer_in_short(line: TrailLine) -> str | None:
    """The customer's name where it can be read, else the beginning of what stands for them."""
    if line.customer_name:
        return line.customer_name
    return f"#{line.entry.fields.customer[:SHOWN_OF_HASH]}" if line.entry.fields.customer else None
