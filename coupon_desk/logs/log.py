"""Opens the log of a home, and puts everything back when it is closed."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, TextIO

from coupon_desk.logs.files import Console, PrivateRotatingFile
from coupon_desk.logs.lines import OURS, ConsoleLine, JsonLine
from coupon_desk.logs.masking import Mask

# They write whole URLs and headers at INFO and below.
_TALKATIVE: Final = ("httpx", "httpcore", "sqlalchemy.engine", "alembic", "mail.log", "asyncio", "keyring")


def log_file_of(home: Path) -> Path:
    """Where the log of a home is."""
    return home / "logs" / "coupon-desk.log"


class Log:
    """The open log of a home. `file` is where it is, `mask` what hides secrets; `close` ends it. A context manager."""

    def __init__(self, file: Path, mask: Mask) -> None:
        self.file = file
        self.mask = mask
        self._undo: list[Callable[[], None]] = []
        self._handlers: list[logging.Handler] = []
        self._writer: PrivateRotatingFile | None = None

    @property
    def is_writable(self) -> bool:
        """Whether the lines so far could be written."""
        return self._writer is not None and self._writer.lost == 0

    def on_close(self, undo: Callable[[], None]) -> None:
        """Something to be undone when the log is closed; the last first."""
        self._undo.append(undo)

    def close(self) -> None:
        """Ends the log and puts the loggers back. Again is harmless."""
        while self._undo:
            self._undo.pop()()

    def add(self, handler: logging.Handler) -> None:
        """Sends every record of this process to a handler until the log is closed."""
        root = logging.getLogger()
        root.addHandler(handler)
        self._handlers.append(handler)

        def undo() -> None:
            root.removeHandler(handler)
            self._handlers.remove(handler)
            with suppress(OSError, ValueError):
                handler.close()

        self.on_close(undo)

    def goes_to(self, kind: type[logging.Handler]) -> bool:
        """Whether records are sent to a handler of this kind already."""
        return any(isinstance(handler, kind) for handler in self._handlers)

    def write_to(self, writer: PrivateRotatingFile) -> None:
        """Writes every record to this file."""
        self._writer = writer
        self.add(writer)

    def set_level(self, name: str, level: int) -> None:
        """Sets the level of a logger until the log is closed."""
        logger = logging.getLogger(name)
        before = logger.level
        logger.setLevel(level)
        self.on_close(lambda: logger.setLevel(before))

    def __enter__(self) -> Log:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def setup(home: Path, level: int | str = logging.INFO, console: TextIO | None = None) -> Log:
    """Opens the log of a home. Never raises for a disk that is full, read-only or gone: the program goes on without.

    `level` is that of our own loggers; other libraries are heard from WARNING on. With `console` (usually
    `sys.stderr`) records are told there too, as short lines.
    """
    file = log_file_of(home)
    log = Log(file, Mask())
    writer = PrivateRotatingFile(file)
    writer.setFormatter(JsonLine(log.mask))
    log.write_to(writer)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600))
        file.chmod(0o600)
    except OSError:
        writer.lost += 1
    if console is not None:
        speaker = Console(console)
        speaker.setFormatter(ConsoleLine(log.mask))
        log.add(speaker)
    log.set_level(OURS, logging.getLevelName(level) if isinstance(level, str) else level)
    for name in _TALKATIVE:
        log.set_level(name, logging.WARNING)
    if not sys.warnoptions:
        logging.captureWarnings(True)
        log.on_close(lambda: logging.captureWarnings(False))
    return log
