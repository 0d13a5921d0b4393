"""A receipt printer that is spoken to directly, in ESC/POS: takes a receipt as picture, and says what it has.

Asked first whether it is ready (DLE EOT), printed on, and asked again when the paper is out (GS r). Printers that answer no
questions are printed on all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from coupon_desk.printers.escpos_devices import Device, DeviceAway, LibraryMissing, open_device
from coupon_desk.printers.faults import FaultKind, PrinterFault
from coupon_desk.printers.picture import Picture
from coupon_desk.receipt_settings import DirectPrinterSettings


class ThermalPrinter:
    """One configured receipt printer. Its calls block: make them on a worker."""

    def __init__(self, name: str, settings: DirectPrinterSettings) -> None:
        self.name = name
        self._settings = settings

    def look(self) -> None:
        """See whether it is there and ready. Raises PrinterFault."""
        with self._opened() as device:
            self._ask(device)

    def print_picture(self, picture: Picture) -> None:
        """Print a picture, cut the paper, and see that it is printed. Raises PrinterFault."""
        with self._opened() as device:
            answers = self._ask(device)
            try:
                device.print_picture(picture)
            except DeviceAway as away:
                raise self._fault(FaultKind.BROKEN_OFF, is_handed_over=True, detail=str(away)) from away
            if answers:
                # It comes to this question when everything before it is on paper, and never where the paper ran out.
                device.ask(_PRINTED, wait_for_paper=True)
                if not self._ask(device, is_handed_over=True):
                    raise self._fault(FaultKind.BROKEN_OFF, is_handed_over=True, detail="no answer any more")

    @contextmanager
    def _opened(self) -> Iterator[Device]:
        try:
            device = open_device(self._settings)
        except LibraryMissing as missing:
            raise self._fault(FaultKind.NO_LIBRARY, detail=str(missing)) from missing
        except DeviceAway as away:
            raise self._fault(FaultKind.UNREACHABLE, detail=str(away)) from away
        try:
            yield device
        finally:
            device.close()

    def _ask(self, device: Device, *, is_handed_over: bool = False) -> bool:
        """Whether it answers. Raises PrinterFault for what it has."""
        state = _read(device, _STATE)
        if state is None:
            return False
        cause = (_read(device, _CAUSE) or 0) if state & _IS_OFFLINE else 0
        paper = _read(device, _PAPER) or 0
        kind = None
        if paper & _NO_PAPER or cause & _STOPPED_FOR_PAPER:
            kind = FaultKind.NO_PAPER
        elif cause & _COVER_OPEN:
            kind = FaultKind.COVER_OPEN
        elif state & _IS_OFFLINE:
            kind = FaultKind.OFFLINE
        if kind is not None:
            raise self._fault(kind, is_handed_over=is_handed_over, detail=f"{state:08b} {cause:08b} {paper:08b}")
        return True

    def _fault(self, kind: FaultKind, *, is_handed_over: bool = False, detail: str) -> PrinterFault:
        return PrinterFault(kind, self.name, is_handed_over=is_handed_over, detail=detail)


# ESC/POS: DLE EOT n is answered at once, also by a printer that is offline; GS r in its turn.
_STATE: Final = b"\x10\x04\x01"
_CAUSE: Final = b"\x10\x04\x02"
_PAPER: Final = b"\x10\x04\x04"
_PRINTED: Final = b"\x1dr\x01"
_IS_OFFLINE: Final = 0b00001000
_COVER_OPEN: Final = 0b00000100
_STOPPED_FOR_PAPER: Final = 0b00100000
_NO_PAPER: Final = 0b01100000
_FIXED_BITS: Final = 0b10010011
_FIXED: Final = 0b00010010


def _read(device: Device, question: bytes) -> int | None:
    """The answer to a real-time question; None for silence, and for what is no such answer."""
    # Twice, because the first may be the late answer to what was asked before.
    for _ in range(2):
        told = device.ask(question)
        answers = [byte for byte in told if byte & _FIXED_BITS == _FIXED]
        if answers:
            return answers[-1]
        if not told:
            return None
    return None
