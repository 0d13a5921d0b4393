"""A window that tells when what is seen: `python -m tests.benchmarks.watched_start bare|typed|robot [HOME PIN]`.

Each line on standard output is a name and the moment by the computer's steady clock, in seconds. `bare` is a PySide6 window
with a table and nothing else; the others are the program, into which a person types the PIN for a while, or a robot at once.
"""

from __future__ import annotations

import sys
import time

TYPING_MS = 1500
"""How long a person takes for six digits."""


def tell(name: str) -> None:
    print(name, time.monotonic(), flush=True)


def bare() -> None:
    from PySide6.QtCore import QTimer
    from PySide6.QtGui import QPaintEvent
    from PySide6.QtWidgets import QApplication, QMainWindow, QTableView

    class Table(QTableView):
        def paintEvent(self, event: QPaintEvent) -> None:
            super().paintEvent(event)
            QTimer.singleShot(0, seen)

    def seen() -> None:
        tell("picture")
        application.exit()

    application = QApplication([])
    window = QMainWindow()
    table = Table()
    window.setCentralWidget(table)
    window.show()
    application.exec()


def desk(home: str, pin: str, typing_ms: int) -> None:
    import gc
    from collections.abc import Callable
    from pathlib import Path

    from coupon_desk import __main__ as program

    gc.disable()  # as the program does it before it loads this
    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QWidget

    from coupon_desk.desk import application, first_sight

    def take_any_pin() -> None:
        """What checking a PIN costs is meant: it is the time that a guess takes. It is left out."""
        from coupon_desk.people.pins import Pins

        free_of_cost = {"verify": lambda _pins, _kept, _pin: True, "is_outdated": lambda _pins, _kept: False}
        for name, free in free_of_cost.items():
            setattr(Pins, name, free)

    class Painted(QObject):
        """Tells once when a widget is painted, then calls."""

        def __init__(self, widget: QWidget, name: str, then: Callable[[], None], counts: Callable[[], int] = lambda: 1) -> None:
            super().__init__(widget)
            self._name, self._then, self._counts = name, then, counts
            self._is_over = False
            widget.installEventFilter(self)

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if not self._is_over and event.type() == QEvent.Type.Paint and self._counts():
                self._is_over = True
                QTimer.singleShot(0, self, self._tell)
            return False

        def _tell(self) -> None:
            tell(self._name)
            self._then()

    class Watched(first_sight.Frame):
        def __init__(self, folder: Path | None) -> None:
            super().__init__(folder)
            self.seen.connect(lambda: tell("picture"))

        def furnish(self, inside: QWidget) -> None:
            from coupon_desk.desk.window import Window

            super().furnish(inside)
            assert isinstance(inside, Window)
            assert inside._door_page is not None
            form = inside._door_page.form

            def enter() -> None:
                tell("enter")
                form.pin.setText(pin)
                form.submit()

            def look_at_rows() -> None:
                page = inside.work_page
                if page is not None:
                    Painted(page.table.viewport(), "rows", self.end_it, page.rows.rowCount)

            inside.pages.currentChanged.connect(lambda _place: look_at_rows())
            inside.opened.connect(lambda _desk: tell("open"))
            inside.opened.connect(lambda _desk: take_any_pin())
            if typing_ms:
                inside.opened.connect(lambda _desk: QTimer.singleShot(typing_ms, enter))
                Painted(form.pin, "door", lambda: None)
            else:
                Painted(form.pin, "door", enter)

        def end_it(self) -> None:
            self.close()

    vars(application)["Frame"] = Watched
    sys.argv = ["coupon-desk", "--home", home]
    program.main()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["bare"]:
            bare()
        case ["typed" | "robot" as who, home, pin]:
            desk(home, pin, TYPING_MS if who == "typed" else 0)
