"""The orders of many coupons in one request: one search for all codes, and each customer's own newest orders.

It proves absence, so it has to be whole: a search that warned, a page that is not the last, a customer who was not found or has
more orders than one page holds prove nothing, and such a member is asked by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import msgspec

from coupon_desk.clock import to_text
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import OrderSeen, OrdersSeen
from coupon_desk.errors import RemoteError
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.operations import Operation
from coupon_desk.shopify.orders import MOST_PAGES, Order, bears, in_order, quoted
from coupon_desk.shopify.payloads import Connection, Moment, Shape
from coupon_desk.shopify.rounds import ALONE, Told, meets_everybody
from coupon_desk.shopify.throttle import Price


@dataclass(frozen=True, slots=True)
class OrdersOf:
    """What is asked about one coupon: see `Shop.find_orders`."""

    code: CouponCode
    customer_id: str | None
    since: datetime | None


class _OwnOrder(Shape, frozen=True):
    """An order of a customer that is known; naming them again would cost a point."""

    id: str
    name: str
    created_at: Moment
    cancelled_at: Moment | None
    discount_codes: list[str]


class _Buyer(Shape, frozen=True):
    id: str
    orders: Connection[_OwnOrder] | None = None


class _OfCoupons(Shape, frozen=True):
    by_code: Connection[Order]
    any: list[_Buyer | None] = msgspec.field(default_factory=list)
    recent: list[_Buyer | None] = msgspec.field(default_factory=list)


OF_COUPONS: Final = Operation("OrdersOfCoupons", _OfCoupons)

# The dearest that is thinkable until an answer tells: the search, and each customer where a list is charged by its nodes.
_POINTS_OF_THE_SEARCH: Final = 16
_POINTS_OF_A_CUSTOMER: Final = 8


class OrdersTogether:
    """Looks for the orders of many coupons at once."""

    MOST: Final = 25
    """One search for so many codes stays short; customers' orders make long answers."""

    def __init__(self, client: ShopifyClient) -> None:
        self._client = client

    def ask_all(self, coupons: Sequence[OrdersOf]) -> list[Told[OrdersSeen]]:
        """The orders of each coupon."""
        try:
            found = self._found(coupons)
        except RemoteError as error:
            return [error if meets_everybody(error) else ALONE] * len(coupons)
        return [ALONE] * len(coupons) if found is None else [found.of(coupon) or ALONE for coupon in coupons]

    def _found(self, coupons: Sequence[OrdersOf]) -> _Found | None:
        """None where the search did not come to its end."""
        codes = dict.fromkeys(coupon.code.text for coupon in coupons)
        any_time = list(dict.fromkeys(c.customer_id for c in coupons if c.customer_id and c.since is None))
        recent = list(dict.fromkeys(c.customer_id for c in coupons if c.customer_id and c.since is not None))
        earliest = min((coupon.since for coupon in coupons if coupon.since is not None), default=None)
        variables = {
            "codeQuery": " OR ".join(f"discount_code:{quoted(code)}" for code in codes),
            "after": None,
            "ofAny": bool(any_time),
            "any": any_time,
            "ofRecent": bool(recent),
            "recent": recent,
            "sinceQuery": f"created_at:>={quoted(to_text(earliest))}" if earliest else None,
        }
        customers = len(any_time) + len(recent)
        price = Price(OF_COUPONS.name, _POINTS_OF_THE_SEARCH + customers * _POINTS_OF_A_CUSTOMER, 1 + customers)
        first = self._client.read(OF_COUPONS, variables, price=price).data
        by_code, page = list(first.by_code.nodes), first.by_code
        for _ in range(MOST_PAGES):
            if page.next_cursor is None:
                return None if page.page_info.has_next_page else _Found(by_code, _by_id(first.any), _by_id(first.recent))
            further = {**variables, "after": page.next_cursor, "ofAny": False, "any": [], "ofRecent": False, "recent": []}
            price = Price(OF_COUPONS.name, _POINTS_OF_THE_SEARCH)
            page = self._client.read(OF_COUPONS, further, price=price).data.by_code
            by_code += page.nodes
        return None


@dataclass(frozen=True, slots=True)
class _Found:
    by_code: list[Order]
    any: dict[str, _Buyer]
    recent: dict[str, _Buyer]

    def of(self, coupon: OrdersOf) -> OrdersSeen | None:
        """The coupon's orders; None where the answer does not hold all of its customer's."""
        seen = {order.id: order.seen() for order in self.by_code if bears(order.discount_codes, coupon.code)}
        if coupon.customer_id is not None:
            buyer = (self.any if coupon.since is None else self.recent).get(coupon.customer_id)
            if buyer is None or buyer.orders is None or buyer.orders.page_info.has_next_page:
                return None
            seen.update((order.id, order) for order in _own(buyer.id, buyer.orders.nodes, coupon))
        return in_order(seen.values())


def _by_id(buyers: list[_Buyer | None]) -> dict[str, _Buyer]:
    return {buyer.id: buyer for buyer in buyers if buyer is not None}


def _own(customer_id: str, orders: list[_OwnOrder], coupon: OrdersOf) -> Iterator[OrderSeen]:
    since = coupon.since and coupon.since.replace(microsecond=0)
    for order in orders:
        # The round asked for the earliest moment of all; Shopify compares whole seconds.
        if bears(order.discount_codes, coupon.code) and (since is None or order.created_at.replace(microsecond=0) >= since):
            seen = OrderSeen(order.id, order.name, order.created_at, order.cancelled_at, tuple(order.discount_codes), None)
            yield replace(seen, customer_id=customer_id)
