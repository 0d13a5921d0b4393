"""The table of coupons: many rows to select, all by keyboard, the code always in view, never the slow kinds of resizing."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QTableView

from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.coupon import Coupon
from coupon_desk.desk.columns import LAYOUT_AT_FIRST, Column, Layout, Shown, sound, with_column
from coupon_desk.desk.coupon_cells import ROW_HEIGHT_PX, CouponCells, Line, Strip
from coupon_desk.desk.coupon_header import CouponHeader
from coupon_desk.desk.coupon_rows import CouponRows
from coupon_desk.desk.selection import CouponSelection
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.table_ways import behave_as_list
from coupon_desk.words import msg

Index = QModelIndex | QPersistentModelIndex
CURRENT_ONLY: Final = QItemSelectionModel.SelectionFlag.NoUpdate


class CouponTable(QTableView):
    """Shows the rows. `chosen` tells the coupon that the keyboard or the mouse came to, `opened` the one to be cancelled.

    `typed` passes on what is typed here, for the search; `layout_changed` tells of columns moved, widened, shown or hidden.
    """

    chosen = Signal(object)
    opened = Signal(object)
    typed = Signal(str)
    layout_changed = Signal()
    copy_asked = Signal(bool)
    all_asked = Signal()
    menu_asked = Signal(object)

    def __init__(self, stage: Stage, rows: CouponRows) -> None:
        super().__init__()
        self._stage = stage
        self._rows = rows
        self._widths: dict[Column, int] = {}
        self._is_fitting = False
        self._is_reading_again = False
        self._held: tuple[CouponCode | None, CouponCode | None, int] = (None, None, 0)
        self.head = CouponHeader(stage, self)
        behave_as_list(self, ROW_HEIGHT_PX, selects_many=True)
        self.setHorizontalHeader(self.head)
        self._framed = -1
        self._cells = CouponCells(stage, self)
        self.setModel(rows)
        self.selection = CouponSelection(rows, self)
        self.setSelectionModel(self.selection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.show_layout(LAYOUT_AT_FIRST)
        stage.speech.tell(self, msg("Coupons"), "setAccessibleName")
        self.activated.connect(lambda index: self.opened.emit(self._rows.coupon_at(index)))
        self.head.sectionResized.connect(self._resized)
        self.head.sectionMoved.connect(lambda *_places: self._moved())
        self.head.hide_asked.connect(lambda column: self.show_layout(with_column(self.columns, column, is_shown=False)))
        self.head.left_downwards.connect(lambda: self.setFocus(Qt.FocusReason.OtherFocusReason))
        self.head.sectionHandleDoubleClicked.connect(self._unfix)
        rows.changing.connect(self._hold)
        rows.changed.connect(lambda *_what: self._find_back())
        rows.arrived.connect(self._look)

    @property
    def columns(self) -> Layout:
        """The columns that are shown, from left to right; a width only where a person has given one."""
        return tuple(Shown(column, self._widths.get(column)) for column in self.head.visible())

    def show_layout(self, layout: Layout) -> None:
        """Show these columns in this order."""
        layout = sound(layout)
        self._is_fitting = True
        self._widths = {shown.column: shown.width_px for shown in layout if shown.width_px is not None}
        wanted = [shown.column for shown in layout]
        for place, column in enumerate((*wanted, *(column for column in Column if column not in wanted))):
            self.head.moveSection(self.head.visualIndex(column), place)
            self.setColumnHidden(column, column not in wanted)
            self.head.resizeSection(column, self._widths.get(column, column.width_px))
        self._is_fitting = False
        self._fit()
        self.layout_changed.emit()

    def current(self) -> Coupon | None:
        """The coupon that the keyboard is at."""
        return self._rows.coupon_at(self.currentIndex())

    def select(self, index: QModelIndex) -> None:
        """Select this row alone and bring it into view."""
        is_in_view = self.viewport().rect().contains(self.visualRect(index))
        self.setCurrentIndex(index)
        if not is_in_view:
            self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    def come_back_to(self, index: QModelIndex) -> None:
        """Be at this row again, and select nothing else than what is selected."""
        if not self.selection.selected.count:
            self.select(index)
        elif index.row() != self.currentIndex().row():
            self.selection.setCurrentIndex(index, CURRENT_ONLY)

    def clear_selection(self) -> None:
        """Select nothing."""
        self.selection.forget()

    def selectAll(self) -> None:
        """All that match, not only those that were scrolled through; whoever knows them is asked."""
        self.all_asked.emit()

    def currentChanged(self, current: Index, previous: Index) -> None:
        """Tell which coupon it is now, unless it only slid under the keyboard."""
        super().currentChanged(current, previous)
        self._frame_current()
        if not self._is_reading_again and (coupon := self._rows.coupon_at(current)) is not None:
            self.chosen.emit(coupon)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Typing on the table is searching: a scanner need not know where the focus is."""
        modifiers = event.modifiers()
        is_command = modifiers & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_asked.emit(False)
        elif is_command and modifiers & Qt.KeyboardModifier.ShiftModifier and event.key() == Qt.Key.Key_C:
            self.copy_asked.emit(True)
        elif event.key() == Qt.Key.Key_Escape and self.selection.selected.count > 1:
            self.clear_selection()
        elif event.text().isprintable() and event.text().strip() and not is_command:
            self.typed.emit(event.text())
        else:
            super().keyPressEvent(event)

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Home and End mean the list and not the row, as rows are what is chosen here."""
        column = max(self.currentIndex().column(), 0)
        last = self._rows.rowCount() - 1
        if last >= 0 and action is QAbstractItemView.CursorAction.MoveHome:
            return self._rows.index(0, column)
        if last >= 0 and action is QAbstractItemView.CursorAction.MoveEnd:
            return self._rows.index(last, column)
        return super().moveCursor(action, modifiers)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu of what can be done with the rows, at the mouse or under the current row."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            corner = self.visualRect(self.currentIndex()).bottomLeft() if self.currentIndex().isValid() else QPoint(0, 0)
            self.menu_asked.emit(self.viewport().mapToGlobal(corner + QPoint(24, 0)))
        else:
            self.menu_asked.emit(event.globalPos())

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Frame the row that the keyboard is at."""
        super().focusInEvent(event)
        self._frame_current()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The keyboard is elsewhere."""
        super().focusOutEvent(event)
        self._frame_current()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The rows in view; the codes stay where they are while the rest moves sideways."""
        area, above = event.rect(), self.verticalScrollBar().value()
        first = max(area.top() + above, 0) // ROW_HEIGHT_PX
        last = min((area.bottom() + above) // ROW_HEIGHT_PX, self._rows.rowCount() - 1)
        lines = [self._line(place, place * ROW_HEIGHT_PX - above) for place in range(first, last + 1)]
        head = self.head
        strips = [
            Strip(column, head.sectionViewportPosition(column), head.sectionSize(column))
            for column in head.visible()
            if head.sectionViewportPosition(column) <= area.right()
        ]
        painter = QPainter(self.viewport())
        self._cells.draw(painter, lines, strips, self.viewport().width(), head.frozen_px())
        painter.end()

    def visualRect(self, index: Index) -> QRect:
        """Where a cell is seen; a code always at the left."""
        rect = super().visualRect(index)
        if index.isValid() and index.column() == Column.CODE and self.head.offset():
            rect.moveLeft(0)
        return rect

    def indexAt(self, position: QPoint) -> QModelIndex:
        """What is seen at a point."""
        index = super().indexAt(position)
        if index.isValid() and position.x() < self.head.frozen_px():
            return index.siblingAtColumn(Column.CODE)
        return index

    def scrollTo(self, index: Index, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible) -> None:
        """Bring a cell into view, not under the codes; the code itself is in view sideways wherever one is."""
        sideways = self.horizontalScrollBar()
        before = sideways.value()
        super().scrollTo(index, hint)
        if index.column() == Column.CODE:
            sideways.setValue(before)
        elif (hidden := self.head.frozen_px() - super().visualRect(index).left()) > 0:
            sideways.setValue(sideways.value() - hidden)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """What moves under the codes is drawn anew; what comes into view is asked for."""
        super().scrollContentsBy(dx, dy)
        if dx:
            self.viewport().update()
            self.head.viewport().update()
        if dy:
            self._look()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More room may show more rows and more of a name."""
        super().resizeEvent(event)
        self._fit()
        self._look()

    def _line(self, place: int, top_px: int) -> Line:
        row = self._rows.row_at(place)
        is_selected = self.selection.isRowSelected(place) if row is None else self.selection.holds(row.coupon.code)
        return Line(top_px, row, is_selected, place == self._framed)

    def _look(self) -> None:
        first = self.verticalScrollBar().value() // ROW_HEIGHT_PX
        self._rows.look_at(first, min(first + self.viewport().height() // ROW_HEIGHT_PX + 1, max(self._rows.rowCount() - 1, 0)))

    def _hold(self) -> None:
        """Remember what stands at the top and where the keyboard is: rows may come and go before them."""
        self._is_reading_again = True
        value, current = self.verticalScrollBar().value(), self.currentIndex()
        top = value // ROW_HEIGHT_PX
        held = self._rows.codes(top, top) if value else ()
        at = self._rows.codes(current.row(), current.row()) if current.isValid() else ()
        self._held = (held[0] if held else None, at[0] if at else None, value % ROW_HEIGHT_PX)

    def _find_back(self) -> None:
        held, at, beyond_px = self._held
        if at is not None and at not in self._rows.codes(self.currentIndex().row(), self.currentIndex().row()):
            found = self._rows.find(at)
            if found.isValid():
                self.selection.setCurrentIndex(found.siblingAtColumn(max(self.currentIndex().column(), 0)), CURRENT_ONLY)
        if held is not None and (top := self._rows.find(held)).isValid():
            self.updateGeometries()
            self.verticalScrollBar().setValue(top.row() * ROW_HEIGHT_PX + beyond_px)
        self._is_reading_again = False
        self._frame_current()

    def _frame_current(self) -> None:
        row = self.currentIndex().row() if self.hasFocus() else -1
        if row != self._framed:
            self._framed = row
            self.viewport().update()

    def _resized(self, section: int, before_px: int, width_px: int) -> None:
        del before_px
        if not self._is_fitting and width_px:
            self._widths[Column(section)] = width_px
            self._fit()
            self.layout_changed.emit()

    def _moved(self) -> None:
        if not self._is_fitting:
            self.viewport().update()
            self.layout_changed.emit()

    def _unfix(self, section: int) -> None:
        """A double click on the edge of a column: as wide as suits it."""
        self._widths.pop(Column(section), None)
        self.show_layout(self.columns)

    def _fit(self) -> None:
        """The names take what room is left, unless a person has said how wide they are."""
        if self._is_fitting or Column.CUSTOMER in self._widths or self.isColumnHidden(Column.CUSTOMER):
            return
        others = sum(self.columnWidth(column) for column in self.head.visible() if column is not Column.CUSTOMER)
        self._is_fitting = True
        self.head.resizeSection(Column.CUSTOMER, max(Column.CUSTOMER.width_px, self.viewport().width() - others))
        self._is_fitting = False
