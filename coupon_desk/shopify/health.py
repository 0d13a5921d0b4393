"""Whether this desk and its shop fit together: permissions, version, clocks. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from coupon_desk.clock import Clock
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.operations import Operation
from coupon_desk.shopify.payloads import Shape

NEEDED_SCOPES: Final = ("read_discounts", "write_discounts", "read_customers", "write_customers", "read_orders")
ALL_ORDERS_SCOPE: Final = "read_all_orders"
"""Recommended: without it Shopify shows the orders of the last 60 days only."""


@dataclass(frozen=True, slots=True)
class ShopHealth:
    """What the shop told of itself and of the desk's app.

    `served_version` and `clock_skew_seconds` are None where the answer did not tell; the skew is above 0 where Shopify's clock
    is ahead of this computer's, and is known to a second.
    """

    shop_name: str
    domain: str
    currency: str
    scopes: tuple[str, ...]
    missing_scopes: tuple[str, ...]
    sees_all_orders: bool
    asked_version: str
    served_version: str | None
    clock_skew_seconds: float | None


class _Shop(Shape, frozen=True):
    name: str
    myshopify_domain: str
    currency_code: str


class _Scope(Shape, frozen=True):
    handle: str


class _Installation(Shape, frozen=True):
    access_scopes: list[_Scope]


class _Answer(Shape, frozen=True):
    shop: _Shop
    current_app_installation: _Installation


HEALTH: Final = Operation("ShopHealth", _Answer)


def check(client: ShopifyClient, clock: Clock) -> ShopHealth:
    """Ask the shop. Raises RemoteUnavailable or RemoteRefused, which tell what is wrong and what to do."""
    asked_at = clock.now()
    reply = client.read(HEALTH, {})
    shop = reply.data.shop
    scopes = tuple(sorted(scope.handle for scope in reply.data.current_app_installation.access_scopes))
    granted = {*scopes, *(scope.replace("write_", "read_", 1) for scope in scopes if scope.startswith("write_"))}
    skew_seconds = None
    if reply.server_time is not None:
        middle = asked_at + (clock.now() - asked_at) / 2
        # `Date` is cut to whole seconds, so the truth lies half a second later on average.
        skew_seconds = (reply.server_time - middle).total_seconds() + 0.5
    return ShopHealth(
        shop_name=shop.name,
        domain=shop.myshopify_domain,
        currency=shop.currency_code,
        scopes=scopes,
        missing_scopes=tuple(scope for scope in NEEDED_SCOPES if scope not in granted),
        sees_all_orders=ALL_ORDERS_SCOPE in granted,
        asked_version=client.asked_version,
        served_version=client.served_version,
        clock_skew_seconds=skew_seconds,
    )
