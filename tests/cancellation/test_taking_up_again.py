"""What is over, taken up again to put a difference right: the record and the code, never the points, whatever breaks when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coupon_desk.cancellation.clear_fields import clear_allowance
from coupon_desk.cancellation.operation import Operation, OperationState, StepName, StepState
from coupon_desk.coupons.evidence import DiscountState
from coupon_desk.errors import NotPermitted
from coupon_desk.trail.index import OperationOpen
from tests.cancellation.bench import Bench, killing
from tests.cancellation.test_engine import assert_cancelled, once
from tests.cancellation.world import Fault, Killed, World

BOTH = (StepName.INVALIDATE, StepName.UPDATE_RECORD)
NOTE = "The website wrote an old copy over it"


def undone(bench: Bench, world: World) -> Operation:
    """A cancellation that is over, of which Shopify no longer knows anything."""
    bench.keep_discounts()
    cancelled = bench.cancel(bench.sign_in())
    bench.finish()
    world.state, world.dead_at = DiscountState.ACTIVE, None
    world.record["status"] = "active"
    world.calls.clear()
    return cancelled


def assert_put_right_once(bench: Bench, world: World, before: Operation) -> None:
    assert_cancelled(world)
    assert (len(world.mails), bench.trail.verify().is_intact) == (1, True)
    (after,) = bench.operations
    assert (after.state, after.ended_at, after.points_returned) == (OperationState.COMPLETED, before.ended_at, 500)
    assert not after.has_open_work
    actions = [entry.action for entry in bench.entries()]
    assert (actions.count("operation.completed"), actions.count("operation.reconciled")) == (1, 1)


def test_the_record_and_the_code_are_put_right_and_no_points_move(bench: Bench, world: World) -> None:
    before = undone(bench, world)
    session = bench.sign_in("owner")
    after = bench.engine.take_up_again(before.id, BOTH, session, NOTE, wait_seconds=60)
    assert_put_right_once(bench, world, before)
    assert after.operator == before.operator
    assert {"deactivate", "record"} <= set(world.calls)
    assert not {"add", "mail"} & set(world.calls)
    (opened,) = (entry for entry in bench.entries() if entry.action == "operation.reopened")
    assert (opened.actor, opened.body["note"], opened.fields.after) == ("owner", NOTE, {"state": "running", "kind": "cancel"})


def test_what_is_as_it_should_be_is_only_looked_at(bench: Bench, world: World) -> None:
    cancelled = bench.cancel(bench.sign_in())
    world.calls.clear()
    bench.engine.take_up_again(cancelled.id, BOTH, bench.sign_in(), NOTE)
    assert world.calls == ["read_discount_by_id", "read_record"]


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        ("read_discount_by_id", Fault.UNAVAILABLE),
        ("read_record", Fault.UNAVAILABLE),
        *((call, fault) for call in ("deactivate", "record") for fault in (Fault.UNKNOWN_NOT_DONE, Fault.UNKNOWN_DONE)),
        ("deactivate", Fault.UNAVAILABLE),
        ("record", Fault.UNKNOWN_DONE_LATER),
    ],
)
def test_a_call_that_breaks_is_looked_after_and_nothing_is_done_twice(
    bench: Bench, world: World, call: str, fault: Fault
) -> None:
    before = undone(bench, world)
    world.fault = once(call, fault)
    bench.engine.take_up_again(before.id, BOTH, bench.sign_in(), NOTE)
    bench.finish()
    assert_put_right_once(bench, world, before)


@pytest.mark.parametrize("at", range(2, 8))
def test_killed_before_any_entry_it_is_finished_by_the_next_program(bench: Bench, world: World, at: int) -> None:
    """Each entry but the first, which is what was asked for: until it stands there is nothing to finish."""
    before = undone(bench, world)
    session = bench.sign_in()
    bench.trail.before_write = killing(at)
    with pytest.raises(Killed):
        bench.engine.take_up_again(before.id, BOTH, session, NOTE)
    bench.start_again()
    bench.finish()
    assert_put_right_once(bench, world, before)


@pytest.mark.parametrize("call", ["deactivate", "record"])
def test_killed_when_it_is_about_to_be_sent_it_is_sent_by_the_next_program(bench: Bench, world: World, call: str) -> None:
    before = undone(bench, world)
    session = bench.sign_in()

    def moment() -> None:
        if world.calls[-1] == call and world.calls.count(call) == 1:
            raise Killed

    world.moment = moment
    with pytest.raises(Killed):
        bench.engine.take_up_again(before.id, BOTH, session, NOTE)
    bench.start_again()
    bench.finish()
    assert_put_right_once(bench, world, before)


def test_a_use_while_the_code_worked_again_returns_and_takes_back_nothing(bench: Bench, world: World) -> None:
    before = undone(bench, world)
    world.redeem()
    bench.engine.take_up_again(before.id, (StepName.INVALIDATE,), bench.sign_in(), NOTE)
    (after,) = bench.operations
    assert (after.state, world.state, len(world.returns)) == (OperationState.COMPLETED, DiscountState.EXPIRED, 1)


def test_a_refusal_of_shopify_needs_a_person_whose_word_ends_it_as_it_was(bench: Bench, world: World) -> None:
    before = undone(bench, world)
    session = bench.sign_in()
    world.fault = once("deactivate", Fault.REFUSED)
    stuck = bench.engine.take_up_again(before.id, BOTH, session, NOTE)
    assert stuck.state is OperationState.NEEDS_ATTENTION
    assert "Shopify admin" in str(stuck.next_action)
    seen_to = bench.engine.answer(before.id, session, "Switched off in the admin")
    assert (seen_to.state, seen_to.ended_at, seen_to.attention) == (OperationState.COMPLETED, before.ended_at, None)
    assert seen_to.step(StepName.INVALIDATE).state is StepState.SKIPPED
    assert (len(world.returns), world.record["status"]) == (1, "active")
    assert bench.entries()[-1].fields.after == {"state": "completed", "kind": "cancel"}


def test_a_code_that_somebody_switches_on_each_time_is_left_to_a_person(bench: Bench, world: World) -> None:
    before = undone(bench, world)

    def contrary() -> None:
        world.state = DiscountState.ACTIVE

    world.moment = contrary
    stuck = bench.engine.take_up_again(before.id, BOTH, bench.sign_in(), NOTE, wait_seconds=600)
    assert stuck.state is OperationState.NEEDS_ATTENTION
    assert world.calls.count("deactivate") == 3


def test_a_claim_that_landed_late_on_what_was_refused_is_taken_away(bench: Bench, world: World) -> None:
    world.fault = once("deactivate", Fault.REFUSED)
    refused = bench.cancel(bench.sign_in())
    assert refused.state is OperationState.REFUSED
    world.record["cancellation"] = {"operation": refused.id, "by": "mika", "at": refused.opened_at.isoformat()}
    again = bench.engine.take_up_again(refused.id, (StepName.UPDATE_RECORD,), bench.sign_in(), NOTE)
    assert (again.state, again.ended_at, again.refused) == (refused.state, refused.ended_at, refused.refused)
    assert ("cancellation" in world.record, world.record["status"], world.returns) == (False, "active", [])
    assert bench.entries()[-1].fields.after == {"state": "refused", "kind": "cancel"}
    assert not clear_allowance(bench.trail.of_operation(refused.id)).counts
    assert bench.cancel(bench.sign_in()).state is OperationState.COMPLETED


def test_nobody_takes_up_what_is_not_over_nor_without_the_right(bench: Bench, world: World) -> None:
    world.fault = once("read_discount", Fault.UNAVAILABLE)
    waiting = bench.cancel(bench.sign_in())
    with pytest.raises(NotPermitted):
        bench.engine.take_up_again(waiting.id, BOTH, bench.sign_in(), NOTE)
    with pytest.raises(NotPermitted):
        bench.engine.take_up_again(waiting.id, BOTH, bench.sign_in("clerk"), NOTE)
    with pytest.raises(ValueError, match="ever done once more"):
        bench.engine.take_up_again(waiting.id, (StepName.RETURN_POINTS,), bench.sign_in(), NOTE)
    bench.finish()
    assert len(world.returns) == 1


def test_while_another_operation_works_on_the_coupon_nothing_is_taken_up(bench: Bench, world: World) -> None:
    world.fault = once("deactivate", Fault.REFUSED)
    refused = bench.cancel(bench.sign_in())
    assert bench.cancel(bench.sign_in("clerk")).state is OperationState.AWAITING_APPROVAL
    with pytest.raises(OperationOpen):
        bench.engine.take_up_again(refused.id, (StepName.UPDATE_RECORD,), bench.sign_in(), NOTE)
    assert bench.engine.operation(refused.id).state is OperationState.REFUSED


def test_what_was_refused_before_it_set_any_mark_is_not_taken_up(bench: Bench, world: World) -> None:
    world.redeem()
    refused = bench.cancel(bench.sign_in())
    assert refused.step(StepName.VERIFY).state is StepState.REFUSED
    with pytest.raises(NotPermitted):
        bench.engine.take_up_again(refused.id, (StepName.UPDATE_RECORD,), bench.sign_in(), NOTE)


def test_what_still_follows_the_end_keeps_its_time(bench: Bench, world: World) -> None:
    cancelled = bench.cancel(bench.sign_in())
    due = cancelled.step(StepName.RETIRE).due_at
    world.clock.advance(timedelta(minutes=5).total_seconds())
    world.record["status"] = "active"
    after = bench.engine.take_up_again(cancelled.id, (StepName.UPDATE_RECORD,), bench.sign_in(), NOTE)
    assert (after.step(StepName.RETIRE).due_at, world.record["status"]) == (due, "cancelled")


def test_a_request_that_nobody_approved_is_never_taken_up_again(bench: Bench, world: World) -> None:
    waiting = bench.cancel(bench.sign_in("clerk"))
    assert waiting.state is OperationState.AWAITING_APPROVAL
    rejected = bench.engine.reject(waiting.id, bench.sign_in(), "Not for a friend.")
    assert rejected.state is OperationState.REFUSED
    with pytest.raises(NotPermitted):
        bench.engine.take_up_again(rejected.id, (StepName.UPDATE_RECORD,), bench.sign_in(), NOTE, wait_seconds=600)
    bench.finish()
    assert (world.returns, world.mails) == ([], [])


def test_what_was_refused_because_of_a_use_is_never_switched_off_and_paid_again(bench: Bench, world: World) -> None:
    world.fault = once("deactivate", Fault.REFUSED)
    refused = bench.cancel(bench.sign_in())
    assert refused.step(StepName.INVALIDATE).state is StepState.REFUSED
    for steps in (BOTH, (StepName.INVALIDATE,)):
        with pytest.raises(NotPermitted):
            bench.engine.take_up_again(refused.id, steps, bench.sign_in(), NOTE, wait_seconds=600)
    bench.finish()
    assert world.returns == []
