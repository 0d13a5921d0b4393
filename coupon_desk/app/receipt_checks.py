"""Whether receipts will come out as configured: the printers of the configuration, the usual queue, the logo."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from coupon_desk.app.checks import Check, attempt
from coupon_desk.app.letterhead import LARGEST_LOGO_BYTES, logo_in
from coupon_desk.app.printers import Printers, WindowsPrinter
from coupon_desk.receipt_settings import Receipts
from coupon_desk.words import Message, msg


def receipts(settings: Receipts, printers: Printers, home: Path) -> Iterator[Check]:
    """One check of each printer that is configured by name, and one of the logo; nothing where nothing is configured."""
    for name in dict.fromkeys((*settings.printers, *((settings.printer,) if settings.printer is not None else ()))):
        yield attempt(msg("Printer {printer}", printer=name), partial(_ready, printers, name))
    if settings.logo is not None:
        yield _logo(home, settings.logo)


def _ready(printers: Printers, name: str) -> Message:
    printer = printers.find(name)
    if isinstance(printer, WindowsPrinter):
        return msg("Is asked when it prints.")
    printer.look()
    return msg("Is ready.")


def _logo(home: Path, name: str) -> Check:
    what = msg("Logo on receipts")
    try:
        width, height = logo_in(home, name).size
    except (OSError, ValueError):
        return Check(
            what,
            False,
            msg("{file} cannot be read as a picture; receipts go out without it.", file=name),
            msg("Put a PNG or JPEG file of at most {size} MB there.", size=LARGEST_LOGO_BYTES // 1_000_000),
        )
    return Check(what, True, msg("{width} × {height} pixels.", width=width, height=height))
