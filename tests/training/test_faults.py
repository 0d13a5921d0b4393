"""Every fault breaks the call as it says, and its effect happens exactly when it says so."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest

from coupon_desk.clock import VirtualClock
from coupon_desk.training.faults import Fault, FaultKind, Faults
from coupon_desk.training.shop import TrainingShop
from tests.training.callers import Admin, Pos, number

RESETS = {FaultKind.RESET_BEFORE, FaultKind.LOST_ANSWER, FaultKind.BLACKHOLE, FaultKind.BLACKHOLE_AFTER}
ON_WRITES = [
    kind for kind in FaultKind if kind not in {FaultKind.STALE_SEARCH, FaultKind.HISTORY_BEHIND, FaultKind.BULK_FAILED}
]


def fault(call: str, kind: FaultKind) -> Fault:
    return Fault(call, kind, seconds=0.01)


def let_go(shop: TrainingShop, kind: FaultKind) -> threading.Timer:
    """A black hole holds until the faults are cleared."""
    timer = threading.Timer(0.15, shop.faults.clear if kind.value.startswith("blackhole") else lambda: None)
    timer.start()
    return timer


@pytest.mark.parametrize("kind", ON_WRITES)
def test_points_are_added_exactly_when_the_fault_says_so(shop: TrainingShop, pos: Pos, kind: FaultKind) -> None:
    coupon = shop.showcase.example
    shop.faults.add(fault("add", kind))
    timer = let_go(shop, kind)
    answer: httpx.Response | None = None
    try:
        answer = pos.add(number(coupon.customer_id), 500, coupon.reference)
    except httpx.TransportError:
        assert kind in RESETS | {FaultKind.TRUNCATED_AFTER}
    timer.join()

    returns = [entry for entry in shop.point_entries(coupon.customer_id, coupon.reference) if entry.points > 0]
    assert len(returns) == int(kind.applied)
    (entry,) = shop.journal.calls("add")
    assert (entry.fault, entry.executed, entry.applied) == (kind, kind.applied, kind.applied)
    assert (answer is None) == (kind in RESETS | {FaultKind.TRUNCATED_AFTER})
    assert pos.add(number(coupon.customer_id), 1).status_code == 200


@pytest.mark.parametrize("kind", ON_WRITES)
@pytest.mark.parametrize("call", ["Deactivate", "discountCodeDeactivate"])
def test_a_discount_is_deactivated_exactly_when_the_fault_says_so(
    shop: TrainingShop, admin: Admin, kind: FaultKind, call: str
) -> None:
    coupon = shop.showcase.example
    shop.faults.add(fault(call, kind))
    timer = let_go(shop, kind)
    try:
        admin.deactivate(coupon.discount_id)
    except (httpx.TransportError, AssertionError, ValueError):
        assert kind is not FaultKind.SLOW
    timer.join()

    discount = shop.discount(coupon.code)
    assert discount is not None
    assert discount.is_active(shop.clock.now()) is not kind.applied
    (entry,) = shop.journal.calls("discountCodeDeactivate")
    assert (entry.fault, entry.applied) == (kind, kind.applied)


@pytest.mark.parametrize(
    ("kind", "status", "told"),
    [
        (FaultKind.ERROR_500_BEFORE, 500, {"errors": "Internal Server Error"}),
        (
            FaultKind.UNAUTHORIZED,
            401,
            {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"},
        ),
        (
            FaultKind.HTTP_429,
            429,
            {"errors": "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service."},
        ),
    ],
)
def test_shopifys_errors_have_their_own_shapes(
    shop: TrainingShop, admin: Admin, kind: FaultKind, status: int, told: Any
) -> None:
    shop.faults.add(Fault("shop", kind, seconds=1.2))

    answer = admin.send("{ shop { name } }")

    assert (answer.status_code, answer.json()) == (status, told)
    assert answer.headers.get("Retry-After") == ("2" if status == 429 else None)


@pytest.mark.parametrize(
    ("status", "told"), [(402, "Unavailable Shop"), (423, "Unavailable Shop"), (503, "Service Unavailable")]
)
def test_any_status_can_be_answered(shop: TrainingShop, admin: Admin, pos: Pos, status: int, told: str) -> None:
    shop.faults.add(Fault("shop", FaultKind.HTTP_STATUS, status=status), Fault("balance", FaultKind.HTTP_STATUS, status=status))

    answer = admin.send("{ shop { name } }")

    assert (answer.status_code, answer.json()) == (status, {"errors": told})
    assert pos.balance("1").status_code == status


def test_an_internal_error_comes_with_http_200_and_a_request_id(shop: TrainingShop, admin: Admin) -> None:
    shop.faults.add(Fault("shop", FaultKind.INTERNAL_ERROR_200_BEFORE))

    answer = admin.send("{ shop { name } }")

    error = answer.json()["errors"][0]
    assert answer.status_code == 200
    assert answer.json()["data"] is None
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": answer.headers["X-Request-Id"]}
    assert answer.headers["X-Request-Id"] in error["message"]


def test_throttled_says_when_there_will_be_enough(shop: TrainingShop, admin: Admin) -> None:
    shop.faults.add(Fault("shop", FaultKind.THROTTLED))

    answer = admin.answer("{ shop { name } }")

    cost = answer["extensions"]["cost"]
    assert answer["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert (cost["requestedQueryCost"], cost["throttleStatus"]["currentlyAvailable"]) == (10, 0)


def test_forbidden_is_an_access_error_with_partial_data(shop: TrainingShop, admin: Admin) -> None:
    shop.faults.add(Fault("codeDiscountNodeByCode", FaultKind.FORBIDDEN))

    answer = admin.answer('{ codeDiscountNodeByCode(code: "x") { id } shop { name } }')

    assert answer["data"] == {"codeDiscountNodeByCode": None, "shop": {"name": "Ginza store"}}
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


def test_a_bad_gateway_speaks_html(shop: TrainingShop, pos: Pos) -> None:
    shop.faults.add(Fault("balance", FaultKind.HTML_502), Fault("balance", FaultKind.NOT_JSON, nth=2))
    customer = number(shop.showcase.example.customer_id)

    gateway, nonsense = pos.balance(customer), pos.balance(customer)

    assert (gateway.status_code, gateway.headers["Content-Type"]) == (502, "text/html")
    assert (nonsense.status_code, nonsense.text) == (200, "OK, thank you.")


def test_a_stale_search_knows_nothing_since_the_shop_opened(shop: TrainingShop, admin: Admin, clock: VirtualClock) -> None:
    clock.advance(60)
    order = shop.redeem(shop.showcase.example.code)
    ask = f'query Orders {{ orders(first: 5, query: "discount_code:{shop.showcase.example.code}") {{ nodes {{ name }} }} }}'
    shop.faults.add(Fault("Orders", FaultKind.STALE_SEARCH))

    assert admin.data(ask)["nodes"] == []
    assert admin.data(ask)["nodes"] == [{"name": order.name}]


def test_a_history_that_is_behind_knows_nothing_since_the_shop_opened(
    shop: TrainingShop, pos: Pos, clock: VirtualClock
) -> None:
    clock.advance(60)
    coupon = shop.showcase.example
    pos.add(number(coupon.customer_id), 500, coupon.reference)
    shop.faults.add(Fault("history", FaultKind.HISTORY_BEHIND))

    behind, now = (pos.history(number(coupon.customer_id), reference=coupon.reference).json()["entries"] for _ in range(2))

    assert ([entry["points"] for entry in behind], [entry["points"] for entry in now]) == ([-500], [500, -500])


def test_signing_in_can_break_too(shop: TrainingShop) -> None:
    shop.faults.add(Fault("oauth", FaultKind.ERROR_500_BEFORE))
    form = {
        "grant_type": "client_credentials",
        "client_id": shop.addresses.client_id,
        "client_secret": shop.addresses.client_secret,
    }
    url = f"{shop.addresses.shopify_endpoint}/admin/oauth/access_token"

    assert [httpx.post(url, data=form).status_code for _ in range(2)] == [500, 200]


def test_a_client_that_gives_up_frees_the_black_hole(shop: TrainingShop) -> None:
    shop.faults.add(Fault("balance", FaultKind.BLACKHOLE, every=1))
    url = f"{shop.addresses.pos_endpoint}/customers/1/points"

    with pytest.raises(httpx.ReadTimeout):
        httpx.get(url, timeout=0.2)
    shop.stop()

    assert not [thread for thread in threading.enumerate() if thread.name.startswith("training")]


def test_a_slow_call_is_carried_out_although_the_client_has_gone(shop: TrainingShop) -> None:
    coupon = shop.showcase.example
    shop.faults.add(Fault("add", FaultKind.SLOW, seconds=0.4))
    body = {"amount": 500, "reason": "Coupon cancelled", "reference": coupon.reference}
    url = f"{shop.addresses.pos_endpoint}/customers/{number(coupon.customer_id)}/points/add"

    with pytest.raises(httpx.ReadTimeout):
        httpx.post(url, json=body, headers={"Authorization": f"Bearer {shop.addresses.pos_token}"}, timeout=0.1)
    assert len(shop.point_entries(coupon.customer_id, coupon.reference)) == 1
    for _ in range(200):
        if shop.journal.calls("add")[0].status is not None:
            break
        threading.Event().wait(0.02)

    assert [entry.points for entry in shop.point_entries(coupon.customer_id, coupon.reference)] == [500, -500]


def occurrences(rule: Fault, calls: int = 12, seed: int = 7) -> list[int]:
    faults = Faults(seed)
    faults.add(rule)
    return [place for place in range(1, calls + 1) if faults.meet(("add",)) is not None]


def test_a_rule_fires_on_the_occurrences_that_it_names() -> None:
    assert occurrences(Fault("add", FaultKind.SLOW)) == [1]
    assert occurrences(Fault("add", FaultKind.SLOW, nth=3)) == [3]
    assert occurrences(Fault("add", FaultKind.SLOW, every=4)) == [4, 8, 12]
    assert occurrences(Fault("add", FaultKind.SLOW, every=1, times=2)) == [1, 2]
    assert occurrences(Fault("*", FaultKind.SLOW, nth=2)) == [2]
    assert occurrences(Fault("history", FaultKind.SLOW, every=1)) == []


def test_chance_follows_from_the_seed() -> None:
    rule = Fault("add", FaultKind.SLOW, probability=0.3)

    assert occurrences(rule, 1000) == occurrences(rule, 1000)
    assert occurrences(rule, 1000) != occurrences(rule, 1000, seed=8)
    assert 230 < len(occurrences(rule, 1000)) < 370


def test_the_oldest_rule_that_fires_wins_and_all_of_them_count() -> None:
    faults = Faults(1)
    first, second = Fault("add", FaultKind.SLOW, nth=2), Fault("add", FaultKind.HTTP_429, every=1)
    faults.add(first, second)

    assert [faults.meet(("add",)) for _ in range(3)] == [second, first, second]
    assert [(fired.fault, fired.occurrence) for fired in faults.fired] == [(second, 1), (first, 2), (second, 3)]
    faults.clear()
    assert faults.meet(("add",)) is None


def test_a_rule_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="at most one"):
        Fault("add", FaultKind.SLOW, nth=1, every=2)
    with pytest.raises(ValueError, match="from 1"):
        Fault("add", FaultKind.SLOW, nth=0)
