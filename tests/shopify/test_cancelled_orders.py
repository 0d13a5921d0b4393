"""The search for cancelled orders: to its end, all codes of each, and never an empty answer in place of none."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from coupon_desk.errors import RemoteUnavailable
from coupon_desk.shopify import cancelled_orders as module
from coupon_desk.shopify.shop import ShopifyShop
from tests.shopify.test_orders import order, page
from tests.shopify.wire_server import Say, Wire, http

SINCE = datetime(2026, 11, 1, tzinfo=UTC)


def listed(number: int, *codes: str, cancelled: bool = True) -> dict[str, Any]:
    return {**order(number, *codes, cancelled=cancelled), "updatedAt": f"2026-11-{number:02}T12:00:00Z"}


def orders(*nodes: dict[str, Any], after: str | None = None) -> Say:
    return http({"data": {"orders": page(*nodes, after=after)}})


def test_every_page_is_read_with_all_codes_of_each_order(wire: Wire, shop: ShopifyShop) -> None:
    wire.say(orders(listed(2, "SUMMER", "70934-AB12CD-500"), after="c1"), orders(listed(3), listed(4, cancelled=False)))

    pages = list(shop.cancelled_orders(SINCE))

    assert [[one.order.name for one in page] for page in pages] == [["#2"], ["#3"]]
    assert pages[0][0].order.codes == ("SUMMER", "70934-AB12CD-500")
    assert pages[0][0].updated_at == datetime(2026, 11, 2, 12, tzinfo=UTC)
    first, second = (heard.json["variables"] for heard in wire.heard)
    assert first["query"] == 'status:cancelled updated_at:>="2026-11-01T00:00:00.000000Z"'
    assert (first["after"], second["after"]) == (None, "c1")


def test_a_search_with_warnings_is_no_answer(wire: Wire, shop: ShopifyShop) -> None:
    warning = {"field": "status", "message": "Invalid search field for this query.", "code": "invalid_field"}
    wire.say(http({"data": {"orders": page()}, "extensions": {"search": [{"path": ["orders"], "warnings": [warning]}]}}))

    with pytest.raises(RemoteUnavailable, match="did not understand the search"):
        list(shop.cancelled_orders(SINCE))


def test_reading_stops_between_two_pages(wire: Wire, shop: ShopifyShop) -> None:
    stop = threading.Event()
    wire.say(orders(listed(2), after="c1"))

    for _ in shop.cancelled_orders(SINCE, stop):
        stop.set()

    assert len(wire.heard) == 1


def test_a_search_deeper_than_shopify_pages_begins_anew_where_it_came_to(
    wire: Wire, shop: ShopifyShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_DEEPEST_ROWS", 2)
    wire.say(orders(listed(2), listed(3), after="c1"), orders(listed(3), listed(5)))

    found = [one.order.name for page in shop.cancelled_orders(SINCE) for one in page]

    assert found == ["#2", "#3", "#3", "#5"]
    again = wire.heard[1].json["variables"]
    assert (again["after"], again["query"]) == (None, 'status:cancelled updated_at:>="2026-11-03T12:00:00.000000Z"')
