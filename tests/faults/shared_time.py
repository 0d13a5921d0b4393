"""The one true time of a broken run, in memory that the shop and all desks share: whoever sleeps moves it on for everybody."""

from __future__ import annotations

import mmap
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

CELLS: Final = 4
_START, _PASSED, _RUNS_SINCE, _BUSY = range(CELLS)
LONG_SECONDS: Final = 20.0
"""From this on a sleep waits until the shop has worked off what it holds: real requests take longer than virtual minutes."""
PATIENCE_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.002


class SharedTime:
    """A clock in a file of its own (`coupon_desk.clock.Clock`). Stands still unless somebody sleeps or it is told to run."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(bytes(8 * CELLS))
        with file.open("r+b") as opened:
            self._cells = memoryview(mmap.mmap(opened.fileno(), 8 * CELLS)).cast("d")

    def begin(self, start: datetime, *, runs: bool = False) -> None:
        """A new run: it is `start`. `runs`: time passes as it really does, for programs with a clock of their own."""
        self._cells[_START] = start.timestamp()
        self._cells[_PASSED] = 0.0
        self._cells[_RUNS_SINCE] = time.monotonic() if runs else 0.0

    def stand(self) -> None:
        """Time passes no more by itself."""
        passed = self.monotonic()
        self._cells[_RUNS_SINCE] = 0.0
        self._cells[_PASSED] = passed

    def now(self) -> datetime:
        """The true time."""
        return datetime.fromtimestamp(self._cells[_START], UTC) + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Seconds since the run began."""
        since = self._cells[_RUNS_SINCE]
        return self._cells[_PASSED] + (time.monotonic() - since if since else 0.0)

    def sleep(self, seconds: float) -> None:
        """Time passes for everybody; two who sleep at once sleep side by side and not one after the other."""
        target = self.monotonic() + max(0.0, seconds)
        if seconds >= LONG_SECONDS:
            self._wait_until_idle()
        while self._cells[_PASSED] < target:
            self._cells[_PASSED] = target

    def busy(self, requests: int) -> None:
        """The shop works on so many requests."""
        self._cells[_BUSY] = float(requests)

    def _wait_until_idle(self) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while self._cells[_BUSY] and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)


class DeskClock:
    """The clock of one desk's computer: goes wrong by `skew_seconds`, and may jump; what it measures is true."""

    def __init__(self, true: SharedTime, skew_seconds: float) -> None:
        self._true = true
        self._skew_seconds = skew_seconds

    def now(self) -> datetime:
        """What this computer takes for the time."""
        return self._true.now() + timedelta(seconds=self._skew_seconds)

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return self._true.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._true.sleep(seconds)

    def jump(self, seconds: float) -> None:
        """Somebody sets the clock."""
        self._skew_seconds += seconds
