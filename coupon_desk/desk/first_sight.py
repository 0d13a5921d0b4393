"""The frame of the window as it is first seen: with the program's name, before anything else of the program is loaded.

It imports next to nothing, not even Qt's own enumerations, which PySide makes one by one when the first is asked for and which
cost a sixth of a bare window's start. The window proper is put into it when it was seen.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

from PySide6.QtCore import QByteArray, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QPaintEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QWidget

SIZE_PX: Final = (1280, 800)
FRAME_PX: Final = 40
SEEN_AFTER_MS: Final = 300
"""When the program goes on although nobody saw the window: it may have been opened minimised."""
LOOKS: Final = {"light": ("#f6f7f9", "#17202c"), "dark": ("#12151a", "#e9ecf1")}
"""Ground and text of a theme that was chosen; the system's own otherwise. The same as in `colours`, a test sees to it."""


class Inside(Protocol):
    """What is put into the frame: it decides when it may be closed."""

    def close(self) -> bool:
        """Close now, or begin to."""


class Frame(QMainWindow):
    """The top-level window. `seen` comes once, when its first picture is on screen; `left` when it has closed."""

    seen = Signal()
    left = Signal()

    def __init__(self, home: Path | None) -> None:
        """`home` is where the last window of it left word of where it stood and how it looked."""
        super().__init__()
        self._inside: Inside | None = None
        self._was_seen = False
        room = self.screen().availableSize()
        self.resize(min(SIZE_PX[0], room.width()), min(SIZE_PX[1], room.height() - FRAME_PX))
        self.setWindowTitle("Coupon Desk")
        self.setCentralWidget(_Name(self._see))
        if home is not None:
            self._recall(home)
        QTimer.singleShot(SEEN_AFTER_MS, self, self._see)

    def furnish(self, inside: QWidget) -> None:
        """Put the window proper in."""
        self._inside = inside
        inside.windowTitleChanged.connect(self.setWindowTitle)
        self.setWindowTitle(inside.windowTitle())
        self.setStyleSheet("")
        self.setCentralWidget(inside)

    def end(self) -> None:
        """What is inside has ended: close at once. Qt ends no program whose windows don't want to close."""
        self._inside = None
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask what is inside; it closes when it can."""
        if self._inside is None:
            super().closeEvent(event)
            self.left.emit()
            return
        event.ignore()
        self._inside.close()

    def _see(self) -> None:
        if not self._was_seen:
            self._was_seen = True
            # In the next round of the event loop, when what was painted is on screen.
            QTimer.singleShot(0, self, self.seen.emit)

    def _recall(self, home: Path) -> None:
        """Where it stood; what cannot be read is told when the rest is loaded."""
        try:
            found: Any = json.loads((home / "desk.json").read_bytes())
            geometry, theme = found["geometry"], found["theme"]
        except (OSError, ValueError, KeyError, TypeError):
            return
        if isinstance(geometry, str):
            self.restoreGeometry(QByteArray.fromBase64(geometry.encode("ascii", "replace")))
        if theme in LOOKS:
            ground, text = LOOKS[theme]
            self.setStyleSheet(f"QMainWindow {{ background: {ground} }} QLabel {{ color: {text} }}")


class _Name(QLabel):
    """The program's name, large; tells when it is painted."""

    def __init__(self, painted: Callable[[], None]) -> None:
        super().__init__("Coupon Desk")
        self._painted = painted
        self.setObjectName("first-sight")
        # Said in the style sheet, because Qt's enumerations are not there yet.
        self.setStyleSheet("qproperty-alignment: AlignCenter; font-size: 22px; font-weight: 600")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint, and tell."""
        super().paintEvent(event)
        self._painted()
