"""What a printer can have, and what a person is told to do about it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from coupon_desk.errors import DeskError
from coupon_desk.words import Message, msg


class FaultKind(StrEnum):
    """What keeps a printer from printing."""

    UNKNOWN = "unknown"
    NO_SERVICE = "no_service"
    NO_LIBRARY = "no_library"
    UNREACHABLE = "unreachable"
    PAUSED = "paused"
    REJECTING = "rejecting"
    OFFLINE = "offline"
    NO_PAPER = "no_paper"
    JAM = "jam"
    COVER_OPEN = "cover_open"
    NO_INK = "no_ink"
    FAILED = "failed"
    BROKEN_OFF = "broken_off"
    SLOW = "slow"


class PrinterFault(DeskError):
    """The printer did not print the receipt, or not yet; the cancellation itself is not touched by this.

    `is_handed_over` is whether the printer or its queue has the receipt: then it may come out, in whole or in part, and what is
    printed next is a copy. `waits` is whether it comes out by itself once the fault is mended.
    """

    def __init__(
        self, kind: FaultKind, printer: str, *, is_handed_over: bool = False, waits: bool = False, detail: str = ""
    ) -> None:
        what, mend = _WORDS[kind]
        super().__init__(
            _about(what, printer),
            done=msg("What was done stands: only the receipt is missing."),
            todo=msg("{mend} The receipt waits at the printer and then comes out by itself.", mend=_about(mend, printer))
            if waits
            else msg("{mend} Then print the receipt again, or save it as PDF.", mend=_about(mend, printer)),
            detail=detail,
        )
        self.kind = kind
        self.printer = printer
        self.is_handed_over = is_handed_over or waits
        self.waits = waits


def _about(message: Message, printer: str) -> Message:
    return Message(message.text, (("printer", printer),)) if "{printer}" in message.text else message


_SWITCH_ON: Final = msg("See that it is switched on and connected.")

_WORDS: Final = {
    FaultKind.UNKNOWN: (
        msg("This computer has no printer {printer}."),
        msg("Choose another printer, or have this one set up."),
    ),
    FaultKind.NO_SERVICE: (
        msg("The print service of this computer does not answer, so nothing comes out of {printer}."),
        msg("Start the computer again, or have somebody look after its print service."),
    ),
    FaultKind.NO_LIBRARY: (
        msg("A part of the program that the printer {printer} needs is missing on this computer."),
        msg("Have it installed, as the README says for receipt printers."),
    ),
    FaultKind.UNREACHABLE: (msg("The printer {printer} does not answer."), _SWITCH_ON),
    FaultKind.PAUSED: (
        msg("The printer {printer} is paused."),
        msg("Let it go on in the printer settings of this computer."),
    ),
    FaultKind.REJECTING: (
        msg("The printer {printer} takes nothing at present."),
        msg("Allow it in the printer settings of this computer, or choose another printer."),
    ),
    FaultKind.OFFLINE: (msg("The printer {printer} is offline."), _SWITCH_ON),
    FaultKind.NO_PAPER: (msg("The printer {printer} has no paper."), msg("Put paper in.")),
    FaultKind.JAM: (msg("Paper is stuck in the printer {printer}."), msg("Open it and take the paper out.")),
    FaultKind.COVER_OPEN: (msg("The printer {printer} is open."), msg("Close it.")),
    FaultKind.NO_INK: (msg("The printer {printer} has no ink or toner."), msg("Put a new cartridge in.")),
    FaultKind.FAILED: (msg("The printer {printer} did not print the receipt."), msg("Look what the printer shows.")),
    FaultKind.BROKEN_OFF: (
        msg("The printer {printer} stopped answering while it was printing."),
        msg("See that it is switched on and connected, and take out what was printed."),
    ),
    FaultKind.SLOW: (msg("The printer {printer} has not printed the receipt yet."), _SWITCH_ON),
}
