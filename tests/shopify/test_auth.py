"""Tokens: stored ones, and those that client credentials bring."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.evidence import Absent
from coupon_desk.errors import RemoteRefused, RemoteUnavailable
from coupon_desk.settings import Shopify
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.shop import ShopifyShop
from coupon_desk.words import Language
from tests.shopify.test_errors import CODE
from tests.shopify.wire_server import Say, Wire, http

NOT_FOUND = http({"data": {"codeDiscountNodeByCode": None}})


def grant(token: str, expires_in: int = 86_399) -> Say:
    return http({"access_token": token, "scope": "read_discounts", "expires_in": expires_in})


@pytest.fixture
def granted(wire: Wire, clock: VirtualClock) -> Iterator[ShopifyShop]:
    settings = Shopify(domain="example.myshopify.com", endpoint=wire.url, auth="client_credentials", client_id="the-app")
    with ShopifyClient(settings, lambda: "the-client-secret", clock) as client:
        yield ShopifyShop(client, clock)


def tokens(wire: Wire) -> list[str]:
    return [heard.headers["x-shopify-access-token"] for heard in wire.heard if heard.path.endswith("graphql.json")]


def test_a_token_is_granted_once_and_used_for_its_day(wire: Wire, granted: ShopifyShop, clock: VirtualClock) -> None:
    wire.say(grant("first"), NOT_FOUND, NOT_FOUND, grant("second"), NOT_FOUND)

    granted.read_discount(CODE)
    clock.advance(86_399 - 601)
    granted.read_discount(CODE)
    clock.advance(2)
    granted.read_discount(CODE)

    assert tokens(wire) == ["first", "first", "second"]
    asked = wire.heard[0]
    assert asked.path == "/admin/oauth/access_token"
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["the-app"],
        "client_secret": ["the-client-secret"],
    }


def test_a_token_that_shopify_rejects_is_renewed_once(wire: Wire, granted: ShopifyShop) -> None:
    wire.say(grant("first"), http(b"", 401), grant("second"), NOT_FOUND)

    assert granted.read_discount(CODE) == Absent()
    assert tokens(wire) == ["first", "second"]

    wire.say(http(b"", 401), grant("third"), http(b"", 401))
    with pytest.raises(RemoteRefused) as told:
        granted.read_discount(CODE)
    assert "secrets set shopify.client_secret" in told.value.sentences(Language.EN)


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        (http({"error": "app_not_installed"}, 400), RemoteRefused, "not installed"),
        (http({"error": "shop_not_permitted"}, 400), RemoteRefused, "another organisation"),
        (http({"error": "invalid_client"}, 401), RemoteRefused, "did not accept Coupon Desk's credentials"),
        (http(b"<html>", 403), RemoteRefused, "did not accept Coupon Desk's credentials"),
        (http(b"<html>", 502), RemoteUnavailable, "gave no access token"),
        (http(b"", 429), RemoteUnavailable, "gave no access token"),
        (http(b"<html>"), RemoteUnavailable, "gave no access token"),
        (http({"token": "x"}), RemoteUnavailable, "gave no access token"),
        (Say(reset=True), RemoteUnavailable, "gave no access token"),
    ],
)
def test_a_grant_that_fails_is_told_and_nothing_was_done(
    answer: Say, error: type[Exception], sentence: str, wire: Wire, granted: ShopifyShop, caplog: pytest.LogCaptureFixture
) -> None:
    wire.say(answer)

    with caplog.at_level(logging.DEBUG), pytest.raises(error, match=sentence) as told:
        granted.read_discount(CODE)

    assert tokens(wire) == []
    assert "the-client-secret" not in caplog.text + repr(told.value)


@pytest.mark.parametrize("stored", ["", "  ", "to ken", "tokén", "a\nb"])
def test_what_cannot_be_a_token_is_told_and_never_sent(stored: str, wire: Wire, settings: Shopify, clock: VirtualClock) -> None:
    with ShopifyClient(settings, lambda: stored, clock) as client, pytest.raises(RemoteRefused) as told:
        ShopifyShop(client, clock).read_discount(CODE)

    assert "shopify.token" in told.value.sentences(Language.EN)
    assert stored.strip() == "" or stored not in told.value.sentences(Language.EN)
    assert wire.heard == []


def test_a_token_that_was_replaced_meanwhile_is_used_at_once(wire: Wire, settings: Shopify, clock: VirtualClock) -> None:
    stored = iter(["old", "new\n", "new"])
    wire.say(http(b"", 401), NOT_FOUND)

    with ShopifyClient(settings, lambda: next(stored), clock) as client:
        assert ShopifyShop(client, clock).read_discount(CODE) == Absent()

    assert tokens(wire) == ["old", "new"]
