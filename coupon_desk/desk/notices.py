"""Says that something needs somebody, or has ended, while the window is not in front: the taskbar's entry and a notification.

Nothing of the customer is in it: notifications stand on locked screens. In front the window itself says it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from coupon_desk.cancellation.operation import Operation, OperationState
from coupon_desk.desk.attention_strip import needs_person
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg


class Bell(Protocol):
    """How somebody who looks elsewhere is told."""

    def ring(self, title: str, text: str) -> None:
        """Tell it once."""

    def end(self) -> None:
        """Let go of what is shown."""


class DesktopBell:
    """The desktop's own: its entry in the taskbar asks for a look, and a notification says why, where the desktop has them."""

    def __init__(self, stage: Stage, page: QWidget) -> None:
        self._stage = stage
        self._page = page
        self._tray: QSystemTrayIcon | None = None

    def ring(self, title: str, text: str) -> None:
        """See Bell."""
        window = self._page.window()
        QApplication.alert(window)
        if not QSystemTrayIcon.isSystemTrayAvailable() or not QSystemTrayIcon.supportsMessages():
            return
        if self._tray is None:
            icons, colour = self._stage.theme.icons, QColor(self._stage.theme.colours.accent)
            self._tray = QSystemTrayIcon(QIcon(icons.pixmap("ticket", colour, 32, 1.0)), self._page)
            self._tray.activated.connect(lambda _reason: window.activateWindow())
            self._tray.messageClicked.connect(window.activateWindow)
        self._tray.setToolTip(title)
        self._tray.show()
        self._tray.showMessage(title, text, QSystemTrayIcon.MessageIcon.Information)

    def end(self) -> None:
        """See Bell."""
        if self._tray is not None:
            self._tray.hide()


def is_in_front() -> bool:
    """Whether somebody works in one of our windows now."""
    return QApplication.applicationState() is Qt.ApplicationState.ApplicationActive


class Notices(QObject):
    """Hears each snapshot of an operation and rings once for each turn that somebody wants to know of."""

    def __init__(self, stage: Stage, bell: Bell, parent: QObject, in_front: Callable[[], bool] = is_in_front) -> None:
        super().__init__(parent)
        self._stage = stage
        self._bell = bell
        self._in_front = in_front
        self._told: dict[str, str] = {}

    def hear(self, operation: Operation) -> None:
        """One more snapshot; what happens in front of somebody's eyes counts as told."""
        turn = _turn(operation)
        if turn is None or self._told.get(operation.id) == turn:
            return
        self._told[operation.id] = turn
        if not self._in_front():
            say = self._stage.speech.say
            self._bell.ring(say(msg("Coupon Desk")), say(_said(operation)))

    def end(self) -> None:
        """Nobody is told any more."""
        self._bell.end()


def _turn(operation: Operation) -> str | None:
    if needs_person(operation):
        return f"person {operation.attention} {operation.next_action}"
    if operation.state is OperationState.AWAITING_APPROVAL or operation.state.is_over:
        return operation.state.value
    return None


def _said(operation: Operation) -> Message:
    code = operation.code.masked
    if needs_person(operation):
        what = operation.next_action or operation.attention or msg("This needs a person")
        return msg("{code} needs a person: {what}", code=code, what=what)
    return msg("{code}: {state}", code=code, state=operation.state.label)
