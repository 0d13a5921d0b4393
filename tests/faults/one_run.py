"""One run: desks as processes on the broken shop, everything that was planned, then peace, and the promises."""

from __future__ import annotations

import json
import os
import select
import signal
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from coupon_desk.cancellation.operation import Operation, OperationState, StepName, StepState
from tests.faults.bench import START, Bench
from tests.faults.command_line import CALL_SECONDS
from tests.faults.errand import CRASH_FILE, MISHAPS_FILE, NO_MUTANT, Errand
from tests.faults.homes import Home, operations_of, read_home
from tests.faults.others import Bystanders
from tests.faults.outcome import Outcome
from tests.faults.plan import Plan
from tests.faults.promises import Broken, Violation, broken_promises

MOST_STEPS_OF_PEACE: Final = 12
MOST_TRIES: Final = 4
PROCESS_SECONDS: Final = 40.0
KILLED: Final = -signal.SIGKILL


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
        if plan.order_is_cancelled:
            others.cancel_order()
        if plan.command_line:
            self._through_command_line()
        for process in range(plan.processes_in_trouble):
            self._all_desks(in_trouble=True, may_cancel=True)
            self._time.sleep(plan.pause_seconds(process))
        outcome.faults.update(shop.troubles.fired_by_call)
        outcome.kills.update(shop.troubles.kills)
        shop.troubles.end()
        self._peace(others)
        others.pass_by()
        homes = [read_home(self._bench.database_of(home), self._time) for home in self._homes]
        if plan.command_line:
            self._compare_with_command_line(homes[0])
        for home in self._homes:
            outcome.mishaps.update(_lines(home / MISHAPS_FILE))
        outcome.happened.update(others.happened)
        outcome.violations.extend(broken_promises(shop, plan, coupon, others, homes))
        outcome.tell(plan, [one for home in homes for one in home.operations])
        return outcome

    def _all_desks(
        self, *, in_trouble: bool, may_cancel: bool, answers: bool = False, only: Sequence[int] | None = None
    ) -> None:
        """One process of every desk, all at once; they are over when this returns."""
        started = [
            (desk, self._start(desk, in_trouble=in_trouble, may_cancel=may_cancel, answers=answers))
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

    def _compare_with_command_line(self, home: Home) -> None:
        """What `operations --open` lists is what is open."""
        listed = self._bench.command_line.ask(self._homes[0], "operations", "--open")["operations"]
        said = {(one["id"], one["state"]) for one in listed}
        truth = {(one.id, one.state.value) for one in home.operations if one.has_open_work}
        if said != truth:
            self._untrue(f"the command line lists {said} as open, and open is {truth}")

    def _untrue(self, what: str) -> None:
        self._outcome.violations.append(Violation(Broken.UNTRUE, what))

    def _start(self, desk: int, *, in_trouble: bool, may_cancel: bool, answers: bool) -> int:
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
            answers=answers,
            order=self._coupon.order,
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

    def _peace(self, others: Bystanders) -> None:
        """Nothing breaks until everything is quiet; then a person may answer what needs one, and may break off doing so."""
        self._until_quiet(others)
        needing = [number for number, operations in enumerate(self._operations()) if any(map(_needs_answer, operations))]
        if self._plan.answers and needing:
            self._all_desks(in_trouble=True, may_cancel=False, answers=True, only=needing)
            self._until_quiet(others)
            self._all_desks(in_trouble=False, may_cancel=False, answers=True, only=needing)
            self._until_quiet(others)

    def _until_quiet(self, others: Bystanders) -> None:
        """Programs are started as long as anything goes on by itself, and a few times for a person."""
        tries = MOST_TRIES
        for step in range(MOST_STEPS_OF_PEACE):
            desks = self._operations()
            goes_on = [number for number, operations in enumerate(desks) if any(one.due_at is not None for one in operations)]
            waits = [number for number, operations in enumerate(desks) if any(map(self._waits, operations))]
            if not goes_on and (not waits or not tries):
                return
            if not goes_on:
                tries -= 1
            due = [one.due_at for operations in desks for one in operations if one.due_at is not None]
            ahead = (min(due) - self._time.now()).total_seconds() if due else 0.0
            self._time.sleep(max(61.0 * 5 ** min(step, 5), ahead + 1.0))
            others.pass_by()
            self._all_desks(in_trouble=False, may_cancel=False, only=sorted({*goes_on, *waits}))

    def _operations(self) -> list[list[Operation]]:
        return [operations_of(self._bench.database_of(home), self._time) for home in self._homes]

    def _waits(self, operation: Operation) -> bool:
        """For a person who removes a cause and chooses “Go on now”, or for a second person."""
        if operation.state is OperationState.AWAITING_APPROVAL:
            return not self._plan.nobody_decides
        refused = operation.step(StepName.NOTIFY).state is StepState.REFUSED
        return refused or (operation.state is OperationState.NEEDS_ATTENTION and operation.ended_at is None)


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def _needs_answer(operation: Operation) -> bool:
    return operation.has_open_work and operation.state is not OperationState.AWAITING_APPROVAL
