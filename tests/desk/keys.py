"""Keys pressed into the window of the system, at whatever pace a test wants: what a scanner does, and what a person does."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

SCANNER_MS = 8
PERSON_MS = 300
ENTER = "\r"
NO_MODIFIER = Qt.KeyboardModifier.NoModifier


class Keys:
    """One keyboard with a clock of its own; its keys go to the widget with the focus, past the shortcuts."""

    def __init__(self, widget: QWidget) -> None:
        self._widget = widget
        self._now_ms = 1000

    def scan(self, text: str) -> None:
        """As fast as a scanner, a while after the last key."""
        self._now_ms += PERSON_MS
        for character in text:
            self._press(_key(character), character, NO_MODIFIER, SCANNER_MS)

    def type(self, text: str) -> None:
        """As fast as a person."""
        for character in text:
            self._press(_key(character), character, NO_MODIFIER, PERSON_MS)

    def press(
        self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NO_MODIFIER, *, after_ms: int = PERSON_MS, is_held: bool = False
    ) -> None:
        """One key; `is_held` is one of those that come by themselves while it stays down."""
        self._press(key, ENTER if key is Qt.Key.Key_Return else "", modifiers, after_ms, is_held=is_held)

    def _press(self, key: Qt.Key, text: str, modifiers: Qt.KeyboardModifier, after_ms: int, *, is_held: bool = False) -> None:
        self._now_ms += after_ms
        window = self._widget.window().windowHandle()
        for kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, key, modifiers, text, is_held)
            event.setTimestamp(self._now_ms)
            QCoreApplication.sendEvent(window, event)


def _key(character: str) -> Qt.Key:
    named = {ENTER: Qt.Key.Key_Return, "\n": Qt.Key.Key_Return, "\t": Qt.Key.Key_Tab}
    return named.get(character) or Qt.Key(ord(character.upper())) if character >= " " or character in named else Qt.Key.Key_B
