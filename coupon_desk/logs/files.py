"""Where lines go: a private, rotating file that never stops the program, and the console."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

MAX_BYTES: Final = 2_000_000
BACKUPS: Final = 5


class PrivateRotatingFile(RotatingFileHandler):
    """Writes to a file that only its owner may read, and rotates it by size. A full disk costs lines, not the program.

    Several processes may write to one file: each looks before a line whether another one has rotated it.
    `lost` counts the lines that could not be written since the last one that could.
    """

    def __init__(self, file: Path, *, max_bytes: int = MAX_BYTES, backups: int = BACKUPS) -> None:
        self.lost = 0
        super().__init__(file, maxBytes=max_bytes, backupCount=backups, encoding="utf-8", errors="backslashreplace", delay=True)

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one line."""
        lost_before = self.lost
        self._follow_rotation()
        super().emit(record)
        if lost_before and self.lost == lost_before:
            self.lost = 0
            told = logging.LogRecord(
                __name__, logging.WARNING, __file__, 0, "%d lines of this log could not be written", (lost_before,), None
            )
            super().emit(told)

    def format(self, record: logging.LogRecord) -> str:
        """The line; on a line of its own also after one that the full disk cut off."""
        return ("\n" if self.lost else "") + super().format(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Counts a line that could not be written; the standard one prints the record, unmasked, to the console."""
        del record
        self.lost += 1
        with suppress(OSError, ValueError):
            if self.stream is not None:
                self.stream.close()
        self.stream = None

    def doRollover(self) -> None:  # noqa: N802
        """Rotates; where the file can't be renamed (Windows, while another process has it open) it grows on."""
        try:
            super().doRollover()
        except OSError:
            self.stream = self._open()

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return TextIOWrapper(open(descriptor, "ab"), encoding=self.encoding, errors=self.errors)

    def _follow_rotation(self) -> None:
        if self.stream is None:
            return
        try:
            there, ours = os.stat(self.baseFilename), os.fstat(self.stream.fileno())
            moved = (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino)
        except (OSError, ValueError):
            moved = True
        if moved:
            with suppress(OSError, ValueError):
                self.stream.close()
            self.stream = None


class Console(logging.StreamHandler):  # type: ignore[type-arg]
    """Diagnostics for the person at the console; a closed or broken console is no reason to stop."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Nothing can be said any more."""
