"""Orders that bear a code, looked for in two ways, because each alone can miss one.

The search finds only the *first* code of an order and is an index that lags; the customer's own orders show all their codes.
Without the permission `read_all_orders` Shopify shows the orders of the last 60 days.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from coupon_desk.clock import to_text
from coupon_desk.coupons.code import CouponCode, fold
from coupon_desk.coupons.evidence import Absent, OrderPayment, OrderSeen, OrdersSeen
from coupon_desk.errors import System
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.discounts import Money
from coupon_desk.shopify.operations import Operation
from coupon_desk.shopify.payloads import Connection, Id, Moment, Shape
from coupon_desk.shopify.refusals import Hopeless
from coupon_desk.words import msg

MOST_PAGES: Final = 100
_MOST_MONEY: Final = Decimal(10) ** 15
_NOBODY: Final = "gid://shopify/Customer/0"


class _MoneyBag(Shape, frozen=True):
    shop_money: Money


class Order(Shape, frozen=True):
    """An order with all its codes."""

    id: str
    name: str
    created_at: Moment
    cancelled_at: Moment | None
    discount_codes: list[str]
    customer: Id | None
    display_financial_status: str | None = None
    total_received_set: _MoneyBag | None = None
    total_refunded_set: _MoneyBag | None = None

    def seen(self) -> OrderSeen:
        """The order as evidence."""
        return OrderSeen(
            id=self.id,
            name=self.name,
            created_at=self.created_at,
            cancelled_at=self.cancelled_at,
            codes=tuple(self.discount_codes),
            customer_id=self.customer.id if self.customer else None,
            payment=self._payment(),
        )

    def _payment(self) -> OrderPayment | None:
        """What was paid and refunded; None where it was not asked for, or cannot be calculated with."""
        received, refunded = self.total_received_set, self.total_refunded_set
        if received is None or refunded is None or received.shop_money.currency_code != refunded.shop_money.currency_code:
            return None
        paid, back = received.shop_money.amount, refunded.shop_money.amount
        if not all(amount.is_finite() and 0 <= amount < _MOST_MONEY for amount in (paid, back)):
            return None
        return OrderPayment(self.display_financial_status, paid, back, received.shop_money.currency_code)


class _OfCustomer(Shape, frozen=True):
    orders: Connection[Order]


class _OfCoupon(Shape, frozen=True):
    by_code: Connection[Order] | None = None
    by_customer: _OfCustomer | None = None


class _ById(Shape, frozen=True):
    order: Order | None


class _Named(Shape, frozen=True):
    id: str
    name: str


class _NamedOrders(Shape, frozen=True):
    nodes: list[_Named]


class _ByName(Shape, frozen=True):
    orders: _NamedOrders


OF_COUPON: Final = Operation("OrdersOfCoupon", _OfCoupon)
BY_ID: Final = Operation("OrderById", _ById)
BY_NAME: Final = Operation("OrderIdsByName", _ByName)


def find_orders(client: ShopifyClient, code: CouponCode, customer_id: str | None, since: datetime | None) -> OrdersSeen:
    """All orders that bear the code, both ways in one request, to the end of both lists.

    Raises RemoteUnavailable also where the search warned, or where there are too many orders to see them all.
    """
    variables: dict[str, Any] = {
        "byCode": True,
        "codeQuery": f"discount_code:{quoted(code.text)}",
        "byCustomer": customer_id is not None,
        "customer": customer_id or _NOBODY,
        "sinceQuery": f"created_at:>={quoted(to_text(since))}" if since else None,
    }
    found: dict[str, OrderSeen] = {}
    for _ in range(MOST_PAGES):
        answer = client.read(OF_COUPON, variables).data
        by_customer = answer.by_customer.orders if answer.by_customer else None
        for page in (answer.by_code, by_customer):
            found.update(
                (order.id, order.seen()) for order in (page.nodes if page else ()) if bears(order.discount_codes, code)
            )
        variables["afterByCode"] = answer.by_code.next_cursor if answer.by_code else None
        variables["afterByCustomer"] = by_customer.next_cursor if by_customer else None
        variables["byCode"] = variables["afterByCode"] is not None
        variables["byCustomer"] = variables["afterByCustomer"] is not None
        if not variables["byCode"] and not variables["byCustomer"]:
            return in_order(found.values())
    raise Hopeless(
        System.SHOPIFY,
        msg("The customer has too many orders to look through them all."),
        todo=msg("Nothing was done. Look in the Shopify admin whether the coupon was used."),
    )


def read_order(client: ShopifyClient, order: str) -> OrderSeen | Absent:
    """One order by its id, or by its name with or without `#`. The search only tells the id, the order itself is read by it.

    Raises RemoteUnavailable or RemoteRefused.
    """
    order_id: str | None = order.strip()
    if not order.strip().startswith("gid://"):
        order_id = _id_of(client, order.strip())
    found = client.read(BY_ID, {"id": order_id}).data.order if order_id else None
    return found.seen() if found else Absent()


def _id_of(client: ShopifyClient, name: str) -> str | None:
    wanted = _plain(name)
    if not wanted:
        return None
    named = client.read(BY_NAME, {"query": f"name:{quoted(name)}"}).data.orders.nodes
    return next((order.id for order in named if _plain(order.name) == wanted), None)


def in_order(found: Iterable[OrderSeen]) -> OrdersSeen:
    """The orders as evidence, oldest first."""
    return OrdersSeen(tuple(sorted(found, key=lambda order: (order.created_at, order.id))))


def quoted(value: str) -> str:
    """A value in Shopify's search syntax. Unquoted, a time's colon begins another filter."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _plain(name: str) -> str:
    return fold(name).lstrip("#")


def bears(codes: Iterable[str], code: CouponCode) -> bool:
    """Whether the code is among them, as a customer may have typed it."""
    return any(fold(each) == code.text for each in codes)
