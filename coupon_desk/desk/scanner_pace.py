"""Tells a scanner from a person by its pace: nobody types ten characters with a thirtieth of a second between any two."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from coupon_desk.settings import Desk

FASTEST_HANDS_MS: Final = 35
"""Two keys with no more between them were not both meant one after the other; scanners send one every 2 to 20 ms."""
PREFIXED_MS: Final = 150
"""What begins with the scanner's own prefix is a scan at a slower pace too: over the air, or with a pause that was set."""
ECHO_MS: Final = 120
"""So soon behind a scan an Enter is the rest of its line end (CR and LF) and nobody's wish."""
FEWEST: Final = 6

_LINE_ENDS: Final = ("\r", "\n")


@dataclass(frozen=True, slots=True)
class ScannerKeys:
    """What a scanner puts before and behind each code; `suffix` is empty where it puts nothing."""

    prefix: str = ""
    suffix: str = "\r"

    def is_frame(self, text: str) -> bool:
        """Whether this key is a control character that belongs to the scanner alone, as STX and ETX do."""
        return len(text) == 1 and text < " " and text not in (*_LINE_ENDS, "\t") and text in self.prefix + self.suffix


def scanner_keys(desk: Desk) -> ScannerKeys:
    """As this desk's scanner is set up."""
    return ScannerKeys(desk.scanner_prefix, desk.scanner_suffix)


class Heard(Enum):
    """What a key was."""

    TYPED = auto()
    BEGAN = auto()
    FAST = auto()
    ENDED = auto()
    ECHO = auto()


class ScannerPace:
    """Hears one key after the other. `text` is what was scanned, without prefix and suffix, when one ENDED."""

    def __init__(self, keys: ScannerKeys) -> None:
        self._keys = keys
        # Two characters end a line where one of them is enough to know it; the other comes as an echo.
        self._suffix = keys.suffix.replace("\r\n", "\r").replace("\n", "\r")
        self._run = ""
        self._last_ms = 0
        self._taken_ms: int | None = None

    @property
    def text(self) -> str:
        """What has come at a scanner's pace until now, without its prefix and suffix."""
        return self._run.removeprefix(self._keys.prefix).removesuffix(self._suffix)

    @property
    def is_scan(self) -> bool:
        """Whether enough has come at that pace to be a scan."""
        return len(self.text) >= FEWEST

    def hear(self, text: str, at_ms: int) -> Heard:
        """One key that was pressed, by the character it gives (none for an arrow), and when."""
        key = "\r" if text in _LINE_ENDS else text
        if key == "\r" and self._taken_ms is not None and at_ms - self._taken_ms <= ECHO_MS:
            return Heard.ECHO
        self._taken_ms = None
        begins = not key or not self._run or at_ms - self._last_ms > self._longest_pause_ms
        self._run = key if begins else self._run + key
        self._last_ms = at_ms
        if begins:
            return Heard.BEGAN if key else Heard.TYPED
        is_over = bool(self._suffix) and self._run.endswith(self._suffix)
        return Heard.ENDED if is_over and self.is_scan else Heard.FAST

    def take(self) -> None:
        """It was a scan: what ends its line a moment later belongs to it."""
        self._run, self._taken_ms = "", self._last_ms

    @property
    def _longest_pause_ms(self) -> int:
        prefix = self._keys.prefix
        is_framed = bool(prefix) and (self._run.startswith(prefix) or prefix.startswith(self._run))
        return PREFIXED_MS if is_framed else FASTEST_HANDS_MS
