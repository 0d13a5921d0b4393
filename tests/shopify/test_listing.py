"""Listings: pages that fit the cost limit, places to go on from, and a new beginning before Shopify's deepest page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from coupon_desk.errors import RemoteRefused
from coupon_desk.shopify import listing
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.discounts import read_by_code
from coupon_desk.shopify.listing import Listing
from tests.shopify.test_errors import CODE
from tests.shopify.wire_server import Say, Wire, failed, http


def customer(number: int, value: str | None = '[{"code":"70934-AB12CD-500"}]', kind: str = "json") -> dict[str, Any]:
    return {
        "id": f"gid://shopify/Customer/{number}",
        "locale": "ja",
        "updatedAt": "2026-11-20T00:00:00Z",
        "record": {"type": kind, "value": value} if value is not None else None,
    }


def customers(*rows: dict[str, Any], after: str | None = None) -> Say:
    page = {"nodes": list(rows), "pageInfo": {"hasNextPage": after is not None, "endCursor": after}}
    return http({"data": {"customers": page}})


def asked(wire: Wire) -> list[tuple[Any, Any, Any]]:
    variables = [heard.json["variables"] for heard in wire.heard]
    return [(each["first"], each["after"], each["query"]) for each in variables]


def test_pages_follow_each_other_and_each_tells_where_to_go_on(wire: Wire, client: ShopifyClient) -> None:
    wire.say(customers(customer(1), customer(2, None), after="c1"), customers(customer(3)))

    first, last = Listing(client).customers_with_records()

    assert [[row.id[-1] for row in page.rows] for page in (first, last)] == [["1"], ["3"]]
    assert last.resume_from is None
    wire.say(customers(customer(3)))
    (again,) = Listing(client).customers_with_records(resume_from=first.resume_from)
    assert again == last
    assert asked(wire) == [(250, None, None), (250, "c1", None), (250, "c1", None)]


def test_a_place_of_another_make_begins_anew(wire: Wire, client: ShopifyClient) -> None:
    wire.say(customers(customer(1)))

    (page,) = Listing(client).customers_with_records(resume_from="something else")

    assert len(page.rows) == 1
    assert asked(wire) == [(250, None, None)]


def test_only_what_changed_is_asked_for(wire: Wire, client: ShopifyClient) -> None:
    wire.say(customers())

    list(Listing(client).customers_with_records(datetime(2026, 11, 1, tzinfo=UTC)))

    assert asked(wire) == [(250, None, 'updated_at:>="2026-11-01T00:00:00.000000Z"')]


def test_a_page_that_costs_too_much_is_asked_for_smaller(wire: Wire, client: ShopifyClient) -> None:
    wire.say(failed("MAX_COST_EXCEEDED", cost=1250, maxCost=1000), failed("MAX_COST_EXCEEDED"), customers(customer(1)))

    assert len(list(Listing(client).customers_with_records())) == 1
    assert [first for first, _, _ in asked(wire)] == [250, 196, 98]


def test_a_shop_where_even_the_smallest_page_costs_too_much_is_told(wire: Wire, client: ShopifyClient) -> None:
    wire.say(failed("MAX_COST_EXCEEDED"))

    with pytest.raises(RemoteRefused, match="too much at once"):
        list(Listing(client).customers_with_records())


def test_before_the_deepest_page_a_listing_begins_anew_after_the_last_id(
    wire: Wire, client: ShopifyClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_DEEPEST_ROWS", 3)
    wire.say(
        customers(customer(1), customer(2), after="c1"),
        customers(customer(3), after="c2"),
        customers(customer(4), after="c3"),
        customers(customer(5)),
    )

    pages = list(Listing(client).customers_with_records())

    assert [row.id[-1] for page in pages for row in page.rows] == list("12345")
    assert asked(wire) == [(250, None, None), (250, "c1", None), (250, None, "id:>3"), (250, "c3", "id:>3")]


@pytest.mark.parametrize(("value", "kind"), [("not JSON", "json"), ("[]", "multi_line_text_field")])
def test_a_record_that_cannot_be_read_stops_nobody_else(value: str, kind: str, wire: Wire, client: ShopifyClient) -> None:
    wire.say(customers(customer(1, value, kind), customer(2)))

    (page,) = Listing(client).customers_with_records()

    assert [(row.problem is None, len(row.entries)) for row in page.rows] == [(False, 0), (True, 1)]


def discount(number: int, *codes: str, after: str | None = None, kind: str = "DiscountCodeBasic") -> dict[str, Any]:
    moment = "2026-11-01T00:00:00Z"
    return {
        "id": f"gid://shopify/DiscountCodeNode/{number}",
        "discount": {
            "__typename": kind,
            "title": "500 points",
            "status": "ACTIVE",
            "startsAt": moment,
            "endsAt": None,
            "createdAt": moment,
            "updatedAt": moment,
            "usageLimit": 1,
            "asyncUsageCount": 2,
            "codes": connection(*codes, after=after),
            "context": {"__typename": "DiscountBuyerSelectionAll"},
        },
    }


def connection(*codes: str, after: str | None = None) -> dict[str, Any]:
    nodes = [{"id": f"gid://shopify/DiscountRedeemCode/{code}", "code": code, "asyncUsageCount": 1} for code in codes]
    return {"nodes": nodes, "pageInfo": {"hasNextPage": after is not None, "endCursor": after}}


def discounts(*rows: dict[str, Any]) -> Say:
    return http({"data": {"discountNodes": {"nodes": list(rows), "pageInfo": {"hasNextPage": False, "endCursor": None}}}})


def test_other_campaigns_and_automatic_discounts_are_passed_over(wire: Wire, client: ShopifyClient) -> None:
    automatic = {"id": "gid://shopify/DiscountAutomaticNode/9", "discount": {"__typename": "DiscountAutomaticBasic"}}
    wire.say(discounts(automatic, discount(1, "SUMMER", after="many"), discount(2, "70934-ab12cd-500")))

    (page,) = Listing(client).discounts()

    assert [(row.code.text, row.usage_count, row.codes_count) for row in page.rows] == [("70934-AB12CD-500", 2, 1)]
    assert len(wire.heard) == 1


def test_each_code_of_several_is_a_row_with_its_own_use(wire: Wire, client: ShopifyClient) -> None:
    codes = {
        "discountNode": {"id": "x", "discount": {"__typename": "DiscountCodeBasic", "codes": connection("70934-CD34EF-500")}}
    }
    wire.say(discounts(discount(1, "70934-AB12CD-500", after="more")), http({"data": codes}))

    (page,) = Listing(client).discounts()

    assert [(row.code.text, row.usage_count, row.codes_count) for row in page.rows] == [
        ("70934-AB12CD-500", 1, 2),
        ("70934-CD34EF-500", 1, 2),
    ]


def test_a_code_that_stands_far_behind_others_is_found(wire: Wire, client: ShopifyClient) -> None:
    node = discount(1, "A", "B", after="more")
    more = {"discountNode": {"id": "x", "discount": {"__typename": "DiscountCodeBasic", "codes": connection(CODE.text)}}}
    wire.say(http({"data": {"codeDiscountNodeByCode": node}}), http({"data": more}))

    found = read_by_code(client, CODE)

    assert getattr(found, "redeem_code_id", None) == f"gid://shopify/DiscountRedeemCode/{CODE.text}"
    assert [heard.json["operationName"] for heard in wire.heard] == ["DiscountByCode", "DiscountCodes"]
