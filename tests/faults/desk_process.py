"""One desk as a process of its own: opens its home, goes on with what was begun or cancels the coupon, and ends.

What befalls it (killed at a durable write, a full disk, a locked database, a clock that jumps) is put around the database's
own door; the program knows nothing of it.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import sqlite3
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from sqlalchemy import Connection

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.training import training_vault
from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, OperationState
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import DeskError, ExitStatus
from coupon_desk.storage.database import Database
from tests.faults import mutants
from tests.faults.assembly import put
from tests.faults.errand import CRASH_FILE, CRASHED, LOGIN, MISHAPS_FILE, NO_MUTANT, PIN, Errand
from tests.faults.plan import Mishap, Place
from tests.faults.shared_time import DeskClock, SharedTime

WAIT_SECONDS = 900.0
BRIEF_SECONDS = 0.02


def end_with(errand: Errand, true_time: SharedTime) -> NoReturn:
    """Do the errand and end this process with its exit status."""
    status = NO_MUTANT
    try:
        if errand.mutant:
            mutants.SAFEGUARDS[errand.mutant]()
        status = CRASHED
        status = do(errand, true_time)
    except BaseException:
        (errand.folder / CRASH_FILE).write_text(traceback.format_exc(), encoding="utf-8")
    finally:
        sys.stdout.flush()
        os._exit(int(status))


def do(errand: Errand, true_time: SharedTime) -> int:
    """Do the errand; the exit status of what became of it."""
    random.seed(errand.plan.jitter(errand.desk, errand.process))
    skew = errand.plan.skew_seconds(errand.desk, errand.process) if errand.in_trouble else 0.0
    clock = DeskClock(true_time, skew)
    desk: CouponDesk | None = None
    try:
        mishaps = _Mishaps(errand, clock)
        if errand.in_trouble:
            mishaps.befall()
        desk = CouponDesk.open(errand.folder, secrets=training_vault(errand.shop), clock=clock)
        mishaps.close_window = desk.abort_reads
        status = _work(desk, errand)
        desk.close()
    except DeskError as wrong:
        return wrong.exit_status
    return status


def _work(desk: CouponDesk, errand: Errand) -> int:
    if desk.index.open_ones():
        touched = desk.resume(wait_seconds=WAIT_SECONDS)
        return max((one.exit_status for one in touched), default=ExitStatus.DONE)
    code = CouponCode.parse(errand.code)
    if not errand.may_cancel or _is_cancelled(desk.operations(code=code)):
        return ExitStatus.DONE
    kind = OperationKind.INVALIDATE if errand.plan.invalidate else OperationKind.CANCEL
    session = desk.people.sign_in(LOGIN, PIN)
    request = CancelRequest(code, kind, Reason.CONVERTED_BY_MISTAKE, "Wrong customer at the till")
    return desk.cancel(request, session, wait_seconds=WAIT_SECONDS).exit_status


def _is_cancelled(operations: tuple[Operation, ...]) -> bool:
    return any(one.state is OperationState.COMPLETED for one in operations)


class _Mishaps:
    """Around every durable write of this process."""

    def __init__(self, errand: Errand, clock: DeskClock) -> None:
        self.close_window: Callable[[], None] = lambda: None
        self._errand = errand
        self._clock = clock
        self._writes = 0
        self._lock = threading.Lock()

    def befall(self) -> None:
        """From now on."""
        write = Database.write
        mishaps, errand = self, self._errand

        @contextmanager
        def guarded(database: Database) -> Iterator[Connection]:
            number = mishaps._next()
            place = errand.plan.kill_at_write(errand.desk, errand.process, number)
            if place is not None:
                _note(errand, f"killed {place.value} a write")
            if place is Place.BEFORE:
                die()
            with mishaps._befalling(number), write(database) as connection:
                yield connection
                if place is Place.INSIDE:
                    die()
            if place is Place.AFTER:
                die()

        put(Database, "write", guarded)

    def _next(self) -> int:
        with self._lock:
            self._writes += 1
            return self._writes

    @contextmanager
    def _befalling(self, number: int) -> Iterator[None]:
        errand, plan = self._errand, self._errand.plan
        mishap = plan.mishap(errand.desk, errand.process, number)
        if mishap is not None:
            _note(errand, mishap.value)
        match mishap:
            case Mishap.DISK_FULL:
                resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
            case Mishap.LOCKED_BRIEFLY:
                _hold(errand, BRIEF_SECONDS)
            case Mishap.LOCKED_LONG:
                with _held(errand):
                    yield
                return
            case Mishap.CLOSING:
                self.close_window()
            case Mishap.CLOCK_JUMP:
                self._clock.jump(plan.jump_seconds(errand.desk, errand.process, number))
            case None:
                pass
        yield


def _note(errand: Errand, what: str) -> None:
    """For the campaign's sums: written before it happens, because nothing may be able to write afterwards."""
    with (errand.folder / MISHAPS_FILE).open("a", encoding="utf-8") as file:
        file.write(f"{what}\n")


def die() -> None:
    """As `kill -9` does it."""
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def _held(errand: Errand) -> Iterator[None]:
    """Another program holds the database."""
    other = sqlite3.connect(errand.folder / "desk.sqlite3", isolation_level=None, check_same_thread=False)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
    finally:
        other.close()


def _hold(errand: Errand, seconds: float) -> None:
    """Another program holds the database for a moment, and this one has to wait."""
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        with _held(errand):
            held.set()
            over.wait(seconds)

    threading.Thread(target=hold, daemon=True).start()
    held.wait()
