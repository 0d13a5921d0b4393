"""The desks' processes of one run: started, stopped and let go on, killed, and waited for."""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from tests.faults.bench import Bench
from tests.faults.errand import CRASH_FILE, NO_MUTANT, STACKS_FILE, Errand
from tests.faults.outcome import Outcome
from tests.faults.promises import Broken, Violation

PROCESS_SECONDS: Final = 120.0
STACKS_SECONDS: Final = 1.0
KILLED: Final = -signal.SIGKILL
_LOOK_SECONDS: Final = 0.002


class Processes:
    """At most one process for each desk. Killing is safe from any thread."""

    def __init__(self, bench: Bench, homes: list[Path], outcome: Outcome) -> None:
        self._bench = bench
        self._homes = homes
        self._outcome = outcome
        self._alive: dict[int, int] = {}
        self._ids: dict[int, int] = {}
        self._killing = threading.Lock()

    @property
    def are_any(self) -> bool:
        """Whether a process is still there."""
        return bool(self._alive)

    def start(self, errand: Errand) -> None:
        """A new process of a desk."""
        self._outcome.processes += 1
        with self._killing:
            self._watch(errand.desk, self._bench.zygote.start(errand))

    def watch(self, desk: int, process_id: int) -> None:
        """A process that somebody else has started and will wait for."""
        self._outcome.processes += 1
        with self._killing:
            self._watch(desk, process_id)

    def wait_for(self, desk: int) -> None:
        """Until a desk's process has ended. A program that goes round in circles is stuck, and ended."""
        if not select.select([self._alive[desk]], [], [], PROCESS_SECONDS)[0]:
            what = f"desk {desk} did not end within {PROCESS_SECONDS:.0f} s: {self._doing(desk)}"
            self._outcome.violations.append(Violation(Broken.STUCK, what))
            self.kill(desk)
        self.ended(desk, self._bench.zygote.wait(self._ids[desk]))

    def wait_until_it_stalls(self, desk: int) -> bool:
        """Until a desk's process stands still; False where it ended before that."""
        until = time.monotonic() + PROCESS_SECONDS
        while time.monotonic() < until and not select.select([self._alive[desk]], [], [], _LOOK_SECONDS)[0]:
            with suppress(OSError):
                if Path(f"/proc/{self._ids[desk]}/stat").read_text().rpartition(")")[2].split()[0] == "T":
                    return True
        return False

    def let_go_on(self, desk: int) -> None:
        """A process that stands still goes on."""
        self._signal(desk, signal.SIGCONT)

    def ended(self, desk: int, status: int) -> None:
        """A process is over: what it left behind about a crash counts."""
        with self._killing:
            os.close(self._alive.pop(desk))
        crash = self._homes[desk] / CRASH_FILE
        if status == NO_MUTANT:
            raise LookupError(crash.read_text(encoding="utf-8"))
        if status != KILLED and crash.exists():
            last = crash.read_text(encoding="utf-8")
            self._outcome.violations.append(Violation(Broken.UNTRUE, f"a program crashed: {last}"))
            crash.unlink()

    def kill(self, desk: int) -> bool:
        """`kill -9` at once; False where there is nothing to kill."""
        return self._signal(desk, signal.SIGKILL)

    def kill_after(self, desk: int, seconds: float) -> None:
        """`kill -9` at a moment of real time."""
        if not select.select([self._alive[desk]], [], [], seconds)[0] and self.kill(desk):
            self._outcome.kills["at random"] += 1

    def _doing(self, desk: int) -> str:
        """What a process is doing: the state that the system tells, and the stacks of its threads."""
        told = Path(f"/proc/{self._ids[desk]}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        self._signal(desk, signal.SIGUSR1)
        select.select([self._alive[desk]], [], [], STACKS_SECONDS)
        return f"state {told}\n{(self._homes[desk] / STACKS_FILE).read_text(encoding='utf-8')}"

    def _watch(self, desk: int, process_id: int) -> None:
        self._ids[desk] = process_id
        self._alive[desk] = os.pidfd_open(process_id)

    def _signal(self, desk: int, what: signal.Signals) -> bool:
        with self._killing:
            descriptor = self._alive.get(desk)
            if descriptor is None or select.select([descriptor], [], [], 0)[0]:
                return False
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(descriptor, what)
            return True
