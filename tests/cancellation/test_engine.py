"""One cancellation through the engine: the good way, and each way of going wrong, one at a time."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from coupon_desk.cancellation.operation import CancelRequest, OperationKind, OperationState, StepName, StepState
from coupon_desk.cancellation.permission import NoteTooShort
from coupon_desk.coupons.eligibility import Rule
from coupon_desk.coupons.evidence import DiscountState
from coupon_desk.coupons.points import EntryType, PointEntry
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import ExitStatus, NotPermitted
from coupon_desk.trail.index import OperationOpen
from tests.cancellation.bench import SETTLE_SECONDS, Bench
from tests.cancellation.world import CODE, REFUNDED, START, Fault, World


def once(name: str, fault: Fault, times: int = 1) -> Callable[[str], Fault]:
    """That call breaks so many times, and works afterwards."""
    left = [times]

    def plan(call: str) -> Fault:
        if call == name and left[0] > 0:
            left[0] -= 1
            return fault
        return Fault.NONE

    return plan


def assert_cancelled(world: World) -> None:
    assert [entry.points for entry in world.returns] == [500]
    assert world.state is DiscountState.EXPIRED
    told = {name: value for name, value in world.record.items() if name != "cancelled_by"}
    assert told == {"code": CODE.text, "points": 500, "status": "cancelled", "campaign": "autumn"}


def test_an_unused_coupon_is_cancelled_and_its_points_come_back_once(bench: Bench, world: World) -> None:
    operation = bench.cancel(bench.sign_in())
    assert operation.state is OperationState.COMPLETED
    assert operation.exit_status is ExitStatus.DONE
    assert (operation.points_returned, operation.balance_before, operation.balance_after) == (500, 1500, 2000)
    assert_cancelled(world)
    assert [mail.email for mail in world.mails] == ["hanako@example.com"]
    states = {step.name: step.state for step in operation.steps}
    assert states.pop(StepName.RETIRE) is StepState.DELAYED
    assert set(states.values()) == {StepState.DONE}
    assert bench.trail.verify().is_intact


def test_nothing_is_sent_before_it_stands_in_the_trail(bench: Bench, world: World) -> None:
    seen: list[int] = []

    def moment() -> None:
        if world.calls[-1] in {"deactivate", "record", "add", "mail"}:
            last = bench.entries()[-1]
            assert last.action == "step.started"
            seen.append(last.sequence)

    world.moment = moment
    bench.cancel(bench.sign_in())
    assert len(seen) == 5


def test_the_code_is_left_to_settle_before_the_points_go_back(bench: Bench, world: World) -> None:
    bench.cancel(bench.sign_in())
    assert world.dead_at is not None
    assert (world.returns[0].created_at - world.dead_at).total_seconds() >= SETTLE_SECONDS


def test_a_used_coupon_gets_no_points(bench: Bench, world: World) -> None:
    world.redeem()
    operation = bench.cancel(bench.sign_in())
    assert operation.state is OperationState.REFUSED
    assert operation.exit_status is ExitStatus.REFUSED
    assert [finding.rule for finding in operation.refused] == [Rule.USED]
    assert (world.returns, world.mails, world.state) == ([], [], DiscountState.ACTIVE)


@pytest.mark.parametrize("before", ["record", "deactivate", "read_discount_by_id"])
def test_a_coupon_used_while_we_cancel_gets_no_points(bench: Bench, world: World, before: str) -> None:
    def moment() -> None:
        if world.calls[-1] == before:
            world.redeem()

    world.moment = moment
    operation = bench.cancel(bench.sign_in())
    if before == "read_discount_by_id":
        assert operation.state is OperationState.COMPLETED  # the checkout refused: the code was dead already
        return
    assert operation.state is OperationState.REFUSED
    assert operation.exit_status is ExitStatus.NEEDS_A_PERSON
    assert [finding.rule for finding in operation.refused] == [Rule.USED_MEANWHILE]
    assert world.returns == []
    assert world.record["status"] == "used"
    assert "cancellation" not in world.record


def test_a_source_out_of_reach_leaves_the_request_waiting_with_nothing_done(bench: Bench, world: World) -> None:
    world.fault = once("read_discount", Fault.UNAVAILABLE, times=2)
    operation = bench.cancel(bench.sign_in())
    assert operation.state is OperationState.RUNNING
    assert operation.exit_status is ExitStatus.NOT_FINISHED
    assert operation.step(StepName.VERIFY).state is StepState.DELAYED
    assert not {"record", "deactivate", "add"} & set(world.calls)
    bench.finish()
    assert_cancelled(world)


def test_a_waiting_request_is_decided_on_what_is_true_when_the_sources_answer(bench: Bench, world: World) -> None:
    world.fault = once("find_orders", Fault.UNAVAILABLE)
    assert bench.cancel(bench.sign_in()).state is OperationState.RUNNING
    world.redeem()
    bench.finish()
    assert [operation.state for operation in bench.operations] == [OperationState.REFUSED]
    assert world.returns == []


def test_a_request_of_which_nothing_was_done_can_be_withdrawn_and_no_other(bench: Bench, world: World) -> None:
    world.fault = once("read_discount", Fault.UNAVAILABLE)
    session = bench.sign_in()
    waiting = bench.cancel(session)
    withdrawn = bench.engine.withdraw(waiting.id, session, "She keeps the coupon")
    assert (withdrawn.state, withdrawn.has_open_work) == (OperationState.REFUSED, False)
    done = bench.cancel(session)
    assert done.state is OperationState.COMPLETED
    with pytest.raises(NotPermitted):
        bench.engine.withdraw(done.id, session, "too late")


def test_a_second_cancellation_is_refused(bench: Bench, world: World) -> None:
    session = bench.sign_in()
    bench.cancel(session)
    again = bench.cancel(session)
    assert again.state is OperationState.REFUSED
    assert Rule.CANCELLED in {finding.rule for finding in again.refused}
    assert_cancelled(world)


def test_a_coupon_that_another_desk_works_on_is_refused(bench: Bench, world: World) -> None:
    world.record["cancellation"] = {"operation": "theirs", "by": "Ken", "at": START.isoformat()}
    operation = bench.cancel(bench.sign_in())
    assert [finding.rule for finding in operation.refused] == [Rule.BEING_CANCELLED]
    assert world.record["cancellation"] == {"operation": "theirs", "by": "Ken", "at": START.isoformat()}


def test_of_two_desks_that_claim_at_once_one_loses(bench: Bench, world: World) -> None:
    def moment() -> None:
        if world.calls[-1] == "record" and "cancellation" not in world.record:
            world.record["cancellation"] = {"operation": "theirs", "by": "Ken", "at": START.isoformat()}

    world.moment = moment
    operation = bench.cancel(bench.sign_in())
    assert operation.state is OperationState.REFUSED
    assert [finding.rule for finding in operation.refused] == [Rule.BEING_CANCELLED]
    assert (world.returns, world.state) == ([], DiscountState.ACTIVE)


def test_a_record_that_others_change_meanwhile_keeps_their_changes(bench: Bench, world: World) -> None:
    def moment() -> None:
        if world.calls[-1] == "record":
            world.record["campaign"] = "winter"

    world.moment = moment
    assert bench.cancel(bench.sign_in()).state is OperationState.COMPLETED
    assert world.record == {
        "code": CODE.text,
        "points": 500,
        "status": "cancelled",
        "campaign": "winter",
        "cancelled_by": "mika",
    }


@pytest.mark.parametrize("call", ["record", "deactivate", "add"])
@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.UNKNOWN_NOT_DONE, Fault.UNKNOWN_DONE, Fault.UNKNOWN_DONE_LATER])
def test_a_write_that_breaks_is_finished_and_not_repeated(bench: Bench, world: World, call: str, fault: Fault) -> None:
    world.fault = once(call, fault)
    operation = bench.cancel(bench.sign_in())
    assert operation.state is OperationState.COMPLETED
    assert_cancelled(world)
    assert len(world.mails) == 1


def test_points_whose_answer_was_lost_are_found_in_the_history_and_not_sent_again(bench: Bench, world: World) -> None:
    world.fault = once("add", Fault.UNKNOWN_DONE)
    operation = bench.cancel(bench.sign_in())
    assert world.calls.count("add") == 1
    assert (operation.balance_before, operation.balance_after) == (1500, 2000)


def test_points_that_were_not_added_are_looked_for_twice_a_minute_apart_before_they_are_sent_again(
    bench: Bench, world: World
) -> None:
    world.fault = once("add", Fault.UNKNOWN_NOT_DONE)
    operation = bench.cancel(bench.sign_in())
    assert operation.state is OperationState.COMPLETED
    looks = [entry.moment for entry in bench.entries() if entry.action == "step.looked"]
    assert (looks[-1] - looks[0]).total_seconds() >= 60
    requests = [
        entry.body["request"] for entry in bench.entries() if entry.action == "step.started" and entry.step == "return_points"
    ]
    assert len(requests) == 2
    assert requests[0] == requests[1]


def test_two_returns_in_the_history_need_a_person(bench: Bench, world: World) -> None:
    def moment() -> None:
        if world.calls[-1] == "add":
            world.entries.append(PointEntry("77", EntryType.ADD, 500, "By hand", CODE.reference, START, 2000))

    world.moment = moment
    world.fault = once("add", Fault.UNKNOWN_DONE)
    operation = bench.cancel(bench.sign_in())
    assert operation.state is OperationState.NEEDS_ATTENTION
    assert "returned twice" in str(operation.attention)
    assert CODE.reference in str(operation.next_action)


def test_points_that_somebody_else_returned_after_our_check_are_not_returned_again(bench: Bench, world: World) -> None:
    def moment() -> None:
        if world.calls[-1] == "deactivate":
            world.entries.append(PointEntry("77", EntryType.ADD, 500, "By hand", CODE.reference, START, 2000))

    world.moment = moment
    operation = bench.cancel(bench.sign_in())
    assert operation.state is OperationState.NEEDS_ATTENTION
    assert world.calls.count("add") == 0


def test_points_that_the_point_system_refuses_wait_for_a_person_and_then_come_back_once(bench: Bench, world: World) -> None:
    world.fault = once("add", Fault.REFUSED)
    operation = bench.cancel(bench.sign_in())
    assert operation.state is OperationState.NEEDS_ATTENTION
    assert operation.exit_status is ExitStatus.NEEDS_A_PERSON
    assert operation.due_at is None
    (resumed,) = bench.engine.resume(wait_seconds=600)
    assert resumed.state is OperationState.COMPLETED
    assert_cancelled(world)


def test_a_refused_deactivation_puts_everything_back(bench: Bench, world: World) -> None:
    world.fault = once("deactivate", Fault.REFUSED)
    operation = bench.cancel(bench.sign_in())
    assert operation.state is OperationState.REFUSED
    assert world.record == {"code": CODE.text, "points": 500, "status": "active", "campaign": "autumn"}
    assert world.returns == []


def test_a_claim_that_somebody_wrote_over_is_put_again_before_any_points_move(bench: Bench, world: World) -> None:
    def website_writes() -> None:
        if world.calls[-1] == "deactivate":
            world.record = {"code": CODE.text, "points": 500, "status": "active", "campaign": "winter"}

    world.moment = website_writes
    operation = bench.cancel(bench.sign_in())
    assert operation.state is OperationState.COMPLETED
    claims = [entry for entry in bench.entries() if entry.step == "claim" and entry.action == "step.done"]
    assert len(claims) == 2
    assert world.record["status"] == "cancelled"
    assert [entry.points for entry in world.returns] == [500]


def test_a_claim_that_another_desk_took_over_stops_us_before_any_points_move(bench: Bench, world: World) -> None:
    def other_desk() -> None:
        if world.calls[-1] == "deactivate":
            world.record["cancellation"] = {"operation": "theirs", "by": "Ken", "at": START.isoformat()}

    world.moment = other_desk
    operation = bench.cancel(bench.sign_in())
    assert operation.state is OperationState.REFUSED
    assert [finding.rule for finding in operation.refused] == [Rule.BEING_CANCELLED]
    assert world.returns == []
    assert world.record["cancellation"] == {"operation": "theirs", "by": "Ken", "at": START.isoformat()}


def test_points_settled_by_hand_are_answered_and_the_rest_is_finished(bench: Bench, world: World) -> None:
    world.fault = once("add", Fault.REFUSED)
    stuck = bench.cancel(bench.sign_in())
    assert stuck.state is OperationState.NEEDS_ATTENTION
    done = bench.engine.answer(stuck.id, bench.sign_in("owner"), "Returned at the POS by hand")
    assert (done.state, done.points_returned) == (OperationState.COMPLETED, 0)
    assert done.step(StepName.RETURN_POINTS).state is StepState.SKIPPED
    assert done.step(StepName.NOTIFY).state is StepState.SKIPPED
    assert world.calls.count("add") == 1
    assert world.record["status"] == "cancelled"
    assert "cancellation" not in world.record


def test_what_is_stuck_before_the_pivot_is_closed_with_nothing_returned(bench: Bench, world: World) -> None:
    def deleted() -> None:
        if world.calls[-1] == "read_discount_by_id":
            world.exists = False

    world.moment = deleted
    stuck = bench.cancel(bench.sign_in())
    assert stuck.state is OperationState.NEEDS_ATTENTION
    closed = bench.engine.answer(stuck.id, bench.sign_in("owner"), "The owner deleted it")
    assert closed.state is OperationState.REFUSED
    assert [finding.rule for finding in closed.refused] == [Rule.CLOSED]
    assert world.returns == []
    assert "cancellation" not in world.record


def test_a_mail_server_that_is_away_delays_the_mail_and_not_the_result(bench: Bench, world: World) -> None:
    world.fault = once("mail", Fault.UNAVAILABLE, times=3)
    operation = bench.cancel(bench.sign_in())
    assert operation.state is OperationState.COMPLETED
    assert operation.step(StepName.NOTIFY).state is StepState.DELAYED
    assert operation.has_open_work
    bench.finish()
    assert len(world.mails) == 1


def test_a_mail_of_unknown_fate_is_not_sent_twice_and_stays_open_until_a_person_answers(bench: Bench, world: World) -> None:
    world.fault = once("mail", Fault.UNKNOWN_DONE)
    operation = bench.cancel(bench.sign_in())
    bench.finish()
    (left,) = bench.operations
    assert left.step(StepName.NOTIFY).state is StepState.UNKNOWN
    assert len(world.mails) == 1
    assert left.has_open_work
    answered = bench.engine.answer(operation.id, bench.sign_in(), "She has it, asked by phone")
    assert not answered.has_open_work


def test_the_discount_is_deleted_only_after_it_was_looked_at_twice_more(bench: Bench, world: World) -> None:
    bench.cancel(bench.sign_in())
    bench.engine.run_due()
    world.clock.advance(16 * 60)
    bench.engine.run_due()
    assert "delete" not in world.calls
    world.clock.advance(24 * 3600)
    bench.engine.run_due()
    assert world.calls.count("delete") == 1
    assert not world.exists
    assert not bench.operations[0].has_open_work


def test_a_late_use_raises_an_alarm_that_stays_until_a_person_answers_it(bench: Bench, world: World) -> None:
    operation = bench.cancel(bench.sign_in())
    world.state = DiscountState.ACTIVE
    assert world.redeem()
    world.state = DiscountState.EXPIRED
    world.clock.advance(16 * 60)
    bench.engine.run_due()
    bench.finish()
    (alarm,) = bench.operations
    assert alarm.state is OperationState.NEEDS_ATTENTION
    assert "#1001" in str(bench.entries()[-1].body) or "used although" in str(alarm.attention)
    answered = bench.engine.answer(operation.id, bench.sign_in(), "Paid back at the counter")
    assert answered.state is OperationState.COMPLETED
    assert not answered.has_open_work
    assert world.exists


def test_suspected_fraud_kills_the_code_and_returns_nothing(bench: Bench, world: World) -> None:
    request = CancelRequest(CODE, OperationKind.CANCEL, Reason.SUSPECTED_FRAUD, "Third card this week")
    operation = bench.engine.submit(request, bench.sign_in(), wait_seconds=60)
    assert (operation.kind, operation.state) == (OperationKind.INVALIDATE, OperationState.COMPLETED)
    assert (world.returns, world.mails, world.state) == ([], [], DiscountState.EXPIRED)
    assert world.record["status"] == "cancelled"


def test_a_short_note_is_refused_before_anything_is_written(bench: Bench, world: World) -> None:
    session = bench.sign_in()
    before = bench.trail.head()
    with pytest.raises(NoteTooShort):
        bench.engine.submit(CancelRequest(CODE, OperationKind.CANCEL, Reason.OTHER, "  ok "), session)
    assert bench.trail.head() == before
    assert world.calls == []


def test_who_may_not_cancel_is_refused_and_the_trail_says_so(bench: Bench, world: World) -> None:
    with pytest.raises(NotPermitted) as refused:
        bench.cancel(bench.sign_in("viewer"))
    assert refused.value.exit_status is ExitStatus.REFUSED
    assert bench.entries()[-1].action == "right_refused"
    assert world.calls == []


def test_a_clerk_asks_and_a_manager_approves(bench: Bench, world: World) -> None:
    clerk, manager = bench.sign_in("clerk"), bench.sign_in()
    asked = bench.cancel(clerk)
    assert asked.state is OperationState.AWAITING_APPROVAL
    assert asked.exit_status is ExitStatus.NOT_FINISHED
    assert world.state is DiscountState.ACTIVE
    with pytest.raises(NotPermitted):
        bench.engine.approve(asked.id, clerk, "myself")
    done = bench.engine.approve(asked.id, manager, "Seen the receipt", wait_seconds=60)
    assert done.state is OperationState.COMPLETED
    assert (done.operator.login, done.approved_by) == ("clerk", "mika")
    assert_cancelled(world)


def test_nobody_approves_their_own_request(bench: Bench, world: World) -> None:
    world.entries.clear()
    manager = bench.sign_in()
    asked = bench.cancel(manager)
    assert asked.state is OperationState.AWAITING_APPROVAL
    with pytest.raises(NotPermitted, match="own request"):
        bench.engine.approve(asked.id, manager, "it is fine")
    assert world.returns == []


def test_what_changed_since_the_request_is_looked_at_again_before_it_is_done(bench: Bench, world: World) -> None:
    asked = bench.cancel(bench.sign_in("clerk"))
    world.redeem()
    done = bench.engine.approve(asked.id, bench.sign_in(), "fine", wait_seconds=60)
    assert done.state is OperationState.REFUSED
    assert world.returns == []


def test_a_new_doubt_after_the_approval_needs_a_new_approval(bench: Bench, world: World) -> None:
    asked = bench.cancel(bench.sign_in("clerk"))
    world.entries[0] = replace(world.entries[0], points=-800)
    again = bench.engine.approve(asked.id, bench.sign_in(), "fine", wait_seconds=60)
    assert again.state is OperationState.AWAITING_APPROVAL
    done = bench.engine.approve(asked.id, bench.sign_in(), "800 it was", wait_seconds=60)
    assert done.points_returned == 800


def test_a_rejected_request_is_over(bench: Bench, world: World) -> None:
    asked = bench.cancel(bench.sign_in("clerk"))
    over = bench.engine.reject(asked.id, bench.sign_in(), "Not without the customer")
    assert over.state is OperationState.REFUSED
    assert world.calls.count("record") == 0
    assert bench.cancel(bench.sign_in()).state is OperationState.COMPLETED


def test_a_coupon_with_an_open_operation_is_not_opened_again(bench: Bench) -> None:
    bench.cancel(bench.sign_in("clerk"))
    with pytest.raises(OperationOpen):
        bench.cancel(bench.sign_in())


def test_the_refund_of_a_cancelled_order_needs_a_second_person_and_returns_the_points_once(bench: Bench, world: World) -> None:
    world.redeem()
    world.orders[0] = replace(world.orders[0], cancelled_at=START, payment=REFUNDED)
    asked = bench.cancel(bench.sign_in(), OperationKind.ORDER_REFUND, order="#1001")
    assert asked.state is OperationState.AWAITING_APPROVAL
    done = bench.engine.approve(asked.id, bench.sign_in("owner"), "Order seen", wait_seconds=60)
    assert done.state is OperationState.COMPLETED
    assert [entry.points for entry in world.returns] == [500]
    assert world.record["status"] == "used"
    assert world.mails[0].for_cancelled_order
    again = bench.cancel(bench.sign_in(), OperationKind.ORDER_REFUND, order="#1001")
    assert Rule.ALREADY_RETURNED in {finding.rule for finding in again.refused}
