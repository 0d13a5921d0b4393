"""What a test must not leave behind or cause unannounced: warnings in the log, threads that go on."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

END_SECONDS = 3.0


class UnexpectedRecords(logging.Handler):
    """Collects the warnings and errors that no `caplog.at_level` of the same level announced."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        super().__init__(logging.WARNING)
        self._caplog = caplog
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps the record if it was not announced."""
        if self._caplog.handler.level != record.levelno:
            self.messages.append(f"{record.levelname} {record.name}: {record.getMessage()}")


@contextmanager
def no_unexpected_records(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fails the test if the program logs a warning that the test did not announce."""
    ours = logging.getLogger("coupon_desk")
    handler = UnexpectedRecords(caplog)
    ours.addHandler(handler)
    try:
        yield
    finally:
        ours.removeHandler(handler)
    if handler.messages:
        told = "\n".join(handler.messages)
        pytest.fail(f"logged, but not announced with caplog.at_level:\n{told}", pytrace=False)


@contextmanager
def no_new_threads() -> Iterator[None]:
    """Fails the test if it leaves a thread that would keep the program from ending."""
    before = set(threading.enumerate())
    yield
    until = time.monotonic() + END_SECONDS
    left = [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
    for thread in left:
        thread.join(max(0.0, until - time.monotonic()))
    names = [thread.name for thread in left if thread.is_alive()]
    if names:
        pytest.fail(f"threads left behind: {', '.join(names)}", pytrace=False)
