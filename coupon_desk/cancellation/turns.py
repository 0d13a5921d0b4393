"""Who is at work on which operation in this program, and whether it is being closed: shared by all engines of a home."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from coupon_desk.errors import DeskError, ExitStatus
from coupon_desk.words import msg

_log = logging.getLogger(__name__)

STOP_SECONDS: Final = 30.0
"""So long closing waits for the end of a step: longer than any single request may take."""


class Closing(DeskError):
    """The program is being closed and begins nothing more."""

    exit_status = ExitStatus.NOT_FINISHED


class Turns:
    """One thread at a time works on an operation, whichever engine it uses. Safe to use from any thread."""

    def __init__(self) -> None:
        self._at_work: set[str] = set()
        self._turn = threading.Condition()
        self._is_closing = False

    @property
    def is_closing(self) -> bool:
        """Whether nothing more is begun."""
        return self._is_closing

    def is_at_work(self, operation_id: str) -> bool:
        """Whether somebody works on the operation just now."""
        with self._turn:
            return operation_id in self._at_work

    @contextmanager
    def working_on(self, operation_id: str) -> Iterator[None]:
        """A second thread waits its turn and then finds the operation further on. Raises Closing."""
        with self._turn:
            self._turn.wait_for(lambda: operation_id not in self._at_work)
            if self._is_closing:
                raise Closing(
                    msg("Coupon Desk is being closed."),
                    done=msg("Nothing was done."),
                    todo=msg("Open it again and try once more."),
                )
            self._at_work.add(operation_id)
        try:
            yield
        except DeskError as wrong:
            _log.info("operation %s stopped: %s", operation_id, wrong, extra={"detail": wrong.detail})
            raise
        finally:
            with self._turn:
                self._at_work.discard(operation_id)
                self._turn.notify_all()

    def stop(self) -> None:
        """Begin nothing more, and wait until what is under way has come to the end of its step. The trail has the rest.

        Not for ever: a thread that only waits for its time finds on waking that there is nothing more to do.
        """
        with self._turn:
            self._is_closing = True
            self._turn.wait_for(lambda: not self._at_work, STOP_SECONDS)
