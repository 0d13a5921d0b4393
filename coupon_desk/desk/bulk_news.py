"""News of a bulk cancellation, from the threads that work on it to the window: collected there, fetched here.

Nothing of Qt crosses a thread: the workers put values into a box, and the window empties it as often as an eye can follow.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coupon_desk.app.bulks import Bulks
    from coupon_desk.cancellation.bulk_job import BulkJob, BulkRow


class BulkNews:
    """What changed of one job since it was last asked. Safe to use from any thread."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        self._lock = threading.Lock()
        self._job: BulkJob | None = None
        self._rows: dict[int, BulkRow] = {}
        self._end: Callable[[], None] | None = None

    def begin(self, bulks: Bulks) -> None:
        """Listen from now on."""
        self._end = bulks.watch(self._put)

    def end(self) -> None:
        """Listen no more."""
        if self._end is not None:
            self._end()
            self._end = None

    def take(self) -> tuple[BulkJob | None, tuple[BulkRow, ...]]:
        """The newest of the job, and of each line that changed; None and nothing where all is as it was."""
        with self._lock:
            job, rows = self._job, tuple(self._rows.values())
            self._job, self._rows = None, {}
        return job, rows

    def _put(self, job: BulkJob, row: BulkRow | None) -> None:
        if job.id != self.job_id:
            return
        with self._lock:
            self._job = job
            if row is not None:
                self._rows[row.line] = row


class LookingFar:
    """How far a dry run is, told by its worker and read by the window; and whether it should end."""

    def __init__(self) -> None:
        self.done = 0
        self.of = 0
        self.ended = threading.Event()

    def tell(self, done: int, of: int) -> None:
        """On the worker."""
        self.done, self.of = done, of
