"""Two desks that share a real PostgreSQL: what one operator returns at both counts once, and a second person sits at either."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from coupon_desk.app.desk import CouponDesk
from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, OperationState
from coupon_desk.central.requests import PostgresRequests
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.coupons.shared_request import Verdict
from coupon_desk.errors import NotPermitted
from coupon_desk.training.shop import TrainingShop
from coupon_desk.training.showcase import Specimen
from tests.app.conftest import PIN, OpenDesk
from tests.app.test_central_claims import out_of_reach
from tests.surroundings.central_database import CentralDatabase


@pytest.fixture
def limit(shop: TrainingShop) -> str:
    """Each of the two coupons may be returned alone, and not both on one day."""
    return f"\n[limits.everybody]\npoints_per_day = {shop.showcase.example.points + shop.showcase.no_email.points - 1}\n"


def cancel(desk: CouponDesk, coupon: Specimen) -> Operation:
    request = CancelRequest(
        CouponCode.parse(coupon.code), OperationKind.CANCEL, Reason.CUSTOMER_REQUEST, "Changed her mind", None
    )
    return desk.cancel(request, desk.people.sign_in("manager", PIN), wait_seconds=900)


def over_limit(operation: Operation) -> bool:
    (why,) = operation.approval_needed
    return "1,000 points today" in str(why) and "999 a day" in str(why)


def credited(shop: TrainingShop, *coupons: Specimen) -> list[int]:
    """Points that came back for each coupon."""
    return [
        sum(one.points for one in shop.point_entries(coupon.customer_id, reference=coupon.reference) if one.points > 0)
        for coupon in coupons
    ]


def test_of_two_desks_that_race_for_the_last_of_a_limit_one_has_to_ask_and_a_third_desk_decides(
    open_desk: OpenDesk, shop: TrainingShop, centre: CentralDatabase, limit: str
) -> None:
    desks = open_desk("Ginza", required=True, more=limit), open_desk("Osaka", required=True, more=limit)
    coupons, start = (shop.showcase.example, shop.showcase.no_email), threading.Barrier(2)

    def at_once(desk: CouponDesk, coupon: Specimen) -> Operation:
        start.wait(timeout=30)
        return cancel(desk, coupon)

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(at_once, desks, coupons, timeout=120))
    assert sorted(one.state for one in outcomes) == [OperationState.AWAITING_APPROVAL, OperationState.COMPLETED]
    late = [one.state for one in outcomes].index(OperationState.AWAITING_APPROVAL)
    assert over_limit(outcomes[late])
    assert credited(shop, coupons[late]) == [0]

    ((domain,),) = centre.ask("SELECT shop FROM coupon_desk.requests")
    kobe = PostgresRequests(centre.open("Kobe"), domain)
    (seen,) = kobe.waiting()
    assert (seen.operation, seen.is_of(domain, outcomes[late].code)) == (outcomes[late].id, True)
    with pytest.raises(NotPermitted, match="their own"):
        kobe.decide(seen, "manager", Verdict.APPROVE, "")
    kobe.decide(seen, "owner", Verdict.APPROVE, "")
    (done,) = desks[late].resume(wait_seconds=900)
    assert done.state is OperationState.COMPLETED
    assert credited(shop, *coupons) == [coupon.points for coupon in coupons]
    assert centre.ask("SELECT approver, deciding_desk, closed_at IS NULL FROM coupon_desk.requests") == [
        ("owner", "Kobe", False)
    ]


def test_what_was_returned_while_the_centre_was_silent_counts_at_the_other_desk_afterwards(
    open_desk: OpenDesk, shop: TrainingShop, centre: CentralDatabase, limit: str
) -> None:
    ginza, osaka = open_desk("Ginza", more=limit), open_desk("Osaka", more=limit)
    with out_of_reach(centre):
        assert cancel(ginza, shop.showcase.example).state is OperationState.COMPLETED
    ginza.run_due()
    asked = cancel(osaka, shop.showcase.no_email)
    assert asked.state is OperationState.AWAITING_APPROVAL
    assert over_limit(asked)
