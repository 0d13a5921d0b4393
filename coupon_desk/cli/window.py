"""What the command line needs of the window, and the plain call that opens it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from coupon_desk.cli.call import Call
from coupon_desk.computer import has_display
from coupon_desk.errors import ConfigurationError, DeskError
from coupon_desk.words import Language, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.app.printers import Printer
    from coupon_desk.app.setup import Setup
    from coupon_desk.cancellation.operation import Operation
    from coupon_desk.coupons.code import CouponCode
    from coupon_desk.receipts.layout import ReceiptWidth
    from coupon_desk.vault import KeyringVault


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
        open_setup: Callable[[], Setup] | None = None,
    ) -> int:
        """Show the desk until it is closed; the exit status.

        All ways to open are called on a worker, after the window is there. Without the file `config` the training shop and the
        assistant are offered.
        """

    def cancel_and_picture(
        self, desk: CouponDesk, login: str, pin: str, code: CouponCode, folder: Path, say_step: Callable[[str], None]
    ) -> tuple[Operation, tuple[Path, ...]]:
        """Cancel one coupon in a window that nobody sees, and keep pictures of it in a folder."""

    def write_pdf(self, html: str, width: ReceiptWidth, language: Language, file: Path, title: str) -> None:
        """Lay a receipt out and write it as PDF. Raises DeskError."""

    def print_paper(self, html: str, width: ReceiptWidth, language: Language, printer: Printer, title: str) -> None:
        """Lay a receipt out and print it. Raises DeskError."""


def open_window(call: Call) -> int:
    """Open the desk on this home; without a configuration the window offers the training shop. Raises ConfigurationError."""
    if not has_display():
        raise ConfigurationError(
            msg("There is no display to open the window on."),
            done=msg("Nothing was done."),
            todo=msg("“coupon-desk --help” lists the commands that need none; “coupon-desk demo” shows the program."),
        )
    call.log()
    doors = Doors(call, threading.get_ident())
    return call.window.open(doors.shop, call.home / "config.toml", doors.training_shop, doors.setup)


class Doors:
    """The ways into a desk from the window; all take a while and belong on a worker.

    `window_thread` is the one that must never wait for the keyring.
    """

    def __init__(self, call: Call, window_thread: int) -> None:
        self._call = call
        self._window_thread = window_thread

    def shop(self) -> CouponDesk:
        """Open the desk on this home. Raises DeskError."""
        from coupon_desk.app.desk import CouponDesk

        return CouponDesk.open(self._call.home, secrets=self._vault(), log=self._call.log())

    def setup(self) -> Setup:
        """What sets this home up."""
        from coupon_desk.app.setup import Setup

        return Setup(self._call.home, self._vault())

    def training_shop(self) -> CouponDesk:
        """Open the desk on a fresh training shop. Raises DeskError."""
        from coupon_desk.app.training import open_training

        self._call.log()
        return open_training(self._call.home / "training")

    def _vault(self) -> KeyringVault:
        from coupon_desk.vault import KeyringVault

        return KeyringVault(self._call.home, forbidden_thread=self._window_thread, revealed=self._call.log().mask.register)
