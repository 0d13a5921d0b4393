"""Garbage collection on the window's thread only: on a worker it destroys Qt objects there, and Qt crashes."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer

COLLECT_YOUNG_EVERY_MS: Final = 1000
COLLECT_ALL_EVERY_MS: Final = 30_000
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
        # What a second leaves behind is looked through in a moment, also while many threads work; all of it takes longer the
        # more there is, and is not needed as often.
        self._timers = (self._every(COLLECT_YOUNG_EVERY_MS, collect_young), self._every(COLLECT_ALL_EVERY_MS, collect))

    def spare_what_is_loaded(self) -> None:
        """Never look again through what is there now: the modules of the program, which stay. Costs next to nothing."""
        gc.freeze()

    def release(self) -> None:
        """Python collects by itself again. Call it after the workers have ended."""
        for timer in self._timers:
            timer.stop()
        gc.unfreeze()
        sys.setswitchinterval(self._was_interval)
        if self._was_enabled:
            gc.enable()

    def _every(self, interval_ms: int, look: Callable[[], None]) -> QTimer:
        made = QTimer(self)
        made.setInterval(interval_ms)
        made.timeout.connect(look)
        made.start()
        return made


def collect_young() -> None:
    """Collect among what was made since the last time."""
    gc.collect(1)


def collect() -> None:
    """Collect now; for the timer and for a dialog that has just gone."""
    gc.collect()
