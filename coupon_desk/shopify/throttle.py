"""Waiting for Shopify's cost bucket: every request is booked before it is sent, and the bucket is never overrun.

Shopify charges a request's *requested* cost before it runs, gives back what it did not use, and restores so many points a
second (`throttleStatus` of every answer). All threads of this desk share one throttle; what other desks take shows in the
status of the next answer.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

from coupon_desk.clock import Clock
from coupon_desk.shopify.refusals import throttled

FIRST_GUESS_POINTS: Final = 60.0
"""What a request is taken to cost until an answer has told it."""

# Until the first answer tells the shop's own numbers: no plan of Shopify's ever had less.
_LEAST_BUCKET_POINTS: Final = 1000.0
_LEAST_RESTORE_POINTS_PER_SECOND: Final = 50.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What an answer says about the cost, in points. `actual` is None where the request was not run (THROTTLED)."""

    requested: float
    actual: float | None
    maximum_available: float
    currently_available: float
    restore_points_per_second: float


@dataclass(frozen=True, slots=True)
class Booking:
    """A place in the bucket: wait `wait_seconds`, then send. Has to be settled, whatever became of the request."""

    call: str
    number: int
    points: float
    wait_seconds: float
    alone: bool


class Throttle:
    """The bucket as this desk knows it, never fuller than Shopify's own. Safe to use from several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._costs: dict[str, float] = {}
        self._in_flight: dict[int, float] = {}
        self._last_number = 0
        self._maximum = _LEAST_BUCKET_POINTS
        self._restore_rate = _LEAST_RESTORE_POINTS_PER_SECOND
        self._available = _LEAST_BUCKET_POINTS
        self._restored_at = clock.monotonic()
        self._paused_until = self._restored_at

    def book(self, call: str, *, patience_seconds: float, keep_free: float = 0.0) -> Booking:
        """A place for a request of this kind, in the order of asking.

        `keep_free` is the part of the bucket (0 to 1) that is left to others, for work in the background. Raises
        Throttled at once, with nothing booked, where the wait would be longer than `patience_seconds`.
        """
        with self._lock:
            now = self._restore()
            points = min(self._costs.get(call, FIRST_GUESS_POINTS), self._maximum)
            needed = min(points + keep_free * self._maximum, self._maximum)
            wait_seconds = max(0.0, (needed - self._available) / self._restore_rate, self._paused_until - now)
            if wait_seconds > patience_seconds:
                raise throttled(wait_seconds)
            self._last_number += 1
            booking = Booking(call, self._last_number, points, wait_seconds, alone=not self._in_flight)
            self._in_flight[booking.number] = points
            self._available -= points
            return booking

    def settle(self, booking: Booking, cost: Cost | None) -> None:
        """The request is over. `cost` is None where no answer told it: then its points count as taken."""
        with self._lock:
            self._restore()
            self._in_flight.pop(booking.number, None)
            if cost is None:
                return
            self._costs[booking.call] = cost.requested
            self._maximum = max(1.0, cost.maximum_available)
            self._restore_rate = max(0.001, cost.restore_points_per_second)
            shown = cost.currently_available - sum(self._in_flight.values())
            if booking.alone and booking.number == self._last_number:
                self._available = shown
            else:
                # Other requests were under way: the answer may be older than what we know, so the lower figure counts.
                self._available = min(self._available + booking.points - (cost.actual or 0.0), shown)
            self._available = min(self._available, self._ceiling())

    def pause(self, seconds: float) -> None:
        """Shopify told us to come back after so many seconds (429 with Retry-After): nobody sends before."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock.monotonic() + max(0.0, seconds))

    def _restore(self) -> float:
        now = self._clock.monotonic()
        passed_seconds = max(0.0, now - self._restored_at)
        self._available = min(self._ceiling(), self._available + passed_seconds * self._restore_rate)
        self._restored_at = now
        return now

    def _ceiling(self) -> float:
        # Shopify's bucket can be full while ours has requests booked that it has not charged yet.
        return self._maximum - sum(self._in_flight.values())
