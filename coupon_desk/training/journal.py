"""Every request that the training shop got, in order, and what became of it."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from coupon_desk.clock import Clock

_KEPT: Final = 100_000


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One request. `names` are all names it goes by, `call` the first of them; `target` is what it was about.

    `executed`: it was worked on. `applied`: the shop is different because of it. `status` is the HTTP or SMTP status that was
    decided, None while it is not, or where none was sent. Holds no credentials.
    """

    number: int
    at: datetime
    system: str
    names: tuple[str, ...]
    key: str | None = None
    target: str = ""
    fault: str | None = None
    executed: bool = False
    applied: bool = False
    status: int | None = None

    @property
    def call(self) -> str:
        """The name of the call."""
        return self.names[0]


class Journal:
    """The requests, oldest first. Safe to use from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: deque[JournalEntry] = deque(maxlen=_KEPT)
        self._last = 0

    @property
    def entries(self) -> tuple[JournalEntry, ...]:
        """All requests since the shop opened or was reset (the newest hundred thousand)."""
        with self._lock:
            return tuple(self._entries)

    def calls(self, name: str) -> tuple[JournalEntry, ...]:
        """The requests that go by this name."""
        return tuple(entry for entry in self.entries if name in entry.names)

    def open(
        self, system: str, names: tuple[str, ...], *, key: str | None = None, target: str = "", fault: str | None = None
    ) -> int:
        """Note a request as it arrives; returns its number."""
        with self._lock:
            self._last += 1
            self._entries.append(JournalEntry(self._last, self._clock.now(), system, names, key, target, fault))
            return self._last

    def close(self, number: int, *, executed: bool, applied: bool, status: int | None) -> None:
        """Note what became of a request."""
        with self._lock:
            if not self._entries:
                return
            place = number - self._entries[0].number
            if 0 <= place < len(self._entries):
                self._entries[place] = replace(self._entries[place], executed=executed, applied=applied, status=status)

    def clear(self) -> None:
        """Forget everything; numbers go on."""
        with self._lock:
            self._entries.clear()
