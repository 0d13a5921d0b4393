"""What the window remembers in its home: language, theme, where it stood and how large it was."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QByteArray, QEvent, QObject, QTimer
from PySide6.QtWidgets import QMainWindow

from coupon_desk.desk.stage import Stage
from coupon_desk.desk.theme import Scheme
from coupon_desk.storage.in_place import put_in_place
from coupon_desk.words import Language

FILE: Final = "desk.json"
KEEP_AFTER_MS: Final = 1000
MOVES: Final = {QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.WindowStateChange}

_log = logging.getLogger("coupon_desk.desk")


@dataclass(frozen=True, slots=True)
class Remembered:
    """The contents of the file; None is what nobody has chosen yet. `geometry` is Qt's own, in Base64."""

    language: Language | None = None
    theme: Scheme | None = None
    geometry: str | None = None


class WindowMemory(QObject):
    """Brings a window back as it was left. A file that cannot be read or written is no reason to hinder anybody."""

    def __init__(self, stage: Stage, window: QMainWindow) -> None:
        super().__init__(window)
        self._stage = stage
        self._window = window
        self._home: Path | None = None
        self._language: Language | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(KEEP_AFTER_MS)
        self._soon.timeout.connect(self.keep)
        stage.speech.changed.connect(self._language_chosen)
        stage.theme.changed.connect(self.keep)

    def recall(self, home: Path) -> None:
        """Be as one was in this home; from now on its changes are kept there. The first home counts."""
        if self._home is not None:
            return
        found = read(home)
        self._language = found.language
        if found.geometry is not None:
            self._window.restoreGeometry(QByteArray.fromBase64(QByteArray(found.geometry.encode("ascii", "replace"))))
        language = found.language or self._stage.speech.language
        self._stage.speech.switch(language)
        self._stage.theme.apply(language, found.theme)
        self._home = home
        self._window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Moved or made larger: keep it soon, as nobody knows whether it will be closed or killed."""
        if event.type() in MOVES:
            self._soon.start()
        return super().eventFilter(watched, event)

    def keep(self) -> None:
        """Write down how it is now."""
        self._soon.stop()
        if self._home is None:
            return
        geometry = bytes(self._window.saveGeometry().toBase64().data()).decode("ascii")
        write(self._home, Remembered(self._language, self._stage.theme.scheme, geometry))

    def _language_chosen(self) -> None:
        self._language = self._stage.speech.language
        self.keep()


def read(home: Path) -> Remembered:
    """What is remembered in a home; nothing where there is no file or no sense in it."""
    try:
        found: Any = json.loads((home / FILE).read_text(encoding="utf-8"))
        return Remembered(
            language=None if found["language"] is None else Language(found["language"]),
            theme=None if found["theme"] is None else Scheme(found["theme"]),
            geometry=None if found["geometry"] is None else str(found["geometry"]),
        )
    except FileNotFoundError:
        return Remembered()
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        _log.info("what the window remembered cannot be read: %s", type(wrong).__name__)
        return Remembered()


def write(home: Path, remembered: Remembered) -> None:
    """Keep it; a home that cannot be written to is no reason to hinder anybody."""
    try:
        put_in_place(home / FILE, json.dumps(asdict(remembered), indent=2) + "\n")
    except OSError as wrong:
        _log.info("what the window should remember cannot be written: %s", type(wrong).__name__)
