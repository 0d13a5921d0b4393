"""What goes wrong at odd moments: each test is a way in which points were once lost, doubled, or told untruly."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, OperationState, StepName, StepState
from coupon_desk.cancellation.permission import NoteUnreadable
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.eligibility import Rule
from coupon_desk.coupons.evidence import Absent, DiscountState, HistorySeen, OrderSeen, RecordSeen
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import DeskError, ExitStatus, RemoteRefused, StorageError, System
from coupon_desk.points.port import DuplicateGuard, HistorySearch, PointCapabilities
from coupon_desk.words import msg
from tests.cancellation.bench import Bench
from tests.cancellation.world import CODE, CUSTOMER_ID, REFUNDED, START, Fault, World

ORDER = OrderSeen("gid://shopify/Order/1", "#1001", START, None, (CODE.text,), CUSTOMER_ID)


def when(condition: Callable[[str], bool], fault: Fault) -> Callable[[str], Fault]:
    return lambda call: fault if condition(call) else Fault.NONE


def refused_rules(operation: Operation) -> list[Rule]:
    return [finding.rule for finding in operation.refused]


def test_looks_that_found_nobody_home_are_not_counted_as_sends(bench: Bench, world: World) -> None:
    away = [True]
    world.fault = when(lambda call: call == "read_history" and away[0] and "deactivate" in world.calls, Fault.UNAVAILABLE)
    bench.cancel(bench.sign_in())
    away[0] = False
    bench.finish()
    assert [operation.state for operation in bench.operations] == [OperationState.COMPLETED]
    assert len(world.returns) == 1


def test_points_that_had_to_wait_are_not_returned_for_a_use_that_shows_meanwhile(bench: Bench, world: World) -> None:
    away = [True]
    world.fault = when(lambda call: call == "add" and away[0], Fault.UNAVAILABLE)
    request = CancelRequest(CODE, OperationKind.CANCEL, Reason.CUSTOMER_REQUEST, "Changed her mind")
    waiting = bench.engine.submit(request, bench.sign_in())
    assert waiting.step(StepName.RETURN_POINTS).state is StepState.DELAYED
    world.orders.append(ORDER)
    away[0] = False
    bench.finish()
    (operation,) = bench.operations
    assert refused_rules(operation) == [Rule.USED_MEANWHILE]
    assert world.returns == []
    assert world.record["status"] == "used"


def test_a_code_that_was_switched_on_again_while_points_waited_is_switched_off_first(bench: Bench, world: World) -> None:
    away = [True]
    world.fault = when(lambda call: call == "add" and away[0], Fault.UNAVAILABLE)
    bench.engine.submit(CancelRequest(CODE, OperationKind.CANCEL, Reason.OTHER, "whatever"), bench.sign_in())
    world.state = DiscountState.ACTIVE
    away[0] = False
    bench.finish()
    (operation,) = bench.operations
    assert operation.state is OperationState.COMPLETED
    assert world.state is DiscountState.EXPIRED
    assert len(world.returns) == 1


def test_a_use_that_only_the_record_shows_stops_the_points(bench: Bench, world: World) -> None:
    def website() -> None:
        if world.calls[-1] == "deactivate":
            world.record["status"] = "used"

    world.moment = website
    operation = bench.cancel(bench.sign_in())
    assert refused_rules(operation) == [Rule.USED_MEANWHILE]
    assert (world.returns, world.record["status"]) == ([], "used")


def test_a_use_that_the_record_shows_after_the_points_is_not_written_over(bench: Bench, world: World) -> None:
    def website() -> None:
        if world.calls[-1] == "record" and world.returns:
            world.record["status"] = "used"

    world.moment = website
    operation = bench.cancel(bench.sign_in())
    assert operation.state is OperationState.NEEDS_ATTENTION
    assert world.record["status"] == "used"


@pytest.mark.parametrize("seconds", [-86400, 3600])
def test_a_clock_that_is_set_while_the_code_settles_neither_hangs_nor_hurries(
    bench: Bench, world: World, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    slept: list[float] = []
    real_sleep, set_once = world.clock.sleep, [True]

    def sleep(wanted: float) -> None:
        slept.append(wanted)
        real_sleep(wanted)

    def after_write() -> None:
        if set_once and bench.entries()[-1].action == "step.sent":
            set_once.clear()
            world.clock.advance(seconds)

    monkeypatch.setattr(world.clock, "sleep", sleep)
    bench.trail.after_write = after_write
    assert bench.cancel(bench.sign_in()).state is OperationState.COMPLETED
    assert slept == [5.0]


def test_a_claim_of_unknown_fate_is_taken_back_even_where_the_next_look_is_refused(
    bench: Bench, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to the claim is lost, and then Shopify refuses to be read: a token was changed at that moment."""
    token_is_refused = [True]
    world.fault = when(lambda call: call == "record" and "cancellation" not in world.record, Fault.UNKNOWN_DONE)
    real_read = bench.shop.read_record

    def read_record(customer_id: str, code: CouponCode) -> RecordSeen | Absent:
        if "cancellation" in world.record and token_is_refused[0]:
            raise RemoteRefused(System.SHOPIFY, msg("Shopify did not accept Coupon Desk's credentials."))
        return real_read(customer_id, code)

    monkeypatch.setattr(bench.shop, "read_record", read_record)
    stuck = bench.cancel(bench.sign_in())
    assert stuck.state is OperationState.NEEDS_ATTENTION
    token_is_refused[0] = False
    (ended,) = bench.engine.resume(wait_seconds=60)
    assert ended.state is OperationState.REFUSED
    assert "cancellation" not in world.record


def test_a_refusal_after_a_deactivation_of_unknown_fate_is_a_persons_business(bench: Bench, world: World) -> None:
    faults = iter([Fault.UNKNOWN_DONE_LATER, Fault.REFUSED])
    world.fault = lambda call: next(faults, Fault.NONE) if call == "deactivate" else Fault.NONE
    operation = bench.cancel(bench.sign_in())
    assert operation.state is OperationState.NEEDS_ATTENTION
    bench.finish()
    assert bench.operations[0].state is OperationState.COMPLETED
    assert len(world.returns) == 1


def test_one_operation_that_cannot_be_worked_on_stops_no_other(
    bench: Bench, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.fault = when(lambda call: call == "mail", Fault.UNAVAILABLE)
    bench.cancel(bench.sign_in())
    world.fault = lambda _: Fault.NONE
    real_story = bench.engine.story
    (row,) = bench.index.open_ones()
    monkeypatch.setattr(bench.index, "open_ones", lambda: (replace(row, id="broken"), row))

    def story(operation_id: str) -> Any:
        if operation_id == "broken":
            raise StorageError(msg("The database did not do what was asked."))
        return real_story(operation_id)

    monkeypatch.setattr(bench.engine, "story", story)
    with pytest.raises(StorageError):
        bench.engine.resume()
    assert len(world.mails) == 1


def test_resume_asks_at_once_and_does_not_wait_for_the_back_off(bench: Bench, world: World) -> None:
    world.fault = when(lambda call: call == "mail", Fault.UNAVAILABLE)
    bench.cancel(bench.sign_in())
    world.fault = lambda _: Fault.NONE
    bench.engine.resume()
    assert len(world.mails) == 1


def test_an_observer_that_fails_breaks_no_step(bench: Bench, world: World, caplog: pytest.LogCaptureFixture) -> None:
    def observer(_: Operation) -> None:
        raise StorageError(msg("The disk is full."))

    request = CancelRequest(CODE, OperationKind.CANCEL, Reason.OTHER, "whatever")
    with caplog.at_level("ERROR", logger="coupon_desk.cancellation.work"):
        operation = bench.engine.submit(request, bench.sign_in(), observer, wait_seconds=60)
    assert operation.state is OperationState.COMPLETED
    assert len(world.mails) == 1


def used_world() -> World:
    world = World()
    world.orders.append(replace(ORDER, cancelled_at=START, payment=REFUNDED))
    world.record["status"] = "used"
    return world


def refund(bench: Bench) -> Operation:
    asked = bench.cancel(bench.sign_in(), OperationKind.ORDER_REFUND, order="#1001")
    if asked.state is not OperationState.AWAITING_APPROVAL:
        return asked
    return bench.engine.approve(asked.id, bench.sign_in("owner"), "Seen", wait_seconds=600)


class TestOrderRefund:
    """A used coupon whose order was cancelled."""

    @pytest.fixture
    def world(self) -> World:
        return used_world()

    def test_a_code_that_was_also_used_in_a_living_order_is_not_refunded(self, bench: Bench, world: World) -> None:
        world.orders.append(replace(ORDER, id="gid://shopify/Order/2", name="#1002"))
        assert Rule.USED_ELSEWHERE in refused_rules(refund(bench))
        assert world.returns == []

    def test_a_second_refund_is_refused_by_our_own_trail_where_the_history_is_behind(
        self, bench: Bench, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read = bench.points.read_history

        def behind(customer_id: str, reference: str) -> HistorySeen | Absent:
            seen = read(customer_id, reference)
            assert isinstance(seen, HistorySeen)
            return replace(seen, entries=seen.conversions)

        assert refund(bench).state is OperationState.COMPLETED
        monkeypatch.setattr(bench.points, "read_history", behind)
        assert Rule.ALREADY_RETURNED in refused_rules(refund(bench))
        assert len(world.returns) == 1

    def test_a_code_that_would_still_work_is_switched_off(self, bench: Bench, world: World, template: Any) -> None:
        world.usage_limit = None
        assert refund(bench).state is OperationState.COMPLETED
        assert world.state is DiscountState.EXPIRED

    def test_a_code_that_is_used_up_is_left_as_it_is(self, bench: Bench, world: World) -> None:
        assert refund(bench).step(StepName.INVALIDATE).state is StepState.SKIPPED
        assert world.calls.count("deactivate") == 0


def test_a_refusal_by_shopify_is_not_told_as_used_meanwhile(bench: Bench, world: World) -> None:
    world.fault = when(lambda call: call == "deactivate", Fault.REFUSED)
    operation = bench.cancel(bench.sign_in())
    assert refused_rules(operation) == [Rule.REMOTE_REFUSED]
    assert operation.exit_status is ExitStatus.REFUSED


def test_a_mail_that_was_refused_stays_open_with_what_to_do_and_is_sent_when_the_cause_is_gone(
    bench: Bench, world: World
) -> None:
    refusing = [True]
    world.fault = when(lambda call: call == "mail" and refusing[0], Fault.REFUSED)
    operation = bench.cancel(bench.sign_in())
    assert operation.state is OperationState.COMPLETED
    assert operation.has_open_work
    assert operation.next_action is not None
    refusing[0] = False
    (mended,) = bench.engine.resume()
    assert len(world.mails) == 1
    assert mended.next_action is None


def test_the_policy_to_keep_the_discount_still_looks_for_a_late_use(
    bench: Bench, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.keep_discounts()
    bench.cancel(bench.sign_in())
    world.orders.append(ORDER)
    world.clock.advance(16 * 60)
    bench.engine.run_due()
    assert bench.operations[0].state is OperationState.NEEDS_ATTENTION
    assert world.exists


def test_an_approval_for_some_points_is_no_approval_for_more(bench: Bench, world: World) -> None:
    world.entries[0] = replace(world.entries[0], points=-600)
    asked = bench.cancel(bench.sign_in("clerk"))
    world.entries[0] = replace(world.entries[0], points=-5000)
    again = bench.engine.approve(asked.id, bench.sign_in(), "600 is fine", wait_seconds=60)
    assert again.state is OperationState.AWAITING_APPROVAL
    assert world.returns == []


def test_the_trail_holds_no_text_of_the_customers_record(bench: Bench, world: World) -> None:
    world.record["family"] = "Taro Sato, taro@example.com"
    assert bench.cancel(bench.sign_in()).state is OperationState.COMPLETED
    assert not [entry for entry in bench.entries() if "taro@example.com" in str(entry.body)]
    assert world.record["family"] == "Taro Sato, taro@example.com"


def test_a_note_that_is_no_text_is_refused_and_not_a_fault(bench: Bench) -> None:
    with pytest.raises(NoteUnreadable) as refused:
        bench.engine.submit(CancelRequest(CODE, OperationKind.CANCEL, Reason.OTHER, "caf\udce9 note"), bench.sign_in())
    assert refused.value.exit_status is ExitStatus.USAGE


def test_an_unknown_customer_after_a_send_of_unknown_fate_is_not_told_as_not_returned(
    bench: Bench, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.fault = when(lambda call: call == "add", Fault.UNKNOWN_DONE)
    read = bench.points.read_history

    def unknown_afterwards(customer_id: str, reference: str) -> HistorySeen | Absent:
        return Absent() if world.returns else read(customer_id, reference)

    monkeypatch.setattr(bench.points, "read_history", unknown_afterwards)
    operation = bench.cancel(bench.sign_in())
    assert operation.state is OperationState.NEEDS_ATTENTION
    assert "not known" in str(operation.attention)


def test_what_comes_next_is_not_in_the_past_while_something_is_put_back(bench: Bench, world: World) -> None:
    world.fault = when(
        lambda call: call == "deactivate" or (call == "read_record" and "deactivate" in world.calls), Fault.UNAVAILABLE
    )
    faults = {"deactivate": Fault.REFUSED, "read_record": Fault.UNAVAILABLE}
    world.fault = lambda call: faults.get(call, Fault.NONE) if "deactivate" in world.calls else Fault.NONE
    request = CancelRequest(CODE, OperationKind.CANCEL, Reason.OTHER, "whatever")
    operation = bench.engine.submit(request, bench.sign_in())
    assert operation.state is OperationState.RUNNING
    assert operation.due_at is not None
    assert operation.due_at > operation.updated_at


def test_a_point_system_without_references_is_understood_after_its_clock_was_put_right(
    template: Any, tmp_path: Any, world: World
) -> None:
    capabilities = PointCapabilities(DuplicateGuard.NONE, HistorySearch.BY_MEMBER, None, 200, False, True)
    bench = Bench(template, tmp_path, world, capabilities)
    world.fault = lambda call: Fault.UNKNOWN_DONE if call == "add" and len(world.returns) == 0 else Fault.NONE

    def put_right() -> None:
        if world.returns:
            world.clock.advance(7200) if not bench_jumped else None
            bench_jumped.append(True)

    bench_jumped: list[bool] = []
    world.moment = put_right
    try:
        bench.cancel(bench.sign_in())
        bench.finish()
    except DeskError as wrong:
        raise AssertionError(str(wrong)) from wrong
    assert len(world.returns) == 1
    bench.close()


def test_a_claim_that_lands_after_everything_was_put_back_is_taken_back_too(bench: Bench, world: World) -> None:
    """The first claim's answer is lost and it lands late, on a record that reads as it did before."""
    claims = iter([Fault.UNKNOWN_DONE_LATER])
    world.fault = lambda call: (
        next(claims, Fault.NONE) if call == "record" else Fault.REFUSED if call == "deactivate" else Fault.NONE
    )
    bench.cancel(bench.sign_in())
    bench.finish()
    assert [operation.state for operation in bench.operations] == [OperationState.REFUSED]
    assert "cancellation" not in world.record
