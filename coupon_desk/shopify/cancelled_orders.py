"""Cancelled orders that changed since a moment, page by page, for the inbox. Never the ground for a decision: a search lags.

Without the permission `read_all_orders` Shopify shows the orders of the last 60 days.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from coupon_desk.clock import to_text
from coupon_desk.coupons.evidence import OrderSeen
from coupon_desk.errors import System
from coupon_desk.shopify.answers import TooCostly
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.operations import Operation
from coupon_desk.shopify.orders import Order, quoted
from coupon_desk.shopify.payloads import Connection, Moment, Shape
from coupon_desk.shopify.refusals import Hopeless
from coupon_desk.words import msg

_PAGE: Final = 50
_SMALLEST_PAGE: Final = 5
_DEEPEST_ROWS: Final = 20_000
"""Shopify pages no deeper than 25,000 rows: before that the search begins anew, where the last page ended."""


@dataclass(frozen=True, slots=True)
class ListedOrder:
    """A cancelled order, and when anything about it changed last."""

    order: OrderSeen
    updated_at: datetime


class _Listed(Order, frozen=True, kw_only=True):
    updated_at: Moment


class _Answer(Shape, frozen=True):
    orders: Connection[_Listed]


CANCELLED: Final = Operation("CancelledOrders", _Answer)


def cancelled_orders(
    client: ShopifyClient, since: datetime, stop: threading.Event | None = None
) -> Iterator[tuple[ListedOrder, ...]]:
    """The cancelled orders that changed since a moment, the longest unchanged first; ends early when `stop` is set.

    Works in the background: a part of the cost bucket is left to the counter. Raises RemoteUnavailable, also where the search
    was not understood, or RemoteRefused. An order can come twice where it changed meanwhile.
    """
    size, seen, cursor = _PAGE, 0, None
    while stop is None or not stop.is_set():
        variables: dict[str, Any] = {"first": size, "after": cursor, "query": _query(since)}
        try:
            page = client.read(CANCELLED, variables, background=True).data.orders
        except TooCostly as too_costly:
            if size == _SMALLEST_PAGE:
                raise
            size = max(_SMALLEST_PAGE, int(size * too_costly.share_allowed))
            continue
        yield tuple(ListedOrder(node.seen(), node.updated_at) for node in page.nodes if node.cancelled_at is not None)
        cursor, seen = page.next_cursor, seen + len(page.nodes)
        if cursor is None:
            return
        if seen >= _DEEPEST_ROWS and page.nodes:
            last = page.nodes[-1].updated_at
            if last <= since:
                raise Hopeless(
                    System.SHOPIFY,
                    msg("Too many orders were changed at one moment to look through them all."),
                    todo=msg("Look for them in the Shopify admin, under Orders."),
                )
            since, seen, cursor = last, 0, None


def _query(since: datetime) -> str:
    return f"status:cancelled updated_at:>={quoted(to_text(since))}"
