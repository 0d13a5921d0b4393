"""The executable schema of the training shop's Admin API: the published types with our resolvers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
)

from coupon_desk.training.addresses import SHOPIFY_DOMAIN
from coupon_desk.training.admin_bulk import bulk_resolvers
from coupon_desk.training.admin_context import Info, Resolvers, context, denied, too_many
from coupon_desk.training.admin_customers import customer_resolvers
from coupon_desk.training.admin_discount_writes import discount_write_resolvers
from coupon_desk.training.admin_discounts import discount_resolvers
from coupon_desk.training.admin_metafield_writes import metafield_write_resolvers
from coupon_desk.training.admin_orders import order_resolvers
from coupon_desk.training.admin_pages import MAX_PAGE, connection_resolvers
from coupon_desk.training.things import Discount, Order, number_of

_CONNECTIONS = ("BulkOperation", "DiscountNode", "DiscountRedeemCode", "Customer", "Order")


@cache
def admin_schema() -> GraphQLSchema:
    """The schema, made once; it holds no state of any shop."""
    schema = build_schema(schema_text())
    for table in (
        connection_resolvers(_CONNECTIONS), discount_resolvers(), customer_resolvers(), order_resolvers(),
        discount_write_resolvers(), metafield_write_resolvers(), bulk_resolvers(), _shop_resolvers(),
    ):  # fmt: skip
        _bind(schema, table)
    for union in ("Discount", "DiscountCode"):
        kind = schema.type_map[union]
        if isinstance(kind, GraphQLUnionType):
            kind.resolve_type = lambda value, _, __: f"DiscountCode{value.kind}"
    node = schema.type_map["Node"]
    if isinstance(node, GraphQLInterfaceType):
        node.resolve_type = lambda value, _, __: "DiscountCodeNode" if isinstance(value, Discount) else type(value).__name__
    return schema


def schema_text() -> str:
    """The SDL of the part of the Admin API that the training shop serves."""
    return (files("coupon_desk.training") / "shopify.graphql").read_text(encoding="utf-8")


def _bind(schema: GraphQLSchema, resolvers: Resolvers) -> None:
    for type_name, fields in resolvers.items():
        kind = schema.type_map[type_name]
        if isinstance(kind, GraphQLObjectType):
            for name, resolver in fields.items():
                if name in kind.fields:
                    kind.fields[name].resolve = resolver


def _shop_resolvers() -> Resolvers:
    return {
        "QueryRoot": {
            "job": _job,
            "nodes": _nodes,
            "shop": lambda _, __: {
                "id": "gid://shopify/Shop/58214400",
                "name": "Ginza store",
                "email": "ginza@example.com",
                "myshopifyDomain": SHOPIFY_DOMAIN,
                "currencyCode": "JPY",
                "ianaTimezone": "Asia/Tokyo",
            },
            "currentAppInstallation": lambda _, info: {
                "id": "gid://shopify/AppInstallation/514460",
                "accessScopes": [
                    {"handle": scope, "description": scope.replace("_", " ").capitalize()}
                    for scope in sorted(context(info).options.scopes)
                ],
            },
            "publicApiVersions": _versions,
        },
        "Job": {"query": lambda _, __: {}},
    }


def _job(_: Any, info: Info, **arguments: Any) -> dict[str, Any] | None:
    if not arguments["id"].startswith("gid://shopify/Job/"):
        return None
    return {"id": arguments["id"], "done": context(info).world.job_is_done(arguments["id"])}


def _nodes(_: Any, info: Info, ids: list[str]) -> list[Any]:
    """Things by their ids, in that order; null for what there is not. What the app may not read is an error of its place."""
    if len(ids) > MAX_PAGE:
        raise too_many(len(ids))
    return [_node(info, gid) for gid in ids]


def _node(info: Info, gid: str) -> Any:
    known = context(info)
    by_kind: dict[str, tuple[str, Callable[[int], Any]]] = {
        "DiscountCodeNode": ("read_discounts", known.world.discounts.get),
        "Customer": ("read_customers", known.world.customers.get),
        "Order": ("read_orders", known.world.orders.get),
    }
    for kind, (scope, get) in by_kind.items():
        number = number_of(gid, kind)
        if number is not None:
            if not known.may(scope):
                return denied("nodes", scope)
            thing = get(number)
            return thing if not isinstance(thing, Order) or known.sees(thing) else None
    return None


def _versions(_: Any, info: Info) -> list[dict[str, Any]]:
    supported = context(info).options.api_versions
    latest = supported[-1]
    known = [
        {"handle": handle, "displayName": handle + (" (Latest)" if handle == latest else ""), "supported": True}
        for handle in supported
    ]
    return [*known, {"handle": "unstable", "displayName": "unstable", "supported": False}]
