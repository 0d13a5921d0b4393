"""The menu of the columns: which are shown, and back to how it was at first."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton, QWidget

from coupon_desk.desk.columns import LAYOUT_AT_FIRST, PERSONAL, Column, with_column
from coupon_desk.desk.controls import button
from coupon_desk.desk.coupon_table import CouponTable
from coupon_desk.desk.lasting_menu import LastingMenu
from coupon_desk.desk.stage import Stage
from coupon_desk.words import msg


class ColumnMenu(LastingMenu):
    """A tick for each column but the code, which stays."""

    def __init__(self, stage: Stage, table: CouponTable, parent: QWidget, *, hides_customer: bool) -> None:
        super().__init__(parent)
        self._table = table
        self._actions: dict[Column, QAction] = {}
        self.setObjectName("column-menu")
        for column in Column:
            action = self.addAction("")
            action.setCheckable(True)
            action.setEnabled(column is not Column.CODE and not (hides_customer and column in PERSONAL))
            stage.speech.tell(action, column.title)
            action.triggered.connect(lambda is_on, column=column: self._show(column, is_shown=is_on))
            self._actions[column] = action
        self.addSeparator()
        reset = self.addAction("")
        reset.setObjectName("columns-reset")
        stage.speech.tell(reset, msg("Columns as at first"))
        reset.triggered.connect(lambda: table.show_layout(LAYOUT_AT_FIRST))
        table.layout_changed.connect(self._tick_shown)
        table.head.menu_asked.connect(self.open_at)
        self._tick_shown()

    def open_at(self, corner: QPoint) -> None:
        """Open here."""
        self.popup(corner)
        self.setActiveAction(self._actions[Column.CUSTOMER])

    def action_of(self, column: Column) -> QAction:
        """The entry of a column."""
        return self._actions[column]

    def _show(self, column: Column, *, is_shown: bool) -> None:
        self._table.show_layout(with_column(self._table.columns, column, is_shown=is_shown))

    def _tick_shown(self) -> None:
        shown = {one.column for one in self._table.columns}
        for column, action in self._actions.items():
            action.setChecked(column in shown)


def column_button(stage: Stage, menu: ColumnMenu) -> QPushButton:
    """The button that opens the menu."""
    made = button(stage, msg("Columns"), "icon", "columns", "muted")
    made.setObjectName("columns")
    made.setMenu(menu)
    return made
