"""Garbage collection on the window's thread only: on a worker it destroys Qt objects there, and Qt crashes."""

from __future__ import annotations

import gc
import sys
from typing import Final

from PySide6.QtCore import QObject, QTimer

COLLECT_EVERY_MS: Final = 5000
SWITCH_INTERVAL_SECONDS: Final = 0.0005


class WindowGarbage(QObject):
    """Takes garbage collection over from Python while it lives; give it back with `release`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_enabled = gc.isenabled()
        self._was_interval = sys.getswitchinterval()
        gc.disable()
        # Busy workers hold the interpreter for 5 ms at a time otherwise, and the window stutters.
        sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
        self._timer = QTimer(self)
        self._timer.setInterval(COLLECT_EVERY_MS)
        self._timer.timeout.connect(collect)
        self._timer.start()

    def spare_what_is_loaded(self) -> None:
        """Never look again through what is there now: the modules of the program, which stay. Costs next to nothing."""
        gc.freeze()

    def release(self) -> None:
        """Python collects by itself again. Call it after the workers have ended."""
        self._timer.stop()
        gc.unfreeze()
        sys.setswitchinterval(self._was_interval)
        if self._was_enabled:
            gc.enable()


def collect() -> None:
    """Collect now; for the timer and for a dialog that has just gone."""
    gc.collect()
