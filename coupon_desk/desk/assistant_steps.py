"""The steps of the assistant at its side: which are done, where one is, what is still to come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from PySide6.QtWidgets import QFrame, QLabel

from coupon_desk.desk.controls import column, label, restyle, row
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg

WIDTH_PX: Final = 264
SIGN_PX: Final = 20


class AssistantSteps(QFrame):
    """Only shows; one goes with the buttons."""

    def __init__(self, stage: Stage, titles: Iterable[Message]) -> None:
        super().__init__()
        self._stage = stage
        self.setProperty("role", "steps")
        self.setFixedWidth(WIDTH_PX)
        self._lines: list[tuple[QLabel, QLabel]] = []
        lines = column(label(stage, msg("Set up this shop"), "heading"), 10, spacing=12, margins=(24, 28, 20, 24))
        for title in titles:
            sign, text = QLabel(), label(stage, title, "muted", wraps=True)
            sign.setFixedSize(SIGN_PX, SIGN_PX)
            self._lines.append((sign, text))
            line = row(sign, text, spacing=10)
            line.setStretchFactor(text, 1)
            lines.addLayout(line)
        lines.addStretch(1)
        self.setLayout(lines)

    def show_step(self, place: int) -> None:
        """Mark where one is."""
        for at, (sign, text) in enumerate(self._lines):
            icon, colour = (
                ("used", "success") if at < place else ("arrow-right", "accent") if at == place else ("skipped", "muted")
            )
            self._stage.theme.dress(sign, icon, colour, 18)
            restyle(text, "role", "strong" if at == place else "muted")
