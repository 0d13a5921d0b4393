"""The customers of the Admin API, their metafields and their orders, as far as they can be read."""

from __future__ import annotations

import json
from typing import Any

from coupon_desk.training.addresses import SHOPIFY_DOMAIN
from coupon_desk.training.admin_context import Info, Resolvers, context, needs
from coupon_desk.training.admin_pages import Page, page
from coupon_desk.training.search_query import Match, Search, moment_is, number_is, parse, text_is
from coupon_desk.training.things import Customer, Metafield, number_of, when

APP_NAMESPACE = "app--4821337"
"""The namespace that a metafield gets when none is named: the app's own, not the shop's (facts: Shopify §3)."""


def search_customers(query: str | None) -> Search[Customer]:
    """Understand a query for customers; there is no search by metafield (facts: Shopify §3)."""
    fields: dict[str, Match[Customer]] = {
        "id": lambda it, comparator, value: number_is(it.number, comparator, value.rsplit("/", 1)[-1]),
        "email": lambda it, comparator, value: text_is(it.email or "", comparator, value),
        "phone": lambda it, comparator, value: text_is(it.phone or "", comparator, value),
        "first_name": lambda it, comparator, value: text_is(it.first_name, comparator, value),
        "last_name": lambda it, comparator, value: text_is(it.last_name, comparator, value),
        "customer_date": lambda it, comparator, value: moment_is(it.created_at, comparator, value),
        "updated_at": lambda it, comparator, value: moment_is(it.updated_at, comparator, value),
    }
    return parse(query, fields, _has_text)


def customer_resolvers() -> Resolvers:
    """Everything about customers and their metafields that can be read."""
    return {
        "QueryRoot": {
            "customer": needs("read_customers", _customer),
            "customers": needs("read_customers", _customers),
            "customersCount": needs("read_customers", _count),
        },
        "Customer": {
            "id": lambda it, _: it.id,
            "legacyResourceId": lambda it, _: str(it.number),
            "displayName": lambda it, _: it.display_name,
            "firstName": lambda it, _: it.first_name,
            "lastName": lambda it, _: it.last_name,
            "email": lambda it, _: it.email,
            "phone": lambda it, _: it.phone,
            "defaultEmailAddress": _email_address,
            "defaultPhoneNumber": lambda it, _: None if it.phone is None else {"phoneNumber": it.phone},
            "locale": lambda it, _: it.locale,
            "createdAt": lambda it, _: when(it.created_at),
            "updatedAt": lambda it, _: when(it.updated_at),
            "numberOfOrders": lambda it, info: str(len(context(info).world.orders_of(it.number))),
            "state": lambda _, __: "ENABLED",
            "tags": lambda _, __: ["loyalty"],
            "note": lambda it, _: it.note,
            "verifiedEmail": lambda it, _: it.email is not None,
            "metafield": _metafield,
        },
        "Metafield": {
            "id": lambda it, _: it.id,
            "namespace": lambda it, _: it.namespace,
            "key": lambda it, _: it.key,
            "type": lambda it, _: it.type,
            "value": lambda it, _: it.value,
            "jsonValue": lambda it, _: json.loads(it.value) if it.type == "json" else it.value,
            "compareDigest": lambda it, _: it.compare_digest,
            "createdAt": lambda it, _: when(it.created_at),
            "updatedAt": lambda it, _: when(it.updated_at),
            "sizeInBytes": lambda it, _: len(it.value.encode()),
        },
    }


def _customer(_: Any, info: Info, **arguments: Any) -> Customer | None:
    number = number_of(arguments["id"], "Customer")
    return None if number is None else context(info).world.customers.get(number)


def _email_address(it: Customer, _: Info) -> dict[str, str] | None:
    if it.email is None:
        return None
    leave = f"https://{SHOPIFY_DOMAIN}/account/unsubscribe?customer={it.number}"
    return {"emailAddress": it.email, "marketingState": it.marketing_state, "marketingUnsubscribeUrl": leave}


def _customers(_: Any, info: Info, **arguments: Any) -> Page[Customer]:
    known = context(info)
    search = search_customers(arguments.get("query"))
    known.note(info, search)
    return page(known.world.customers, search, arguments, known.view.search_at)


def _count(_: Any, info: Info, query: str | None = None, limit: int | None = None) -> dict[str, Any]:
    known = context(info)
    search = search_customers(query)
    known.note(info, search)
    most = 10_000 if limit is None else limit
    count = sum(1 for customer in known.world.customers.walk("ID") if search.matches(customer))
    return {"count": min(count, most), "precision": "EXACT" if count <= most else "AT_LEAST"}


def _metafield(it: Customer, info: Info, key: str, namespace: str | None = None) -> Metafield | None:
    return context(info).world.metafield(it.number, namespace or APP_NAMESPACE, key)


def _has_text(it: Customer, _: str, value: str) -> bool:
    folded = value.casefold().rstrip("*")
    return any(
        folded in text.casefold() for text in (it.display_name, it.first_name, it.last_name, it.email or "", it.phone or "")
    )
