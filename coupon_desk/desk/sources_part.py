"""What each source says of a coupon, side by side; a mark on those whose word is contradicted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QWidget

from coupon_desk.desk.controls import clear, column, icon_label, label, row
from coupon_desk.desk.stage import Stage

if TYPE_CHECKING:
    from coupon_desk.app.view import CouponView
    from coupon_desk.app.what_sources_say import Said

COLUMNS: Final = 2


class SourcesPart(QWidget):
    """Four cards: Shopify, the customer's record, the point history, our trail."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(8)
        for place in range(COLUMNS):
            self._grid.setColumnStretch(place, 1)
        self.setLayout(self._grid)

    def show_view(self, view: CouponView) -> None:
        """Draw what they said when they were asked."""
        from coupon_desk.app.what_sources_say import sources_say

        clear(self._grid)
        for place, said in enumerate(sources_say(view)):
            self._grid.addWidget(self._card(said), place // COLUMNS, place % COLUMNS)

    def _card(self, said: Said) -> QFrame:
        name = label(self._stage, said.witness.label, "section")
        head = row(name, 0, spacing=6)
        if said.is_in_doubt:
            head.insertWidget(0, icon_label(self._stage, "attention", "warn", 16))
        what = label(self._stage, said.what, wraps=True)
        whole = column(head, what, 0, spacing=4, margins=(12, 8, 12, 10))
        whole.setAlignment(what, Qt.AlignmentFlag.AlignTop)
        made = QFrame()
        made.setProperty("role", "card")
        made.setLayout(whole)
        made.setAccessibleName(f"{name.text()}: {what.text()}")
        return made
