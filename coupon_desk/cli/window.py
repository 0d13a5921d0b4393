"""What the command line needs of the window, and the plain call that opens it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from coupon_desk.cli.call import Call
from coupon_desk.errors import ConfigurationError, DeskError
from coupon_desk.words import Language, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.cancellation.operation import Operation
    from coupon_desk.coupons.code import CouponCode
    from coupon_desk.receipts.layout import ReceiptWidth


class QtMissing(DeskError):
    """Qt, or a library of the system that it needs, is not on this computer; nothing was drawn."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            msg("Nothing can be drawn on this computer: a library that Qt needs is missing."),
            done=msg("Nothing was drawn."),
            todo=msg("Install the libraries that the README names, and try again."),
            detail=detail,
        )


class Window(Protocol):
    """The side of the program that draws. Each call imports Qt no sooner than it must, and may raise QtMissing."""

    def open(
        self,
        open_desk: Callable[[], CouponDesk],
        config: Path | None = None,
        open_training: Callable[[], CouponDesk] | None = None,
    ) -> int:
        """Show the desk until it is closed; the exit status.

        Both ways to open are called on a worker, after the window is there. Without the file `config` the training shop is
        offered.
        """

    def cancel_and_picture(
        self, desk: CouponDesk, login: str, pin: str, code: CouponCode, folder: Path, say_step: Callable[[str], None]
    ) -> tuple[Operation, tuple[Path, ...]]:
        """Cancel one coupon in a window that nobody sees, and keep pictures of it in a folder."""

    def write_pdf(self, html: str, width: ReceiptWidth, language: Language, file: Path, title: str) -> None:
        """Lay a receipt out and write it as PDF. Raises DeskError."""

    def print_paper(self, html: str, width: ReceiptWidth, language: Language, printer: str, title: str) -> None:
        """Lay a receipt out and print it. Raises DeskError."""


def has_display() -> bool:
    """Whether a window can be seen: everywhere but on a Unix without X11 and Wayland."""
    if sys.platform in {"win32", "darwin"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def open_window(call: Call) -> int:
    """Open the desk on this home; without a configuration the window offers the training shop. Raises ConfigurationError."""
    if not has_display():
        raise ConfigurationError(
            msg("There is no display to open the window on."),
            done=msg("Nothing was done."),
            todo=msg("“coupon-desk --help” lists the commands that need none; “coupon-desk demo” shows the program."),
        )
    home, log = call.home, call.log()
    window_thread = threading.get_ident()

    def open_desk() -> CouponDesk:
        from coupon_desk.app.desk import CouponDesk
        from coupon_desk.vault import KeyringVault

        vault = KeyringVault(home, forbidden_thread=window_thread, revealed=log.mask.register)
        return CouponDesk.open(home, secrets=vault, log=log)

    def open_training_shop() -> CouponDesk:
        from coupon_desk.app.training import open_training

        return open_training(home / "training")

    return call.window.open(open_desk, home / "config.toml", open_training_shop)
