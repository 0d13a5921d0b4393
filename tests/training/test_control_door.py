"""Another process can move the world and look at the truth over the control port."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from coupon_desk.training.shop import TrainingShop
from tests.training.callers import Admin, Pos, number


class Control:
    def __init__(self, shop: TrainingShop) -> None:
        self._url = shop.addresses.control_endpoint

    def get(self, path: str, **asked: str) -> Any:
        return httpx.get(f"{self._url}/{path}", params=asked).json()

    def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        answer = httpx.post(f"{self._url}/{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def delete(self, path: str) -> int:
        return httpx.delete(f"{self._url}/{path}").status_code


@pytest.fixture
def control(shop: TrainingShop) -> Control:
    return Control(shop)


def test_a_coupon_is_used_and_its_order_cancelled(shop: TrainingShop, control: Control) -> None:
    code = shop.showcase.example.code

    order = control.post("redeem", {"code": code, "first": False})["order"]
    refused = control.post("redeem", {"code": code}, status=409)
    control.post("cancel_order", {"order": order})

    (told,) = control.get("story", code=code)["orders"]
    assert told["codes"] == ["WELCOME10", code]
    assert told["cancelled_at"] is not None
    assert "usage limit" in refused["error"]


def test_an_order_is_paid_refunded_in_part_and_cancelled_without_a_refund(
    shop: TrainingShop, control: Control, admin: Admin
) -> None:
    showcase = shop.showcase
    kept = control.post("redeem", {"code": showcase.example.code, "other_codes": [showcase.record_list.code]})
    unpaid = control.post("redeem", {"code": showcase.english_customer.code, "is_paid": False})
    control.post("cancel_order", {"order": kept["order"], "refunded": 0})
    control.post("cancel_order", {"order": unpaid["order"]})

    def money(order: dict[str, Any]) -> tuple[str, str, str]:
        ask = """query One($id: ID!) { order(id: $id) { displayFinancialStatus
            totalReceivedSet { shopMoney { amount } } totalRefundedSet { shopMoney { amount } } } }"""
        told = admin.data(ask, id=order["id"])
        received, back = (told[name]["shopMoney"]["amount"] for name in ("totalReceivedSet", "totalRefundedSet"))
        return told["displayFinancialStatus"], received, back

    assert money(kept) == ("PAID", "6800.0", "0.0")
    assert money(unpaid) == ("VOIDED", "0.0", "0.0")
    part = control.post("refund_order", {"order": kept["order"], "amount": 1700})
    assert part["financial_status"] == "PARTIALLY_REFUNDED"
    assert money(kept) == ("PARTIALLY_REFUNDED", "6800.0", "1700.0")
    assert control.post("refund_order", {"order": kept["order"], "amount": 9999})["financial_status"] == "REFUNDED"
    (told,) = control.get("story", code=showcase.record_list.code)["orders"]
    assert told["codes"] == [showcase.example.code, showcase.record_list.code]
    assert "usage limit" in control.post("redeem", {"code": showcase.record_list.code}, status=409)["error"]


def test_faults_are_set_seen_and_cleared(shop: TrainingShop, control: Control, pos: Pos) -> None:
    control.post("faults", [{"call": "balance", "kind": "error_500_before", "every": 1}])
    customer = number(shop.showcase.example.customer_id)

    assert pos.balance(customer).status_code == 500
    assert control.get("faults")["rules"][0]["kind"] == "error_500_before"
    assert [fired["call"] for fired in control.get("faults")["fired"]] == ["balance"]
    assert control.delete("faults") == 200
    assert pos.balance(customer).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"call": "add", "kind": "nonsense"}),
        ("faults", {"kind": "slow"}),
        ("options", {"nonsense": 1}),
        ("cancel_order", {"order": "#1"}),
        ("record", {"customer_id": "1", "value": []}),
    ],
)
def test_what_makes_no_sense_is_refused(control: Control, path: str, body: Any) -> None:
    assert "error" in control.post(path, body, status=400)


def test_the_journal_tells_every_request_in_order(shop: TrainingShop, control: Control, admin: Admin, pos: Pos) -> None:
    coupon = shop.showcase.example
    admin.deactivate(coupon.discount_id)
    pos.add(number(coupon.customer_id), 500, coupon.reference, key="the-key")

    told = control.get("journal")

    assert [(entry["system"], entry["call"], entry["applied"]) for entry in told] == [
        ("shopify", "Deactivate", True),
        ("pos", "add", True),
    ]
    assert told[0]["names"] == ["Deactivate", "discountCodeDeactivate"]
    assert told[0]["target"] == coupon.discount_id
    assert (told[1]["key"], told[1]["target"]) == ("the-key", number(coupon.customer_id))
    assert control.get("journal", after=str(told[0]["number"])) == told[1:]


def test_the_state_holds_what_changed(shop: TrainingShop, control: Control, admin: Admin, pos: Pos) -> None:
    coupon = shop.showcase.example
    customer = number(coupon.customer_id)
    before = control.get("state")
    admin.deactivate(coupon.discount_id)
    pos.add(customer, 500, coupon.reference)
    control.post("record", {"customer_id": coupon.customer_id, "value": [{"code": coupon.code, "status": "cancelled"}]})

    after = control.get("state")

    assert (before["records"], before["point_entries"], before["mails"]) == ({}, {}, [])
    changed = [one for one in after["discounts"] if one not in before["discounts"]]
    assert [(one["title"], one["status"]) for one in changed] == [(coupon.code, "EXPIRED")]
    assert [entry["points"] for entry in after["point_entries"][customer]] == [500]
    assert after["balances"] == {customer: shop.balance(coupon.customer_id)}
    assert after["records"] == {customer: [{"code": coupon.code, "status": "cancelled"}]}


def test_time_options_points_and_reset(shop: TrainingShop, control: Control, admin: Admin) -> None:
    coupon = shop.showcase.example
    now = shop.clock.now()
    control.post("advance", {"seconds": 60})
    control.post("options", {"usage_lag_seconds": None, "key_handling": "replayed", "scopes": ["read_discounts"]})
    entry = control.post("points", {"customer_id": coupon.customer_id, "points": -30, "reason": "Gift"})
    control.post("redeem", {"code": coupon.code})
    control.post("refuse_mail", {"address": "a@example.com", "status": 450})

    assert (shop.clock.now() - now).total_seconds() == 60
    assert shop.balance(coupon.customer_id) == entry["balance"]
    assert shop.mailbox.refusal("A@example.com") == 450
    seen = """query Used($code: String!) { codeDiscountNodeByCode(code: $code) {
        codeDiscount { ... on DiscountCodeBasic { asyncUsageCount } } } }"""
    assert admin.data(seen, code=coupon.code)["codeDiscount"] == {"asyncUsageCount": 0}
    control.post("catch_up")
    assert admin.data(seen, code=coupon.code)["codeDiscount"] == {"asyncUsageCount": 1}
    control.post("reset")
    assert shop.orders_with(coupon.code) == ()
    assert control.get("journal") == []
    assert shop.mailbox.refusal("a@example.com") is None
    assert control.get("showcase")["example"]["code"] == coupon.code


def test_a_deleted_discount_keeps_its_story(shop: TrainingShop, control: Control) -> None:
    control.post("delete_discount", {"code": shop.showcase.example.code})

    story = control.get("story", code=shop.showcase.example.code)

    assert story["discount"] is None
    assert story["record_entry"]["status"] == "active"
    assert [entry["points"] for entry in story["point_entries"]] == [-500]


def test_what_is_not_there_is_not_found(control: Control) -> None:
    assert control.delete("state") == 404
