"""`python -m coupon_desk` and `coupon-desk`: the command line, with the window behind it.

The command line and the window know nothing of each other; this is where they meet, and Qt is imported when it is needed.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from PySide6.QtGui import QGuiApplication

    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.cancellation.operation import Operation
    from coupon_desk.coupons.code import CouponCode
    from coupon_desk.receipts.layout import ReceiptWidth
    from coupon_desk.words import Language

_log = logging.getLogger("coupon_desk.qt")


def main() -> NoReturn:
    """Do what the command line says and end with its exit status (INTERFACE.md §2)."""
    from coupon_desk.cli.program import run

    sys.exit(run(sys.argv[1:], DeskWindow()))


class DeskWindow:
    """The window as the command line sees it (`cli.window.Window`)."""

    def __init__(self) -> None:
        self._application: QGuiApplication | None = None

    def open(
        self,
        open_desk: Callable[[], CouponDesk],
        config: Path | None = None,
        open_training: Callable[[], CouponDesk] | None = None,
    ) -> int:
        """Show the desk until it is closed; the exit status."""
        _begin_qt()
        from coupon_desk.desk.application import run

        return run(open_desk, config=config, open_training=open_training)

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

    def print_paper(self, html: str, width: ReceiptWidth, language: Language, printer: str, title: str) -> None:
        """Lay a receipt out and print it. Raises DeskError."""
        self._prepare()
        from coupon_desk.desk.printing import Paper, print_receipt

        print_receipt(html, Paper.of(width), language, printer, title)

    def _prepare(self) -> None:
        """Qt lays text out only where there is an application; it needs no display for that."""
        if self._application is None:
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
            _begin_qt()
            from PySide6.QtGui import QGuiApplication

            self._application = QGuiApplication([sys.argv[0]])


def _begin_qt() -> None:
    """Load Qt and send its messages to the log: they are for programmers, and some come on every start. Raises QtMissing."""
    try:
        import_module("PySide6.QtGui")  # needs more of the system's libraries than QtCore
        from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
    except ImportError as missing:
        from coupon_desk.cli.window import QtMissing

        raise QtMissing(str(missing)) from missing

    levels = {QtMsgType.QtDebugMsg: logging.DEBUG, QtMsgType.QtInfoMsg: logging.INFO, QtMsgType.QtWarningMsg: logging.INFO}

    def write(kind: QtMsgType, context: QMessageLogContext, text: str | None) -> None:
        _log.log(levels.get(kind, logging.ERROR), "%s", text, extra={"category": context.category})

    qInstallMessageHandler(write)


if __name__ == "__main__":
    main()
