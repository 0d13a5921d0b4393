"""The views of a home: which is open, the saved ones, and the list as it was left; kept in the home's file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from coupon_desk.desk import table_memory
from coupon_desk.desk.asked import Asked
from coupon_desk.desk.coupon_table import CouponTable
from coupon_desk.desk.table_memory import TableState
from coupon_desk.desk.views import ALL, BUILT_IN, View, filters_of, with_view, without_view

KEEP_AFTER_MS: Final = 400


class KeptViews(QObject):
    """Opens, saves, renames and deletes views; `changed` comes when there are others, or the list no longer shows the same."""

    changed = Signal()

    def __init__(self, asked: Asked, table: CouponTable, home: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._asked = asked
        self._table = table
        self._home = home
        self._own: tuple[View, ...] = ()
        self._open: View = ALL
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(KEEP_AFTER_MS)
        self._soon.timeout.connect(self.keep)

    @property
    def own(self) -> tuple[View, ...]:
        """Those that a person has saved, by their names."""
        return self._own

    @property
    def opened(self) -> View:
        """The one that was opened or saved last."""
        return self._open

    @property
    def shown(self) -> View | None:
        """The one that the list shows, exactly; None where it shows something else."""
        candidates = (self._open, *self._own, *BUILT_IN)
        return next((view for view in candidates if self._is_shown(view)), None)

    def recall(self) -> None:
        """Be as the list was left in this home; from now on its changes are kept there."""
        state = table_memory.read(self._home)
        self._own = state.views
        self._open = next((view for view in (*self._own, *BUILT_IN) if view.name == state.view), ALL)
        self._table.show_layout(state.layout)
        self._asked.put(state.query)
        self._asked.changed.connect(lambda _query: self._is_other())
        self._table.layout_changed.connect(self._is_other)
        self.changed.emit()

    def open(self, view: View) -> None:
        """Show this; what was typed in the search is forgotten."""
        self._open = view
        if view.layout is not None:
            self._table.show_layout(view.layout)
        self._asked.put(view.query)
        self._is_other()

    def save(self, name: str) -> None:
        """Save what the list shows under a name; a view that has it already gives its place."""
        self._open = View(name, filters_of(self._asked.query), self._table.columns)
        self._own = with_view(self._own, self._open)
        self._keep_now()

    def rename(self, view: View, name: str) -> None:
        """Call a saved view otherwise."""
        renamed = replace(view, name=name)
        self._own = with_view(without_view(self._own, view.name), renamed)
        if self._open.name == view.name:
            self._open = renamed
        self._keep_now()

    def delete(self, view: View) -> None:
        """Forget a saved view; the list stays as it is."""
        self._own = without_view(self._own, view.name)
        if self._open.name == view.name:
            self._open = ALL
        self._keep_now()

    def keep(self) -> None:
        """Write down how it is now."""
        self._soon.stop()
        state = TableState(self._own, self._open.name, filters_of(self._asked.query), self._table.columns)
        table_memory.write(self._home, state)

    def _keep_now(self) -> None:
        self.keep()
        self.changed.emit()

    def _is_other(self) -> None:
        self._soon.start()
        self.changed.emit()

    def _is_shown(self, view: View) -> bool:
        is_same = filters_of(self._asked.query) == view.query
        return is_same and (view.layout is None or view.layout == self._table.columns)
