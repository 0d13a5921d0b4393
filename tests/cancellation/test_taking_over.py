"""A desk is gone in the middle of its work: another takes the coupon over, and the points still come back exactly once.

The first desk is killed at every durable write, for good or to come back at the worst moment; with central claims and without.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, OperationState, StepName, StepState
from coupon_desk.cancellation.patience import TAKE_OVER_LOOK
from coupon_desk.cancellation.work import Centre
from coupon_desk.coupons.eligibility import Rule
from coupon_desk.coupons.evidence import DiscountState, OrderSeen
from coupon_desk.coupons.reasons import Reason
from coupon_desk.points.port import HistorySearch
from tests.cancellation.bench import Bench, killing
from tests.cancellation.world import CODE, CUSTOMER_ID, PLAIN, REFUNDED, START, ClaimsInMemory, Fault, Killed, World

WRITES = 14
"""Durable writes of one cancellation, with the checks that follow it."""

ORDER = OrderSeen("gid://shopify/Order/1", "#1001", START, None, (CODE.text,), CUSTOMER_ID)

MAIL_BEGUN = 13
"""Killed after this write, the desk was about to send the e-mail: it is not sent again, but a person asked."""


@pytest.fixture(params=["records alone", "central claims"])
def desks(request: pytest.FixtureRequest, template: Path, tmp_path: Path, world: World) -> Iterator[tuple[Bench, Bench]]:
    is_central = request.param == "central claims"
    made = [
        Bench(
            template,
            tmp_path,
            world,
            desk=desk,
            centre=Centre(ClaimsInMemory(world, desk), is_required=False) if is_central else None,
        )
        for desk in ("counter-1", "counter-2")
    ]
    yield made[0], made[1]
    for bench in made:
        bench.close()


def begin(desk: Bench, killed_at: int) -> str:
    """The first desk cancels and is killed after its so-manieth durable write; which operation it was."""
    session = desk.sign_in()
    desk.trail.after_write = killing(killed_at)
    with suppress(Killed):
        desk.cancel(session)
    desk.start_again()
    return desk.operations[0].id


def take_over(desk: Bench, operation_id: str, meanwhile: Callable[[], object] = lambda: None) -> Operation:
    """The second desk asks, another person approves, and it goes on until nothing is left to do."""
    request = CancelRequest(CODE, OperationKind.CANCEL, Reason.CUSTOMER_REQUEST, "Counter 1 burnt down", None, operation_id)
    asked = desk.engine.submit(request, desk.sign_in(), wait_seconds=0)
    if asked.state is not OperationState.AWAITING_APPROVAL:
        return asked
    desk.engine.approve(asked.id, desk.sign_in("owner"), "I saw the fire", wait_seconds=0)
    meanwhile()
    desk.finish()
    return desk.engine.operation(asked.id)


def assert_done_once(world: World, mails: int = 1) -> None:
    assert [entry.points for entry in world.returns] == [500]
    assert len(world.mails) == mails
    assert world.state is DiscountState.EXPIRED
    assert (world.record["status"], world.record["campaign"]) == ("cancelled", "autumn")
    assert "cancellation" not in world.record
    assert all(row.ending for row in world.central)


@pytest.mark.parametrize("killed_at", range(1, WRITES + 1))
def test_another_desk_finishes_what_a_desk_that_is_gone_has_begun(
    desks: tuple[Bench, Bench], world: World, killed_at: int
) -> None:
    gone, here = desks
    begun = begin(gone, killed_at)
    already_finished = world.record["status"] == "cancelled"

    operation = take_over(here, begun)

    if already_finished:
        assert next(finding.rule for finding in operation.refused) is Rule.CANCELLED
        assert [entry.points for entry in world.returns] == [500]
        return
    assert operation.state is OperationState.COMPLETED
    assert_done_once(world)


@pytest.mark.parametrize("killed_at", range(1, WRITES + 1))
def test_one_of_several_codes_that_was_removed_and_cannot_be_put_back_is_taken_over_all_the_same(
    desks: tuple[Bench, Bench], world: World, killed_at: int
) -> None:
    gone, here = desks
    world.codes_count = 3
    begun = begin(gone, killed_at)
    already_finished = world.record["status"] == "cancelled"

    operation = take_over(here, begun)

    if already_finished:
        assert next(finding.rule for finding in operation.refused) is Rule.CANCELLED
        assert [entry.points for entry in world.returns] == [500]
        return
    assert operation.state is OperationState.COMPLETED
    assert_done_once(world)


def assert_let_go_of(world: World, operation: Operation) -> None:
    """Used: nobody gets points, the record tells the truth, and nobody holds the coupon any more."""
    assert {finding.rule for finding in operation.refused} == {Rule.USED_MEANWHILE}
    assert (world.returns, world.record["status"]) == ([], "used")
    assert "cancellation" not in world.record
    assert all(row.ending for row in world.central)


def test_a_removed_code_that_an_order_bears_gets_no_points_and_is_let_go_of(desks: tuple[Bench, Bench], world: World) -> None:
    gone, here = desks
    world.codes_count = 3
    begun = begin(gone, 7)
    world.orders.append(ORDER)
    assert_let_go_of(world, take_over(here, begun))


def test_a_removed_code_whose_order_comes_after_the_second_person_agreed_gets_no_points(
    desks: tuple[Bench, Bench], world: World
) -> None:
    gone, here = desks
    world.codes_count = 3
    begun = begin(gone, 7)
    operation = take_over(here, begun, meanwhile=lambda: world.orders.append(ORDER))
    assert {finding.rule for finding in operation.refused} == {Rule.USED_MEANWHILE}
    assert world.returns == []


@pytest.mark.parametrize("killed_at", range(1, WRITES + 1))
def test_a_desk_that_comes_back_after_all_finds_it_finished_and_does_nothing_twice(
    desks: tuple[Bench, Bench], world: World, killed_at: int
) -> None:
    gone, here = desks
    begun = begin(gone, killed_at)
    take_over(here, begun)

    gone.finish()

    assert_done_once(world, mails=0 if killed_at == MAIL_BEGUN else 1)
    (late,) = gone.operations
    assert late.state in {OperationState.COMPLETED, OperationState.REFUSED}


@pytest.mark.parametrize("killed_at", range(1, WRITES + 1))
def test_a_desk_that_comes_back_in_the_middle_of_it_does_nothing_twice(
    desks: tuple[Bench, Bench], world: World, killed_at: int
) -> None:
    gone, here = desks
    begun = begin(gone, killed_at)

    take_over(here, begun, meanwhile=gone.finish)
    gone.finish()
    here.finish()

    assert_done_once(world, mails=0 if killed_at == MAIL_BEGUN else 1)


def test_nothing_is_taken_over_without_a_second_person(desks: tuple[Bench, Bench], world: World) -> None:
    gone, here = desks
    begun = begin(gone, 6)
    request = CancelRequest(CODE, OperationKind.CANCEL, Reason.CUSTOMER_REQUEST, "Counter 1 burnt down", None, begun)

    asked = here.engine.submit(request, here.sign_in(), wait_seconds=600)
    here.finish()

    assert here.engine.operation(asked.id).state is OperationState.AWAITING_APPROVAL
    assert world.returns == []


def test_a_claim_is_not_taken_over_by_time_alone(desks: tuple[Bench, Bench], world: World) -> None:
    gone, here = desks
    begin(gone, 5)
    world.clock.advance(30 * 86400)

    refused = here.cancel(here.sign_in())

    assert [finding.rule for finding in refused.refused] == [Rule.BEING_CANCELLED]
    assert world.returns == []


def test_only_the_operation_that_was_named_is_taken_over(desks: tuple[Bench, Bench], world: World) -> None:
    gone, here = desks
    begin(gone, 5)

    refused = take_over(here, "00000000-0000-4000-8000-000000000000")

    assert [finding.rule for finding in refused.refused] == [Rule.BEING_CANCELLED]
    assert world.returns == []


def test_points_that_the_other_desk_sent_are_waited_for_before_they_are_sent_again(
    desks: tuple[Bench, Bench], world: World
) -> None:
    gone, here = desks
    world.fault = lambda call: Fault.UNKNOWN_DONE_LATER if call == "add" else Fault.NONE
    session = gone.sign_in()
    gone.engine.submit(CancelRequest(CODE, OperationKind.CANCEL, Reason.OTHER, "whatever"), session)
    begun = gone.operations[0].id
    world.fault = lambda _: Fault.NONE

    operation = take_over(here, begun)

    assert operation.state is OperationState.COMPLETED
    assert_done_once(world)
    assert world.calls.count("add") == 1


@pytest.mark.parametrize("killed_at", range(4, 9))
def test_a_coupon_that_was_used_meanwhile_gets_no_points_and_is_let_go_of(
    desks: tuple[Bench, Bench], world: World, killed_at: int
) -> None:
    gone, here = desks
    begun = begin(gone, killed_at)
    world.orders.append(ORDER)
    assert_let_go_of(world, take_over(here, begun))


def test_a_return_of_a_desk_that_is_gone_is_not_forgotten_where_its_coupon_cannot_be_switched_off_here(
    desks: tuple[Bench, Bench], world: World
) -> None:
    """Its return shows only after the first look: the coupon is not let go of before it surely never came."""
    gone, here = desks
    world.fault = lambda call: Fault.UNKNOWN_DONE_LATER if call == "add" else Fault.NONE
    gone.engine.submit(CancelRequest(CODE, OperationKind.CANCEL, Reason.OTHER, "whatever"), gone.sign_in())
    begun = gone.operations[0].id
    world.state = DiscountState.ACTIVE  # so that it has to be switched off once more, which is refused
    world.fault = lambda call: Fault.REFUSED if call == "deactivate" else Fault.NONE

    operation = take_over(here, begun)

    assert operation.state is OperationState.NEEDS_ATTENTION
    assert operation.next_action is not None
    assert [entry.points for entry in world.returns] == [500]
    assert operation.id in str(world.record["cancellation"])

    world.fault = lambda _: Fault.NONE
    here.engine.resume()
    here.finish()
    assert here.engine.operation(operation.id).state is OperationState.COMPLETED
    assert_done_once(world)


def test_a_take_over_that_is_refused_lets_go_only_when_the_points_surely_never_came(
    desks: tuple[Bench, Bench], world: World
) -> None:
    gone, here = desks
    begun = begin(gone, 8)
    world.fault = lambda call: Fault.REFUSED if call == "deactivate" else Fault.NONE
    world.state = DiscountState.ACTIVE
    began_at = world.clock.now()

    operation = take_over(here, begun)

    assert operation.state is OperationState.REFUSED
    assert (operation.ended_at or began_at) - began_at >= TAKE_OVER_LOOK
    assert (world.returns, "cancellation" in world.record) == ([], False)


@pytest.mark.parametrize("comes_back", [False, True])
def test_a_dead_code_that_a_desk_left_behind_is_not_let_go_of_where_its_work_cannot_be_finished(
    desks: tuple[Bench, Bench], world: World, comes_back: bool
) -> None:
    """The claim is refused; a desk that comes back finds the coupon with another, and leaves the code to that one."""
    gone, here = desks
    begun = begin(gone, 7)
    assert world.state is DiscountState.EXPIRED

    def refuse_the_claim(call: str) -> Fault:
        if call != "record":
            return Fault.NONE
        world.fault = lambda _: Fault.NONE
        if comes_back:
            gone.finish()
        return Fault.REFUSED

    world.fault = refuse_the_claim

    operation = take_over(here, begun)

    if gone.operations[0].state is OperationState.COMPLETED:  # nobody but the record could tell it that it was taken over
        assert_done_once(world)
        return
    told = [str(entry.body["what"]) for entry in here.entries() if entry.action == "operation.attention"]
    assert len(told) == 1
    assert "switched the code off and returned no points" in told[0]
    assert operation.state is OperationState.COMPLETED  # a person chose “Go on now”
    assert_done_once(world)


@pytest.mark.parametrize("killed_at", [9, 10])
@pytest.mark.parametrize("fate", [Fault.UNKNOWN_NOT_DONE, Fault.UNKNOWN_DONE_LATER])
def test_a_take_over_whose_claim_was_lost_needs_nobody_where_the_other_desk_has_come_back_and_finished(
    desks: tuple[Bench, Bench], world: World, killed_at: int, fate: Fault
) -> None:
    gone, here = desks
    begun = begin(gone, killed_at)

    def come_back() -> None:
        world.fault = lambda _: Fault.NONE
        gone.finish()

    world.fault = lambda call: fate if call == "record" else Fault.NONE
    operation = take_over(here, begun, come_back)

    assert operation.state is OperationState.REFUSED
    assert {finding.rule for finding in operation.refused} == {Rule.CANCELLED}
    assert gone.operations[0].state is OperationState.COMPLETED
    assert_done_once(world)


def test_a_desk_that_comes_back_to_a_late_order_leaves_the_record_as_the_other_desk_ended_it_and_calls_a_person(
    desks: tuple[Bench, Bench], world: World
) -> None:
    gone, here = desks
    begun = begin(gone, 6)
    assert take_over(here, begun).state is OperationState.COMPLETED
    world.orders.append(ORDER)  # paid before the code was dead, and seen only now
    before = dict(world.record)

    gone.finish()

    stopped = gone.operations[0]
    assert stopped.state is OperationState.NEEDS_ATTENTION
    assert "#1001" in str(stopped.attention)
    assert world.record == before

    over = gone.engine.answer(stopped.id, gone.sign_in("owner"), "The customer pays the difference")
    assert (over.state.is_over, over.has_open_work) == (True, False)
    assert world.record == before
    assert [entry.points for entry in world.returns] == [500]


def test_without_a_history_to_search_a_person_has_to_look(template: Path, tmp_path: Path, world: World) -> None:
    blind = replace(PLAIN, history=HistorySearch.BY_MEMBER)
    gone = Bench(template, tmp_path, world, blind, desk="counter-1")
    here = Bench(template, tmp_path, world, blind, desk="counter-2")
    try:
        begun = begin(gone, 6)
        operation = take_over(here, begun)
        assert operation.state is OperationState.NEEDS_ATTENTION
        assert "add" not in world.calls
    finally:
        gone.close()
        here.close()


def test_a_computer_that_slept_looks_again_before_points_move(bench: Bench, world: World) -> None:
    slept = [True]

    def sleep() -> None:
        if bench.entries()[-1].action == "step.started" and bench.entries()[-1].step == "return_points" and slept.pop():
            slept.append(False)
            world.clock.advance(3600)

    bench.trail.after_write = lambda: sleep() if slept[0] else None
    bench.cancel(bench.sign_in())
    bench.finish()

    (operation,) = bench.operations
    assert operation.state is OperationState.COMPLETED
    assert len(world.returns) == 1
    looks = [entry.action for entry in bench.trail.of_operation(operation.id) if entry.step == "return_points"]
    assert looks == ["step.started", "step.delayed", "step.started", "step.done"]


@pytest.mark.parametrize("is_required", [True, False])
def test_a_central_database_out_of_reach_stops_what_requires_it_and_is_told_otherwise(
    template: Path, tmp_path: Path, world: World, is_required: bool
) -> None:
    world.fault = lambda call: Fault.UNAVAILABLE if call in {"take", "fence", "release", "open_ones"} else Fault.NONE
    bench = Bench(template, tmp_path, world, centre=Centre(ClaimsInMemory(world, "counter-1"), is_required))
    try:
        request = CancelRequest(CODE, OperationKind.CANCEL, Reason.OTHER, "whatever")
        operation = bench.engine.submit(request, bench.sign_in())
        if is_required:
            assert operation.step(StepName.CLAIM).state is StepState.DELAYED
            assert (world.returns, world.state, "cancellation" in world.record) == ([], DiscountState.ACTIVE, False)
            world.fault = lambda _: Fault.NONE
            bench.finish()
        else:
            detail = operation.step(StepName.CLAIM).detail
            assert detail is not None
            assert "alone" in str(detail)
        assert bench.operations[0].state is OperationState.COMPLETED
        assert_done_once(world)
    finally:
        bench.close()


def test_a_release_that_failed_is_made_up_for(template: Path, tmp_path: Path, world: World) -> None:
    world.fault = lambda call: Fault.UNAVAILABLE if call == "release" else Fault.NONE
    bench = Bench(template, tmp_path, world, centre=Centre(ClaimsInMemory(world, "counter-1"), is_required=False))
    try:
        bench.cancel(bench.sign_in())
        assert [row.ending for row in world.central] == [""]
        world.fault = lambda _: Fault.NONE
        bench.engine.resume()
        assert [row.ending for row in world.central] == ["released"]
    finally:
        bench.close()


def test_a_coupon_used_meanwhile_gets_its_dates_back_where_it_cannot_be_used_again(bench: Bench, world: World) -> None:
    def customer() -> None:
        if world.calls[-1] == "deactivate":
            world.redeem()

    world.moment = customer
    operation = bench.cancel(bench.sign_in())

    assert operation.state is OperationState.REFUSED
    assert (world.state, world.returns, world.record["status"]) == (DiscountState.ACTIVE, [], "used")


def test_a_coupon_used_meanwhile_that_could_be_used_again_stays_switched_off(bench: Bench, world: World) -> None:
    def customer() -> None:
        if world.calls[-1] == "deactivate":
            world.redeem()

    world.moment = customer
    world.usage_limit = None
    operation = bench.cancel(bench.sign_in())

    assert operation.state is OperationState.REFUSED
    assert (world.state, world.returns) == (DiscountState.EXPIRED, [])


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.UNKNOWN_DONE, Fault.UNKNOWN_NOT_DONE])
def test_dates_that_could_not_be_put_back_at_once_are_put_back_later(bench: Bench, world: World, fault: Fault) -> None:
    def customer() -> None:
        if world.calls[-1] == "deactivate":
            world.redeem()

    world.moment = customer
    once = [fault]
    world.fault = lambda call: once.pop() if call == "window" and once else Fault.NONE
    bench.cancel(bench.sign_in())
    bench.finish()

    assert bench.operations[0].state is OperationState.REFUSED
    assert (world.state, world.returns, world.record["status"]) == (DiscountState.ACTIVE, [], "used")
    assert "cancellation" not in world.record


def test_of_two_desks_that_refund_an_order_at_once_the_slower_one_is_refused_and_waits_for_nobody(
    desks: tuple[Bench, Bench], world: World
) -> None:
    first, second = desks
    world.redeem()
    world.orders[0] = replace(world.orders[0], cancelled_at=START, payment=REFUNDED)
    asked = [desk.cancel(desk.sign_in(), OperationKind.ORDER_REFUND, order="#1001") for desk in desks]

    def overtaken(operation: Operation) -> None:
        if operation.step(StepName.VERIFY).state is StepState.DONE and not world.returns:
            first.engine.approve(asked[0].id, first.sign_in("owner"), "Order seen", wait_seconds=60)

    slower = second.engine.approve(asked[1].id, second.sign_in("owner"), "Order seen", overtaken, wait_seconds=60)
    assert first.operations[0].state is OperationState.COMPLETED
    assert (slower.state, {finding.rule for finding in slower.refused}) == (OperationState.REFUSED, {Rule.ALREADY_RETURNED})
    assert len(world.returns) == 1
    assert "cancellation" not in world.record


def test_a_coupon_that_another_holds_is_not_refused_once_points_were_sent_from_here(
    template: Path, tmp_path: Path, world: World
) -> None:
    bench = Bench(template, tmp_path, world, centre=Centre(ClaimsInMemory(world, "counter-1"), is_required=True))
    try:
        world.fault = lambda call: Fault.UNKNOWN_DONE_LATER if call == "add" else Fault.NONE
        request = CancelRequest(CODE, OperationKind.CANCEL, Reason.OTHER, "whatever")
        begun = bench.engine.submit(request, bench.sign_in())
        world.fault = lambda _: Fault.NONE
        del world.record["cancellation"]
        ClaimsInMemory(world, "counter-2").take(CODE, "another", "ken", replaces=begun.id, proof="told so")
        world.later.clear()
        bench.finish()
        assert bench.operations[0].state is OperationState.NEEDS_ATTENTION
        assert world.returns == []
    finally:
        bench.close()
