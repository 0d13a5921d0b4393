"""Two desks on one coupon: the first is killed, the second takes over, the first may come back; whatever else breaks."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, OperationState
from coupon_desk.cancellation.work import Centre
from coupon_desk.coupons.evidence import DiscountState
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import DeskError
from tests.cancellation.bench import Bench, killing, make_template
from tests.cancellation.world import CODE, ClaimsInMemory, Fault, Killed, World

MEMORY = Path("/dev/shm")
RUNS = int(os.environ.get("BROKEN_RUNS", "6"))
TURNS = 6


@dataclass(frozen=True)
class Plan:
    """When the first desk dies, what breaks by number of the remote call, in which turns it is back, and who else acts."""

    killed_at: int
    faults: dict[int, Fault]
    kills: dict[int, int]
    back_in: frozenset[int]
    redeemed_at: int | None
    central: bool
    required: bool


plans = st.builds(
    Plan,
    killed_at=st.integers(1, 14),
    faults=st.dictionaries(
        st.integers(0, 90), st.sampled_from([fault for fault in Fault if fault is not Fault.REFUSED]), max_size=10
    ),
    kills=st.dictionaries(st.integers(0, TURNS), st.integers(1, 10), max_size=3),
    back_in=st.frozensets(st.integers(0, TURNS)),
    redeemed_at=st.none() | st.integers(0, 40),
    central=st.booleans(),
    required=st.booleans(),
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "desk.sqlite3"
    make_template(file)
    return file


@pytest.mark.timeout(900)
@settings(max_examples=RUNS, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink])
@given(plan=plans)
def test_whatever_breaks_two_desks_return_the_points_once(template: Path, plan: Plan) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        world = World()
        desks = [
            Bench(
                template,
                Path(folder),
                world,
                desk=desk,
                centre=Centre(ClaimsInMemory(world, desk), plan.required) if plan.central else None,
            )
            for desk in ("counter-1", "counter-2")
        ]
        try:
            run(desks[0], desks[1], world, plan)
            assert_promises(desks, world)
        finally:
            for bench in desks:
                bench.close()


def run(first: Bench, second: Bench, world: World, plan: Plan) -> None:
    calls = [0]
    is_over = [False]

    def moment() -> None:
        calls[0] += 1
        if not is_over[0] and calls[0] == plan.redeemed_at:
            world.redeem()

    world.moment = moment
    world.fault = lambda _: Fault.NONE if is_over[0] else plan.faults.get(calls[0], Fault.NONE)
    session = first.sign_in()
    first.trail.after_write = killing(plan.killed_at)
    with suppress(Killed, DeskError):
        first.cancel(session)
    first.start_again()
    begun = first.operations[0].id
    request = CancelRequest(CODE, OperationKind.CANCEL, Reason.OTHER, "That counter is gone", None, begun)
    for turn in range(TURNS):
        if turn in plan.back_in:
            with suppress(DeskError):
                first.engine.resume(wait_seconds=30)
        if turn in plan.kills:
            second.trail.after_write = killing(plan.kills[turn])
        with suppress(Killed, DeskError):
            take_a_turn(second, request)
        second.start_again()
        world.clock.advance(90)
    is_over[0] = True
    for _ in range(2):
        for bench in (second, first):
            take_a_turn(bench, None)
            bench.finish()


def take_a_turn(bench: Bench, request: CancelRequest | None) -> None:
    """Ask if nobody has, approve what waits, and go on."""
    if request is not None and not any(not one.state.is_over for one in bench.operations):
        bench.engine.submit(request, bench.sign_in(), wait_seconds=0)
    for one in bench.operations:
        if one.state is OperationState.AWAITING_APPROVAL:
            bench.engine.approve(one.id, bench.sign_in("owner"), "I looked myself", wait_seconds=100)
    bench.engine.resume(wait_seconds=100)


def assert_promises(desks: list[Bench], world: World) -> None:
    credited = sum(entry.points for entry in world.returns)
    assert credited in {0, 500}, "credited at most once"
    assert not (world.orders and credited), "never credited if an order used the code before it was dead"
    assert len(world.mails) <= 1
    operations: list[Operation] = [operation for bench in desks for operation in bench.operations]
    ended = [operation.state for operation in operations]
    assert OperationState.RUNNING not in ended
    assert OperationState.AWAITING_APPROVAL not in ended
    if credited:
        assert {OperationState.COMPLETED, OperationState.NEEDS_ATTENTION} & set(ended)
    if OperationState.COMPLETED in ended:
        assert (credited, world.state, world.record["status"]) == (500, DiscountState.EXPIRED, "cancelled")
        assert "cancellation" not in world.record
    if set(ended) == {OperationState.REFUSED}:
        assert credited == 0
        assert "cancellation" not in world.record
    assert all(row.ending for row in world.central)
    assert all(bench.trail.verify().is_intact for bench in desks)
