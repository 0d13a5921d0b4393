"""The one clock: everything that reads the time or waits is given one of these."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Reads the time and waits. Safe to use from any thread."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds that never run backwards, for measuring and time-outs."""

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds on this thread."""


class SystemClock:
    """The clock of this computer."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait on this thread."""
        time.sleep(max(0.0, seconds))


class VirtualClock:
    """A clock for tests and practice: sleeping moves the time and takes none."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._passed = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The virtual time of day, aware, in UTC."""
        with self._lock:
            return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        """Virtual seconds since the clock was made."""
        with self._lock:
            return self._passed

    def sleep(self, seconds: float) -> None:
        """Move the time on at once."""
        self.advance(max(0.0, seconds))

    def advance(self, seconds: float) -> None:
        """Move the time on by so many seconds; negative jumps model a clock that was set back."""
        with self._lock:
            self._passed += seconds


class ClockOffset:
    """How far the clocks of remote systems are ahead of ours, as their newest answer told. Safe to use from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seconds: float | None = None

    @property
    def seconds(self) -> float | None:
        """Remote minus ours, right to about a second and the time an answer is on its way; None where nobody told yet."""
        return self._seconds

    def heard(self, server_time: datetime | None) -> None:
        """An answer with this `Date` has just arrived."""
        if server_time is not None:
            # `Date` is cut to whole seconds, so the truth lies half a second later on average.
            self._seconds = (server_time - self._clock.now()).total_seconds() + 0.5


def to_text(moment: datetime) -> str:
    """A moment as it is stored and sent: ISO 8601, UTC, microseconds, `Z`; sorts as text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_text(text: str) -> datetime:
    """The moment that `to_text`, Shopify or a point system wrote. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"a moment without a time zone: {text!r}")
    return moment.astimezone(UTC)
