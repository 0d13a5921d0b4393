"""The table of a list of coupons: one line each, its state as word and picture, walked through by keyboard."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QHeaderView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from coupon_desk.desk.bulk_lines import BulkLines, Column, Line, LineRole
from coupon_desk.desk.controls import column, label
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.table_ways import behave_as_list
from coupon_desk.desk.theme import font
from coupon_desk.words import Language, Message

ROW_HEIGHT_PX: Final = 36
WIDTHS_PX: Final = {Column.LINE: 70, Column.CODE: 196, Column.STATE: 188, Column.POINTS: 92}
CELL_MARGIN_PX: Final = 12
_ICON_PX: Final = 15


class BulkTable(QTableView):
    """Shows the lines; says which one somebody wants to know more of."""

    opened = Signal(object)

    def __init__(self, stage: Stage, lines: BulkLines, name: str, spoken: Message) -> None:
        super().__init__()
        self._lines = lines
        self.setObjectName(name)
        self.setModel(lines)
        header = behave_as_list(self, ROW_HEIGHT_PX)
        header.setFixedHeight(34)
        header.setSectionResizeMode(Column.WHY, QHeaderView.ResizeMode.Stretch)
        for column_at, width in WIDTHS_PX.items():
            self.setColumnWidth(column_at, width)
        self.setItemDelegate(_LineDelegate(stage, self))
        self.doubleClicked.connect(self._open)
        stage.speech.tell(self, spoken, "setAccessibleName")
        stage.theme.changed.connect(self.viewport().update)

    def current(self) -> Line | None:
        """The line with the focus."""
        return self._lines.line_at(self.currentIndex())

    def keep_place(self, line: Line | None) -> None:
        """Go back to a line after the rows were made anew."""
        row = self._lines.row_of(line.number) if line is not None else None
        if row is not None:
            self.setCurrentIndex(self._lines.index(row, Column.LINE))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens the line."""
        is_enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if is_enter and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._open(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _open(self, index: QModelIndex) -> None:
        line = self._lines.line_at(index)
        if line is not None:
            self.opened.emit(line)


class BulkCard(QFrame):
    """A table of lines, and under it all that there is to say of the line with the focus, where its cell is too short."""

    def __init__(self, stage: Stage, lines: BulkLines, name: str, spoken: Message) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.table = BulkTable(stage, lines, name, spoken)
        self.all = label(stage, role="muted", wraps=True)
        self.all.setObjectName(f"{name}-all")
        self.all.hide()
        self.setLayout(column(self.table, self.all, spacing=0, margins=(1, 6, 1, 6)))
        self.all.setContentsMargins(14, 8, 14, 4)
        self.table.selectionModel().currentRowChanged.connect(lambda *_rows: self._say())
        for changed in (lines.dataChanged, lines.modelReset):
            changed.connect(lambda *_what: self._say())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width cuts other texts off."""
        super().resizeEvent(event)
        self._say()

    def _say(self) -> None:
        index = self.table.currentIndex().siblingAtColumn(Column.WHY)
        text = str(index.data() or "") if index.isValid() else ""
        room = self.table.columnWidth(Column.WHY) - 2 * CELL_MARGIN_PX
        is_cut = QFontMetrics(self.table.font()).horizontalAdvance(text) > room
        self.all.setText(text)
        self.all.setVisible(is_cut)


class _LineDelegate(QStyledItemDelegate):
    """One text to a cell, the state with its picture and in its tone."""

    def __init__(self, stage: Stage, table: QTableView) -> None:
        super().__init__(table)
        self._stage = stage
        self._table = table
        self._fonts: dict[tuple[Language, bool], QFont] = {}

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """The ground, then the text."""
        colours = self._stage.theme.colours
        line: Line = index.data(LineRole)
        at = index.column()
        rect: QRect = option.rect
        painter.save()
        self._draw_ground(painter, rect, is_first=at == 0, is_selected=_is_selected(option))
        room = rect.adjusted(CELL_MARGIN_PX, 0, -CELL_MARGIN_PX, 0)
        ink = QColor(colours.muted if at == Column.LINE else colours.text)
        if at == Column.STATE:
            ink = colours.tone(line.tone)[0]
            scale = painter.device().devicePixelRatioF()
            picture = self._stage.theme.icons.pixmap(line.icon, ink, _ICON_PX, scale)
            target = QRectF(room.left(), room.center().y() - _ICON_PX / 2 + 0.5, _ICON_PX, _ICON_PX)
            painter.drawPixmap(target.topLeft(), picture)
            room.setLeft(room.left() + _ICON_PX + 8)
        painter.setFont(self._font(is_mono=at == Column.CODE))
        painter.setPen(ink)
        shown = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, index.data(Qt.ItemDataRole.TextAlignmentRole), shown)
        painter.restore()

    def _draw_ground(self, painter: QPainter, rect: QRect, *, is_first: bool, is_selected: bool) -> None:
        """Selected rows are tinted, with a bar at the left; a frame where the table has the focus."""
        colours = self._stage.theme.colours
        if is_selected:
            painter.fillRect(rect, QColor(colours.accent_soft))
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        if not is_selected:
            return
        if is_first:
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height() - 1), QColor(colours.accent))
        if self._table.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.drawLine(rect.left(), rect.top() + 1, rect.right(), rect.top() + 1)
            painter.drawLine(rect.left(), rect.bottom() - 1, rect.right(), rect.bottom() - 1)

    def _font(self, *, is_mono: bool) -> QFont:
        key = (self._stage.speech.language, is_mono)
        if key not in self._fonts:
            self._fonts[key] = font(key[0], 14, is_monospaced=is_mono)
        return self._fonts[key]


def _is_selected(option: QStyleOptionViewItem) -> bool:
    return bool(option.state & QStyle.StateFlag.State_Selected)
