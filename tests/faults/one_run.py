"""One run: desks as processes on the broken shop, everything that was planned, then peace, and the promises."""

from __future__ import annotations

import json
import os
import select
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from coupon_desk.cancellation.operation import Operation, OperationState, StepName, StepState
from tests.faults.bench import START, Bench
from tests.faults.command_line import CALL_SECONDS
from tests.faults.errand import CRASH_FILE, MISHAPS_FILE, NO_MUTANT, Errand
from tests.faults.others import Bystanders
from tests.faults.plan import Plan
from tests.faults.promises import Broken, Desk, Violation, broken_promises, operations_of, read_home

MOST_STEPS_OF_PEACE: Final = 12
PROCESS_SECONDS: Final = 40.0
KILLED: Final = -signal.SIGKILL


@dataclass(slots=True)
class Outcome:
    """How a run ended. `state` is what became of the coupon in a word."""

    seed: int
    state: str
    violations: list[Violation] = field(default_factory=list)
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    mishaps: Counter[str] = field(default_factory=Counter)
    processes: int = 0
    replays_exactly: bool = True


class Run:
    """One run on a bench; `carry_out` it once."""

    def __init__(self, bench: Bench, plan: Plan, mutant: str | None = None) -> None:
        self._bench = bench
        self._shop = bench.shop
        self._time = bench.true_time
        self._plan = plan
        self._mutant = mutant
        self._homes = [bench.make_home(f"desk{number}", plan) for number in range(plan.desks)]
        self._processes = [0] * plan.desks
        self._alive: dict[int, int] = {}
        self._killing = threading.Lock()
        exact = plan.desks == 1 and plan.kill_after_ms is None and not plan.command_line
        self._outcome = Outcome(plan.seed, "", replays_exactly=exact)

    def carry_out(self) -> Outcome:
        """Let everything happen, then look at the promises."""
        plan, shop, outcome = self._plan, self._shop, self._outcome
        self._time.begin(datetime.now(UTC) if plan.command_line else START, runs=plan.command_line)
        shop.prepare(plan)
        coupon = self._coupon = shop.showcase.all()[plan.coupon]
        others = Bystanders(shop, plan, coupon, self._kill)
        until = self._time.now() + timedelta(hours=plan.mail_down_hours)
        shop.troubles.begin(plan, others, lambda: self._time.now() < until)
        if plan.command_line:
            self._through_command_line()
        for process in range(plan.processes_in_trouble):
            self._all_desks(in_trouble=True, may_cancel=True)
            self._time.sleep(plan.pause_seconds(process))
        outcome.faults.update(shop.troubles.fired_by_call)
        outcome.kills.update(shop.troubles.kills)
        shop.troubles.end()
        desks = self._peace(others)
        others.pass_by()
        if plan.command_line:
            self._compare_with_command_line(desks[0])
        for home in self._homes:
            outcome.mishaps.update(_lines(home / MISHAPS_FILE))
        outcome.violations.extend(broken_promises(shop, plan, coupon, others, desks))
        outcome.state = _summary(desks)
        return outcome

    def _all_desks(self, *, in_trouble: bool, may_cancel: bool, only: Sequence[int] | None = None) -> None:
        """One process of every desk, all at once; they are over when this returns."""
        started = [
            (desk, self._start(desk, in_trouble=in_trouble, may_cancel=may_cancel))
            for desk in (range(self._plan.desks) if only is None else only)
        ]
        after_ms = self._plan.kill_after_ms
        if in_trouble and after_ms is not None and self._processes[0] == 1 and not self._plan.command_line:
            self._kill_after(0, after_ms / 1000)
        for desk, pid in started:
            self._end_in_time(desk)
            self._ended(desk, self._bench.zygote.wait(pid))
        self._shop.wait_until_idle()

    def _through_command_line(self) -> None:
        """The first process is the program as a user calls it, in real time; what it says at its end must be so."""
        words = (
            "cancel",
            self._coupon.code,
            "--reason",
            "customer_request",
            "--note",
            "Changed her mind",
            "--no-wait",
            "--json",
        )
        process = self._bench.command_line.start(self._homes[0], *words)
        self._outcome.processes += 1
        with self._killing:
            self._alive[0] = os.pidfd_open(process.pid)
        if self._plan.kill_after_ms is not None:
            self._kill_after(0, self._plan.kill_after_ms / 1000)
        out, err = process.communicate(timeout=CALL_SECONDS)
        self._ended(0, process.returncode)
        self._shop.wait_until_idle()
        self._time.stand()
        if process.returncode == KILLED:
            return
        if "Traceback" in out + err:
            self._untrue(f"the command line crashed: {err}")
        credited = sum(entry.applied for entry in self._shop.journal.calls("add"))
        said = [(one["state"], one["points_returned"]) for one in json.loads(out)["operations"]]
        if any(state == "completed" or points for state, points in said) and credited != 1:
            self._untrue(f"the command line says {said}, and points were credited {credited} times")

    def _compare_with_command_line(self, desk: Desk) -> None:
        """What `operations --open` lists is what is open."""
        listed = self._bench.command_line.ask(self._homes[0], "operations", "--open")["operations"]
        said = {(one["id"], one["state"]) for one in listed}
        truth = {(one.id, one.state.value) for one in desk.operations if one.has_open_work}
        if said != truth:
            self._untrue(f"the command line lists {said} as open, and open is {truth}")

    def _untrue(self, what: str) -> None:
        self._outcome.violations.append(Violation(Broken.UNTRUE, what))

    def _start(self, desk: int, *, in_trouble: bool, may_cancel: bool) -> int:
        self._processes[desk] += 1
        self._outcome.processes += 1
        errand = Errand(
            home=str(self._homes[desk]),
            desk=desk,
            process=self._processes[desk],
            code=self._coupon.code,
            addresses=self._bench.addresses,
            plan=self._plan,
            in_trouble=in_trouble,
            may_cancel=may_cancel,
            mutant=self._mutant,
        )
        with self._killing:
            pid = self._bench.zygote.start(errand)
            self._alive[desk] = os.pidfd_open(pid)
        return pid

    def _end_in_time(self, desk: int) -> None:
        """A program that goes round in circles is stuck, and ended."""
        if not select.select([self._alive[desk]], [], [], PROCESS_SECONDS)[0]:
            self._outcome.violations.append(Violation(Broken.STUCK, f"a program did not end within {PROCESS_SECONDS:.0f} s"))
            self._kill(desk)

    def _ended(self, desk: int, status: int) -> None:
        with self._killing:
            os.close(self._alive.pop(desk))
        if status == NO_MUTANT:
            raise LookupError((self._homes[desk] / CRASH_FILE).read_text(encoding="utf-8"))
        if status == KILLED:
            return
        crash = self._homes[desk] / CRASH_FILE
        if crash.exists():
            last = crash.read_text(encoding="utf-8")
            self._untrue(f"a program crashed: {last}")
            crash.unlink()

    def _kill(self, desk: int) -> bool:
        with self._killing:
            descriptor = self._alive.get(desk)
            if descriptor is None or select.select([descriptor], [], [], 0)[0]:
                return False
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            return True

    def _kill_after(self, desk: int, seconds: float) -> None:
        """`kill -9` at a moment of real time."""
        until = time.monotonic() + seconds
        if not select.select([self._alive[desk]], [], [], max(0.0, until - time.monotonic()))[0] and self._kill(desk):
            self._outcome.kills["at random"] += 1

    def _peace(self, others: Bystanders) -> list[Desk]:
        """Nothing breaks any more; programs are started as long as anything goes on by itself, and twice for a person."""
        tries = 2
        for step in range(MOST_STEPS_OF_PEACE):
            desks = [operations_of(self._bench.database_of(home), self._time) for home in self._homes]
            waiting = [number for number, desk in enumerate(desks) if _goes_on(desk) or (tries and _waits(desk))]
            if not waiting:
                break
            if not any(_goes_on(desks[number]) for number in waiting):
                tries -= 1
            due = [one.due_at for desk in desks for one in desk if one.due_at is not None]
            ahead = (min(due) - self._time.now()).total_seconds() if due else 0.0
            self._time.sleep(max(61.0 * 5 ** min(step, 5), ahead + 1.0))
            others.pass_by()
            self._all_desks(in_trouble=False, may_cancel=False, only=waiting)
        return [read_home(self._bench.database_of(home), self._time) for home in self._homes]


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def _goes_on(operations: list[Operation]) -> bool:
    return any(one.due_at is not None for one in operations)


def _waits(operations: list[Operation]) -> bool:
    """For a person who removes a cause and chooses “Go on now”."""
    return any(
        one.step(StepName.NOTIFY).state is StepState.REFUSED
        or (one.state is OperationState.NEEDS_ATTENTION and one.ended_at is None)
        for one in operations
    )


def _summary(desks: list[Desk]) -> str:
    states = {one.state for desk in desks for one in desk.operations}
    for state in (OperationState.COMPLETED, OperationState.NEEDS_ATTENTION, OperationState.RUNNING):
        if state in states:
            return state.value
    rules = {finding.rule.value for desk in desks for one in desk.operations for finding in one.refused}
    return f"refused: {', '.join(sorted(rules))}" if states else "never begun"
