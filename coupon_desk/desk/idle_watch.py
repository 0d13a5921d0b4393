"""Notices that nobody has touched the desk for a while, and the key that lets another operator in from anywhere."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QWindow

from coupon_desk.people.idle import IdleLock

LOOK_EVERY_MS: Final = 1000
SWITCH_KEY: Final = Qt.Key.Key_F9
TOUCHES: Final = {
    QEvent.Type.KeyPress,
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseMove,
    QEvent.Type.TouchBegin,
    QEvent.Type.Wheel,
}


class IdleWatch(QObject):
    """Tells `due` when neither a key nor the mouse was touched for so long, and `switch_pressed` also from inside a dialog.

    It listens to the windows of the system, which get each key and each movement once: a filter on the application would put
    Python into every event of every widget, 446,000 times in a demonstration of half a minute.
    """

    due = Signal()
    switch_pressed = Signal()

    def __init__(self, lock: IdleLock, parent: QObject) -> None:
        super().__init__(parent)
        self._lock = lock
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.focusWindowChanged.connect(self._watch)
            self._watch(application.focusWindow())  # which the frame may be already

    def begin(self) -> None:
        """Somebody is there; watch from now on."""
        self._lock.touch()
        self._timer.start()

    def end(self) -> None:
        """Watch no longer."""
        self._timer.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Every key and every movement says that somebody is there."""
        if event.type() in TOUCHES:
            self._lock.touch()
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == SWITCH_KEY:
            self.switch_pressed.emit()
            return True
        return super().eventFilter(watched, event)

    def _watch(self, window: QWindow | None) -> None:
        """The window or a dialog of it has come to the front; a filter that is there already is only moved."""
        if window is not None:
            window.installEventFilter(self)

    def _look(self) -> None:
        if self._lock.is_due():
            self.due.emit()
