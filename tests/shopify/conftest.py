"""A client that talks to a server which says exactly what a test tells it to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from coupon_desk.clock import VirtualClock
from coupon_desk.settings import Shopify
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.shop import ShopifyShop
from tests.shopify.wire_server import Wire

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.fixture
def wire() -> Iterator[Wire]:
    server = Wire()
    yield server
    server.stop()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def settings_of() -> Callable[[str], Shopify]:
    return lambda url: Shopify(domain="example.myshopify.com", endpoint=url)


@pytest.fixture
def settings(wire: Wire, settings_of: Callable[[str], Shopify]) -> Shopify:
    return settings_of(wire.url)


@pytest.fixture
def client(settings: Shopify, clock: VirtualClock) -> Iterator[ShopifyClient]:
    with ShopifyClient(settings, lambda: "token-of-the-test", clock) as made:
        yield made


@pytest.fixture
def shop(client: ShopifyClient, clock: VirtualClock) -> ShopifyShop:
    return ShopifyShop(client, clock)
