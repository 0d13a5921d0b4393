"""A receipt printer behind a queue of this computer: takes a receipt as picture, and the queue passes it on as it is."""

from __future__ import annotations

from coupon_desk.printers.escpos_devices import LibraryMissing, in_escpos
from coupon_desk.printers.faults import FaultKind, PrinterFault
from coupon_desk.printers.picture import Picture
from coupon_desk.printers.queues import AS_IT_IS, Queue


class RawQueue:
    """One receipt printer, and its queue. Its calls block: make them on a worker."""

    def __init__(self, name: str, queue: Queue) -> None:
        self.name = name
        self._queue = queue

    def look(self) -> None:
        """See whether the queue would take a receipt. Raises PrinterFault."""
        self._queue.look()

    def print_picture(self, picture: Picture, title: str) -> None:
        """Print a picture, cut the paper, and see that it is printed. Raises PrinterFault."""
        try:
            document = in_escpos(picture)
        except LibraryMissing as missing:
            raise PrinterFault(FaultKind.NO_LIBRARY, self.name, detail=str(missing)) from missing
        self._queue.print_document(document, title, AS_IT_IS)
