"""The kinds of lines above a table, each with its number: pressing one shows only its lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QButtonGroup, QPushButton, QWidget

from coupon_desk.desk.controls import button, frame, row
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.theme import font
from coupon_desk.words import Message, msg

ALL: Final = ""
SEGMENT_MARGINS_PX: Final = 24


class BulkKinds(QWidget):
    """`picked` brings the kind, empty for all. A kind without lines is not offered, but the one that is shown stays."""

    picked = Signal(str)

    def __init__(self, stage: Stage, kinds: Sequence[tuple[str, Message]]) -> None:
        super().__init__()
        self._stage = stage
        self._labels = {ALL: msg("All"), **dict(kinds)}
        self._buttons: dict[str, QPushButton] = {}
        segments = row(spacing=2, margins=(4, 3, 4, 3))
        group = QButtonGroup(self)
        for key, words in self._labels.items():
            made = button(stage, words, "segment")
            made.setObjectName(f"kind-{key or 'all'}")
            made.setCheckable(True)
            made.clicked.connect(lambda _on=False, chosen=key: self.picked.emit(chosen))
            group.addButton(made)
            segments.addWidget(made)
            self._buttons[key] = made
        self._buttons[ALL].setChecked(True)
        self.setLayout(row(frame("segments", segments), 0))
        stage.theme.changed.connect(self._fit)
        stage.speech.changed.connect(self._fit)

    @property
    def key(self) -> str:
        """The kind that is shown, empty for all."""
        return next(key for key, made in self._buttons.items() if made.isChecked())

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """How many lines there are of each kind."""
        told = {ALL: sum(counts.values()), **counts}
        for key, made in self._buttons.items():
            count = told.get(key, 0)
            self._stage.speech.tell(made, msg("{kind} ({count})", kind=self._labels[key], count=count))
            made.setVisible(key == ALL or count > 0 or made.isChecked())
        self._fit()

    def pick(self, key: str) -> None:
        """Press a kind's button."""
        self._buttons[key].setVisible(True)
        self._buttons[key].click()

    def _fit(self) -> None:
        """The chosen one is bold; Qt does not count on that."""
        metrics = QFontMetrics(font(self._stage.speech.language, is_bold=True))
        for made in self._buttons.values():
            made.setMinimumWidth(metrics.horizontalAdvance(made.text().replace("&", "")) + SEGMENT_MARGINS_PX)
