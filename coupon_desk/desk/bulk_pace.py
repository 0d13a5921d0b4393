"""How fast a bulk cancellation goes, and so about how long it will still take; nothing where nobody can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from coupon_desk.cancellation.bulk_job import JobState
from coupon_desk.clock import Clock
from coupon_desk.words import NOTHING, Message, msg, msgn

if TYPE_CHECKING:
    from coupon_desk.cancellation.bulk_job import BulkJob

FEWEST: Final = 10
"""So many have to be finished while somebody looks, before a time is told."""

LEAST_SECONDS: Final = 3.0


class Pace:
    """Measures from when somebody begins to look, and anew after every pause."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since = 0.0
        self._remaining = 0
        self._is_moving = False

    def begin(self, job: BulkJob) -> None:
        """Measure from now on."""
        self._since = self._clock.monotonic()
        self._remaining = job.remaining
        self._is_moving = _moves(job)

    def note(self, job: BulkJob) -> None:
        """The job as it stands; one that rested begins anew."""
        if _moves(job) != self._is_moving:
            self.begin(job)

    def left(self, job: BulkJob) -> Message:
        """How long it will take."""
        finished = self._remaining - job.remaining
        seconds = self._clock.monotonic() - self._since
        if not self._is_moving or job.remaining == 0 or finished < FEWEST or seconds < LEAST_SECONDS:
            return NOTHING
        minutes = round(job.remaining * seconds / finished / 60)
        if minutes < 1:
            return msg("less than a minute left")
        return msgn("about {count} minute left", "about {count} minutes left", count=minutes)


def _moves(job: BulkJob) -> bool:
    return job.state is JobState.RUNNING and job.is_at_work and job.waits_for is None
