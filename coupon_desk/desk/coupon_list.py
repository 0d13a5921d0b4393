"""The table, or what to say when nothing was found."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from coupon_desk.desk.controls import button, column, icon_label, label
from coupon_desk.desk.coupon_table import CouponTable
from coupon_desk.desk.stage import Stage
from coupon_desk.words import msg


class CouponList(QStackedWidget):
    """Shows one or the other; an empty result leads back to all coupons."""

    show_all_asked = Signal()

    def __init__(self, stage: Stage, table: CouponTable) -> None:
        super().__init__()
        self.addWidget(table)
        parts: list[QWidget] = [
            icon_label(stage, "search", "line_strong", 44),
            label(stage, msg("No coupon found"), "heading"),
            label(stage, msg("Check the code, or search for the customer's name or e-mail."), "muted"),
        ]
        show_all = button(stage, msg("Show all coupons"), "link")
        show_all.clicked.connect(self.show_all_asked)
        parts.append(show_all)
        layout = column(0, *parts, 0, spacing=10)
        for part in parts:
            layout.setAlignment(part, Qt.AlignmentFlag.AlignHCenter)
        self.nothing = QWidget()
        self.nothing.setLayout(layout)
        self.addWidget(self.nothing)

    @property
    def is_empty(self) -> bool:
        """Whether it says that nothing was found."""
        return self.currentIndex() == 1

    def show_found(self, found: bool) -> None:
        """Whether there is anything to show."""
        self.setCurrentIndex(0 if found else 1)
