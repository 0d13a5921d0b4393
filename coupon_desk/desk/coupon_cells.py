"""How the cells of the coupon table are drawn. Called some hundred times for a frame: looks up, and makes nothing."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from coupon_desk.desk.columns import Column
from coupon_desk.desk.coupon_rows import CouponRows
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.statuses import draw_pill, pill_width
from coupon_desk.desk.theme import font

ROOM_PX: Final = 12
PILL_PX: Final = 24
_LEFT: Final = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT: Final = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_QUIET: Final = frozenset({Column.ISSUED, Column.EXPIRES, Column.EMAIL, Column.CUSTOMER_ID, Column.UPDATED})
_MONOSPACED: Final = frozenset({Column.CODE})


class CouponCells(QStyledItemDelegate):
    """A cell with room around its text and a hairline under the row; selected rows are tinted, the current one is framed."""

    def __init__(self, stage: Stage, rows: CouponRows, table: QTableView) -> None:
        super().__init__(table)
        self._stage = stage
        self._rows = rows
        self._table = table
        self.current_row = -1
        """The row that the keyboard is at; -1 while the table does not have it."""
        stage.theme.changed.connect(self._take_look)
        stage.speech.changed.connect(self._take_look)
        self._take_look()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """The ground over the whole cell, the text inside."""
        place, column = index.row(), index.column()
        rect: QRect = option.rect
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if is_selected:
            painter.fillRect(rect, self._tint)
            if column == Column.CODE:
                painter.fillRect(rect.left(), rect.top(), 3, rect.height() - 1, self._accent)
        painter.setPen(self._hairline)
        painter.drawLine(rect.left(), rect.bottom(), rect.right(), rect.bottom())
        if place == self.current_row:
            painter.setPen(self._frame)
            painter.drawLine(rect.left(), rect.top() + 1, rect.right(), rect.top() + 1)
            painter.drawLine(rect.left(), rect.bottom() - 1, rect.right(), rect.bottom() - 1)
        row = self._rows.row_at(place)
        if row is None:
            self._draw_absent(painter, rect)
            return
        text = row.texts[column]
        if column == Column.STATUS:
            painter.setFont(self._font)
            width = min(pill_width(self._metrics, text), rect.width() - ROOM_PX - 2)
            pill = QRect(rect.left() + 10, rect.top() + (rect.height() - PILL_PX) // 2, width, PILL_PX)
            draw_pill(painter, pill, self._stage, row.coupon.status, text, self._surface if is_selected else None)
            return
        is_mono = column in _MONOSPACED
        painter.setFont(self._mono if is_mono else self._font)
        painter.setPen(self._muted if column in _QUIET else self._text)
        room = rect.adjusted(ROOM_PX, 0, -ROOM_PX, 0)
        metrics = self._mono_metrics if is_mono else self._metrics
        if metrics.horizontalAdvance(text) > room.width():
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, _RIGHT if column in {Column.POINTS, Column.AMOUNT} else _LEFT, text)

    def _draw_absent(self, painter: QPainter, rect: QRect) -> None:
        """A row that is on its way: a bar where its text will be."""
        painter.fillRect(rect.left() + ROOM_PX, rect.center().y() - 4, min(rect.width() - 2 * ROOM_PX, 90), 8, self._sunken)

    def _take_look(self) -> None:
        colours, language = self._stage.theme.colours, self._stage.speech.language
        self._text, self._muted, self._accent = QColor(colours.text), QColor(colours.muted), QColor(colours.accent)
        self._surface = QColor(colours.surface)
        self._tint, self._sunken = QColor(colours.accent_soft), QColor(colours.hover)
        self._hairline, self._frame = QPen(QColor(colours.line), 1), QPen(self._accent, 2)
        self._font: QFont = font(language)
        self._mono: QFont = font(language, is_monospaced=True)
        self._metrics, self._mono_metrics = QFontMetrics(self._font), QFontMetrics(self._mono)
        self._table.viewport().update()
