"""What a person saw a moment ago is decided on without asking again; what changed since is found before points move."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from coupon_desk.cancellation.gathering import Gatherer
from coupon_desk.cancellation.operation import OperationKind, OperationState
from coupon_desk.cancellation.recent_evidence import FRESH_SECONDS
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.eligibility import Rule
from coupon_desk.coupons.evidence import Absent, HistorySeen, RecordSeen
from tests.cancellation.bench import Bench
from tests.cancellation.world import CODE, CUSTOMER_ID, Fault, PointsInMemory, ShopInMemory, World

READS = ["read_discount", "find_orders", "read_record", "read_history"]


def show(bench: Bench) -> None:
    """The coupon is on the screen."""
    bench.gatherer.gather(CODE, own=None, operator_contacts=())
    bench.world.calls.clear()


def test_what_was_shown_is_decided_on_at_once(bench: Bench, world: World) -> None:
    show(bench)
    operation = bench.cancel(bench.sign_in())
    assert operation.state is OperationState.COMPLETED
    assert world.calls[:2] == ["record", "deactivate"]
    assert [entry.points for entry in world.returns] == [500]


@pytest.mark.parametrize(
    "why_not",
    [
        lambda bench: bench.world.clock.advance(FRESH_SECONDS + 1),
        lambda bench: bench.engine.withdraw(bench.cancel(clerk := bench.sign_in("clerk")).id, clerk, "She keeps it"),
        lambda bench: bench.start_again(),
    ],
    ids=["too long ago", "decided on once", "in another process"],
)
def test_what_is_not_fresh_is_asked_for_again(bench: Bench, world: World, why_not: Callable[[Bench], object]) -> None:
    show(bench)
    why_not(bench)
    world.calls.clear()
    bench.cancel(bench.sign_in())
    assert set(READS) <= set(world.calls[: world.calls.index("record")] if "record" in world.calls else world.calls)


def test_evidence_with_a_silence_is_not_decided_on(bench: Bench, world: World) -> None:
    world.fault = lambda call: Fault.UNAVAILABLE if call == "find_orders" else Fault.NONE
    show(bench)
    world.fault = lambda _: Fault.NONE
    assert bench.cancel(bench.sign_in()).state is OperationState.COMPLETED
    assert set(READS) <= set(world.calls[: world.calls.index("record")])


def test_what_spoke_against_it_is_asked_for_again(bench: Bench, world: World) -> None:
    world.redeem()
    show(bench)
    world.orders.clear()  # the order was a test, and is gone
    assert bench.cancel(bench.sign_in()).state is OperationState.COMPLETED


def test_a_coupon_that_was_used_after_it_was_shown_gets_no_points(bench: Bench, world: World) -> None:
    show(bench)
    world.redeem()
    operation = bench.cancel(bench.sign_in())
    assert {finding.rule for finding in operation.refused} == {Rule.USED_MEANWHILE}
    assert (world.returns, world.record["status"]) == ([], "used")


def test_a_coupon_that_another_desk_cancelled_after_it_was_shown_is_refused(bench: Bench, world: World) -> None:
    show(bench)
    world.record["status"] = "cancelled"
    operation = bench.cancel(bench.sign_in())
    assert {finding.rule for finding in operation.refused} == {Rule.CANCELLED}
    assert world.returns == []


def test_the_refund_of_an_order_is_never_decided_on_what_was_shown(bench: Bench, world: World) -> None:
    show(bench)
    world.redeem()
    bench.cancel(bench.sign_in(), OperationKind.ORDER_REFUND, order="#1001")
    assert set(READS) <= set(world.calls)


class Shop(ShopInMemory):
    """A shop whose records tell an id of the point system's own."""

    def read_record(self, customer_id: str, code: CouponCode) -> RecordSeen | Absent:
        seen = super().read_record(customer_id, code)
        assert isinstance(seen, RecordSeen)
        return replace(seen, customer=replace(seen.customer, pos_customer_id="member 7"))


class Points(PointsInMemory):
    """Remembers whose history was read."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.asked: list[str] = []

    def read_history(self, customer_id: str, reference: str) -> HistorySeen | Absent:
        self.asked.append(customer_id)
        return super().read_history(customer_id, reference) if customer_id == "member 7" else Absent()


def test_a_guessed_id_is_never_trusted_and_is_learnt_from_the_record(world: World) -> None:
    points = Points(world)
    with ThreadPoolExecutor(4) as executor:
        gatherer = Gatherer(Shop(world), points, world.clock, executor, lambda _: CUSTOMER_ID)
        seen = [gatherer.gather(CODE, own=None, operator_contacts=()) for _ in range(2)]
    assert all(isinstance(evidence.history, HistorySeen) for evidence in seen)
    assert points.asked == ["6201170934", "member 7", "member 7"]
