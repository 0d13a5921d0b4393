"""The field that a PIN is typed into."""

from __future__ import annotations

import unicodedata
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

from coupon_desk.desk.stage import Stage
from coupon_desk.words import msg

_STEPS: Final = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class PinField(QLineEdit):
    """A field that shows dots, takes full-width digits, and notices Caps Lock by what arrives; `stepped`: arrow up or down."""

    capitals_noticed = Signal(bool)
    stepped = Signal(int)

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly | Qt.InputMethodHint.ImhSensitiveData)
        self.setMinimumHeight(24)
        stage.speech.tell(self, msg("PIN"), "setAccessibleName")

    def typed(self) -> str:
        """The PIN in half-width characters."""
        return unicodedata.normalize("NFKC", self.text()).strip()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A capital letter without Shift means Caps Lock."""
        if event.key() in _STEPS:
            self.stepped.emit(_STEPS[Qt.Key(event.key())])
            return
        text = event.text()
        if text.isalpha() and text.isascii():
            has_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.capitals_noticed.emit(text.isupper() is not has_shift)
        super().keyPressEvent(event)
