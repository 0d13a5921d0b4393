"""Stopped before the pivot: at whichever step the brake is pulled, all is put back, or all is finished."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, OperationState
from coupon_desk.coupons.eligibility import Rule
from coupon_desk.coupons.evidence import DiscountState
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import ExitStatus
from coupon_desk.words import Message, msg
from tests.cancellation.bench import Bench
from tests.cancellation.test_engine import once
from tests.cancellation.world import CODE, Fault, World

WHY = msg("The whole was stopped.")
REQUEST = CancelRequest(CODE, OperationKind.CANCEL, Reason.CUSTOMER_REQUEST, "Wants the points back")


def pulled_after(asks: int) -> Callable[[], Message | None]:
    """A brake that lets so many steps pass."""
    left = [asks]

    def brake() -> Message | None:
        left[0] -= 1
        return WHY if left[0] < 0 else None

    return brake


def assert_as_before(world: World, operation: Operation) -> None:
    assert operation.state is OperationState.REFUSED
    assert [finding.rule for finding in operation.refused] == [Rule.WITHDRAWN]
    assert operation.exit_status is ExitStatus.REFUSED
    assert (world.returns, world.mails, world.state) == ([], [], DiscountState.ACTIVE)
    assert (world.record["status"], "cancellation" in world.record) == ("active", False)


@pytest.mark.parametrize("asks", range(4))
def test_before_the_pivot_everything_is_put_back(bench: Bench, world: World, asks: int) -> None:
    operation = bench.engine.submit(REQUEST, bench.sign_in(), brake=pulled_after(asks))
    assert_as_before(world, operation)
    assert bench.cancel(bench.sign_in()).state is OperationState.COMPLETED
    assert bench.trail.verify().is_intact


@pytest.mark.parametrize("asks", range(4, 8))
def test_past_the_pivot_everything_is_finished(bench: Bench, world: World, asks: int) -> None:
    operation = bench.engine.submit(REQUEST, bench.sign_in(), brake=pulled_after(asks))
    assert operation.state is OperationState.COMPLETED
    assert [entry.points for entry in world.returns] == [500]


@pytest.mark.parametrize("lost", [Fault.UNKNOWN_NOT_DONE, Fault.UNKNOWN_DONE])
def test_points_that_may_be_on_their_way_are_never_called_back(bench: Bench, world: World, lost: Fault) -> None:
    world.fault = once("add", lost)
    operation = bench.engine.submit(REQUEST, bench.sign_in(), brake=lambda: WHY if "add" in world.calls else None)
    assert operation.state is not OperationState.REFUSED
    bench.finish()
    assert [entry.points for entry in world.returns] == [500]


@pytest.mark.parametrize("lost", [Fault.UNKNOWN_NOT_DONE, Fault.UNKNOWN_DONE, Fault.UNKNOWN_DONE_LATER])
def test_a_code_of_which_nobody_knows_whether_it_is_off_is_not_left_so(bench: Bench, world: World, lost: Fault) -> None:
    world.fault = once("deactivate", lost)
    bench.engine.submit(REQUEST, bench.sign_in(), brake=lambda: WHY if "deactivate" in world.calls else None)
    bench.finish()
    is_back = (world.state, len(world.returns)) == (DiscountState.ACTIVE, 0)
    assert is_back or (world.state, len(world.returns)) == (DiscountState.EXPIRED, 1)


def test_one_code_of_several_cannot_be_put_back_and_so_is_finished(bench: Bench, world: World) -> None:
    world.codes_count = 3
    operation = bench.engine.submit(REQUEST, bench.sign_in(), brake=pulled_after(3))
    assert operation.state is OperationState.COMPLETED
    assert [entry.points for entry in world.returns] == [500]


def test_a_code_that_shopify_does_not_switch_on_again_is_a_matter_for_a_person(bench: Bench, world: World) -> None:
    world.fault = lambda call: Fault.REFUSED if call == "window" else Fault.NONE
    operation = bench.engine.submit(REQUEST, bench.sign_in(), brake=pulled_after(3))
    assert operation.state is OperationState.NEEDS_ATTENTION
    assert "could not be put back" in str(operation.attention)
    ended = bench.engine.answer(operation.id, bench.sign_in(), "Issued another one")
    assert ended.state is OperationState.REFUSED
    assert (world.returns, "cancellation" in world.record) == ([], False)


def test_what_waits_for_a_source_is_called_off_when_it_is_gone_on_with(bench: Bench, world: World) -> None:
    world.fault = once("read_discount", Fault.UNAVAILABLE)
    waiting = bench.engine.submit(REQUEST, bench.sign_in())
    assert waiting.state is OperationState.RUNNING
    assert_as_before(world, bench.engine.go_on(waiting.id, brake=lambda: WHY))
