"""The start of the program, as processes on a display of their own, against a bare PySide6 window with a table."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

from tests.benchmarks.figures import Figure, alternately
from tests.benchmarks.scale import Scale

BARE = """
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow, QTableView
application = QApplication([])
window = QMainWindow()
window.setCentralWidget(QTableView())
window.show()
QTimer.singleShot(0, application.quit)
application.exec()
"""
OURS = "import coupon_desk.desk.application"


def figures(scale: Scale) -> Iterator[Figure]:
    runs = alternately(lambda: seconds(OURS), lambda: seconds(BARE), scale.runs)
    yield Figure.of_runs("imports of the window", runs, "s", "a bare PySide6 table window")


def seconds(program: str) -> float:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True)
    return time.perf_counter() - start
