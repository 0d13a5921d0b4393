"""The table of the trail: two lines to an entry, one selected row, all by keyboard, never the slow kinds of resizing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QItemSelection, QModelIndex, QPersistentModelIndex, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QHeaderView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from coupon_desk.desk.stage import Stage
from coupon_desk.desk.table_ways import behave_as_list
from coupon_desk.desk.theme import font
from coupon_desk.desk.trail_rows import Column, OutcomeRole, SecondRole, TrailRows
from coupon_desk.desk.trail_words import Outcome
from coupon_desk.words import Language, msg

if TYPE_CHECKING:
    from coupon_desk.app.trail_reading import TrailLine

ROW_HEIGHT_PX: Final = 54
WIDTHS_PX: Final = {Column.WHEN: 112, Column.COUPON: 190, Column.RESULT: 206, Column.POINTS: 84}
_FIRST_PX: Final = 14
_SECOND_PX: Final = 12
_ICON_PX: Final = 14


class TrailTable(QTableView):
    """Shows the rows; says which entry was chosen."""

    chosen = Signal(object)

    def __init__(self, stage: Stage, rows: TrailRows) -> None:
        super().__init__()
        self._rows = rows
        self.setObjectName("trail-table")
        self.setModel(rows)
        header = behave_as_list(self, ROW_HEIGHT_PX)
        header.setFixedHeight(34)
        header.setSectionResizeMode(Column.WHAT, QHeaderView.ResizeMode.Stretch)
        for column_at, width in WIDTHS_PX.items():
            self.setColumnWidth(column_at, width)
        self.setItemDelegate(_EntryDelegate(stage, self))
        stage.speech.tell(self, msg("Entries of the trail"), "setAccessibleName")
        stage.theme.changed.connect(self.viewport().update)

    def selected(self) -> TrailLine | None:
        """The entry of the selected row."""
        indexes = self.selectionModel().selectedRows()
        return self._rows.line_at(indexes[0]) if indexes else None

    def select(self, index: QModelIndex) -> None:
        """Select a row and bring it into view."""
        self.setCurrentIndex(index)
        self.scrollTo(index)

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Tell which entry it is now."""
        super().selectionChanged(selected, deselected)
        if (line := self.selected()) is not None:
            self.chosen.emit(line)


class _EntryDelegate(QStyledItemDelegate):
    """A cell with a text and a quieter one under it, on a ground that marks the whole row."""

    def __init__(self, stage: Stage, table: QTableView) -> None:
        super().__init__(table)
        self._stage = stage
        self._table = table
        self._fonts: dict[tuple[Language, int, bool], QFont] = {}

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """The ground, then both lines."""
        self._draw_ground(painter, option, index)
        colours = self._stage.theme.colours
        rect: QRect = option.rect
        column = index.column()
        first, second = str(index.data()), str(index.data(SecondRole))
        room = rect.adjusted(12, 7, -12, -8)
        became: Outcome | None = index.data(OutcomeRole) if column == Column.RESULT else None
        painter.save()
        ink = QColor(colours.text)
        upper = QRect(room.left(), room.top(), room.width(), 20)
        if became is not None:
            ink = colours.tone(became.tone)[0]
            self._draw_icon(painter, became.icon, ink, upper)
            upper.setLeft(upper.left() + _ICON_PX + 7)
        alignment = index.data(Qt.ItemDataRole.TextAlignmentRole)
        painter.setPen(ink)
        if second:
            self._draw_text(painter, first, upper, alignment, _FIRST_PX, is_mono=column == Column.COUPON)
            painter.setPen(QColor(colours.muted))
            lower = QRect(upper.left(), room.top() + 20, room.right() - upper.left() + 1, 18)
            self._draw_text(painter, second, lower, alignment, _SECOND_PX)
        else:
            upper.moveTop(rect.center().y() - 10 if became is None else upper.top())
            self._draw_text(painter, first, upper, alignment, _FIRST_PX, is_mono=column == Column.COUPON)
        painter.restore()

    def _draw_text(
        self, painter: QPainter, text: str, room: QRect, alignment: Qt.AlignmentFlag, size_px: int, *, is_mono: bool = False
    ) -> None:
        painter.setFont(self._font(size_px, is_mono=is_mono))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, alignment, shown)

    def _draw_icon(self, painter: QPainter, icon: str, ink: QColor, upper: QRect) -> None:
        scale = painter.device().devicePixelRatioF()
        picture = self._stage.theme.icons.pixmap(icon, ink, _ICON_PX, scale)
        target = QRectF(upper.left(), upper.top() + (upper.height() - _ICON_PX) / 2, _ICON_PX, _ICON_PX)
        painter.drawPixmap(target.topLeft(), picture)

    def _font(self, size_px: int, *, is_mono: bool) -> QFont:
        key = (self._stage.speech.language, size_px, is_mono)
        if key not in self._fonts:
            self._fonts[key] = font(key[0], size_px, is_monospaced=is_mono)
        return self._fonts[key]

    def _draw_ground(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Selected rows are tinted, with a bar at the left; a frame where the table has the focus."""
        colours = self._stage.theme.colours
        rect: QRect = option.rect
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if is_selected:
            painter.fillRect(rect, QColor(colours.accent_soft))
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        if not is_selected:
            return
        if index.column() == Column.WHEN:
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height() - 1), QColor(colours.accent))
        if self._table.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.drawLine(rect.left(), rect.top() + 1, rect.right(), rect.top() + 1)
            painter.drawLine(rect.left(), rect.bottom() - 1, rect.right(), rect.bottom() - 1)
