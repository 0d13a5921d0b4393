"""One run: desks as processes on the broken shop, everything that was planned, then peace, and the promises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from coupon_desk.cancellation.operation import Operation, OperationKind, OperationState, StepName, StepState
from coupon_desk.coupons.reasons import Reason
from coupon_desk.training.stories import record_entry
from tests.faults.bench import START, Bench
from tests.faults.claims import broken_claims
from tests.faults.command_line import CALL_SECONDS, cancelling, untrue_answers
from tests.faults.errand import MISHAPS_FILE, Errand
from tests.faults.homes import Home, operations_of, read_home
from tests.faults.others import Bystanders
from tests.faults.outcome import Outcome
from tests.faults.plan import CentreUse, Plan
from tests.faults.processes import KILLED, Processes
from tests.faults.promises import Broken, Violation, asked_for, broken_promises

MOST_STEPS_OF_PEACE: Final = 12
MOST_TRIES: Final = 4


class Run:
    """One run on a bench; `carry_out` it once."""

    def __init__(self, bench: Bench, plan: Plan, mutant: str | None = None) -> None:
        self._bench = bench
        self._shop = bench.shop
        self._time = bench.true_time
        self._plan = plan
        self._mutant = mutant
        if plan.centre is not CentreUse.NONE:
            bench.centre.renew()
        self._homes = [bench.make_home(number, plan) for number in range(plan.desks)]
        self._number = [0] * plan.desks
        exact = plan.desks == 1 and plan.kill_after_ms is None and not plan.command_line
        self._outcome = Outcome(plan.seed, "", replays_exactly=exact)
        self._processes = Processes(bench, self._homes, self._outcome)
        self._stalled = False

    def carry_out(self) -> Outcome:
        """Let everything happen, then look at the promises."""
        plan, shop, outcome = self._plan, self._shop, self._outcome
        self._time.begin(datetime.now(UTC) if plan.command_line else START, runs=plan.command_line)
        shop.prepare(plan)
        coupon = self._coupon = shop.showcase.all()[plan.coupon]
        others = Bystanders(shop, plan, coupon, self._processes.kill)
        if plan.kind is OperationKind.RELEASE:
            self._suspect_fraud()
        until = self._time.now() + timedelta(hours=plan.mail_down_hours)
        self._bench.centre.break_by(plan)
        shop.troubles.begin(plan, others, lambda: self._time.now() < until)
        if plan.order_is_cancelled:
            others.cancel_order()
        if plan.command_line:
            self._through_command_line()
        for number in range(plan.processes_in_trouble):
            self._round(number)
            self._time.sleep(plan.pause_seconds(number))
        self._let_go_on()
        outcome.faults.update(shop.troubles.fired_by_call)
        outcome.kills.update(shop.troubles.kills)
        shop.troubles.end()
        self._peace(others)
        others.pass_by()
        homes = [read_home(self._bench.database_of(home), self._time) for home in self._homes]
        for desk in {*range(plan.desks)} - {*self._reachable}:
            homes[desk].is_gone = True
        if plan.command_line:
            self._compare_with_command_line(homes[0])
        for home in self._homes:
            outcome.mishaps.update(_lines(home / MISHAPS_FILE))
        outcome.happened.update(others.happened)
        outcome.violations.extend(broken_promises(shop, plan, coupon, others, homes))
        if plan.centre is not CentreUse.NONE:
            outcome.violations.extend(broken_claims(self._bench.centre.open_claims(), homes))
        outcome.tell(plan, [one for home in homes if not home.is_gone for one in asked_for(plan, home)])
        return outcome

    def _suspect_fraud(self) -> None:
        """Before anything breaks, the first desk switches the coupon off and withholds its points; nothing is tried yet."""
        suspicion = replace(self._plan, kind=OperationKind.INVALIDATE, reason=Reason.SUSPECTED_FRAUD, stays_open=False)
        self._bench.centre.break_by(Plan(0))  # of what broke in the run before nothing is left
        self._processes.start(self._errand(0, 0, suspicion, in_trouble=False, may_cancel=True, answers=False))
        self._processes.wait_for(0)
        self._shop.wait_until_idle()
        self._bench.centre.wait_until_idle()
        (suspected,) = operations_of(self._bench.database_of(self._homes[0]), self._time)
        if suspected.state is not OperationState.COMPLETED:
            raise RuntimeError(f"the coupon could not be invalidated: {suspected.findings}")
        self._time.sleep(3600)
        self._shop.journal.clear()

    def _all_desks(
        self, *, in_trouble: bool, may_cancel: bool, answers: bool = False, only: Sequence[int] | None = None
    ) -> None:
        """One process of every desk, all at once; they are over when this returns."""
        desks = range(self._plan.desks) if only is None else only
        for desk in desks:
            self._start(desk, in_trouble=in_trouble, may_cancel=may_cancel, answers=answers)
        after_ms = self._plan.kill_after_ms
        if in_trouble and after_ms is not None and self._number[0] == 1 and not self._plan.command_line:
            self._processes.kill_after(0, after_ms / 1000)
        for desk in desks:
            self._processes.wait_for(desk)
        if not self._processes.are_any:
            self._shop.wait_until_idle()
            self._bench.centre.wait_until_idle()

    def _round(self, number: int) -> None:
        """Every desk's so-manieth process in trouble. Where one takes over, the other begins alone, and may be back later."""
        plan = self._plan
        if not plan.takes_over:
            self._all_desks(in_trouble=True, may_cancel=True)
        elif number == 0 and plan.stalls_after is not None:
            self._start(0, in_trouble=True, may_cancel=True, answers=False)
            self._stalled = self._processes.wait_until_it_stalls(0)
            if not self._stalled:
                self._processes.wait_for(0)
        elif number == 0:
            self._all_desks(in_trouble=True, may_cancel=True, only=[0])
        elif number in plan.back_in and not self._stalled:
            self._start(0, in_trouble=True, may_cancel=False, answers=False)
            self._start(1, in_trouble=True, may_cancel=True, answers=False)
            self._processes.wait_for(0)
            self._processes.wait_for(1)
        else:
            self._all_desks(in_trouble=True, may_cancel=True, only=[1])

    def _let_go_on(self) -> None:
        """A desk that stood still goes on with what it was about to do, as if nothing had happened."""
        if self._stalled:
            self._stalled = False
            self._processes.let_go_on(0)
            self._processes.wait_for(0)
            self._shop.wait_until_idle()
            self._bench.centre.wait_until_idle()

    @property
    def _reachable(self) -> list[int]:
        """The desks that are not gone for good. Where one stalled it is there again."""
        plan = self._plan
        gone = plan.takes_over and not plan.comes_back and plan.stalls_after is None
        return [1] if gone else list(range(plan.desks))

    def _held_by_the_other(self) -> str | None:
        """Which operation of the first desk holds the coupon: what a person at the second is told, and takes over."""
        ours = {one.id for one in operations_of(self._bench.database_of(self._homes[1]), self._time)}
        entry = record_entry(self._shop.record(self._coupon.customer_id), self._coupon.code) or {}
        marks = [entry.get("cancellation", {}).get("operation")]
        if self._plan.centre is not CentreUse.NONE:
            marks.extend(operation for _, operation in self._bench.centre.open_claims())
        return next((mark for mark in marks if mark is not None and mark not in ours), None)

    def _through_command_line(self) -> None:
        """The first process is the program as a user calls it, in real time; what it says at its end must be so."""
        process = self._bench.command_line.start(self._homes[0], *cancelling(self._coupon.code))
        self._processes.watch(0, process.pid)
        if self._plan.kill_after_ms is not None:
            self._processes.kill_after(0, self._plan.kill_after_ms / 1000)
        out, err = process.communicate(timeout=CALL_SECONDS)
        self._processes.ended(0, process.returncode)
        self._shop.wait_until_idle()
        self._time.stand()
        if process.returncode == KILLED:
            return
        credited = sum(entry.applied for entry in self._shop.journal.calls("add"))
        for what in untrue_answers(out, err, credited):
            self._untrue(f"{what} (ended with {process.returncode})")

    def _compare_with_command_line(self, home: Home) -> None:
        """What `operations --open` lists is what is open."""
        listed = self._bench.command_line.ask(self._homes[0], "operations", "--open")["operations"]
        said = {(one["id"], one["state"]) for one in listed}
        truth = {(one.id, one.state.value) for one in home.operations if one.has_open_work}
        if said != truth:
            self._untrue(f"the command line lists {said} as open, and open is {truth}")

    def _untrue(self, what: str) -> None:
        self._outcome.violations.append(Violation(Broken.UNTRUE, what))

    def _start(self, desk: int, *, in_trouble: bool, may_cancel: bool, answers: bool) -> None:
        self._number[desk] += 1
        takes_over = self._held_by_the_other() if may_cancel and self._plan.takes_over and desk == 1 else None
        errand = self._errand(
            desk, self._number[desk], self._plan, in_trouble=in_trouble, may_cancel=may_cancel, answers=answers
        )
        self._processes.start(replace(errand, takes_over=takes_over, mutant=self._mutant))

    def _errand(self, desk: int, process: int, plan: Plan, *, in_trouble: bool, may_cancel: bool, answers: bool) -> Errand:
        return Errand(
            home=str(self._homes[desk]),
            desk=desk,
            process=process,
            code=self._coupon.code,
            addresses=self._bench.addresses,
            plan=plan,
            in_trouble=in_trouble,
            may_cancel=may_cancel,
            answers=answers,
            order=self._coupon.order,
        )

    def _peace(self, others: Bystanders) -> None:
        """Nothing breaks until everything is quiet; then a person may answer what needs one, and may break off doing so."""
        self._until_quiet(others)
        needing = [desk for desk, operations in self._operations().items() if any(map(_needs_answer, operations))]
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
            goes_on = [desk for desk, operations in desks.items() if any(one.due_at is not None for one in operations)]
            waits = [desk for desk, operations in desks.items() if any(map(self._waits, operations))]
            holds = self._left_over(desks)
            to_take_over = 0 not in desks and self._held_by_the_other() is not None
            if not goes_on and not holds and ((not waits and not to_take_over) or not tries):
                outage_seconds = self._bench.centre.out_for_seconds
                if not outage_seconds:
                    return
                self._time.sleep(outage_seconds)  # people, too, wait until they can sign in again
                tries = MOST_TRIES
            if not goes_on:
                tries -= 1
            due = [one.due_at for operations in desks.values() for one in operations if one.due_at is not None]
            ahead = (min(due) - self._time.now()).total_seconds() if due else 0.0
            self._time.sleep(max(61.0 * 5 ** min(step, 5), ahead + 1.0))
            others.pass_by()
            wanted = sorted({*goes_on, *waits, *holds, *([1] if to_take_over else [])})
            self._all_desks(in_trouble=False, may_cancel=to_take_over, only=wanted)

    def _left_over(self, desks: dict[int, list[Operation]]) -> list[int]:
        """The desks that hold a claim in the central database for an operation that is over."""
        if self._plan.centre is CentreUse.NONE:
            return []
        held = {operation for _, operation in self._bench.centre.open_claims()}
        return [desk for desk, operations in desks.items() if any(one.state.is_over and one.id in held for one in operations)]

    def _operations(self) -> dict[int, list[Operation]]:
        return {desk: operations_of(self._bench.database_of(self._homes[desk]), self._time) for desk in self._reachable}

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
