"""Points that were withheld on suspicion: released by a second person exactly once, or never, once fraud is confirmed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from coupon_desk.cancellation.clear_fields import operation_entry
from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, OperationState, StepName, StepState
from coupon_desk.cancellation.own_work import CONFIRMED, own_work
from coupon_desk.coupons.eligibility import Rule
from coupon_desk.coupons.evidence import DiscountState, OrderSeen
from coupon_desk.coupons.points import EntryType, PointEntry
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import NotPermitted
from tests.cancellation.bench import SETTLE_SECONDS, Bench, killing
from tests.cancellation.world import CODE, CUSTOMER_ID, START, Fault, Killed, World

MOMENTS = (2, 4, 5, 6, 7, 8, 9, 10, 12)
"""The durable writes of a release after which most is at stake: from its approval to the e-mail."""


def suspect(bench: Bench, login: str = "mika") -> Operation:
    request = CancelRequest(CODE, OperationKind.INVALIDATE, Reason.SUSPECTED_FRAUD, "Third card this week")
    done = bench.engine.submit(request, bench.sign_in(login), wait_seconds=600)
    assert done.state is OperationState.COMPLETED
    assert (bench.world.returns, bench.world.mails) == ([], [])
    bench.world.clock.advance(86400)
    return done


def ask(bench: Bench, suspected: Operation, login: str = "mika") -> Operation:
    request = CancelRequest(CODE, OperationKind.RELEASE, Reason.RELEASED, "It was her sister", releases=suspected.id)
    return bench.engine.submit(request, bench.sign_in(login), wait_seconds=600)


def approved(bench: Bench, asked: Operation, login: str = "owner") -> Operation:
    assert asked.state is OperationState.AWAITING_APPROVAL, [str(finding.message) for finding in asked.findings]
    return bench.engine.approve(asked.id, bench.sign_in(login), "Looked at the camera", wait_seconds=600)


def revive(world: World) -> None:
    world.state, world.dead_at = DiscountState.ACTIVE, None


def rules(operation: Operation) -> set[Rule]:
    return {finding.rule for finding in operation.refused}


def assert_released(world: World) -> None:
    assert [entry.points for entry in world.returns] == [500]
    assert (world.record["status"], world.record["campaign"]) == ("cancelled", "autumn")
    assert "refunded_at" in world.record
    assert "cancellation" not in world.record
    assert len(world.mails) == 1
    assert world.state is DiscountState.EXPIRED


def assert_nothing_came(world: World) -> None:
    assert (world.returns, world.mails) == ([], [])
    assert "cancellation" not in world.record
    assert "refunded_at" not in world.record


def test_the_points_come_back_once_when_a_second_person_agrees(bench: Bench, world: World) -> None:
    asked = ask(bench, suspect(bench))
    assert world.returns == []
    done = approved(bench, asked)
    assert (done.state, done.points_returned, done.approved_by) == (OperationState.COMPLETED, 500, "owner")
    assert_released(world)
    assert world.returns[0].reference == CODE.reference
    assert not world.mails[0].for_cancelled_order
    assert world.calls.count("deactivate") == 1  # the code was dead already


def test_a_release_is_asked_for_once_more_and_nothing_comes(bench: Bench, world: World) -> None:
    suspected = suspect(bench)
    approved(bench, ask(bench, suspected))
    again = ask(bench, suspected)
    assert Rule.ALREADY_RETURNED in rules(again)
    assert_released(world)
    own = own_work(bench.trail, bench.index, CODE)
    assert own is not None
    assert (own.cancelled, own.refunded) == (True, True)


@pytest.mark.parametrize(("suspects", "asks", "approves"), [("mika", "mika", "mika"), ("owner", "mika", "owner")])
def test_neither_who_asks_nor_who_suspected_approves(
    bench: Bench, world: World, suspects: str, asks: str, approves: str
) -> None:
    asked = ask(bench, suspect(bench, suspects), asks)
    with pytest.raises(NotPermitted):
        bench.engine.approve(asked.id, bench.sign_in(approves), "It is fine", wait_seconds=600)
    assert_nothing_came(world)


def test_an_approval_by_who_suspected_counts_for_nothing_wherever_it_comes_from(bench: Bench, world: World) -> None:
    asked = ask(bench, suspect(bench, "owner"))
    needed = next(entry.body for entry in reversed(bench.entries()) if entry.action == "operation.approval_needed")
    body = {"note": "", "rules": needed["rules"], "points": needed["points"], "request": ""}
    bench.trail.append(operation_entry(asked, "operation.approved", body, "owner", "admin"))
    bench.engine.resume(wait_seconds=600)
    assert bench.engine.operation(asked.id).state is OperationState.AWAITING_APPROVAL
    assert_nothing_came(world)


@pytest.mark.parametrize("login", ["clerk", "viewer"])
def test_who_may_not_investigate_may_not_even_ask(bench: Bench, world: World, login: str) -> None:
    suspected = suspect(bench)
    with pytest.raises(NotPermitted, match="suspected fraud"):
        ask(bench, suspected, login)
    assert bench.entries()[-1].action == "right_refused"
    assert_nothing_came(world)


def test_once_fraud_is_confirmed_nothing_returns_the_points(bench: Bench, world: World) -> None:
    suspected = suspect(bench)
    bench.trail.append(operation_entry(suspected, CONFIRMED, {"note": "Seen on camera"}, "mika", "manager"))
    refused = ask(bench, suspected)
    assert rules(refused) == {Rule.CONFIRMED_FRAUD}
    assert "never returned" in str(refused.refused[0].message)
    for kind in (OperationKind.CANCEL, OperationKind.ORDER_REFUND):
        assert Rule.CANCELLED in rules(bench.cancel(bench.sign_in(), kind, order="#1001"))
    assert_nothing_came(world)


def test_only_what_we_withheld_is_released(bench: Bench, world: World) -> None:
    done = bench.cancel(bench.sign_in())
    refused = ask(bench, done)
    assert {Rule.NOT_WITHHELD, Rule.ALREADY_RETURNED} <= rules(refused)
    assert len(world.returns) == 1


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"status": "active"}, Rule.NOT_WITHHELD),
        ({"cancelled_by": "somebody"}, Rule.NOT_WITHHELD),
        ({"refunded_at": START.isoformat()}, Rule.ALREADY_RETURNED),
        ({"status": "used"}, Rule.USED),
    ],
)
def test_what_the_record_says_otherwise_refuses(bench: Bench, world: World, changed: dict[str, object], rule: Rule) -> None:
    suspected = suspect(bench)
    world.record |= changed
    assert rule in rules(ask(bench, suspected))
    assert world.returns == []


def test_an_order_that_used_the_code_refuses(bench: Bench, world: World) -> None:
    suspected = suspect(bench)
    world.orders.append(OrderSeen("gid://shopify/Order/1", "#1001", world.clock.now(), None, (CODE.text,), CUSTOMER_ID))
    assert rules(ask(bench, suspected)) == {Rule.USED}


def test_a_return_or_a_missing_conversion_in_the_history_refuses(bench: Bench, world: World) -> None:
    suspected = suspect(bench)
    conversion = world.entries.pop()
    assert rules(ask(bench, suspected)) == {Rule.NO_CONVERSION}
    world.entries.append(conversion)
    by_hand = PointEntry("2", EntryType.ADD, 500, "By hand", CODE.reference, world.clock.now(), 2000)
    world.entries.append(by_hand)
    assert rules(ask(bench, suspected)) == {Rule.ALREADY_RETURNED}


def test_a_code_that_somebody_switched_on_again_is_switched_off_before_points_move(bench: Bench, world: World) -> None:
    asked = ask(bench, suspect(bench))
    revive(world)
    again = approved(bench, asked)
    assert again.state is OperationState.AWAITING_APPROVAL
    assert any("switched the code on" in str(why) for why in again.approval_needed)
    approved(bench, again)
    assert_released(world)
    assert world.dead_at is not None
    assert (world.returns[0].created_at - world.dead_at).total_seconds() >= SETTLE_SECONDS


def test_a_use_between_approval_and_points_stops_it_and_the_record_tells(bench: Bench, world: World) -> None:
    asked = ask(bench, suspect(bench))

    def moment() -> None:
        if world.calls[-1] == "read_discount_by_id" and not world.orders:
            world.state = DiscountState.ACTIVE
            assert world.redeem()

    world.moment = moment
    done = approved(bench, asked)
    assert done.state is OperationState.REFUSED
    assert rules(done) == {Rule.USED_MEANWHILE}
    assert (world.returns, world.record["status"]) == ([], "used")


def test_a_refused_release_leaves_coupon_and_record_as_they_were(bench: Bench, world: World) -> None:
    asked = ask(bench, suspect(bench))
    before = dict(world.record)
    world.fault = lambda call: Fault.REFUSED if call == "add" else Fault.NONE
    stuck = approved(bench, asked)
    assert stuck.state is OperationState.NEEDS_ATTENTION
    world.fault = lambda _: Fault.NONE
    world.entries.append(PointEntry("9", EntryType.ADD, 500, "By hand", CODE.reference, world.clock.now(), 2000))
    bench.engine.answer(asked.id, bench.sign_in("owner"), "Returned them by hand")
    bench.finish()
    (release,) = [one for one in bench.operations if one.kind is OperationKind.RELEASE]
    assert (release.state, release.step(StepName.RETURN_POINTS).state) == (OperationState.COMPLETED, StepState.SKIPPED)
    assert world.record["status"] == before["status"]
    assert len(world.returns) == 1


def test_a_rejected_release_changes_nothing_and_can_be_asked_for_again(bench: Bench, world: World) -> None:
    suspected = suspect(bench)
    before = dict(world.record)
    asked = ask(bench, suspected)
    bench.engine.reject(asked.id, bench.sign_in("owner"), "Not yet")
    assert world.record == before
    approved(bench, ask(bench, suspected))
    assert_released(world)


def test_where_the_code_is_gone_the_second_person_is_told(bench: Bench, world: World) -> None:
    suspected = suspect(bench)
    world.exists = False
    asked = ask(bench, suspected)
    assert any("gone from Shopify" in str(why) for why in asked.approval_needed)
    approved(bench, asked)
    assert [entry.points for entry in world.returns] == [500]


@pytest.mark.parametrize("at", MOMENTS)
def test_killed_after_a_write_the_points_come_once(bench: Bench, world: World, at: int) -> None:
    asked, owner = ask(bench, suspect(bench)), bench.sign_in("owner")
    bench.trail.after_write = killing(at)
    with pytest.raises(Killed):
        bench.engine.approve(asked.id, owner, "Looked at the camera", wait_seconds=600)
    bench.start_again()
    bench.finish()
    release = bench.engine.operation(asked.id)
    assert [entry.points for entry in world.returns] == [500]
    assert "refunded_at" in world.record
    assert "cancellation" not in world.record
    assert (release.state, release.points_returned) == (OperationState.COMPLETED, 500)
    assert len(world.mails) == 1 or release.step(StepName.NOTIFY).state is StepState.UNKNOWN


def test_points_of_unknown_fate_are_looked_for_and_not_sent_again(bench: Bench, world: World) -> None:
    asked = ask(bench, suspect(bench))
    broken = [Fault.UNKNOWN_DONE_LATER]
    world.fault = lambda call: broken.pop() if call == "add" and broken else Fault.NONE
    approved(bench, asked)
    bench.finish()
    assert len(world.returns) == 1
    assert bench.engine.operation(asked.id).state is OperationState.COMPLETED


def test_what_was_deducted_is_what_comes_back(bench: Bench, world: World) -> None:
    suspected = suspect(bench)
    world.entries[0] = replace(world.entries[0], points=-300)
    asked = ask(bench, suspected)
    done = approved(bench, asked)
    assert (done.points_returned, [entry.points for entry in world.returns]) == (300, [300])


def test_another_desk_finishes_the_release_of_one_that_is_gone(
    bench: Bench, template: Path, tmp_path: Path, world: World
) -> None:
    asked = ask(bench, suspect(bench))
    bench.trail.after_write = killing(9)
    with pytest.raises(Killed):
        approved(bench, asked)
    assert "cancellation" in world.record
    other = Bench(template, tmp_path, world, desk="counter-2")
    world.clock.advance(timedelta(hours=1).total_seconds())
    request = CancelRequest(CODE, OperationKind.RELEASE, Reason.RELEASED, "Desk 1 burnt down", takes_over=asked.id)
    taken = other.engine.submit(request, other.sign_in(), wait_seconds=600)
    done = approved(other, taken)
    other.finish()
    assert done.state is not OperationState.REFUSED
    assert_released(world)
    assert world.record["taken_over_by"] == taken.id
    bench.start_again()
    bench.finish()
    assert len(world.returns) == 1
    assert len(world.mails) == 1
    other.close()


def test_another_desk_without_a_mark_to_take_over_releases_nothing(
    bench: Bench, template: Path, tmp_path: Path, world: World
) -> None:
    suspected = suspect(bench)
    other = Bench(template, tmp_path, world, desk="counter-2")
    request = CancelRequest(CODE, OperationKind.RELEASE, Reason.RELEASED, "Give it back", takes_over=suspected.id)
    assert rules(other.engine.submit(request, other.sign_in(), wait_seconds=600)) == {Rule.NOT_WITHHELD}
    other.close()
    assert_nothing_came(world)
