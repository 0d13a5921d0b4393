"""The table of coupons: one selected row, all by keyboard, never the slow kinds of resizing."""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, QModelIndex, QPersistentModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from coupon_desk.coupons.coupon import Coupon
from coupon_desk.desk.coupon_rows import Column, CouponRows
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.statuses import StatusDelegate
from coupon_desk.desk.table_ways import behave_as_list
from coupon_desk.desk.theme import font
from coupon_desk.words import msg

ROW_HEIGHT_PX = 44
WIDTHS_PX = {
    Column.CODE: 160,
    Column.POINTS: 80,
    Column.AMOUNT: 82,
    Column.STATUS: 156,
    Column.ISSUED: 108,
    Column.EXPIRES: 108,
}


class CouponTable(QTableView):
    """Shows the rows; says which coupon was chosen, and passes on what is typed on it, for the search."""

    chosen = Signal(object)
    opened = Signal(object)
    typed = Signal(str)

    def __init__(self, stage: Stage, rows: CouponRows) -> None:
        super().__init__()
        self._stage = stage
        self._rows = rows
        self.setModel(rows)
        header = behave_as_list(self, ROW_HEIGHT_PX)
        header.setFixedHeight(36)
        header.setSectionResizeMode(Column.CUSTOMER, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(60)
        for column_at, width in WIDTHS_PX.items():
            self.setColumnWidth(column_at, width)
        self.setItemDelegate(_CellDelegate(stage, self))
        self.setItemDelegateForColumn(Column.CODE, _CodeDelegate(stage, self))
        self.setItemDelegateForColumn(Column.STATUS, _StatusCell(stage, self))
        stage.speech.tell(self, msg("Coupons"), "setAccessibleName")
        stage.theme.changed.connect(self.viewport().update)
        self.activated.connect(lambda index: self.opened.emit(self._rows.coupon_at(index)))

    def selected(self) -> Coupon | None:
        """The coupon of the selected row."""
        indexes = self.selectionModel().selectedRows()
        return self._rows.coupon_at(indexes[0]) if indexes else None

    def select(self, index: QModelIndex) -> None:
        """Select a row and bring it into view."""
        is_in_view = self.viewport().rect().contains(self.visualRect(index))
        self.setCurrentIndex(index)
        if not is_in_view:
            self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Tell which coupon it is now."""
        super().selectionChanged(selected, deselected)
        if (coupon := self.selected()) is not None:
            self.chosen.emit(coupon)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Typing on the table is searching: a scanner need not know where the focus is."""
        is_command = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        if event.text().isprintable() and event.text().strip() and not is_command:
            self.typed.emit(event.text())
            return
        super().keyPressEvent(event)


class _CellDelegate(QStyledItemDelegate):
    """A cell with room around its text, a hairline under the row, and a visible mark on the current row."""

    def __init__(self, stage: Stage, table: QTableView) -> None:
        super().__init__(table)
        self._stage = stage
        self._table = table

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """The row is marked as a whole, not the cell."""
        super().initStyleOption(option, index)
        without_focus(option)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """The ground over the whole cell, the text inside."""
        draw_ground(painter, option, index, self._stage, self._table)
        inner = QStyleOptionViewItem(option)
        self.initStyleOption(inner, index)
        rect: QRect = option.rect
        painter.save()
        painter.setFont(inner.font)
        painter.setPen(
            QColor(self._stage.theme.colours.text if index.column() <= Column.STATUS else self._stage.theme.colours.muted)
        )
        room = rect.adjusted(12, 0, -12, 0)
        metrics = painter.fontMetrics()
        text = metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, index.data(Qt.ItemDataRole.TextAlignmentRole), text)
        painter.restore()


class _CodeDelegate(_CellDelegate):
    """Codes are read character by character: monospaced."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """The same cell in another font."""
        super().initStyleOption(option, index)
        option.font = font(self._stage.speech.language, 14, is_monospaced=True)


class _StatusCell(StatusDelegate):
    """A pill on the row's ground."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """First the ground, then the pill."""
        draw_ground(painter, option, index, self._stage, self._table)
        super().paint(painter, option, index)


def without_focus(option: QStyleOptionViewItem) -> None:
    """Take the focus mark off one cell."""
    option.state &= ~QStyle.StateFlag.State_HasFocus


def draw_ground(
    painter: QPainter,
    option: QStyleOptionViewItem,
    index: QModelIndex | QPersistentModelIndex,
    stage: Stage,
    table: QWidget,
) -> None:
    """The row's ground: selected rows tinted, with a bar at the left that is full when the table has the focus."""
    colours = stage.theme.colours
    rect: QRect = option.rect
    is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
    if is_selected:
        painter.fillRect(rect, QColor(colours.accent_soft))
    painter.setPen(QPen(QColor(colours.line), 1))
    painter.drawLine(rect.bottomLeft(), rect.bottomRight())
    if is_selected and index.column() == Column.CODE:
        painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height() - 1), QColor(colours.accent))
    if is_selected and table.hasFocus():
        painter.setPen(QPen(QColor(colours.accent), 2))
        painter.drawLine(rect.left(), rect.top() + 1, rect.right(), rect.top() + 1)
        painter.drawLine(rect.left(), rect.bottom() - 1, rect.right(), rect.bottom() - 1)
