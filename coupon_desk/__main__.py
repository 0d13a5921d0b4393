"""`python -m coupon_desk` and `coupon-desk`: the command line, with the window behind it.

The command line and the window know nothing of each other; this is where they meet, and Qt is imported when it is needed.
Where nothing but the window is asked for, it comes first, and everything else, the command line too, when it can be seen.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from coupon_desk.computer import default_home, has_display

if TYPE_CHECKING:
    from PySide6.QtGui import QGuiApplication

    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.app.printers import Printer
    from coupon_desk.app.setup import Setup
    from coupon_desk.cancellation.operation import Operation
    from coupon_desk.cli.call import Call
    from coupon_desk.cli.window import Doors
    from coupon_desk.coupons.code import CouponCode
    from coupon_desk.receipts.layout import ReceiptWidth
    from coupon_desk.words import Language


def main() -> NoReturn:
    """Do what the command line says and end with its exit status (INTERFACE.md §2)."""
    home = home_of_window(sys.argv[1:])
    # Loading makes no garbage worth looking for, and looking takes a fifth of its time. The window collects by itself.
    gc.disable()
    if home is not None and has_display() and _has_qt():
        sys.exit(window_first(home))
    from coupon_desk.cli.program import run

    gc.enable()
    sys.exit(run(sys.argv[1:], DeskWindow()))


def home_of_window(arguments: Sequence[str]) -> Path | None:
    """The home whose window is asked for, and nothing else; None for every other call, which the command line understands."""
    match list(arguments):
        case []:
            return default_home()
        case ["--home", folder] if folder and not Path(folder).is_file():
            return Path(folder).expanduser()
        case _:
            return None


def window_first(home: Path) -> int:
    """Show the window, then load the rest of the program; the exit status."""
    _send_qt_messages_to_the_log()
    from coupon_desk.desk.application import run

    behind = _Behind(home, threading.get_ident())
    ended: list[BaseException | int] = []
    try:
        ended.append(
            run(
                behind.shop,
                config=home / "config.toml",
                open_training=behind.training_shop,
                open_setup=behind.setup,
            )
        )
    except (Exception, KeyboardInterrupt) as failure:
        ended.append(failure)
    return behind.conclude(ended[0])


class _Behind:
    """The call behind a window that is shown already; made on the worker that opens the desk."""

    def __init__(self, home: Path, window_thread: int) -> None:
        self._home = home
        self._window_thread = window_thread

    def shop(self) -> CouponDesk:
        """Open the desk on this home. Raises DeskError."""
        return self._doors.shop()

    def training_shop(self) -> CouponDesk:
        """Open the desk on a fresh training shop. Raises DeskError."""
        return self._doors.training_shop()

    def setup(self) -> Setup:
        """What sets this home up."""
        return self._doors.setup()

    def conclude(self, outcome: BaseException | int) -> int:
        """Tell what ended the window, where something did, and close; the exit status."""
        from coupon_desk.cli.ending import conclude

        def end() -> int:
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        return conclude(self._call, end)

    @cached_property
    def _call(self) -> Call:
        from coupon_desk.cli.ending import begin_call

        call = begin_call(DeskWindow())
        call.home_asked = self._home
        return call

    @cached_property
    def _doors(self) -> Doors:
        from coupon_desk.cli.window import Doors

        return Doors(self._call, self._window_thread)


class DeskWindow:
    """The window as the command line sees it (`cli.window.Window`)."""

    def __init__(self) -> None:
        self._application: QGuiApplication | None = None

    def open(
        self,
        open_desk: Callable[[], CouponDesk],
        config: Path | None = None,
        open_training: Callable[[], CouponDesk] | None = None,
        open_setup: Callable[[], Setup] | None = None,
    ) -> int:
        """Show the desk until it is closed; the exit status."""
        _begin_qt()
        from coupon_desk.desk.application import run

        return run(open_desk, config=config, open_training=open_training, open_setup=open_setup)

    def cancel_and_picture(
        self, desk: CouponDesk, login: str, pin: str, code: CouponCode, folder: Path, say_step: Callable[[str], None]
    ) -> tuple[Operation, tuple[Path, ...]]:
        """Cancel one coupon in a window that nobody sees, and keep pictures of it in a folder."""
        _begin_qt()
        from coupon_desk.desk.headless import cancel_and_picture

        outcome = cancel_and_picture(desk, login, pin, code, folder, say_step)
        return outcome.operation, tuple(outcome.files)

    def write_pdf(self, html: str, width: ReceiptWidth, language: Language, file: Path, title: str) -> None:
        """Lay a receipt out and write it as PDF. Raises DeskError."""
        self._prepare()
        from coupon_desk.desk.printing import Paper, write_pdf

        write_pdf(html, Paper.of(width), language, file, title)

    def print_paper(self, html: str, width: ReceiptWidth, language: Language, printer: Printer, title: str) -> None:
        """Lay a receipt out and print it. Raises DeskError."""
        self._prepare()
        from coupon_desk.desk.printing import Paper
        from coupon_desk.desk.receipt_printing import print_receipt

        print_receipt(html, Paper.of(width), language, printer, title)

    def _prepare(self) -> None:
        """Qt lays text out only where there is an application; it needs no display for that."""
        if self._application is None:
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
            _begin_qt()
            from PySide6.QtGui import QGuiApplication

            self._application = QGuiApplication([sys.argv[0]])


def _has_qt() -> bool:
    try:
        import_module("PySide6.QtGui")  # needs more of the system's libraries than QtCore
    except ImportError:
        return False
    return True


def _begin_qt() -> None:
    """Load Qt and send its messages to the log. Raises QtMissing."""
    try:
        import_module("PySide6.QtGui")
    except ImportError as missing:
        from coupon_desk.cli.window import QtMissing

        raise QtMissing(str(missing)) from missing
    _send_qt_messages_to_the_log()


def _send_qt_messages_to_the_log() -> None:
    """They are for programmers, and some come on every start."""
    import logging

    from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

    log = logging.getLogger("coupon_desk.qt")
    levels = {QtMsgType.QtDebugMsg: logging.DEBUG, QtMsgType.QtInfoMsg: logging.INFO, QtMsgType.QtWarningMsg: logging.INFO}

    def write(kind: QtMsgType, context: QMessageLogContext, text: str | None) -> None:
        log.log(levels.get(kind, logging.ERROR), "%s", text, extra={"category": context.category})

    qInstallMessageHandler(write)


if __name__ == "__main__":
    main()
