"""How far the work is, at the window's entry in the taskbar.

On Linux by the signal that Ubuntu's dock, KDE and others listen to (com.canonical.Unity.LauncherEntry); everywhere in the
window's title, which each taskbar shows. Nothing is sent where nothing has changed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Final

from coupon_desk.desk.under_way import InProgress

ENTRY: Final = "application://coupon-desk.desktop"

Send = Callable[[Mapping[str, object]], None]


class Taskbar:
    """Tells each change once. `send` hands properties to the desktop."""

    def __init__(self, send: Send | None = None) -> None:
        self._send = send or (_over_dbus if sys.platform == "linux" else _nowhere)
        self._last: dict[str, object] = {}

    def show(self, now: InProgress) -> None:
        """How far it is, and how much needs a person."""
        told: dict[str, object] = {
            "progress": round(now.progress or 0.0, 2),
            "progress-visible": now.progress is not None,
            "count": now.for_person,
            "count-visible": now.for_person > 0,
            "urgent": now.for_person > 0,
        }
        if told != self._last and (self._last or told["progress-visible"] or told["count-visible"]):
            self._last = told
            self._send(told)


def _nowhere(_told: Mapping[str, object]) -> None:
    """This desktop has no such entry that could be reached without more libraries; the title tells it."""


def _over_dbus(told: Mapping[str, object]) -> None:
    from PySide6.QtDBus import QDBusConnection, QDBusMessage

    bus = QDBusConnection.sessionBus()
    if not bus.isConnected():
        return
    signal = QDBusMessage.createSignal("/com/coupon_desk/launcherentry", "com.canonical.Unity.LauncherEntry", "Update")
    signal.setArguments([ENTRY, dict(told)])
    bus.send(signal)
