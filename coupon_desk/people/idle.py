"""When a desk that nobody touches locks itself."""

from __future__ import annotations

from datetime import datetime

from coupon_desk.clock import Clock


class IdleLock:
    """Knows how long nobody has touched the desk. Pure: the window calls `touch` and asks `is_due`.

    The time of day counts as well as the steady clock, which stands still on some systems while the computer sleeps: a laptop
    that wakes up is locked.
    """

    def __init__(self, clock: Clock, after_seconds: float) -> None:
        self._clock = clock
        self._after_seconds = after_seconds
        self._touched_at: datetime
        self._touched: float
        self.touch()

    def wait(self, after_seconds: float) -> None:
        """Lock after so many seconds from now on."""
        self._after_seconds = after_seconds

    def touch(self) -> None:
        """Somebody is there."""
        self._touched_at, self._touched = self._clock.now(), self._clock.monotonic()

    def is_due(self) -> bool:
        """Whether the desk should lock now."""
        return self.seconds_left() <= 0

    def seconds_left(self) -> float:
        """Seconds until the desk locks, for the window's timer; 0 when it is due."""
        idle = max(self._clock.monotonic() - self._touched, (self._clock.now() - self._touched_at).total_seconds())
        return max(0.0, self._after_seconds - idle)
