"""Listens for a scanner in one window, wherever the focus is: what it scans is one thing, and not the keys it presses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeyEvent, QWindow
from PySide6.QtWidgets import QAbstractButton, QWidget

from coupon_desk.desk.scanner_pace import FASTEST_HANDS_MS, PREFIXED_MS, Heard, ScannerKeys, ScannerPace

MODIFIERS: Final = {Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_AltGr, Qt.Key.Key_CapsLock}
"""A scanner presses Shift for its capitals; that is no character and no pause."""


class ScannerWatch(QObject):
    """Calls `mark` before the first key that may begin a scan has done anything, and `take` with what was scanned.

    `take` says whether it takes it; then the Enter behind it reaches nobody. It listens to the window of the system for the
    reason that IdleWatch gives, and hears each key once, before shortcuts and widgets do.
    """

    def __init__(self, scope: QWidget, keys: ScannerKeys, mark: Callable[[], None], take: Callable[[str], bool]) -> None:
        super().__init__(scope)
        self._scope = scope
        self._keys = keys
        self._mark = mark
        self._take = take
        self._pace = ScannerPace(keys)
        self._silence = QTimer(self)
        self._silence.setSingleShot(True)
        self._silence.setInterval(2 * (PREFIXED_MS if keys.prefix else FASTEST_HANDS_MS))
        self._silence.timeout.connect(self._end)
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.focusWindowChanged.connect(self._listen)
            self._listen(application.focusWindow())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Each key on its way to a widget."""
        if isinstance(event, QKeyEvent) and not event.isAutoRepeat() and self._is_ours(watched):
            if event.type() == QEvent.Type.ShortcutOverride and self._keys.is_frame(event.text()):
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress and event.key() not in MODIFIERS:
                return self._hear(event)
        return super().eventFilter(watched, event)

    def _hear(self, event: QKeyEvent) -> bool:
        heard = self._pace.hear(self._character(event), event.timestamp())
        if heard is Heard.BEGAN:
            self._mark()
        if not self._keys.suffix:
            self._silence.start()
        match heard:
            case Heard.ENDED:
                return self._end() or self._keys.is_frame(event.text())
            case Heard.ECHO:
                return True
            case Heard.FAST if event.key() == Qt.Key.Key_Space:
                # A blank inside a scan must not press the button that the focus happens to be on.
                return isinstance(self._scope.window().focusWidget(), QAbstractButton)
            case _:
                return self._keys.is_frame(event.text())

    def _character(self, event: QKeyEvent) -> str:
        """What a scanner may have sent with this key; nothing for an arrow or a shortcut."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            return "\r"
        text = event.text()
        return text if text.isprintable() or text == "\t" or self._keys.is_frame(text) else ""

    def _end(self) -> bool:
        is_taken = self._pace.is_scan and self._take(self._pace.text)
        if is_taken:
            self._pace.take()
        return is_taken

    def _is_ours(self, watched: QObject) -> bool:
        return self._scope.isVisible() and watched is self._scope.window().windowHandle()

    def _listen(self, window: QWindow | None) -> None:
        """A window has come to the front, of this scope or not; a filter that is there already is only moved."""
        if window is not None:
            window.installEventFilter(self)
