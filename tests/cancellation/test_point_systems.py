"""Unknown outcomes at every flavour of point system (facts: points §0): decided from what the system declares of itself."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from coupon_desk.cancellation.operation import Operation, OperationState
from coupon_desk.coupons.points import EntryType, PointEntry
from coupon_desk.points.port import DuplicateGuard, HistorySearch, PointCapabilities
from tests.cancellation.bench import Bench
from tests.cancellation.world import START, Fault, World

DAY = timedelta(hours=24)
Make = Callable[[DuplicateGuard, HistorySearch, timedelta | None], Bench]


@pytest.fixture
def make(template: Path, tmp_path: Path, world: World) -> Iterator[Make]:
    made: list[Bench] = []

    def bench(guard: DuplicateGuard, history: HistorySearch, retention: timedelta | None = None) -> Bench:
        capabilities = PointCapabilities(guard, history, retention, 200, False, True)
        made.append(Bench(template, tmp_path, world, capabilities))
        return made[-1]

    yield bench
    for one in made:
        one.close()


def break_adding(world: World, fault: Fault, times: int = 1) -> None:
    left = [times]

    def plan(call: str) -> Fault:
        if call == "add" and left[0] > 0:
            left[0] -= 1
            return fault
        return Fault.NONE

    world.fault = plan


def cancel(bench: Bench) -> Operation:
    """Cancelled as the manager asks; what is doubtful (a system that shows no conversion) is approved by the owner."""
    operation = bench.cancel(bench.sign_in())
    if operation.state is OperationState.AWAITING_APPROVAL:
        operation = bench.engine.approve(operation.id, bench.sign_in("owner"), "Seen", wait_seconds=600)
    return operation


FLAVOURS = [
    pytest.param(DuplicateGuard.REPLAY, HistorySearch.BY_REFERENCE, DAY, id="1 key replays"),
    pytest.param(DuplicateGuard.ERROR_ON_REUSE, HistorySearch.BY_REFERENCE, None, id="2 key reuse is an error"),
    pytest.param(DuplicateGuard.REPLAY, HistorySearch.NONE, DAY, id="3 key of a forced format, no history"),
    pytest.param(DuplicateGuard.BUSINESS_REFERENCE, HistorySearch.NONE, DAY, id="4 business reference"),
    pytest.param(DuplicateGuard.REVISION, HistorySearch.BY_MEMBER, None, id="5 revision"),
    pytest.param(DuplicateGuard.NONE, HistorySearch.BY_MEMBER, None, id="6 nothing but a history"),
    pytest.param(DuplicateGuard.NONE, HistorySearch.NONE, None, id="7 nothing at all"),
]
BREAKS = [Fault.UNKNOWN_DONE, Fault.UNKNOWN_NOT_DONE, Fault.UNKNOWN_DONE_LATER]


@pytest.mark.parametrize(("guard", "history", "retention"), FLAVOURS)
@pytest.mark.parametrize("fault", BREAKS)
def test_points_come_back_exactly_once_or_a_person_is_told(
    make: Make, world: World, guard: DuplicateGuard, history: HistorySearch, retention: timedelta | None, fault: Fault
) -> None:
    bench = make(guard, history, retention)
    break_adding(world, fault)
    operation = cancel(bench)
    world.clock.advance(120)
    world.catch_up()
    assert len(world.returns) <= 1
    if operation.state is OperationState.COMPLETED:
        assert [entry.points for entry in world.returns] == [500]
    else:
        assert operation.state is OperationState.NEEDS_ATTENTION
        assert operation.next_action is not None


@pytest.mark.parametrize(("guard", "history", "retention"), FLAVOURS)
def test_the_good_way_needs_no_person(
    make: Make, world: World, guard: DuplicateGuard, history: HistorySearch, retention: timedelta | None
) -> None:
    assert cancel(make(guard, history, retention)).state is OperationState.COMPLETED
    assert [entry.points for entry in world.returns] == [500]


def test_a_key_that_replays_is_trusted_only_while_it_is_kept(make: Make, world: World) -> None:
    bench = make(DuplicateGuard.REPLAY, HistorySearch.NONE, timedelta(minutes=30))
    break_adding(world, Fault.UNKNOWN_DONE)
    late: list[bool] = []

    def an_hour_passes() -> None:
        if world.returns and not late:
            late.append(True)
            world.clock.advance(3600)

    world.moment = an_hour_passes
    operation = cancel(bench)
    assert operation.state is OperationState.NEEDS_ATTENTION
    assert world.calls.count("add") == 1


def test_without_history_and_key_nothing_is_sent_again_and_the_balances_are_told(make: Make, world: World) -> None:
    bench = make(DuplicateGuard.NONE, HistorySearch.NONE, None)
    break_adding(world, Fault.UNKNOWN_NOT_DONE)
    operation = cancel(bench)
    assert operation.state is OperationState.NEEDS_ATTENTION
    assert world.calls.count("add") == 1
    assert "1,500" in str(operation.next_action)
    bench.engine.resume(wait_seconds=600)
    assert world.calls.count("add") == 1


def test_somebody_elses_points_of_the_same_size_are_not_taken_for_ours(make: Make, world: World) -> None:
    bench = make(DuplicateGuard.NONE, HistorySearch.BY_MEMBER, None)
    world.entries.append(PointEntry("33", EntryType.ADD, 500, "Purchase", None, START, 2000))
    break_adding(world, Fault.UNKNOWN_NOT_DONE)
    operation = cancel(bench)
    assert operation.state is OperationState.COMPLETED
    assert [entry.id for entry in world.returns] == ["33", "3"]


def test_two_that_could_be_ours_need_a_person(make: Make, world: World) -> None:
    bench = make(DuplicateGuard.NONE, HistorySearch.BY_MEMBER, None)

    def purchase() -> None:
        if world.calls[-1] == "add":
            now = world.clock.now()
            world.entries.append(PointEntry("33", EntryType.ADD, 500, "Purchase", None, now, 2000))

    world.moment = purchase
    break_adding(world, Fault.UNKNOWN_DONE)
    operation = cancel(bench)
    assert operation.state is OperationState.NEEDS_ATTENTION
    assert "500" in str(operation.next_action)


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_point_system_whose_clock_is_wrong_is_understood(make: Make, world: World, hours: int) -> None:
    bench = make(DuplicateGuard.NONE, HistorySearch.BY_MEMBER, None)
    world.skew = timedelta(hours=hours)
    break_adding(world, Fault.UNKNOWN_DONE)
    operation = cancel(bench)
    assert operation.state is OperationState.COMPLETED
    assert len(world.returns) == 1


def test_our_clock_may_jump_between_two_looks_and_still_a_minute_has_to_pass_there(make: Make, world: World) -> None:
    bench = make(DuplicateGuard.NONE, HistorySearch.BY_REFERENCE, None)
    break_adding(world, Fault.UNKNOWN_DONE_LATER)
    jumped: list[bool] = []

    def jump() -> None:
        """Our clock is set an hour on, right after the first look; the point system's goes on as ever."""
        if world.calls.count("read_history") == 3 and not jumped:
            jumped.append(True)
            world.later = [(at + timedelta(hours=1), act) for at, act in world.later]
            world.clock.advance(3600)
            world.skew = timedelta(hours=-1)

    world.moment = jump
    assert cancel(bench).state is OperationState.RUNNING
    assert jumped
    assert world.calls.count("add") == 1
    world.clock.advance(120)
    (operation,) = bench.engine.resume(wait_seconds=600)
    assert operation.state is OperationState.COMPLETED
    assert len(world.returns) == 1


def test_points_that_never_arrive_are_not_sent_for_ever(make: Make, world: World) -> None:
    bench = make(DuplicateGuard.NONE, HistorySearch.BY_REFERENCE, None)
    break_adding(world, Fault.UNKNOWN_NOT_DONE, times=100)
    operation = cancel(bench)
    assert operation.state is OperationState.NEEDS_ATTENTION
    assert world.calls.count("add") == 5
    assert world.returns == []
