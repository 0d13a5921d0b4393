"""Where work runs: reads and remote calls on four threads, writes on one, results back on the window's thread.

A result reaches its owner only if that still exists and no newer job of the same kind was started. Writes are never dropped,
superseded or aborted. The reasons, measured: the house's notes on threads (a runnable that owns its signals crashes when the
dialog closes first; a QObject must never die on a worker). So the worker knows a number and a function without widgets; who
waits for the number is kept on the window's thread, and one long-lived bridge carries the answers over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Any, Final, Protocol, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal, Slot

from coupon_desk.errors import DeskError
from coupon_desk.words import msg

logger: Final = logging.getLogger("coupon_desk.desk")

T = TypeVar("T")
Tell = Callable[[Any], None]
READERS: Final = 4


class Runner(Protocol):
    """Runs what must not run on the window's thread. All callbacks come on the window's thread."""

    def read(
        self, owner: QObject, kind: str, job: Callable[[], T], done: Callable[[T], None], failed: Callable[[DeskError], None]
    ) -> None:
        """Run a job whose result may be dropped; a newer one of the same kind for the same owner supersedes it."""

    def write(
        self,
        owner: QObject,
        job: Callable[[Tell], T],
        done: Callable[[T], None],
        failed: Callable[[DeskError], None],
        told: Callable[[Any], None] | None = None,
    ) -> None:
        """Run a job to its end, one after the other; what it tells on the way comes to `told`."""

    def abort_reads_with(self, abort: Callable[[], None]) -> None:
        """What ends reads in flight at shutdown; harmless to call twice."""

    @property
    def is_writing(self) -> bool:
        """Whether a write is running or waiting."""

    def finish(self, then: Callable[[], None]) -> None:
        """Accept nothing new, let writes end, abort reads, end the threads; then call `then`. Does not block on writes."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who waits for one job. Lives on the window's thread only, so that no widget ever dies on a worker."""

    owner: QObject
    kind: str | None
    done: Callable[[Any], None]
    failed: Callable[[DeskError], None]
    told: Callable[[Any], None] | None


@dataclass(frozen=True, slots=True)
class Letter:
    """What a worker has to say about a ticket."""

    number: int
    result: Any = None
    error: DeskError | None = None
    is_last: bool = True


@dataclass(frozen=True, slots=True)
class _Reading:
    """The newest read of a kind. One that has not begun when the next is asked for never begins."""

    number: int
    future: Future[None]


class _Bridge(QObject):
    """The one way from the workers to the window's thread."""

    arrived = Signal(object)


class PoolRunner(QObject):
    """The runner of the program. Make it on the window's thread."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="desk-read")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="desk-write")
        self._numbers = count(1)
        self._tickets: dict[int, Ticket] = {}
        self._newest: dict[tuple[int, str], _Reading] = {}
        self._writes: set[int] = set()
        self._abort: Callable[[], None] = _nothing
        self._then: Callable[[], None] | None = None
        self._is_over = False
        self._bridge = _Bridge(self)
        self._bridge.arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def read(
        self, owner: QObject, kind: str, job: Callable[[], T], done: Callable[[T], None], failed: Callable[[DeskError], None]
    ) -> None:
        """See Runner."""
        if self._then is not None or self._is_over:
            return
        number, key = next(self._numbers), (id(owner), kind)
        self._tickets[number] = Ticket(owner, kind, done, failed, None)
        superseded = self._newest.get(key)
        if superseded is not None and superseded.future.cancel():
            del self._tickets[superseded.number]
        self._newest[key] = _Reading(number, self._readers.submit(_work, self._bridge, number, lambda _tell: job()))

    def write(
        self,
        owner: QObject,
        job: Callable[[Tell], T],
        done: Callable[[T], None],
        failed: Callable[[DeskError], None],
        told: Callable[[Any], None] | None = None,
    ) -> None:
        """See Runner."""
        if self._then is not None or self._is_over:
            failed(DeskError(msg("Coupon Desk is closing; this was not begun.")))
            return
        number = next(self._numbers)
        self._tickets[number] = Ticket(owner, None, done, failed, told)
        self._writes.add(number)
        self._writer.submit(_work, self._bridge, number, job)

    def abort_reads_with(self, abort: Callable[[], None]) -> None:
        """See Runner."""
        self._abort = abort

    @property
    def is_writing(self) -> bool:
        """See Runner."""
        return bool(self._writes)

    def finish(self, then: Callable[[], None]) -> None:
        """See Runner."""
        if self._is_over:
            then()
            return
        self._then = then
        self._end_when_idle()

    def _end_when_idle(self) -> None:
        if self._then is None or self._writes or self._is_over:
            return
        self._is_over = True
        self._writer.shutdown(wait=True)
        self._readers.shutdown(wait=False, cancel_futures=True)
        self._abort()
        self._readers.shutdown(wait=True, cancel_futures=True)
        self._tickets.clear()
        self._then()

    @Slot(object)
    def _deliver(self, letter: Letter) -> None:
        ticket = self._tickets.get(letter.number)
        if ticket is None:
            return
        if letter.is_last:
            del self._tickets[letter.number]
            self._writes.discard(letter.number)
        try:
            if self._is_wanted(ticket, letter):
                hand_over(ticket, letter)
        finally:
            self._end_when_idle()

    def _is_wanted(self, ticket: Ticket, letter: Letter) -> bool:
        if ticket.kind is not None and self._then is not None:
            return False
        if ticket.kind is not None:
            key = (id(ticket.owner), ticket.kind)
            newest = self._newest.get(key)
            if newest is None or newest.number != letter.number:
                return False
            del self._newest[key]
        return shiboken6.isValid(ticket.owner)


def _work(bridge: _Bridge, number: int, job: Callable[[Tell], Any]) -> None:
    run_job(bridge.arrived.emit, number, job)


def run_job(post: Callable[[Letter], None], number: int, job: Callable[[Tell], Any]) -> None:
    """Run a job and post what it tells, and at the end its result or why there is none."""
    try:
        result = job(lambda value: post(Letter(number, result=value, is_last=False)))
    except DeskError as error:
        post(Letter(number, error=error))
    except Exception as mistake:
        logger.exception("a job of the window failed")
        post(Letter(number, error=_mistake(mistake)))
    else:
        post(Letter(number, result=result))


def hand_over(ticket: Ticket, letter: Letter) -> None:
    """Call back whoever waits, on the thread of the window."""
    if letter.error is not None:
        ticket.failed(letter.error)
    elif letter.is_last:
        ticket.done(letter.result)
    elif ticket.told is not None:
        ticket.told(letter.result)


def _mistake(mistake: Exception) -> DeskError:
    return DeskError(
        msg("Something unexpected went wrong ({kind}).", kind=type(mistake).__name__),
        todo=msg("What was begun is kept and can go on later; the log file tells more."),
    )


def _nothing() -> None:
    """Nothing to abort yet."""
