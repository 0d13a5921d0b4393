"""Exactly once, whatever breaks: random faults, kills and redemptions; then nothing breaks any more, and the promises hold.

The promises are checked in the remote systems' state and not in ours. A counterexample shrinks to the few calls that matter.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from coupon_desk.cancellation.operation import OperationState, StepName, StepState
from coupon_desk.cancellation.story import fold
from coupon_desk.coupons.evidence import DiscountState
from coupon_desk.errors import DeskError
from tests.cancellation.bench import Bench, make_template
from tests.cancellation.world import CODE, Fault, Killed, World

MEMORY = Path("/dev/shm")
RUNS = int(os.environ.get("BROKEN_RUNS", "25"))


@dataclass(frozen=True)
class Plan:
    """What breaks: faults by number of the remote call, kills by number of the durable write, a customer who redeems."""

    faults: dict[int, Fault]
    kills_before_write: frozenset[int]
    kills_after_write: frozenset[int]
    redeemed_at: int | None
    clock_jumps: dict[int, float]


plans = st.builds(
    Plan,
    faults=st.dictionaries(st.integers(0, 60), st.sampled_from(Fault), max_size=12),
    kills_before_write=st.frozensets(st.integers(0, 60), max_size=4),
    kills_after_write=st.frozensets(st.integers(0, 60), max_size=4),
    redeemed_at=st.none() | st.integers(0, 25),
    clock_jumps=st.dictionaries(st.integers(0, 40), st.sampled_from([-7200.0, -90.0, 45.0, 90.0, 86400.0]), max_size=2),
)


class Trouble:
    """Carries out a plan on a world and a bench."""

    def __init__(self, plan: Plan, world: World) -> None:
        self.plan, self.world = plan, world
        self.calls = self.writes = 0
        self.is_over = False
        world.fault = self._fault
        world.moment = self._moment

    def attach(self, bench: Bench) -> None:
        bench.trail.before_write = self._before_write
        bench.trail.after_write = self._after_write

    def _fault(self, _: str) -> Fault:
        return Fault.NONE if self.is_over else self.plan.faults.get(self.calls, Fault.NONE)

    def _moment(self) -> None:
        self.calls += 1
        if self.is_over:
            return
        if self.calls == self.plan.redeemed_at:
            self.world.redeem()
        if self.calls in self.plan.clock_jumps:
            self.world.clock.advance(self.plan.clock_jumps[self.calls])

    def _before_write(self) -> None:
        self.writes += 1
        if not self.is_over and self.writes in self.plan.kills_before_write:
            raise Killed

    def _after_write(self) -> None:
        if not self.is_over and self.writes in self.plan.kills_after_write:
            raise Killed


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "desk.sqlite3"
    make_template(file)
    return file


@pytest.mark.timeout(900)
@settings(max_examples=RUNS, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink])
@given(plan=plans)
def test_whatever_breaks_points_come_back_exactly_once_or_a_person_is_told(template: Path, plan: Plan) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        world = World()
        bench = Bench(template, Path(folder), world)
        try:
            run(bench, world, plan)
            assert_promises(bench, world, plan)
        finally:
            bench.close()


def run(bench: Bench, world: World, plan: Plan) -> None:
    session = bench.sign_in()
    trouble = Trouble(plan, world)
    trouble.attach(bench)
    with suppress(Killed, DeskError):
        bench.cancel(session)
    for _ in range(8):
        bench.start_again()
        trouble.attach(bench)
        try:
            bench.engine.resume(wait_seconds=300)
        except (Killed, DeskError):
            continue
        world.clock.advance(120)
    trouble.is_over = True
    bench.start_again()
    bench.finish()


def assert_promises(bench: Bench, world: World, plan: Plan) -> None:
    operations = bench.operations
    credited = sum(entry.points for entry in world.returns)
    assert credited in {0, 500}, "credited at most once"
    used_before_dead = bool(world.orders)
    assert not (used_before_dead and credited), "never credited if an order used the code before it was dead"
    assert bench.trail.verify().is_intact
    mendable = not any(fault is Fault.REFUSED for fault in plan.faults.values())
    for operation in operations:
        if mendable:
            assert operation.state in {OperationState.COMPLETED, OperationState.REFUSED}, "nothing here needs a person"
        assert operation == fold(bench.trail.of_operation(operation.id)).operation
        assert operation.state is not OperationState.RUNNING, "nothing runs for ever"
        assert operation.state is not OperationState.AWAITING_APPROVAL
        if operation.state is OperationState.COMPLETED:
            assert credited == 500
            assert world.state is DiscountState.EXPIRED
            assert world.record["status"] == "cancelled"
            assert "cancellation" not in world.record
            sent = operation.step(StepName.NOTIFY).state
            assert len(world.mails) == 1 if sent is StepState.DONE else len(world.mails) <= 1
            assert sent in {StepState.DONE, StepState.UNKNOWN, StepState.REFUSED}
        if operation.state is OperationState.REFUSED:
            assert credited == 0, "credited: completed or needs attention, never refused"
            mark = world.record.get("cancellation")
            assert mark is None, "our mark is gone"
            assert world.state is DiscountState.ACTIVE or world.record["status"] == "used"
    assert len(world.mails) <= 1
    if not operations:
        assert (credited, world.state) == (0, DiscountState.ACTIVE)
    assert world.record["code"] == CODE.text
    assert world.record["campaign"] == "autumn"
