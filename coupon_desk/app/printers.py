"""The printers that receipts can come out of: those of the configuration, and the queues of this computer."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from coupon_desk.clock import SystemClock
from coupon_desk.printers.queues import Queue
from coupon_desk.printers.raw_queue import RawQueue
from coupon_desk.printers.service import PrintService, ServiceAway
from coupon_desk.printers.thermal import ThermalPrinter
from coupon_desk.receipt_settings import QueuePrinter, Receipts
from coupon_desk.receipts.layout import ReceiptWidth

HAS_PRINT_SERVICE: Final = os.name != "nt"
"""Whether the queues of this computer are CUPS's; those of Windows are reached by the window only."""


@dataclass(frozen=True, slots=True)
class WindowsPrinter:
    """A printer of Windows, which Qt speaks with."""

    name: str


Printer = ThermalPrinter | RawQueue | Queue | WindowsPrinter


@dataclass(frozen=True, slots=True)
class Offered:
    """A printer to choose; `width` is the paper in it, where that is known."""

    name: str
    width: ReceiptWidth | None = None


class Printers:
    """The printers of one home. Calls may block: make them on a worker."""

    def __init__(self, settings: Receipts, *, has_print_service: bool = HAS_PRINT_SERVICE) -> None:
        self._settings = settings
        self.has_print_service = has_print_service

    def offered(self, of_windows: Iterable[str] = ()) -> tuple[Offered, ...]:
        """All that can be chosen, the usual one first."""
        own = [Offered(name, ReceiptWidth(printer.width)) for name, printer in self._settings.printers.items()]
        queues = [Offered(name) for name in (self._queues() if self.has_print_service else of_windows)]
        known = {one.name for one in own}
        both = (*own, *(one for one in queues if one.name not in known))
        return tuple(sorted(both, key=lambda one: one.name != self._settings.printer))

    def find(self, name: str) -> Printer:
        """The printer of a name; whether there is one is seen when it is printed on."""
        match self._settings.printers.get(name):
            case QueuePrinter(queue=queue):
                return RawQueue(name, _queue(queue))
            case None:
                return _queue(name) if self.has_print_service else WindowsPrinter(name)
            case direct:
                return ThermalPrinter(name, direct)

    def width_in(self, name: str | None) -> ReceiptWidth | None:
        """The paper in a printer; None where that is not known."""
        printer = self._settings.printers.get(name) if name is not None else None
        return ReceiptWidth(printer.width) if printer is not None else None

    def _queues(self) -> tuple[str, ...]:
        try:
            return PrintService().queues()
        except ServiceAway:
            return ()


def _queue(name: str) -> Queue:
    # A printer prints in the time of this world, whatever clock the desk has.
    return Queue(name, PrintService(), SystemClock())
