"""Calls of several threads that come at about the same time, put into one round and answered together.

Whoever comes first leads the round: waits a moment for others, waits until the round before is over, and asks for all of
them. What comes while a round is under way gathers for the next, so that rounds grow by themselves where Shopify or its cost
bucket is what everybody waits for. There is no thread besides those that call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Final, Generic, TypeAlias, TypeVar

from coupon_desk.clock import Clock
from coupon_desk.errors import RemoteError, RemoteUnavailable
from coupon_desk.shopify.refusals import Hopeless, Throttled

GATHER_SECONDS: Final = 0.1
"""So long the first of a round waits for others: who was answered together meets again, and it costs a bulk next to no time."""

K = TypeVar("K")
V = TypeVar("V")


class Alone(Enum):
    """Not answered in this round: the member is to be asked by itself, the way that is always right."""

    ALONE = auto()


ALONE: Final = Alone.ALONE

Told: TypeAlias = "V | Alone | RemoteError"
"""What a round tells one of its members: its answer, its own error, or to be asked by itself."""


class Rounds(Generic[K, V]):
    """Rounds of one kind of call, one after the other. Safe to use from any number of threads.

    `ask_all` gets the members of a round and returns what it tells each, in their order; a RemoteError that it raises meets
    them all. A round has at most `most` members, and one that stayed by itself is told to be asked alone.
    """

    def __init__(self, ask_all: Callable[[Sequence[K]], Sequence[Told[V]]], most: int, clock: Clock) -> None:
        self._ask_all = ask_all
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._open: _Round[K, V] | None = None

    @property
    def gathered(self) -> int:
        """How many are in the round that still gathers."""
        with self._lock:
            return len(self._open.members) if self._open is not None else 0

    def ask(self, member: K) -> V | Alone:
        """The member's own answer, or ALONE. Raises the member's own RemoteError."""
        with self._lock:
            leads = self._open is None
            mine = self._open = self._open or _Round()
            place = len(mine.members)
            mine.members.append(member)
            if len(mine.members) == self._most:
                self._open = None
        if leads:
            self._lead(mine)
        else:
            mine.is_over.wait()
        told = mine.told[place]
        if isinstance(told, BaseException):
            raise twin(told) from told
        return told

    def _lead(self, mine: _Round[K, V]) -> None:
        try:
            self._clock.sleep(GATHER_SECONDS)
            with self._turn:
                with self._lock:
                    if self._open is mine:
                        self._open = None
                mine.told = self._told(mine.members)
        except BaseException as broken:
            with self._lock:
                if self._open is mine:
                    self._open = None
            mine.told = [RuntimeError("the round was not finished")] * len(mine.members)
            mine.told[0] = broken
        finally:
            mine.is_over.set()

    def _told(self, members: Sequence[K]) -> list[Told[V] | BaseException]:
        if len(members) == 1:
            return [ALONE]
        try:
            return list(self._ask_all(members))
        except RemoteError as error:
            return [error] * len(members)


class _Round(Generic[K, V]):
    def __init__(self) -> None:
        self.members: list[K] = []
        self.told: list[Told[V] | BaseException] = []
        self.is_over = threading.Event()


E_ = TypeVar("E_", bound=BaseException)


def twin(error: E_) -> E_:
    """The same error once more: each thread raises one of its own, so that none changes another's traceback."""
    again = type(error).__new__(type(error))
    again.args = error.args
    again.__dict__.update(error.__dict__)
    return again


def meets_everybody(error: RemoteError) -> bool:
    """Whether a failed read would fail for each member just so: no connection, no points in the bucket, the program closes.

    Anything that was answered may be one member's fault; then each is asked by itself.
    """
    if isinstance(error, Throttled):
        return True
    return isinstance(error, RemoteUnavailable) and not isinstance(error, Hopeless) and error.request_id is None
