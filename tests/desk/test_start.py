"""The window is there before the heavy parts of the program are loaded."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from coupon_desk.desk import application
from coupon_desk.errors import DeskError
from coupon_desk.words import msg

HEAVY = {"sqlalchemy", "httpx", "keyring", "jinja2", "babel", "argon2", "alembic", "xlsxwriter", "graphql"}

def open_desk():
    window = next(widget for widget in QApplication.topLevelWidgets() if widget.isVisible())
    print(sorted(HEAVY & set(sys.modules)), window.windowTitle())
    QTimer.singleShot(0, window, window.close)
    raise DeskError(msg("Seen enough."))

print(sys.argv)
sys.exit(application.run(open_desk))
"""


def test_nothing_heavy_is_loaded_before_the_window_is_shown() -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "[] Coupon Desk"
