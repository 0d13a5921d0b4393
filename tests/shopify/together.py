"""Calls of several threads that surely meet in one round, and what became of each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coupon_desk.clock import VirtualClock
from coupon_desk.errors import RemoteError
from coupon_desk.shopify.rounds import GATHER_SECONDS

Call = Callable[[], Any]


@dataclass(frozen=True)
class Failed:
    """How a call failed, as far as its caller can tell: the kind, and what it says."""

    kind: type[RemoteError]
    what: str


class MeetingClock(VirtualClock):
    """A virtual clock by which a round goes on when so many calls have gathered, and not by luck."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._gathered: Callable[[], int] = lambda: 0
        self._expected = 0
        self._met = threading.Event()

    def expect(self, calls: int, gathered: Callable[[], int]) -> None:
        self._gathered, self._expected = gathered, calls
        self._met.clear()

    def sleep(self, seconds: float) -> None:
        while seconds == GATHER_SECONDS and not self._met.is_set():
            if self._gathered() >= self._expected:
                self._met.set()
            self._met.wait(0.001)
        time.sleep(0.001)  # so that those who only wait do not run away with the time of those who hear from a real server
        super().sleep(seconds)


def outcome(call: Call) -> Any:
    """What a call returns, or how it failed."""
    try:
        return call()
    except RemoteError as error:
        return Failed(type(error), str(error.what))


def together(calls: Sequence[Call], clock: MeetingClock, gathered: Callable[[], int]) -> list[Any]:
    """What becomes of the calls, each on a thread of its own and all of them in one round of their kind."""
    told: list[Any] = [None] * len(calls)

    def run(place: int) -> None:
        told[place] = outcome(calls[place])

    clock.expect(len(calls), gathered)
    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told
