"""What the trail says of an operation outside its sealed bodies: enough for an auditor, and nothing personal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coupon_desk.cancellation.operation import Operation, OperationState, StepName
from coupon_desk.cancellation.own_work import OperationErased, own_work, row_of, story_of
from coupon_desk.cancellation.story import Story, after
from coupon_desk.coupons.code import CouponCode
from coupon_desk.trail.entry import Entry
from tests.cancellation.bench import Bench
from tests.cancellation.test_engine import once
from tests.cancellation.world import CODE, CUSTOMER_ID, Fault, World

CALLS = ("read_discount", "read_record", "read_history", "find_orders", "record", "deactivate", "add", "mail", "delete")


def of_operations(bench: Bench) -> list[Entry]:
    return [entry for entry in bench.entries() if entry.operation]


def told_against_the_fold(entries: list[Entry]) -> Iterator[tuple[Entry, Operation | None, Operation]]:
    """Each entry with the operation before and after it, as the fold tells them."""
    story: Story | None = None
    for entry in entries:
        before, story = story, after(story, entry)
        yield entry, before.operation if before else None, story.operation


def check_states(entries: list[Entry]) -> None:
    for entry, before, now in told_against_the_fold(entries):
        fields = entry.fields
        assert fields.after is not None, entry.action
        if entry.step is not None:
            assert before is not None
            step = StepName(entry.step)
            assert (fields.before, fields.after) == ({"state": before.step(step).state}, {"state": now.step(step).state})
        else:
            assert fields.after == {"state": now.state, "kind": now.kind}, entry.action
            assert fields.before == (None if before is None else {"state": before.state})


def test_a_cancellation_is_told_step_by_step(bench: Bench) -> None:
    operation = bench.cancel(bench.sign_in())
    entries = of_operations(bench)
    check_states(entries)
    assert {(entry.actor, entry.fields.role, entry.code) for entry in entries} == {("mika", "manager", CODE.masked)}
    assert {entry.fields.reason for entry in entries} == {"converted_by_mistake"}
    assert len({entry.fields.coupon for entry in entries}) == 1
    opened, *rest = entries
    assert (opened.fields.result, opened.fields.points, opened.fields.customer) == ("opened", CODE.points, None)
    assert {entry.fields.customer for entry in rest} - {None} == {rest[-1].fields.customer}
    moved = [(entry.action, entry.fields.points) for entry in entries if entry.step == StepName.RETURN_POINTS]
    assert moved == [("step.started", 500), ("step.done", 500)]
    (completed,) = (entry for entry in entries if entry.action == "operation.completed")
    assert (completed.fields.result, completed.fields.points) == ("completed", operation.points_returned)
    assert all(CODE.text not in entry.text and CUSTOMER_ID not in entry.text for entry in entries)


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.NONE])
@pytest.mark.parametrize(
    "call", ["read_discount", "read_record", "read_history", "find_orders", "record", "deactivate", "add", "mail", "delete"]
)
def test_whatever_breaks_the_states_are_told_as_the_fold_takes_them(
    bench: Bench, world: World, call: str, fault: Fault
) -> None:
    world.fault = once(call, fault)
    bench.cancel(bench.sign_in())
    bench.finish()
    check_states(of_operations(bench))


def test_what_a_person_answered_is_told(bench: Bench, world: World) -> None:
    world.fault = once("add", Fault.REFUSED)
    operation = bench.cancel(bench.sign_in())
    bench.engine.answer(operation.id, bench.sign_in("owner"), "Returned by hand")
    entries = of_operations(bench)
    check_states(entries)
    (answered,) = (entry for entry in entries if entry.action == "operation.answered")
    assert (answered.actor, answered.fields.role, answered.fields.before) == ("owner", "admin", {"state": "needs_attention"})


def test_a_second_person_is_told_with_what_they_decided(bench: Bench) -> None:
    asked = bench.cancel(bench.sign_in("clerk"))
    assert asked.state is OperationState.AWAITING_APPROVAL
    bench.engine.approve(asked.id, bench.sign_in(), "Looked at it", wait_seconds=60)
    entries = of_operations(bench)
    check_states(entries)
    (approved,) = (entry for entry in entries if entry.action == "operation.approved")
    assert (approved.actor, approved.fields.role, approved.fields.approver) == ("mika", "manager", "mika")
    later = [entry for entry in entries if entry.sequence > approved.sequence]
    assert {(entry.actor, entry.fields.approver) for entry in later} == {("clerk", "mika")}


def test_a_refusal_names_the_first_rule_and_whose_coupon_it_was(bench: Bench, world: World) -> None:
    world.redeem()
    assert bench.cancel(bench.sign_in()).state is OperationState.REFUSED
    entries = of_operations(bench)
    check_states(entries)
    (step,) = (entry for entry in entries if entry.action == "step.refused")
    assert (step.fields.result, step.fields.reason) == ("refused", "used")
    assert step.fields.customer is not None
    assert bench.trail.erase_customer(CUSTOMER_ID, "owner").operations == 1


def test_an_erased_operation_is_known_by_its_coupon_and_can_be_told_no_more(bench: Bench) -> None:
    operation = bench.cancel(bench.sign_in())
    bench.finish()
    before = own_work(bench.trail, bench.index, CODE)
    assert before is not None
    assert bench.trail.erase_customer(CUSTOMER_ID, "owner").keys == 1
    with pytest.raises(OperationErased):
        story_of(bench.trail, operation.id)
    now = own_work(bench.trail, bench.index, CODE)
    assert now is not None
    assert (now.operation, now.by, now.cancelled, now.refunded) == (operation.id, "mika", True, False)
    assert own_work(bench.trail, bench.index, CODE, besides=operation.id) is None
    assert own_work(bench.trail, bench.index, CouponCode("70934-ZZ99ZZ-300")) is None
    assert bench.operations == []
    again = bench.cancel(bench.sign_in())
    assert again.state is OperationState.REFUSED
    assert bench.engine.resume() == ()


def test_an_index_made_anew_leaves_erased_operations_out(bench: Bench) -> None:
    bench.cancel(bench.sign_in())
    bench.finish()
    bench.trail.erase_customer(CUSTOMER_ID, "owner")
    again = bench.cancel(bench.sign_in())
    assert bench.index.rebuild(lambda one: row_of(bench.trail, one)) == 1
    assert [row.id for row in bench.index.newest(10)] == [again.id]
