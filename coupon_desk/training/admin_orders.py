"""The orders of the Admin API. The search by discount code knows the first code of an order only (facts: Shopify §2)."""

from __future__ import annotations

from typing import Any

from coupon_desk.training.admin_context import AdminContext, Info, Resolvers, context, needs
from coupon_desk.training.admin_pages import Page, page, page_of
from coupon_desk.training.search_query import Match, Search, moment_is, number_is, parse, text_is
from coupon_desk.training.sources import order_key
from coupon_desk.training.things import Customer, Order, number_of, when


def search_orders(query: str | None) -> Search[Order]:
    """Understand a query for orders."""
    fields: dict[str, Match[Order]] = {
        "id": lambda it, comparator, value: number_is(it.number, comparator, value.rsplit("/", 1)[-1]),
        "name": lambda it, comparator, value: text_is(it.name.lstrip("#"), comparator, value.lstrip("#")),
        "discount_code": lambda it, comparator, value: text_is(it.codes[0] if it.codes else "", comparator, value),
        "customer_id": lambda it, comparator, value: number_is(it.customer or 0, comparator, value),
        "created_at": lambda it, comparator, value: moment_is(it.created_at, comparator, value),
        "processed_at": lambda it, comparator, value: moment_is(it.created_at, comparator, value),
        "updated_at": lambda it, comparator, value: moment_is(it.updated_at, comparator, value),
        "financial_status": lambda it, comparator, value: text_is(it.financial_status, comparator, value),
        "status": _has_status,
    }
    return parse(query, fields, lambda it, _, value: text_is(it.name.lstrip("#"), ":", value.lstrip("#")))


def order_resolvers() -> Resolvers:
    """Everything about orders that can be read."""
    return {
        "QueryRoot": {"order": needs("read_orders", _order), "orders": needs("read_orders", _orders)},
        "Customer": {"orders": needs("read_orders", _orders_of_customer)},
        "Order": {
            "id": lambda it, _: it.id,
            "legacyResourceId": lambda it, _: str(it.number),
            "name": lambda it, _: it.name,
            "number": lambda it, _: int(it.name.lstrip("#")),
            "createdAt": lambda it, _: when(it.created_at),
            "processedAt": lambda it, _: when(it.created_at),
            "updatedAt": lambda it, _: when(it.updated_at),
            "cancelledAt": lambda it, _: None if it.cancelled_at is None else when(it.cancelled_at),
            "cancelReason": lambda it, _: it.cancel_reason,
            "displayFinancialStatus": lambda it, _: it.financial_status,
            "displayFulfillmentStatus": lambda it, _: "FULFILLED" if it.cancelled_at is None else "UNFULFILLED",
            "discountCode": lambda it, _: it.codes[0] if it.codes else None,
            "discountCodes": lambda it, _: it.codes,
            "customer": needs("read_customers", _buyer),
            "customerLocale": _locale,
            "email": needs("read_customers", lambda it, info: getattr(_buyer(it, info), "email", None)),
            "currencyCode": lambda _, __: "JPY",
            "totalPriceSet": lambda it, _: _money(it.total),
            "totalReceivedSet": lambda it, _: _money(it.received),
            "totalRefundedSet": lambda it, _: _money(it.refunded),
            "totalDiscountsSet": lambda it, _: _money(it.discounted),
            "test": lambda _, __: False,
            "tags": lambda _, __: [],
        },
    }


def _order(_: Any, info: Info, **arguments: Any) -> Order | None:
    known = context(info)
    number = number_of(arguments["id"], "Order")
    order = None if number is None else known.world.orders.get(number)
    return order if order is not None and known.sees(order) else None


def _orders(_: Any, info: Info, **arguments: Any) -> Page[Order]:
    known = context(info)
    search = search_orders(arguments.get("query"))
    known.note(info, search)
    sort = arguments["sortKey"]
    code, name = search.exact.get("discount_code"), search.exact.get("name")
    codes = [code] if code is not None else [choice.get("discount_code") for choice in search.choices]
    if codes and None not in codes:
        bearers = (order for code in codes if code is not None for order in known.world.orders_with(code))
        return _few(known, list({order.number: order for order in bearers}.values()), search, sort, arguments)
    if name is None:
        return page(known.world.orders, search, arguments, known.view.search_at, known.sees)
    named = known.world.order_named(name)
    return _few(known, [named] if named is not None else [], search, sort, arguments)


def _orders_of_customer(it: Customer, info: Info, **arguments: Any) -> Page[Order]:
    known = context(info)
    search = search_orders(arguments.get("query"))
    known.note(info, search)
    return _few(known, known.world.orders_of(it.number), search, arguments["sortKey"], arguments, lags=False)


def _few(
    known: AdminContext, orders: list[Order], search: Search[Order], sort: str, arguments: dict[str, Any], *, lags: bool = True
) -> Page[Order]:
    found = []
    for order in orders:
        indexed = known.world.orders.get(order.number, known.view.search_at) if lags else order
        if indexed is not None and known.sees(order) and search.matches(indexed):
            found.append(order)
    return page_of(found, lambda it: (order_key(sort, it), it.number), arguments)


def _buyer(it: Order, info: Info) -> Customer | None:
    return None if it.customer is None else context(info).world.customers.get(it.customer)


def _locale(it: Order, info: Info) -> str | None:
    buyer = _buyer(it, info)
    return None if buyer is None else buyer.locale


def _money(amount: int) -> dict[str, Any]:
    money = {"amount": f"{amount}.0", "currencyCode": "JPY"}
    return {"shopMoney": money, "presentmentMoney": money}


def _has_status(it: Order, comparator: str, value: str) -> bool:
    return value == "any" or text_is("open" if it.cancelled_at is None else "cancelled", comparator, value)
