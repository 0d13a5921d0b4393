"""What printers have, told also where the receipt is no longer on the screen: at the counter the next customer comes first."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal


class PrintFaults(QObject):
    """Brings the fault of a printer, a DeskError, to the page, when the view that printed is gone."""

    told = Signal(object)
