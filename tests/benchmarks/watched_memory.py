"""A window that tells how much memory it takes: `python -m tests.benchmarks.watched_memory desk HOME LOGIN PIN | bare`.

The program's own window signs in, pages through the list and searches for a while; the other is a bare window with a table that
has loaded the libraries which the program works with. Prints resident bytes.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from tests.benchmarks.bare_window import bare_window

LIBRARIES = (
    "sqlalchemy",
    "httpx",
    "keyring",
    "msgspec",
    "cryptography.fernet",
    "argon2",
    "babel.numbers",
    "babel.dates",
    "jinja2",
)
EVERY_MS = 120
PAGES = 20
SEARCHES = ("a", "ab", "7", "70", "佐", "佐藤", "gmail", "garcia", "500", "")


def resident_bytes() -> int:
    """What the system holds in memory for this process, files of its own included."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def bare() -> None:
    application, _window = bare_window()
    for library in LIBRARIES:
        import_module(library)
    gc.collect()
    QTimer.singleShot(EVERY_MS, application.exit)
    application.exec()
    print(resident_bytes(), flush=True)


def desk(home: str, login: str, pin: str) -> None:
    from coupon_desk.desk.window import Window
    from tests.benchmarks.homes import NOWHERE
    from tests.benchmarks.watched_window import run

    class Reader(QObject):
        """Does one thing after the other, as a person at the desk."""

        def __init__(self, window: Window) -> None:
            super().__init__(window)
            self._window = window
            self._deeds = self._read()
            self._timer = QTimer(self)
            self._timer.timeout.connect(self._do)
            self._timer.start(EVERY_MS)

        def _do(self) -> None:
            if next(self._deeds, None) is None:
                self._timer.stop()
                gc.collect()
                print(resident_bytes(), flush=True)
                self._window.window().close()

        def _read(self) -> Iterator[str]:
            page = self._window.work_page
            assert page is not None
            for _ in range(PAGES):
                page.table.scrollToBottom()
                yield "scrolled"
            for text in SEARCHES:
                page.search.text.setText(text)
                yield "searched"

    run(Path(home), NOWHERE, login, pin, Reader)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["bare"]:
            bare()
        case ["desk", home, login, pin]:
            desk(home, login, pin)
