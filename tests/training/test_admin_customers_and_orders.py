"""Customers page and tell who they are; orders are found by their first code only (facts: Shopify §2 and §3)."""

from __future__ import annotations

from typing import Any

import pytest

from coupon_desk.clock import VirtualClock
from coupon_desk.training.options import ALL_SCOPES
from coupon_desk.training.shop import TrainingShop
from tests.training.callers import Admin, number

ORDERS = """query Orders($query: String) { orders(first: 20, query: $query, sortKey: CREATED_AT) { nodes {
    id name createdAt cancelledAt cancelReason displayFinancialStatus discountCode discountCodes customer { id } } } }"""
OWN_ORDERS = """query Own($id: ID!, $query: String) { customer(id: $id) {
    orders(first: 20, query: $query, sortKey: CREATED_AT, reverse: true) { nodes { name discountCodes } } } }"""
CUSTOMER = """query Who($id: ID!) { customer(id: $id) { displayName firstName lastName locale
    defaultEmailAddress { emailAddress } } }"""


def names(admin: Admin, query: str) -> list[str]:
    return [order["name"] for order in admin.data(ORDERS, query=query)["nodes"]]


def test_customers_tell_who_they_are(shop: TrainingShop, admin: Admin) -> None:
    def who(gid: str) -> Any:
        return admin.data(CUSTOMER, id=gid)

    assert who(shop.showcase.example.customer_id) == {
        "displayName": "佐藤 花子",
        "firstName": "花子",
        "lastName": "佐藤",
        "locale": "ja",
        "defaultEmailAddress": {"emailAddress": "hanako.sato@example.com"},
    }
    assert who(shop.showcase.english_customer.customer_id)["displayName"] == "Emma Thompson"
    assert who(shop.showcase.no_email.customer_id)["defaultEmailAddress"] is None
    assert who("gid://shopify/Customer/1") is None


def test_customers_page_and_can_be_asked_for_those_that_changed(shop: TrainingShop, admin: Admin, clock: VirtualClock) -> None:
    ask = """query All($after: String, $query: String) { customers(first: 7, after: $after, query: $query) {
        nodes { id } pageInfo { hasNextPage endCursor } } }"""
    seen: list[str] = []
    page: Any = {"pageInfo": {"hasNextPage": True, "endCursor": None}}
    while page["pageInfo"]["hasNextPage"]:
        page = admin.data(ask, after=page["pageInfo"]["endCursor"])
        seen += [node["id"] for node in page["nodes"]]

    assert len(set(seen)) == len(seen) == admin.data("{ customersCount { count } }")["count"]
    clock.advance(60)
    shop.edit_record(shop.showcase.no_record.customer_id, [])
    changed = admin.data(ask, query="updated_at:>='2026-11-23T03:01:00Z'")
    assert [node["id"] for node in changed["nodes"]] == [shop.showcase.no_record.customer_id]


def test_customers_are_found_by_name_and_mail(shop: TrainingShop, admin: Admin) -> None:
    ask = "query Find($query: String) { customers(first: 10, query: $query) { nodes { id } } }"

    for query in ('email:"hanako.sato@example.com"', "花子 佐藤", f"id:{number(shop.showcase.example.customer_id)}"):
        assert {"id": shop.showcase.example.customer_id} in admin.data(ask, query=query)["nodes"]


def test_an_order_is_found_by_its_first_code_only(shop: TrainingShop, admin: Admin) -> None:
    first, second = shop.showcase.used, shop.showcase.used_second_code

    assert names(admin, f'discount_code:"{first.code.lower()}"') == [first.order]
    assert names(admin, f'discount_code:"{second.code}"') == []
    assert names(admin, 'discount_code:"WELCOME10"') == [second.order]


def test_the_customers_own_orders_tell_every_code(shop: TrainingShop, admin: Admin) -> None:
    coupon = shop.showcase.used_second_code

    own = admin.data(OWN_ORDERS, id=coupon.customer_id, query="created_at:>='2026-01-01T00:00:00Z'")["orders"]["nodes"]

    assert own == [{"name": coupon.order, "discountCodes": ["WELCOME10", coupon.code]}]


def test_an_order_is_found_by_its_name_and_read_by_its_id(shop: TrainingShop, admin: Admin) -> None:
    coupon = shop.showcase.used_order_cancelled
    assert coupon.order is not None

    (order,) = admin.data(ORDERS, query=f'name:"{coupon.order}"')["nodes"]
    read = "query One($id: ID!) { order(id: $id) { name discountCodes cancelledAt cancelReason customer { id } } }"

    assert order["cancelledAt"] is not None
    assert (order["cancelReason"], order["displayFinancialStatus"]) == ("CUSTOMER", "REFUNDED")
    assert admin.data(read, id=order["id"]) == {
        "name": coupon.order,
        "discountCodes": [coupon.code],
        "cancelledAt": order["cancelledAt"],
        "cancelReason": "CUSTOMER",
        "customer": {"id": coupon.customer_id},
    }
    assert admin.data(read, id="gid://shopify/Order/1") is None


def test_a_cancelled_order_does_not_give_the_use_back(shop: TrainingShop, admin: Admin) -> None:
    order = shop.redeem(shop.showcase.example.code)
    shop.cancel_order(order.name)

    assert admin.data(ORDERS, query=f'name:"{order.name}"')["nodes"][0]["cancelledAt"] is not None
    assert admin.discount(shop.showcase.example.code)["asyncUsageCount"] == 1


def test_the_order_search_lags_while_the_customers_own_orders_do_not(
    shop: TrainingShop, admin: Admin, clock: VirtualClock
) -> None:
    shop.configure(search_lag_seconds=30.0)
    coupon = shop.showcase.example
    clock.advance(60)
    order = shop.redeem(coupon.code)

    assert names(admin, f'discount_code:"{coupon.code}"') == []
    assert [one["name"] for one in admin.data(OWN_ORDERS, id=coupon.customer_id)["orders"]["nodes"]] == [order.name]
    clock.advance(31)
    assert names(admin, f'discount_code:"{coupon.code}"') == [order.name]


def test_orders_are_found_by_date(shop: TrainingShop, admin: Admin, clock: VirtualClock) -> None:
    clock.advance(60)
    order = shop.redeem(shop.showcase.example.code)

    assert names(admin, "created_at:>='2026-11-23T03:00:30Z'") == [order.name]


def test_old_orders_are_hidden_without_the_scope_for_them(shop: TrainingShop, admin: Admin) -> None:
    everything = admin.data(ORDERS, query="created_at:<'2026-09-01'")["nodes"]
    shop.configure(scopes=ALL_SCOPES - {"read_all_orders"})

    assert len(everything) > 0
    assert admin.data(ORDERS, query="created_at:<'2026-09-01'")["nodes"] == []
    assert admin.data("query One($id: ID!) { order(id: $id) { id } }", id=everything[0]["id"]) is None


@pytest.mark.parametrize(
    ("scope", "query", "field"),
    [
        ("read_orders", ORDERS, "orders"),
        ("read_customers", "{ customers(first: 1) { nodes { id } } }", "customers"),
        ("write_discounts", 'mutation { discountCodeDeactivate(id: "x") { userErrors { code } } }', "discountCodeDeactivate"),
    ],
)
def test_a_missing_scope_is_told_with_what_is_missing(
    shop: TrainingShop, admin: Admin, scope: str, query: str, field: str
) -> None:
    shop.configure(scopes=ALL_SCOPES - {scope, scope.replace("read_", "write_")})

    error = admin.answer(query)["errors"][0]

    assert error["path"] == [field]
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert error["extensions"]["requiredAccess"] == f"`{scope}` access scope."


def test_what_is_allowed_is_told_beside_what_is_not(shop: TrainingShop, admin: Admin) -> None:
    shop.configure(scopes=ALL_SCOPES - {"read_orders"})
    ask = "query Both($id: ID!) { customer(id: $id) { id } order(id: $id) { id } }"

    answer = admin.answer(ask, id=shop.showcase.example.customer_id)

    assert answer["data"] == {"customer": {"id": shop.showcase.example.customer_id}, "order": None}
    assert [error["path"] for error in answer["errors"]] == [["order"]]
