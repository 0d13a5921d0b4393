"""What the program is compared with: a window with a table, and nothing else."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QMainWindow, QTableView


def bare_window() -> tuple[QApplication, QMainWindow]:
    """The application and its window, which is shown."""
    application = QApplication([])
    window = QMainWindow()
    window.setCentralWidget(QTableView())
    window.show()
    return application, window
