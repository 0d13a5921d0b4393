"""The head of the coupon table: sorts, moves and widens columns, by mouse and by keyboard; the code stays at the left."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QHeaderView, QWidget

from coupon_desk.catalogue.query import Sort
from coupon_desk.desk.columns import NARROWEST_PX, Column
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.theme import font
from coupon_desk.words import Message, msg

HEIGHT_PX: Final = 36
STEP_PX: Final = 12
"""So much wider or narrower is a column with each key."""

TEXT_PX: Final = 12
EDGE_PX: Final = 5
ROOM_PX: Final = 12
ARROW_PX: Final = 16


class CouponHeader(QHeaderView):
    """`sort_asked` brings a column, `hide_asked` one that is not wanted, `menu_asked` where the menu of columns is to open."""

    sort_asked = Signal(object)
    hide_asked = Signal(object)
    menu_asked = Signal(object)
    left_downwards = Signal()

    def __init__(self, stage: Stage, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._stage = stage
        self._sort = Sort()
        self._at = Column.CODE
        self.setObjectName("coupon-header")
        self.setFixedHeight(HEIGHT_PX)
        self.setMinimumSectionSize(NARROWEST_PX)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setSectionsMovable(True)
        self.setFirstSectionMovable(False)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.sectionClicked.connect(lambda section: self.sort_asked.emit(Column(section)))
        stage.speech.changed.connect(self._take_look)
        stage.theme.changed.connect(self._take_look)
        self._take_look()

    @property
    def at(self) -> Column:
        """The column that the keyboard is at."""
        return self._at

    def show_sort(self, sort: Sort) -> None:
        """Mark what the list is sorted by."""
        if sort == self._sort:
            return
        self._sort = sort
        self._say()
        self.viewport().update()

    def frozen_px(self) -> int:
        """How much at the left stays while the rest moves sideways; 0 where nothing has moved."""
        return self.sectionSize(Column.CODE) if self.offset() else 0

    def visible(self) -> tuple[Column, ...]:
        """The columns that are shown, from left to right."""
        places = (Column(self.logicalIndex(place)) for place in range(self.count()))
        return tuple(column for column in places if not self.isSectionHidden(column))

    def paintEvent(self, event: QPaintEvent) -> None:
        """All columns, and over them the one that stays."""
        super().paintEvent(event)
        if frozen := self.frozen_px():
            painter = QPainter(self.viewport())
            self.paintSection(painter, QRect(0, 0, frozen, self.height()), Column.CODE)
            painter.setPen(QPen(QColor(self._stage.theme.colours.line_strong), 1))
            painter.drawLine(frozen - 1, 0, frozen - 1, self.height())
            painter.end()

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        """A title, an arrow where the list is sorted by it, and a frame where the keyboard is."""
        colours, column = self._stage.theme.colours, Column(section)
        is_sorted = self._is_sorted(column)
        painter.save()
        painter.setClipRect(rect)
        painter.fillRect(rect, QColor(colours.surface))
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.drawLine(rect.right(), rect.top() + 11, rect.right(), rect.bottom() - 11)
        painter.setPen(QColor(colours.text if is_sorted else colours.muted))
        painter.setFont(self._font)
        room = rect.adjusted(ROOM_PX, 0, -ROOM_PX, 0)
        if is_sorted:
            room.setRight(room.right() - ARROW_PX)
        shown = self._fit(column, room.width())
        side = Qt.AlignmentFlag.AlignRight if column.is_figure else Qt.AlignmentFlag.AlignLeft
        painter.drawText(room, side | Qt.AlignmentFlag.AlignVCenter, shown)
        if is_sorted:
            width = self._metrics.horizontalAdvance(shown)
            begin = room.right() if column.is_figure else min(room.left() + width, room.right())
            arrow = QRect(begin + 2, rect.top(), ARROW_PX - 2, rect.height())
            painter.drawText(arrow, Qt.AlignmentFlag.AlignCenter, "↓" if self._sort.descending else "↑")
        if self.hasFocus() and column is self._at:
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.drawRect(rect.adjusted(2, 2, -2, -3))
        painter.restore()

    def sectionSizeFromContents(self, logical_index: int) -> QSize:
        """As much as the title needs."""
        del logical_index
        return QSize(NARROWEST_PX, HEIGHT_PX)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go from column to column, Space sorts, Alt and arrows move a column, Shift and arrows widen it."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        modifiers = event.modifiers()
        if step and modifiers & Qt.KeyboardModifier.AltModifier:
            self._move(step)
        elif step and modifiers & Qt.KeyboardModifier.ShiftModifier:
            self.resizeSection(self._at, max(NARROWEST_PX, self.sectionSize(self._at) + step * STEP_PX))
        elif step:
            self._go(step)
        elif event.key() in {Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.sort_asked.emit(self._at)
        elif event.key() == Qt.Key.Key_Delete:
            gone = self._at
            self._go(-1)
            self.hide_asked.emit(gone)
        elif event.key() in {Qt.Key.Key_Home, Qt.Key.Key_End}:
            self._come_to(self.visible()[0 if event.key() == Qt.Key.Key_Home else -1])
        elif event.key() in {Qt.Key.Key_Down, Qt.Key.Key_Escape}:
            self.left_downwards.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keyboard is."""
        super().focusInEvent(event)
        self._come_to(self._at)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The keyboard is elsewhere."""
        super().focusOutEvent(event)
        self.viewport().update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu of columns, where the mouse is or under the column that the keyboard is at."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            corner = self.mapToGlobal(self._rect_of(self._at).bottomLeft())
        else:
            corner = event.globalPos()
        self.menu_asked.emit(corner)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """What is pressed on the column that stays is meant for it, not for what has moved under it."""
        super().mousePressEvent(self._meant(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """See mousePressEvent."""
        super().mouseMoveEvent(self._meant(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """See mousePressEvent."""
        super().mouseReleaseEvent(self._meant(event))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """See mousePressEvent."""
        super().mouseDoubleClickEvent(self._meant(event))

    def _meant(self, event: QMouseEvent) -> QMouseEvent:
        frozen = self.frozen_px()
        if not frozen or event.position().x() > frozen + EDGE_PX:
            return event
        place = event.position() - QPointF(self.offset(), 0)
        return QMouseEvent(event.type(), place, event.globalPosition(), event.button(), event.buttons(), event.modifiers())

    def _go(self, step: int) -> None:
        shown = self.visible()
        at = shown.index(self._at) if self._at in shown else 0
        self._come_to(shown[min(max(at + step, 0), len(shown) - 1)])

    def _come_to(self, column: Column) -> None:
        self._at = column if not self.isSectionHidden(column) else Column.CODE
        self._say()
        self.viewport().update()

    def _move(self, step: int) -> None:
        shown = self.visible()
        at = shown.index(self._at)
        if self._at is not Column.CODE and 1 <= at + step < len(shown):
            self.moveSection(self.visualIndex(self._at), self.visualIndex(shown[at + step]))
            self._come_to(self._at)

    def _rect_of(self, column: Column) -> QRect:
        begin = 0 if column is Column.CODE else self.sectionViewportPosition(column)
        return QRect(begin, 0, self.sectionSize(column), self.height())

    def _is_sorted(self, column: Column) -> bool:
        return column.first_sort is not None and column.first_sort.by is self._sort.by

    def _say(self) -> None:
        """What is read out when the keyboard comes here or something changes."""
        self._stage.speech.tell(self, self._told(), "setAccessibleName")

    def _told(self) -> Message:
        title = self._at.title
        if not self._is_sorted(self._at):
            if self._at.first_sort is None:
                return msg("{column}: the list cannot be sorted by it", column=title)
            return msg("{column}: the space bar sorts by it", column=title)
        if self._sort.descending:
            return msg("{column}: sorted, the largest first", column=title)
        return msg("{column}: sorted, the smallest first", column=title)

    def _fit(self, column: Column, room_px: int) -> str:
        """As much of a title as there is room for."""
        key = (column, room_px)
        if key not in self._fitting:
            title = self._stage.speech.say(column.title)
            self._fitting[key] = self._metrics.elidedText(title, Qt.TextElideMode.ElideRight, room_px)
        return self._fitting[key]

    def _take_look(self) -> None:
        self._font = font(self._stage.speech.language, TEXT_PX, is_bold=True)
        self._metrics = QFontMetrics(self._font)
        self._fitting: dict[tuple[Column, int], str] = {}
        self._say()
        self.viewport().update()
