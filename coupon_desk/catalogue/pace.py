"""How long something still takes, from how fast it has been."""

from __future__ import annotations

from typing import Final

from coupon_desk.clock import Clock

LEAST_SECONDS: Final = 2.0
"""Sooner nobody can tell."""


class Pace:
    """Measures each phase by itself: what was done before it began here says nothing about how fast it is."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._phase = ""
        self._began = (0.0, 0)

    def remaining_seconds(self, phase: str, done: int, total: int | None, later: int = 0) -> float | None:
        """The time left for `total` and as many as `later` afterwards; None while nobody can tell."""
        now = self._clock.monotonic()
        if phase != self._phase:
            self._phase, self._began = phase, (now, done)
        passed, managed = now - self._began[0], done - self._began[1]
        if total is None or passed < LEAST_SECONDS or managed <= 0:
            return None
        return (max(0, total - done) + later) * passed / managed
