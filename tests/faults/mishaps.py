"""What befalls a desk at its durable writes: killed, interrupted, closed; the disk full, the database held, a clock set."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, select

from coupon_desk.storage.database import Database
from coupon_desk.storage.tables.trail import entries
from tests.faults.assembly import put
from tests.faults.errand import MISHAPS_FILE, Errand
from tests.faults.plan import Mishap, Place
from tests.faults.shared_time import DeskClock

BRIEF_SECONDS = 0.02


class Mishaps:
    """Around every durable write of this process. The program's own door is held, and it knows nothing of that."""

    def __init__(self, errand: Errand, clock: DeskClock) -> None:
        self.cut_reads: Callable[[], None] = lambda: None
        self.close_desk: Callable[[], None] = lambda: None
        self.was_closed = False
        self._errand = errand
        self._clock = clock
        self._writes = 0
        self._stalls_now = threading.Lock()
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
            with mishaps._befalling(number) as interrupt, write(database) as connection:
                yield connection
                if place is Place.INSIDE:
                    die()
                interrupt(Place.INSIDE)
            if place is Place.AFTER:
                die()
            interrupt(Place.AFTER)
            mishaps._stall(database)

        put(Database, "write", guarded)

    def _stall(self, database: Database) -> None:
        """The machine stands still once, right after a step was written down, until the run lets it go on."""
        plan = self._errand.plan
        if plan.stalls_after is None or (self._errand.desk, self._errand.process) != (0, 1):
            return
        with database.read() as connection:
            last = connection.execute(
                select(entries.c.action, entries.c.step).order_by(entries.c.sequence.desc()).limit(1)
            ).one()
        if last != ("step.done", plan.stalls_after.value):
            return
        if not self._stalls_now.acquire(blocking=False):
            return  # what ships the trail writes too, and would stand still once more with nobody to let it go on
        _note(self._errand, "stalled")
        before = self._clock.now()
        os.kill(os.getpid(), signal.SIGSTOP)
        if plan.stall_stops_clock:
            self._clock.jump((before - self._clock.now()).total_seconds())

    def _next(self) -> int:
        with self._lock:
            self._writes += 1
            return self._writes

    @contextmanager
    def _befalling(self, number: int) -> Iterator[Callable[[Place], None]]:
        errand, plan = self._errand, self._errand.plan
        mishap = plan.mishap(errand.desk, errand.process, number)
        interrupted = plan.interrupted(errand.desk, errand.process, number) if mishap is Mishap.INTERRUPTED else None
        if mishap is not None:
            _note(errand, mishap.value)

        def interrupt(place: Place) -> None:
            if place is interrupted:
                signal.raise_signal(signal.SIGINT)

        interrupt(Place.BEFORE)
        match mishap:
            case Mishap.DISK_FULL:
                resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
            case Mishap.LOCKED_BRIEFLY:
                _hold(errand, BRIEF_SECONDS)
            case Mishap.LOCKED_LONG:
                with _held(errand):
                    yield interrupt
                return
            case Mishap.READS_CUT:
                self.cut_reads()
            case Mishap.CLOSED:
                self._close_on_another_thread()
            case Mishap.CLOCK_JUMP:
                self._clock.jump(plan.jump_seconds(errand.desk, errand.process, number))
            case Mishap.INTERRUPTED | None:
                pass
        yield interrupt

    def _close_on_another_thread(self) -> None:
        """As harsh as closing can be: the window itself lets go of its desk only when nothing is being written any more."""

        def close() -> None:
            self.cut_reads()
            self.close_desk()

        self.was_closed = True
        threading.Thread(target=close, daemon=True).start()


def _note(errand: Errand, what: str) -> None:
    """For the campaign's sums: written before it happens, because nothing may be able to write afterwards.

    What befalls a process whose disk is full already is not counted.
    """
    with suppress(OSError), (errand.folder / MISHAPS_FILE).open("a", encoding="utf-8") as file:
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
