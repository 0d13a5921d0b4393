"""Runs everything at once on the calling thread, for tests of the window as a function of its snapshots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject

from coupon_desk.desk.threads import Letter, Tell, Ticket, hand_over, run_job
from coupon_desk.errors import DeskError

T = TypeVar("T")


class InlineRunner:
    """Runs everything at once on the calling thread; for tests of the window as a function of its snapshots."""

    def __init__(self) -> None:
        self._is_over = False

    def read(
        self, owner: QObject, kind: str, job: Callable[[], T], done: Callable[[T], None], failed: Callable[[DeskError], None]
    ) -> None:
        """See Runner."""
        del kind
        self.write(owner, lambda _tell: job(), done, failed)

    def write(
        self,
        owner: QObject,
        job: Callable[[Tell], T],
        done: Callable[[T], None],
        failed: Callable[[DeskError], None],
        told: Callable[[Any], None] | None = None,
    ) -> None:
        """See Runner."""
        if self._is_over:
            return
        ticket = Ticket(owner, None, done, failed, told)
        letters: list[Letter] = []

        def post(letter: Letter) -> None:
            if letter.is_last:
                letters.append(letter)
            elif shiboken6.isValid(owner):
                hand_over(ticket, letter)

        run_job(post, 0, job)
        if shiboken6.isValid(owner):
            hand_over(ticket, letters[0])

    def abort_reads_with(self, abort: Callable[[], None]) -> None:
        """See Runner."""

    @property
    def is_writing(self) -> bool:
        """See Runner."""
        return False

    def finish(self, then: Callable[[], None]) -> None:
        """See Runner."""
        self._is_over = True
        then()
