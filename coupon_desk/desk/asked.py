"""What the list is asked for now: one place that the search, the filters, the views and the table's head read and change."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from coupon_desk.catalogue.query import CouponQuery


class Asked(QObject):
    """Holds the query; `changed` brings it when it is another."""

    changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._query = CouponQuery()

    @property
    def query(self) -> CouponQuery:
        """What is asked for."""
        return self._query

    def put(self, query: CouponQuery) -> None:
        """Ask for this from now on."""
        if query != self._query:
            self._query = query
            self.changed.emit(query)
