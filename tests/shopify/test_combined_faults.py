"""Every fault of the training shop on every combined request: each caller hears what the single call would have told it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import Claim, DiscountSeen, DiscountState, RecordSeen
from coupon_desk.coupons.record import PutClaim
from coupon_desk.errors import OutcomeUnknown, RemoteRefused, RemoteUnavailable
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.shop import TrainingShop
from coupon_desk.wire import Answer
from tests.shopify.conftest import NOW
from tests.shopify.test_combined import Both, both, running
from tests.shopify.together import Failed, outcome

__all__ = ["both", "running"]

KINDS = [kind for kind in FaultKind if kind is not FaultKind.HISTORY_BEHIND]
READS = ("DiscountIdsByCode", "DiscountsById", "CustomerRecords", "OrdersOfCoupons")


def fault(call: str, kind: FaultKind, **when: Any) -> Fault:
    return Fault(call, kind, seconds=0.01, status=423, **when)


@contextmanager
def black_holes_end(world: TrainingShop) -> Iterator[None]:
    """A black hole holds whoever fell into it until the faults are cleared."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.005):
            if any(fired.fault.kind.value.startswith("blackhole") for fired in world.faults.fired):
                world.faults.clear()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def three(both: Both) -> list[tuple[CouponCode, str, str]]:
    """Three coupons in order: code, customer, discount."""
    shelf = both.world.showcase
    specimens = (shelf.example, shelf.english_customer, shelf.no_email)
    return [(CouponCode.parse(one.code), one.customer_id, one.discount_id) for one in specimens]


@pytest.mark.parametrize("kind", KINDS)
def test_a_read_that_breaks_once_is_asked_again_or_alone_and_answers(both: Both, kind: FaultKind) -> None:
    asks: list[tuple[str, tuple[Any, ...]]] = []
    for code, customer, discount in three(both):
        asks += [
            ("read_discount", (code,)),
            ("read_discount_by_id", (discount, code)),
            ("read_record", (customer, code)),
            ("find_orders", (code, customer, None)),
        ]
    expected = [outcome(partial(getattr(both.single, name), *given)) for name, given in asks]
    both.world.faults.add(*(fault(call, kind) for call in READS))

    with black_holes_end(both.world):
        told = both.meet([partial(getattr(both.combined, name), *given) for name, given in asks])

    assert told == expected
    assert kind.value.startswith("blackhole") or len(both.world.faults.fired) == len(READS)


def test_a_shop_that_never_answers_is_unavailable_to_each(both: Both) -> None:
    both.world.faults.add(fault("*", FaultKind.LOST_ANSWER, every=1))

    told = both.meet([partial(both.combined.read_record, customer, code) for code, customer, _ in three(both)])

    assert told == [Failed(RemoteUnavailable, "Shopify did not answer.")] * 3
    assert {entry.call for entry in both.world.journal.entries} == {"CustomerRecords"}


def expected_of(told: Any) -> tuple[type, str]:
    """What each member hears where the single call told this: a refusal is tried again by each itself, and by then is over."""
    if isinstance(told, Failed) and not issubclass(told.kind, RemoteRefused):
        return told.kind, told.what
    return Answer, ""


def heard(told: list[Any]) -> set[tuple[type, str]]:
    return {(one.kind, one.what) if isinstance(one, Failed) else (type(one), "") for one in told}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not FaultKind.STALE_SEARCH])
def test_records_written_together_are_written_all_or_none_and_each_hears_what_is_known(both: Both, kind: FaultKind) -> None:
    def requests() -> list[Any]:
        seen = [(both.single.read_record(customer, code), code) for code, customer, _ in three(both)]
        mark = PutClaim(Claim("op-1", "mika", NOW))
        return [both.single.prepare_record(one, code, mark) for one, code in seen if isinstance(one, RecordSeen)]

    with black_holes_end(both.world):
        prepared = requests()
        both.world.faults.add(fault("WriteRecord", kind))
        alone = outcome(partial(both.single.send, prepared[0]))
        both.world.reset()
        prepared = requests()
        both.world.faults.add(fault("WriteRecord", kind))
        told = both.meet([partial(both.combined.send, request) for request in prepared])

    assert heard(told) == {expected_of(alone)}
    written = [b"op-1" in str(both.world.record(customer)).encode() for _, customer, _ in three(both)]
    assert written == [kind.applied or expected_of(alone)[0] is Answer] * 3


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not FaultKind.STALE_SEARCH])
def test_discounts_switched_off_together_tell_each_what_is_known(both: Both, kind: FaultKind) -> None:
    def requests() -> list[Any]:
        seen = [both.single.read_discount(code) for code, _, _ in three(both)]
        return [both.single.prepare_deactivation(one) for one in seen if isinstance(one, DiscountSeen)]

    with black_holes_end(both.world):
        prepared = requests()
        both.world.faults.add(fault("DeactivateDiscount", kind))
        alone = outcome(partial(both.single.send, prepared[0]))
        both.world.reset()
        prepared = requests()
        both.world.faults.add(fault("DeactivateDiscounts", kind))
        told = both.meet([partial(both.combined.send, request) for request in prepared])

    assert heard(told) == {expected_of(alone)}
    states = [both.single.read_discount(code) for code, _, _ in three(both)]
    is_off = [isinstance(one, DiscountSeen) and one.state is DiscountState.EXPIRED for one in states]
    assert is_off == [kind.applied or expected_of(alone)[0] is Answer] * 3


@pytest.mark.parametrize(
    ("call", "kind"), [("JobState", FaultKind.ERROR_500_BEFORE), ("DiscountStates", FaultKind.LOST_ANSWER)]
)
def test_a_look_at_the_job_or_at_what_it_did_is_repeated(both: Both, call: str, kind: FaultKind) -> None:
    both.world.configure(job_seconds=1)
    found = [both.single.read_discount(code) for code, _, _ in three(both)]
    both.world.faults.add(fault(call, kind))

    told = both.meet(
        [partial(both.combined.send, both.combined.prepare_deactivation(one)) for one in found if isinstance(one, DiscountSeen)]
    )

    assert heard(told) == {(Answer, "")}
    assert len(both.world.faults.fired) == 1


def test_where_nobody_tells_what_the_job_did_the_outcome_is_unknown(both: Both) -> None:
    found = [both.single.read_discount(code) for code, _, _ in three(both)]
    both.world.faults.add(fault("DiscountStates", FaultKind.HTTP_STATUS))

    told = both.meet(
        [partial(both.combined.send, both.combined.prepare_deactivation(one)) for one in found if isinstance(one, DiscountSeen)]
    )

    assert heard(told) == {(OutcomeUnknown, "Shopify did not say whether the code was switched off.")}
