"""What is shown while the desk opens."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from coupon_desk.desk.controls import Spinner, column, icon_label, label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.words import msg


class OpeningPage(QWidget):
    """The first thing on screen, drawn before the heavy parts of the program are loaded."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        mark = icon_label(stage, "ticket", "accent", 48)
        title = label(stage, msg("Coupon Desk"), "title")
        line = row(0, Spinner(stage), label(stage, msg("Opening…"), "muted"), 0, spacing=10)
        whole = column(0, mark, title, line, 0, spacing=14)
        for item in (mark, title):
            whole.setAlignment(item, Qt.AlignmentFlag.AlignHCenter)
        self.setLayout(whole)
