"""What every part of the window is given: who runs its work, in which words it speaks, how it looks, and what opens a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from coupon_desk.desk.print_faults import PrintFaults
from coupon_desk.desk.speech import Speech
from coupon_desk.desk.theme import Theme
from coupon_desk.desk.threads import Runner


def in_browser(url: str) -> bool:
    """Open a page in the system's browser; False where there is none."""
    return QDesktopServices.openUrl(QUrl(url))


@dataclass(frozen=True, slots=True)
class Stage:
    """Handed down from the application; nothing in the window looks these up globally."""

    runner: Runner
    speech: Speech
    theme: Theme
    open_page: Callable[[str], bool] = in_browser
    print_faults: PrintFaults = field(default_factory=PrintFaults)
