"""Looking for orders: both lists to their end, and no doubtful answer taken for absence."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from coupon_desk.coupons.evidence import Absent, OrderPayment, OrderSeen
from coupon_desk.errors import RemoteUnavailable
from coupon_desk.shopify.orders import quoted
from coupon_desk.shopify.shop import ShopifyShop
from tests.shopify.test_errors import CODE
from tests.shopify.wire_server import Wire, http

CUSTOMER = "gid://shopify/Customer/70934"


def order(number: int, *codes: str, cancelled: bool = False, customer: str | None = CUSTOMER) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/Order/{number}",
        "name": f"#{number}",
        "createdAt": f"2026-11-{number:02}T00:00:00Z",
        "cancelledAt": "2026-11-22T00:00:00Z" if cancelled else None,
        "discountCodes": list(codes),
        "customer": {"id": customer} if customer else None,
    }


def page(*orders: dict[str, Any], after: str | None = None) -> dict[str, Any]:
    return {"nodes": list(orders), "pageInfo": {"hasNextPage": after is not None, "endCursor": after}}


def test_both_lists_are_read_to_their_end_in_one_request_each_time(wire: Wire, shop: ShopifyShop) -> None:
    code = CODE.text
    wire.say(
        http({"data": {"byCode": page(order(3, code)), "byCustomer": {"orders": page(order(9), order(3, code), after="c1")}}}),
        http({"data": {"byCustomer": {"orders": page(order(2, "SUMMER", code.lower(), cancelled=True), after="c2")}}}),
        http({"data": {"byCustomer": {"orders": page(order(1, "70934-AB12CD-5000"))}}}),
    )

    found = shop.find_orders(CODE, CUSTOMER, datetime(2026, 11, 1, tzinfo=UTC)).orders

    assert [seen.name for seen in found] == ["#2", "#3"]
    assert found[0] == OrderSeen(
        id="gid://shopify/Order/2",
        name="#2",
        created_at=datetime(2026, 11, 2, tzinfo=UTC),
        cancelled_at=datetime(2026, 11, 22, tzinfo=UTC),
        codes=("SUMMER", code.lower()),
        customer_id=CUSTOMER,
    )
    first, second, third = (heard.json["variables"] for heard in wire.heard)
    assert (first["codeQuery"], first["sinceQuery"]) == (
        'discount_code:"70934-AB12CD-500"',
        'created_at:>="2026-11-01T00:00:00.000000Z"',
    )
    assert (first["byCode"], first["byCustomer"]) == (True, True)
    assert (second["byCode"], second["byCustomer"], second["afterByCustomer"]) == (False, True, "c1")
    assert third["afterByCustomer"] == "c2"


def test_without_a_customer_only_the_search_is_asked(wire: Wire, shop: ShopifyShop) -> None:
    wire.say(http({"data": {"byCode": page(order(3, CODE.text, customer=None))}}))

    (seen,) = shop.find_orders(CODE, None, None).orders

    assert seen.customer_id is None
    assert wire.heard[0].json["variables"]["byCustomer"] is False


def test_a_search_with_warnings_is_no_answer_and_not_asked_again(wire: Wire, shop: ShopifyShop) -> None:
    warning = {"field": "discount_cod", "message": "Invalid search field for this query.", "code": "invalid_field"}
    wire.say(http({"data": {"byCode": page()}, "extensions": {"search": [{"path": ["byCode"], "warnings": [warning]}]}}))

    with pytest.raises(RemoteUnavailable, match="did not understand the search"):
        shop.find_orders(CODE, None, None)

    assert len(wire.heard) == 1


def test_a_list_without_end_is_no_answer(wire: Wire, shop: ShopifyShop) -> None:
    wire.say(http({"data": {"byCustomer": {"orders": page(order(3), after="again")}}}))

    with pytest.raises(RemoteUnavailable, match="too many orders"):
        shop.find_orders(CODE, CUSTOMER, None)


def test_a_name_is_only_taken_when_it_is_the_whole_name(wire: Wire, shop: ShopifyShop) -> None:
    named = [{"id": "gid://shopify/Order/11", "name": "#10010"}, {"id": "gid://shopify/Order/12", "name": "#1001"}]
    wire.say(http({"data": {"orders": {"nodes": named}}}), http({"data": {"order": order(12)}}))

    seen = shop.read_order(" ＃1001 ")

    assert not isinstance(seen, Absent)
    assert wire.heard[1].json["variables"] == {"id": "gid://shopify/Order/12"}


def bag(amount: str, currency: str = "JPY") -> dict[str, Any]:
    return {"shopMoney": {"amount": amount, "currencyCode": currency}}


def test_an_order_read_by_itself_tells_what_was_paid_and_refunded(wire: Wire, shop: ShopifyShop) -> None:
    money = {
        "displayFinancialStatus": "PARTIALLY_REFUNDED",
        "totalReceivedSet": bag("6800.0"),
        "totalRefundedSet": bag("3400.25"),
    }
    wire.say(http({"data": {"order": {**order(12, cancelled=True), **money}}}))

    seen = shop.read_order("gid://shopify/Order/12")

    assert not isinstance(seen, Absent)
    assert seen.payment == OrderPayment("PARTIALLY_REFUNDED", Decimal("6800.0"), Decimal("3400.25"), "JPY")


@pytest.mark.parametrize(
    ("received", "refunded"),
    [
        (bag("NaN"), bag("0")),
        (bag("-1"), bag("0")),
        (bag("1e999999"), bag("0")),
        (bag("100"), bag("100", "USD")),
        (bag("100"), None),
    ],
)
def test_money_that_cannot_be_calculated_with_is_not_known(
    wire: Wire, shop: ShopifyShop, received: dict[str, Any], refunded: dict[str, Any] | None
) -> None:
    money = {"displayFinancialStatus": "PAID", "totalReceivedSet": received, "totalRefundedSet": refunded}
    wire.say(http({"data": {"order": {**order(12), **money}}}))

    seen = shop.read_order("gid://shopify/Order/12")

    assert not isinstance(seen, Absent)
    assert seen.payment is None


def test_no_name_is_no_order(wire: Wire, shop: ShopifyShop) -> None:
    assert shop.read_order(" # ") == Absent()
    assert wire.heard == []


@pytest.mark.parametrize(("value", "expected"), [("a", '"a"'), ('a"b', '"a\\"b"'), ("a\\", '"a\\\\"'), ("a:b", '"a:b"')])
def test_values_are_quoted_for_the_search(value: str, expected: str) -> None:
    assert quoted(value) == expected
