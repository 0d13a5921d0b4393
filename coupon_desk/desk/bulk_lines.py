"""The lines of a list of coupons as a table draws them: what was found of each, or what became of it, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from coupon_desk.desk.colours import Tone
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg, number, say

Index = QModelIndex | QPersistentModelIndex
LineRole: Final = Qt.ItemDataRole.UserRole + 1
_RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT: Final = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class Column(IntEnum):
    """The columns, from left to right."""

    LINE = 0
    CODE = 1
    STATE = 2
    WHY = 3
    POINTS = 4

    @property
    def title(self) -> Message:
        """What stands above the column."""
        return _TITLES[self]


_TITLES = {
    Column.LINE: msg("Line"),
    Column.CODE: msg("Coupon"),
    Column.STATE: msg("State"),
    Column.WHY: msg("Why"),
    Column.POINTS: msg("Points"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `key` is the stable word by which lines are narrowed down; `points` None says nothing."""

    number: int
    code: str
    key: str
    word: Message
    tone: Tone
    icon: str
    why: tuple[Message, ...] = ()
    points: int | None = None
    operation: str | None = None


class BulkLines(QAbstractTableModel):
    """All lines of a list, or those of one kind. Texts are made when a row is first drawn, and kept."""

    def __init__(self, stage: Stage, parent: QObject | None = None, *, why: Message = Column.WHY.title) -> None:
        """`why` stands above what is said of each line."""
        super().__init__(parent)
        self._stage = stage
        self._why = why
        self._lines: list[Line] = []
        self._place_of: dict[int, int] = {}
        self._shown: Sequence[int] = ()
        self._key: str | None = None
        self._texts: dict[int, tuple[str, ...]] = {}
        stage.speech.changed.connect(self._say_again)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many lines there are of each kind."""
        return Counter(line.key for line in self._lines)

    def show(self, lines: Iterable[Line]) -> None:
        """Show these lines and no others."""
        self.beginResetModel()
        self._lines = list(lines)
        self._place_of = {line.number: place for place, line in enumerate(self._lines)}
        self._texts.clear()
        self._shown = self._narrowed()
        self.endResetModel()

    def narrow(self, key: str | None) -> None:
        """Show the lines of one kind only; None shows all."""
        if key == self._key:
            return
        self.beginResetModel()
        self._key = key
        self._shown = self._narrowed()
        self.endResetModel()

    def put(self, lines: Iterable[Line]) -> None:
        """These lines stand differently now; a line that is not in the list is passed over."""
        changed = []
        for line in lines:
            place = self._place_of.get(line.number)
            if place is not None and self._lines[place] != line:
                self._lines[place] = line
                self._texts.pop(place, None)
                changed.append(place)
        if not changed:
            return
        shown = self._narrowed()
        if list(shown) != list(self._shown):
            self.beginResetModel()
            self._shown = shown
            self.endResetModel()
        elif self._key is None:
            for place in changed:
                self.dataChanged.emit(self.index(place, 0), self.index(place, len(Column) - 1))
        else:
            self.dataChanged.emit(self.index(0, 0), self.index(len(shown) - 1, len(Column) - 1))

    def line_at(self, index: Index) -> Line | None:
        """The line of a row."""
        return self._lines[self._shown[index.row()]] if index.isValid() and index.row() < len(self._shown) else None

    def row_of(self, number_of_line: int) -> int | None:
        """The row in which a line stands now; None where it is not shown."""
        place = self._place_of.get(number_of_line)
        if place is None or self._key is None:
            return place
        return self._shown.index(place) if place in self._shown else None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        """How many lines are shown."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        """How many columns there are."""
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """One text or fact of a cell."""
        place = self._shown[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._said(place)[index.column()]
        if role == LineRole:
            return self._lines[place]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._said(place)[Column.WHY] or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if index.column() in {Column.LINE, Column.POINTS} else _LEFT
        if role == Qt.ItemDataRole.AccessibleTextRole:
            texts = self._said(place)
            return ", ".join(text for text in texts[1:] if text) if index.column() == 0 else texts[index.column()]
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The titles of the columns."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return self._stage.speech.say(self._why if section == Column.WHY else Column(section).title)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if section in {Column.LINE, Column.POINTS} else _LEFT
        return None

    def _narrowed(self) -> Sequence[int]:
        if self._key is None:
            return range(len(self._lines))
        return [place for place, line in enumerate(self._lines) if line.key == self._key]

    def _said(self, place: int) -> tuple[str, ...]:
        if place not in self._texts:
            line, language = self._lines[place], self._stage.speech.language
            self._texts[place] = (
                number(line.number, language),
                line.code,
                say(line.word, language),
                " ".join(say(why, language) for why in line.why),
                "" if line.points is None else number(line.points, language),
            )
        return self._texts[place]

    def _say_again(self) -> None:
        self._texts.clear()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(Column) - 1)
        if self._shown:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._shown) - 1, len(Column) - 1))
