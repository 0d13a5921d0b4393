"""PySide6 6.12 loses references to None on Python 3.11 and aborts after some thousand calls; short tests pass on it."""

from __future__ import annotations

import subprocess
import sys

CANARY = "from PySide6.QtCore import QObject\no = QObject()\nfor _ in range(20000): o.parent()\nprint('alive')"


def test_qt_counts_its_references_to_none() -> None:
    done = subprocess.run([sys.executable, "-c", CANARY], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr
