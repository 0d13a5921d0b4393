"""A bulk cancellation at work: many threads take its coupons through the one engine, each with its own claim and its own trail.

Nothing of how far it is lives here alone: what is begun stands in the trail, what is not waits in the list, and whether it may
go on is asked of the database before each coupon. So it may be killed at any moment, and another run takes it up.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from coupon_desk.cancellation.bulk_job import BulkJob, JobState, RowState
from coupon_desk.cancellation.bulk_store import BulkStore, OpenRow
from coupon_desk.cancellation.engine import Engine
from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationState, StepName, StepState
from coupon_desk.cancellation.patience import pause
from coupon_desk.cancellation.turns import Closing
from coupon_desk.cancellation.work import Observer
from coupon_desk.clock import Clock
from coupon_desk.errors import ConfigurationError, DeskError, NotPermitted
from coupon_desk.people.operators import Session
from coupon_desk.trail.index import OperationOpen
from coupon_desk.words import Message, msg

_log = logging.getLogger(__name__)

GLANCE_SECONDS: Final = 0.2
"""So often threads that work or wait look whether somebody paused or stopped it from another program."""

IDLE_SECONDS: Final = 0.5
LONGEST_PAUSE: Final = timedelta(minutes=10)
"""What is out of reach is tried again at least so often."""

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something is out of reach for all: why, after how many tries, and when one more coupon may be begun to try it."""

    why: Message
    attempts: int
    retry_at: datetime


@dataclass(frozen=True, slots=True)
class Watching:
    """Who is told: of each snapshot of an operation, of a line that was settled without one, of the whole."""

    operation: Observer
    line: Callable[[int], None]
    whole: Callable[[], None]


class BulkRun:
    """One run of one bulk cancellation; `work` once. `session` is in whose name coupons are begun: asked for each."""

    def __init__(
        self,
        job: BulkJob,
        store: BulkStore,
        engine: Engine,
        session: Callable[[], Session],
        centre_is_silent: Callable[[], Message | None],
        clock: Clock,
        watching: Watching,
        *,
        workers: int,
        patience_seconds: float | None = None,
    ) -> None:
        self._job = job
        self._store = store
        self._engine = engine
        self._session = session
        self._centre_is_silent = centre_is_silent
        self._clock = clock
        self._watching = watching
        self._workers = workers
        self._patience_seconds = patience_seconds
        self._changed = threading.Condition()
        self._rows: deque[OpenRow] = deque()
        self._unfinished: list[tuple[datetime, str]] = []
        self._has_stopped = False
        self._busy = 0
        self._is_probing = self._is_sleeping = self._is_over = False
        self._trouble: Trouble | None = None
        self._state = job.state
        self._looked_at = 0.0
        self._went_on_at = clock.monotonic()
        self._failure: BaseException | None = None

    @property
    def trouble(self) -> Trouble | None:
        """What is waited for now."""
        return self._trouble

    def work(self) -> None:
        """Until nothing is left to do, or it is paused, stopped or closed; `patience_seconds`: or has waited so long in vain.

        Raises ListChanged, StorageError, and what went wrong in a thread.
        """
        self._state = self._store.state(self._job.id)
        if self._state is JobState.RUNNING:
            self._rows.extend(self._store.waiting(self._job.id))
        self._unfinished = [(_LONG_AGO, one) for one in self._store.under_way(self._job.id)]
        count = min(self._workers, len(self._rows) + len(self._unfinished))
        name = f"bulk-{self._job.id[:8]}"
        threads = [threading.Thread(target=self._take_tasks, name=f"{name}-{number}") for number in range(count)]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except BaseException:  # interrupted: what is begun comes to its end first
            with self._changed:
                self._is_over = True
                self._changed.notify_all()
            for thread in threads:
                thread.join()
            raise
        if self._failure is not None:
            raise self._failure
        if self._store.move(self._job.id, JobState.ENDED, {JobState.RUNNING}, None):
            self._watching.whole()

    def look(self) -> None:
        """Somebody in this program changed its state: see it at once."""
        with self._changed:
            self._looked_at = 0.0
            self._changed.notify_all()

    def _take_tasks(self) -> None:
        try:
            while (task := self._next_task()) is not None:
                try:
                    if isinstance(task, OpenRow):
                        self._begin(task)
                    else:
                        self._go_on(task)
                finally:
                    self._end_task()
        except BaseException as failure:
            with self._changed:
                self._failure, self._is_over = failure, True
                self._changed.notify_all()

    def _next_task(self) -> OpenRow | str | None:
        """The next operation whose time has come, else the next line; None where nothing is left for this thread."""
        while True:
            state = self._glance(is_beginning=bool(self._rows) and self._trouble is None)
            with self._changed:
                if self._is_over or self._engine.is_closing:
                    return None
                task = self._free_task(state)
                if task is not None:
                    self._busy += 1
                    return task
                if not (self._busy or self._unfinished or (self._rows and state is JobState.RUNNING)):
                    return None
                if self._busy or self._is_sleeping:
                    self._changed.wait(IDLE_SECONDS)
                    continue
                if self._has_lost_patience():
                    self._is_over = True
                    self._changed.notify_all()
                    return None
                self._is_sleeping = True
                seconds = min((self._next_time() - self._clock.now()).total_seconds(), 2 * IDLE_SECONDS)
            self._clock.sleep(max(0.0, seconds))
            with self._changed:
                self._is_sleeping = False
                self._changed.notify_all()

    def _free_task(self, state: JobState) -> OpenRow | str | None:
        now = self._clock.now()
        if state is JobState.STOPPED and not self._has_stopped:
            self._has_stopped = True
            self._unfinished = [(_LONG_AGO, one) for _, one in self._unfinished]
        if self._unfinished and self._unfinished[0][0] <= now:
            return heapq.heappop(self._unfinished)[1]
        if state is not JobState.RUNNING or not self._rows:
            return None
        if self._trouble is not None:
            if self._is_probing or now < self._trouble.retry_at:
                return None
            self._is_probing = True
        return self._rows.popleft()

    def _next_time(self) -> datetime:
        times = [at for at, _ in self._unfinished[:1]]
        if self._rows and self._trouble is not None and not self._has_stopped:
            times.append(self._trouble.retry_at)
        return min(times, default=self._clock.now())

    def _has_lost_patience(self) -> bool:
        waited = self._clock.monotonic() - self._went_on_at
        return self._patience_seconds is not None and waited >= self._patience_seconds

    def _end_task(self) -> None:
        with self._changed:
            self._busy -= 1
            self._is_probing = False
            self._changed.notify_all()

    def _begin(self, row: OpenRow) -> None:
        job = self._job
        request = CancelRequest(row.code, job.kind, row.reason or job.reason, row.note or job.note, bulk=job.id)
        try:
            self._follow(self._engine.submit(request, self._session(), self._watching.operation, brake=self._brake))
        except OperationOpen as taken:
            if taken.operation in self._store.under_way(job.id):
                self._go_on(taken.operation)  # its opening came to the disk although that was reported as failed
            else:
                self._settle(row, "being_cancelled", taken.what)
        except NotPermitted as refused:
            silent = self._centre_is_silent()
            self._put_back(row)
            if silent is not None:
                self._in_trouble(silent)
            else:
                self._pause(refused)
        except ConfigurationError as wrong:
            self._settle(row, "wrong_usage", wrong.what)
        except Closing:
            self._put_back(row)
        except DeskError as wrong:
            self._in_trouble(wrong.what)
            begun = self._store.operation_of(job.id, row.code)
            if begun is None:
                self._put_back(row)
            else:
                self._later(begun)

    def _go_on(self, operation_id: str) -> None:
        try:
            self._follow(self._engine.go_on(operation_id, self._watching.operation, brake=self._brake))
        except Closing:
            return
        except DeskError as wrong:
            self._in_trouble(wrong.what)
            self._later(operation_id)

    def _later(self, operation_id: str) -> None:
        """An error of our own came between: what is begun is gone on with when that is over, and never begun again."""
        with self._changed:
            again_at = self._trouble.retry_at if self._trouble else self._clock.now()
            heapq.heappush(self._unfinished, (again_at, operation_id))

    def _follow(self, operation: Operation) -> None:
        """What is over leaves room for others; what waits is gone on with when its time has come."""
        if operation.state is not OperationState.RUNNING:
            self._went_on()
            return
        if self._engine.is_closing:
            return
        if (why := _out_of_reach(operation)) is not None:
            self._in_trouble(why)
        with self._changed:
            heapq.heappush(self._unfinished, (operation.due_at or self._clock.now(), operation.id))

    def _settle(self, row: OpenRow, rule: str, why: Message) -> None:
        self._store.settle(self._job.id, row.line, RowState.REFUSED, rule, why)
        self._watching.line(row.line)

    def _put_back(self, row: OpenRow) -> None:
        with self._changed:
            self._rows.appendleft(row)

    def _in_trouble(self, why: Message) -> None:
        """Something is out of reach: nothing new is begun but one coupon from time to time, to see whether it is back."""
        with self._changed:
            now, before = self._clock.now(), self._trouble
            if before is None or now >= before.retry_at:
                attempts = before.attempts + 1 if before else 1
                self._trouble = Trouble(why, attempts, now + min(pause(attempts), LONGEST_PAUSE))
            is_new = before is not self._trouble
        if is_new:
            _log.info("bulk cancellation %s waits: %s", self._job.id, why)
            self._watching.whole()

    def _went_on(self) -> None:
        with self._changed:
            self._went_on_at = self._clock.monotonic()
            was_in_trouble, self._trouble = self._trouble is not None, None
        if was_in_trouble:
            self._watching.whole()

    def _pause(self, refused: DeskError) -> None:
        """Whoever asked may no longer: somebody has to take it up in their own name."""
        if self._store.move(self._job.id, JobState.PAUSED, {JobState.RUNNING}, None, refused.what, "not_permitted"):
            self._watching.whole()
        self.look()

    def _brake(self) -> Message | None:
        return STOPPED if self._glance() is JobState.STOPPED else None

    def _glance(self, *, is_beginning: bool = False) -> JobState:
        """How it stands: as it is now for what is about to begin, else as it was a moment ago."""
        if is_beginning or time.monotonic() - self._looked_at > GLANCE_SECONDS:
            self._state = self._store.state(self._job.id)
            self._looked_at = time.monotonic()
        return self._state


STOPPED: Final = msg("The bulk cancellation was stopped.")


def _out_of_reach(operation: Operation) -> Message | None:
    """Why it waits for something that is out of reach; None where only one coupon's own fate is waited for."""
    names = [StepName.UPDATE_RECORD] if operation.is_stopping else list(StepName)
    step = next((operation.step(name) for name in names if not operation.step(name).state.is_settled), None)
    return step.detail if step is not None and step.state is StepState.DELAYED else None
