"""What the last look at the point history shows counts, whichever of the looks before the sending it was."""

from coupon_desk.cancellation.operation import OperationState
from coupon_desk.coupons.evidence import OrderSeen
from coupon_desk.coupons.points import EntryType, PointEntry
from tests.cancellation.bench import Bench
from tests.cancellation.world import CODE, CUSTOMER_ID, START, Fault, World


def test_points_that_somebody_returned_just_before_a_second_try_are_not_returned_again(bench: Bench, world: World) -> None:
    broken: list[str] = []

    def first_add_is_unavailable(call: str) -> Fault:
        if call == "add" and not broken:
            broken.append(call)
            return Fault.UNAVAILABLE
        return Fault.NONE

    def a_clerk_returns_the_points_before_the_last_look() -> None:
        if broken and world.calls[-1] == "read_history" and world.calls.count("read_history") == 3:
            world.entries.append(PointEntry("by hand", EntryType.ADD, 500, "By hand", CODE.reference, world.clock.now(), 2000))

    world.fault, world.moment = first_add_is_unavailable, a_clerk_returns_the_points_before_the_last_look
    operation = bench.cancel(bench.sign_in())
    assert [entry.id for entry in world.returns] == ["by hand"]
    assert operation.state is OperationState.NEEDS_ATTENTION


def test_a_return_that_lands_after_two_looks_is_not_refused_for_a_use_that_shows_with_it(bench: Bench, world: World) -> None:
    def first_add_lands_very_late(call: str) -> Fault:
        return Fault.UNKNOWN_NOT_DONE if call == "add" and world.calls.count("add") == 1 else Fault.NONE

    def it_lands_with_the_last_look() -> None:
        if world.calls[-1] == "read_discount_by_id" and world.calls.count("read_discount_by_id") == 2:
            world.entries.append(PointEntry("late", EntryType.ADD, 500, "Ours", CODE.reference, world.clock.now(), 2000))
            world.orders.append(OrderSeen("gid://shopify/Order/1", "#1001", START, None, (CODE.text,), CUSTOMER_ID))

    world.fault, world.moment = first_add_lands_very_late, it_lands_with_the_last_look
    operation = bench.cancel(bench.sign_in())
    bench.finish()
    assert world.calls.count("add") == 1
    assert [entry.id for entry in world.returns] == ["late"]
    assert operation.state is not OperationState.REFUSED
    assert [one.state for one in bench.operations] == [OperationState.NEEDS_ATTENTION]
