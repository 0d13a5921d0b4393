"""Waiting for Shopify's cost bucket: every request queues before it is sent, and the bucket is never overrun.

Shopify charges a request's *requested* cost before it runs, gives back what it did not use, and restores so many points a
second (`throttleStatus` of every answer). All threads of this desk share one throttle; what other desks take shows in the
status of the next answer.
"""

from __future__ import annotations

import math
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

_NO_TIME_SECONDS: Final = 1e-6

_STALE_SECONDS: Final = 1.0
"""After so long without an answer nobody here knows what other desks took: the background then sends one request alone."""

_ASK_AGAIN_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Cost:
    """What an answer says about the cost, in points. `actual` is None where the request was not run (THROTTLED)."""

    requested: float
    actual: float | None
    maximum_available: float
    currently_available: float
    restore_points_per_second: float


@dataclass(frozen=True, slots=True)
class Price:
    """What a request is reckoned to cost until an answer has told it; `kind` and `size` are what its cost is remembered by.

    A larger one of the same kind never costs less, and never more than in proportion to its size.
    """

    kind: str
    points: float = FIRST_GUESS_POINTS
    size: int = 1


@dataclass(frozen=True, slots=True)
class Ticket:
    """A place in the queue of one request that costs `points`, with `keep_free` points left to others."""

    kind: str
    size: int
    number: int
    points: float
    keep_free: float


class Throttle:
    """The bucket as this desk knows it, never fuller than Shopify's own. Safe to use from several threads.

    A request queues, asks to be admitted until it is, is sent, and is settled, whatever became of it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._costs: dict[str, dict[int, float]] = {}
        self._queue: dict[int, Ticket] = {}
        self._in_flight: dict[int, float] = {}
        self._alone: int | None = None
        self._last_number = 0
        self._maximum = _LEAST_BUCKET_POINTS
        self._restore_rate = _LEAST_RESTORE_POINTS_PER_SECOND
        self._available = _LEAST_BUCKET_POINTS
        self._restored_at = clock.monotonic()
        self._paused_until = -math.inf
        self._heard_at = -math.inf

    def queue(self, price: Price, *, patience_seconds: float, keep_free: float = 0.0) -> Ticket:
        """A place in the queue for a request of this price.

        `keep_free` is the part of the bucket (0 to 1) that is left to others: such work in the background is passed by what
        leaves nothing free. Raises Throttled at once, without a place, where the wait will be longer than `patience_seconds`.
        """
        with self._lock:
            points = min(self._reckoned(price), self._maximum)
            self._last_number += 1
            ticket = Ticket(
                price.kind, price.size, self._last_number, points, min(keep_free * self._maximum, self._maximum - points)
            )
            wait_seconds = self._wait_seconds(ticket)
            if wait_seconds > patience_seconds:
                raise throttled(wait_seconds)
            self._queue[ticket.number] = ticket
            return ticket

    def admit(self, ticket: Ticket) -> float:
        """0.0: send it now. Otherwise so many seconds are to pass before asking again; the sooner is no harm."""
        with self._lock:
            wait_seconds = self._wait_seconds(ticket)
            if wait_seconds > 0:
                return wait_seconds
            del self._queue[ticket.number]
            self._alone = None if self._in_flight else ticket.number
            self._in_flight[ticket.number] = ticket.points
            self._available -= ticket.points
            return 0.0

    def settle(self, ticket: Ticket, cost: Cost | None) -> None:
        """The request is over, or was given up. `cost` is None where no answer told it: then its points count as taken."""
        with self._lock:
            self._restore()
            self._queue.pop(ticket.number, None)
            self._in_flight.pop(ticket.number, None)
            if cost is None:
                return
            self._heard_at = self._clock.monotonic()
            self._costs.setdefault(ticket.kind, {})[ticket.size] = cost.requested
            self._maximum = max(1.0, cost.maximum_available)
            self._restore_rate = max(0.001, cost.restore_points_per_second)
            if self._alone == ticket.number:
                self._available = cost.currently_available
            else:
                # Others were under way, whose answers may be newer than this one: the lower figure counts.
                refunded = self._available + ticket.points - (cost.actual or 0.0)
                self._available = min(refunded, cost.currently_available)
            self._available = min(self._available, self._ceiling())

    def pause(self, seconds: float) -> None:
        """Shopify told us to come back after so many seconds (429 with Retry-After): nobody sends before."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock.monotonic() + max(0.0, seconds))

    def _reckoned(self, price: Price) -> float:
        known = self._costs.get(price.kind, {})
        bounds = (cost * max(1.0, price.size / size) for size, cost in known.items())
        return known.get(price.size) or min(bounds, default=price.points)

    def _wait_seconds(self, ticket: Ticket) -> float:
        now = self._restore()
        ahead = sum(other.points for other in self._queue.values() if _goes_before(other, ticket))
        lacking = ahead + ticket.points + ticket.keep_free - self._available
        wait_seconds = max(self._paused_until - now, lacking / self._restore_rate)
        if ticket.keep_free > 0 and self._in_flight and now - self._heard_at > _STALE_SECONDS:
            wait_seconds = max(wait_seconds, _ASK_AGAIN_SECONDS)  # what is under way tells how the bucket stands
        return 0.0 if wait_seconds <= _NO_TIME_SECONDS else wait_seconds

    def _restore(self) -> float:
        now = self._clock.monotonic()
        passed_seconds = max(0.0, now - self._restored_at)
        self._available = min(self._ceiling(), self._available + passed_seconds * self._restore_rate)
        self._restored_at = now
        return now

    def _ceiling(self) -> float:
        # Shopify's bucket can be full while ours has requests on the way that it has not charged yet.
        return self._maximum - sum(self._in_flight.values())


def _goes_before(other: Ticket, ticket: Ticket) -> bool:
    """Whoever asked first, but work that leaves nothing free is never held up by work in the background."""
    return other.number < ticket.number and other.keep_free <= ticket.keep_free
