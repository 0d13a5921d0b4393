"""Bulk cancellations for the window and the command line: sorted first, asked for once, taken up by many threads."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Final

from coupon_desk.app.bulk_export import BulkExport, written
from coupon_desk.app.freshening import row_of as catalogue_row
from coupon_desk.cancellation.bulk_job import (
    OF_OPERATION,
    BulkJob,
    BulkRequest,
    BulkRow,
    JobState,
    RowState,
    rule_of,
    why_of,
)
from coupon_desk.cancellation.bulk_list import TWICE, BulkList, ListedRow
from coupon_desk.cancellation.bulk_run import STOPPED, BulkRun, Watching
from coupon_desk.cancellation.bulk_sorting import Sorted, Sorter
from coupon_desk.cancellation.bulk_store import BulkStore, unknown_bulk
from coupon_desk.cancellation.engine import Engine, ignore
from coupon_desk.cancellation.gathering import Gatherer
from coupon_desk.cancellation.operation import Operation, OperationKind
from coupon_desk.cancellation.own_work import OperationErased
from coupon_desk.cancellation.permission import MANY, NoteTooShort, Permission, checked_note
from coupon_desk.cancellation.turns import Closing
from coupon_desk.cancellation.work import Observer
from coupon_desk.catalogue.catalogue import Catalogue
from coupon_desk.clock import Clock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import Evidence, OwnWork
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import ConfigurationError, DeskError, NotPermitted, StorageError
from coupon_desk.people.operators import Session
from coupon_desk.people.people import People
from coupon_desk.people.roles import Right, Role
from coupon_desk.trail.index import OperationIndex
from coupon_desk.words import Language, Message, msg

_log = logging.getLogger(__name__)

FRESH_SECONDS: Final = 0.2
"""Beside a line that changed, how the whole stands may be so old."""

CONFIRM_ABOVE: Final = 20
"""More coupons than this are asked for only by somebody who has typed how many they are."""

BulkObserver = Callable[[BulkJob, BulkRow | None], None]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class BulkWays:
    """The ways to the remote systems that many coupons share, for one run or one look."""

    engine: Engine
    gatherer: Gatherer
    workers: int


def _quietly(_done: int, _of: int) -> None:
    """Nobody wants to know how far it is."""


class Bulks:
    """All bulk cancellations of a home. Safe to use from any thread; at most one thread of this program runs each."""

    def __init__(
        self,
        store: BulkStore,
        engine: Engine,
        permission: Permission,
        index: OperationIndex,
        people: People,
        catalogue: Catalogue,
        clock: Clock,
        own_work: Callable[[CouponCode, str], OwnWork | None],
        ways: Callable[[], AbstractContextManager[BulkWays]],
        ready: Callable[[], None],
        watched: Callable[[Observer], Observer],
    ) -> None:
        self._store = store
        self._engine = engine
        self._permission = permission
        self._index = index
        self._people = people
        self._catalogue = catalogue
        self._clock = clock
        self._own_work = own_work
        self._ways = ways
        self._ready = ready
        self._watched = watched
        self._turn = threading.Condition()
        self._runs: dict[str, BulkRun | None] = {}
        self._observers: list[BulkObserver] = []
        self._threads: list[threading.Thread] = []
        self._told_last: dict[str, tuple[BulkJob, float]] = {}

    def dry_run(
        self,
        rows: BulkList,
        session: Session,
        *,
        kind: OperationKind = OperationKind.CANCEL,
        reason: Reason,
        on_progress: Progress = _quietly,
        stop: threading.Event | None = None,
    ) -> Sorted:
        """Where each line belongs, by what all sources say now; nothing is written. Raises NotPermitted, ConfigurationError.

        `on_progress` hears how many of how many were looked up, on a thread that must not be held up.
        """
        person = self._people.authorise(session, Right.ASK, MANY)
        self._ready()
        with self._ways() as ways:
            house, workers = self._permission.house, min(ways.workers, max(1, len(rows.good)))
            sorter = Sorter(ways.gatherer, self._own_work, self._index, house, self._clock, self._learn, workers)
            return sorter.sort(rows, person, kind, reason, on_progress, stop or threading.Event())

    def open(self, request: BulkRequest, session: Session) -> BulkJob:
        """Write down what is asked for, once for all; nothing is begun before `begin` or `run`.

        Raises NotPermitted, which the trail records once, NoteTooShort, ConfigurationError where there is nothing to do.
        """
        note = self._permission.ask_for_many(session, request.kind, request.note)
        rows = BulkList(tuple(map(self._with_checked_note, request.rows.rows)))
        if not any(row.line not in request.left_out for row in rows.good):
            raise ConfigurationError(
                msg("There is no coupon to cancel in this list."),
                done=msg("Nothing was done."),
                todo=msg("Look at what was left out, and why."),
            )
        self._ready()
        return self.job(self._store.open(replace(request, rows=rows, note=note), session))

    def begin(self, job_id: str) -> None:
        """Work on it in the background, until it ended, is paused or stopped, or the program closes. Twice is harmless.

        Raises ConfigurationError for an unknown id, HomeBusy, SecretMissing.
        """
        self._store.state(job_id)
        self._ready()
        thread = threading.Thread(target=self._work_quietly, args=(job_id,), name=f"bulk-{job_id[:8]}")
        with self._turn:
            if job_id in self._runs:
                return
            self._runs[job_id] = None
            self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()

    def run(self, job_id: str, observer: BulkObserver | None = None, *, wait_seconds: float | None = None) -> BulkJob:
        """Work on it and wait until it ended, is paused or stopped, or the program closes. How it stands then.

        `wait_seconds`: so long it waits for what is out of reach, None as long as it takes. Where this program works on it
        already, it only waits. Raises ConfigurationError, ListChanged, StorageError.
        """
        end_watching = self.watch(observer) if observer is not None else None
        try:
            self._ready()
            with self._turn:
                is_ours = job_id not in self._runs
                if is_ours:
                    self._runs[job_id] = None
                else:
                    self._turn.wait_for(lambda: job_id not in self._runs)
            if is_ours:
                self._work(job_id, wait_seconds)
        finally:
            if end_watching is not None:
                end_watching()
        return self.job(job_id)

    def pause(self, job_id: str, session: Session) -> BulkJob:
        """Nothing more is begun; what is begun is finished. Raises NotPermitted, ConfigurationError where it is over."""
        self._authorise(job_id, session)
        return self._moved(job_id, JobState.PAUSED, {JobState.RUNNING}, session)

    def resume(self, job_id: str, session: Session) -> BulkJob:
        """It may go on, from now on in this operator's name; `begin` or `run` does the rest. Raises as `pause`."""
        self._people.authorise(session, Right.ASK, MANY)
        with self._turn:
            is_at_work = job_id in self._runs
        left = set() if is_at_work else {JobState.RUNNING}
        return self._moved(job_id, JobState.RUNNING, {JobState.PAUSED, *left}, session)

    def stop(self, job_id: str, session: Session, *, withdraw_requests: bool = False) -> BulkJob:
        """For good: what is before the pivot is put back, what is past it is finished, nothing more is begun.

        What waits for a second person goes on waiting, or is withdrawn. Raises as `pause`.
        """
        self._authorise(job_id, session)
        stopped = self._moved(job_id, JobState.STOPPED, {JobState.RUNNING, JobState.PAUSED}, session)
        if not withdraw_requests:
            return stopped
        self._ready()
        for operation_id in self._store.requests(job_id):
            try:
                self._engine.withdraw(operation_id, session, str(STOPPED), self._watched(ignore))
            except NotPermitted as too_late:
                _log.info("request %s of a stopped bulk cancellation stays: %s", operation_id, too_late)
        return self.job(job_id)

    def go_on(self) -> tuple[str, ...]:
        """Take up every bulk cancellation that runs by what the database says, and that nobody works on. Which those are."""
        left = tuple(job.id for job in self.left())
        for job_id in left:
            self.begin(job_id)
        return left

    def left(self) -> tuple[BulkJob, ...]:
        """Those that run by what the database says, and that nobody in this program works on; the oldest first."""
        ids = self._store.in_state(JobState.RUNNING)
        return tuple(self.job(job_id) for job_id in ids if job_id not in self._runs)

    def call_off_left(self) -> None:
        """What was under way when somebody stopped the whole, and a crash came between, is put back before anything else."""
        for operation_id in self._store.to_be_called_off():
            try:
                self._engine.go_on(operation_id, self._watched(ignore), brake=lambda: STOPPED)
            except DeskError as wrong:
                _log.info("operation %s of a stopped bulk cancellation waits: %s", operation_id, wrong)

    def job(self, job_id: str) -> BulkJob:
        """One of them, as it stands. Raises ConfigurationError for an unknown id."""
        return self._with_run(self._store.job(job_id))

    def jobs(self, limit: int = 50) -> tuple[BulkJob, ...]:
        """The newest ones."""
        return tuple(map(self._with_run, self._store.jobs(limit)))

    def find(self, typed: str) -> BulkJob:
        """The one whose id is this, or begins so. Raises ConfigurationError where none does, or several do."""
        wanted = typed.strip().lower()
        found = self._store.ids(wanted) if wanted else ()
        if len(found) > 1:
            raise ConfigurationError(
                msg("Several bulk cancellations begin with {bulk}.", bulk=wanted),
                done=msg("Nothing was done."),
                todo=msg("Type more of the id; “coupon-desk bulk list” shows them."),
            )
        if not found:
            raise unknown_bulk(typed.strip()[:40])
        return self.job(found[0])

    def rows(
        self,
        job_id: str,
        *,
        states: Collection[RowState] | None = None,
        after_line: int = 0,
        limit: int | None = None,
    ) -> tuple[BulkRow, ...]:
        """The lines in their order, with what is to be said of each. Raises ConfigurationError for an unknown id."""
        return tuple(map(self._told, self._store.rows(job_id, states, after_line, limit)))

    def operations(self, job_id: str) -> tuple[Operation, ...]:
        """What was begun, in the order of the list; without what was erased since."""
        found = (self._operation(one) for one in self._store.operations(job_id))
        return tuple(one for one in found if one is not None)

    def export(self, job_id: str, form: BulkExport, session: Session | None, language: Language) -> bytes:
        """Every line and what became of it, as a file. Raises NotPermitted, ConfigurationError."""
        if session is not None:
            self._people.authorise(session, Right.SEE, MANY)
        return written(self.job(job_id), self.rows(job_id), form, language)

    def watch(self, observer: BulkObserver) -> Callable[[], None]:
        """Tell of every change, on the thread that makes it: the whole, and the line that changed, if it was one.

        What is returned ends it.
        """
        with self._turn:
            self._observers.append(observer)

        def end() -> None:
            with self._turn:
                if observer in self._observers:
                    self._observers.remove(observer)

        return end

    def close(self) -> None:
        """Wait for the threads of all runs; the engine was told to stop before."""
        with self._turn:
            runs, threads = list(self._runs.values()), list(self._threads)
        for run in runs:
            if run is not None:
                run.look()
        for thread in threads:
            thread.join()
        with self._turn:
            self._turn.wait_for(lambda: not self._runs)

    def _work_quietly(self, job_id: str) -> None:
        """In the background: what goes wrong is told to who watches, and to the log."""
        try:
            self._work(job_id, None)
        except Closing:
            return
        except DeskError as wrong:
            _log.warning("bulk cancellation %s cannot go on: %s", job_id, wrong, extra={"detail": wrong.detail})
            try:
                self._store.move(job_id, JobState.PAUSED, {JobState.RUNNING}, None, wrong.what, "failed")
            except StorageError as worse:
                _log.info("that bulk cancellation %s is paused could not be written: %s", job_id, worse)
            self._tell(job_id, None)

    def _work(self, job_id: str, wait_seconds: float | None) -> None:
        try:
            with self._ways() as ways:
                run = BulkRun(
                    self._store.job(job_id),
                    self._store,
                    ways.engine,
                    lambda: self._owner(job_id),
                    lambda: self._silence(job_id),
                    self._clock,
                    self._watching(job_id),
                    workers=ways.workers,
                    patience_seconds=wait_seconds,
                )
                with self._turn:
                    self._runs[job_id] = run
                run.work()
        finally:
            with self._turn:
                self._runs.pop(job_id, None)
                self._turn.notify_all()
            self._tell(job_id, None)

    def _owner(self, job_id: str) -> Session:
        """Whose work it is, as they were when they asked: the engine asks whether they still may."""
        owner = self._store.owner(job_id)
        person = self._people.get(owner.login)
        if person is None:
            raise NotPermitted(msg("This desk does not know the operator “{login}”.", login=owner.login))
        return Session(replace(person, role=Role(owner.role)), self._clock.now())

    def _silence(self, job_id: str) -> Message | None:
        """Why nobody can tell now whether whose work it is still may; None where that is not why they may not."""
        silent = self._people.refresh(self._store.owner(job_id).login)
        return silent.what if silent is not None else None

    def _authorise(self, job_id: str, session: Session) -> None:
        """One's own work one may stop; another's only who could have approved it."""
        is_own = self._store.owner(job_id).login == session.login
        self._people.authorise(session, Right.ASK if is_own else Right.APPROVE, MANY)

    def _moved(self, job_id: str, to: JobState, of: Collection[JobState], session: Session) -> BulkJob:
        if not self._store.move(job_id, to, of, session):
            stands = self.job(job_id)
            if stands.state is not to:
                raise NotPermitted(
                    msg("This bulk cancellation is over: {state}.", state=stands.state.label)
                    if stands.state.is_over
                    else msg("This bulk cancellation is not paused."),
                    done=msg("Nothing was done."),
                    todo=msg("“coupon-desk bulk show {bulk}” shows how it stands.", bulk=job_id),
                )
        with self._turn:
            run = self._runs.get(job_id)
        if run is not None:
            run.look()
        self._tell(job_id, None)
        return self.job(job_id)

    def _with_checked_note(self, row: ListedRow) -> ListedRow:
        if row.note is None or row.flaw is not None:
            return row
        try:
            return replace(row, note=checked_note(row.note, self._permission.house.policy.minimum_note_length))
        except ConfigurationError as wrong:
            rule = "note_too_short" if isinstance(wrong, NoteTooShort) else "note_unreadable"
            return replace(row, note=None, flaw=wrong.what, rule=rule)

    def _watching(self, job_id: str) -> Watching:
        lines = {row.code: row for row in self._store.rows(job_id) if row.code is not None and row.rule != TWICE}
        known: dict[str, RowState] = {}

        def line(number: int) -> None:
            (row,) = self.rows(job_id, after_line=number - 1, limit=1)
            self._tell(job_id, row)

        def operation(snapshot: Operation) -> None:
            """Of its many snapshots those that change the line."""
            row = _row_of(snapshot, lines[snapshot.code])
            if known.get(snapshot.id) is not row.state:
                known[snapshot.id] = row.state
                self._tell(job_id, row)

        return Watching(self._watched(operation), line, lambda: self._tell(job_id, None))

    def _tell(self, job_id: str, row: BulkRow | None) -> None:
        """Tell who watches; with a line, the whole may be as it was a moment ago."""
        with self._turn:
            observers, told = tuple(self._observers), self._told_last.get(job_id)
        if not observers:
            return
        try:
            if row is None or told is None or time.monotonic() - told[1] > FRESH_SECONDS:
                told = (self.job(job_id), time.monotonic())
        except DeskError as wrong:
            _log.info("how bulk cancellation %s stands could not be read: %s", job_id, wrong)
            return
        job = told[0]
        with self._turn:
            self._told_last = {job_id: told}
        for observer in observers:
            try:
                observer(job, row)
            except Exception:
                _log.exception("an observer of bulk cancellation %s failed", job_id)

    def _with_run(self, job: BulkJob) -> BulkJob:
        with self._turn:
            is_at_work, run = job.id in self._runs, self._runs.get(job.id)
        trouble = run.trouble if run is not None else None
        if trouble is None:
            return replace(job, is_at_work=is_at_work)
        return replace(job, is_at_work=is_at_work, waits_for=trouble.why, retry_at=trouble.retry_at)

    def _told(self, row: BulkRow) -> BulkRow:
        """With what only the operation itself tells."""
        operation = self._operation(row.operation) if row.operation is not None else None
        if operation is None:
            return row
        return _row_of(operation, row)

    def _operation(self, operation_id: str) -> Operation | None:
        try:
            return self._engine.operation(operation_id)
        except OperationErased:
            return None

    def _learn(self, seen: Iterable[Evidence]) -> None:
        """The list in the window shows what was just looked up; that it could not be written stops nobody."""
        rows = [row for row in map(catalogue_row, seen) if row is not None]
        try:
            for first in range(0, len(rows), _AT_ONCE):
                self._catalogue.upsert(rows[first : first + _AT_ONCE])
        except StorageError as wrong:
            _log.info("the catalogue does not show what was looked up: %s", wrong)


_AT_ONCE: Final = 500


def _row_of(operation: Operation, row: BulkRow) -> BulkRow:
    """The line as its operation tells it."""
    return replace(
        row,
        state=OF_OPERATION[operation.state],
        why=why_of(operation),
        rule=rule_of(operation),
        operation=operation.id,
        points_returned=int(operation.points_returned),
        balance_after=operation.balance_after,
        updated_at=operation.updated_at,
    )
