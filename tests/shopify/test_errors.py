"""Every way in which Shopify does not answer well, over real HTTP, as a read and as a write."""

from __future__ import annotations

from typing import Any

import pytest

from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import DiscountKind, DiscountSeen, DiscountState
from coupon_desk.errors import OutcomeUnknown, RemoteError, RemoteRefused, RemoteUnavailable
from coupon_desk.shopify.shop import ShopifyShop
from coupon_desk.words import Language
from tests.shopify.conftest import NOW
from tests.shopify.wire_server import Hold, Say, Wire, failed, http

CODE = CouponCode("70934-AB12CD-500")
DISCOUNT = DiscountSeen(
    id="gid://shopify/DiscountCodeNode/1",
    kind=DiscountKind.BASIC,
    state=DiscountState.ACTIVE,
    title="500 points",
    code=CODE,
    redeem_code_id="gid://shopify/DiscountRedeemCode/1",
    codes_count=1,
    usage_count=0,
    usage_limit=1,
    starts_at=NOW,
    ends_at=None,
    created_at=NOW,
    customer_ids=(),
)
NO_RESULT: dict[str, Any] = {"payload": None}
CHANGED: dict[str, Any] = {"payload": {"node": None, "userErrors": []}}

REFUSED = (RemoteRefused, RemoteRefused)
DOUBT = (RemoteUnavailable, OutcomeUnknown)
"""An answer that proves nothing: unavailable to a read, unknown to a write."""

SHAPES = {
    "a wrong token": (
        http({"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}, 401),
        REFUSED,
        "secrets set shopify.token",
    ),
    "a frozen shop": (http({"errors": "Unavailable Shop"}, 402), REFUSED, "frozen"),
    "forbidden": (http({"errors": "Forbidden"}, 403), REFUSED, "does not permit"),
    "a wrong shop": (http({"errors": "Not Found"}, 404), REFUSED, "knows no shop at example.myshopify.com"),
    "a locked shop": (http({"errors": "Locked"}, 423), REFUSED, "locked"),
    "a security rejection": (http(b"", 430), REFUSED, "security"),
    "another address": (http(b"", 301, Location="https://shop.example.com/"), REFUSED, ".myshopify.com"),
    "an HTTP error of the client": (http(b"{}", 422), REFUSED, "HTTP 422"),
    "a time-out of Shopify's own": (http(b"", 408), DOUBT, "HTTP 408"),
    "a 500": (http({"errors": "Internal Server Error"}, 500), DOUBT, "HTTP 500"),
    "a 502 in HTML": (http(b"<html><h1>502 Bad Gateway</h1></html>", 502, Content_Type="text/html"), DOUBT, "HTTP 502"),
    "a 503": (http(b"", 503), DOUBT, "HTTP 503"),
    "a 504": (http(b"", 504), DOUBT, "HTTP 504"),
    "HTML with 200": (http(b"<html>Welcome</html>"), DOUBT, "could not be understood"),
    "a truncated answer": (Say(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{", close=True), DOUBT, "did not answer"),
    "truncated JSON": (http(b'{"data": {"payload'), DOUBT, "could not be understood"),
    "a list": (http(b"[]"), DOUBT, "could not be understood"),
    "an empty answer": (http(b""), DOUBT, "could not be understood"),
    "no data": (http({"data": None}), DOUBT, "could not be understood"),
    "data of another shape": (http({"data": {"something": 1}}), DOUBT, "could not be understood"),
    "errors as a text": (http({"errors": "Something"}), DOUBT, "reported an error"),
    "errors as an object": (http({"errors": {"shop": "wrong"}}), DOUBT, "reported an error"),
    "an error without a code": (http({"errors": [{"message": "?"}], "data": None}), DOUBT, "reported an error"),
    "an unknown error": (failed("SURPRISE"), DOUBT, "reported an error"),
    "an internal error with 200": (failed("INTERNAL_SERVER_ERROR", requestId="r"), DOUBT, "reported an error"),
    "a missing scope": (
        failed("ACCESS_DENIED", data=NO_RESULT, path=["payload"], requiredAccess="`write_discounts` access scope."),
        REFUSED,
        "write_discounts",
    ),
    "a cost too high": (failed("MAX_COST_EXCEEDED", cost=1200, maxCost=1000), REFUSED, "too much at once"),
    "a wrong variable": (failed("INVALID_VARIABLE", problems=[]), REFUSED, "INVALID_VARIABLE"),
    "an unknown field": (failed("undefinedField"), REFUSED, "undefinedField"),
    "too large an input": (failed("MAX_INPUT_SIZE_EXCEEDED"), REFUSED, "MAX_INPUT_SIZE_EXCEEDED"),
    "a search that was not understood": (
        http({"data": {"codeDiscountNodeByCode": None, **CHANGED}, "extensions": {"search": [{"warnings": [{"field": "y"}]}]}}),
        DOUBT,
        "did not understand the search",
    ),
    "a reset after the request": (Say(reset=True), DOUBT, "did not answer"),
    "a closed connection": (Say(close=True), DOUBT, "did not answer"),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_a_read_hears_what_is_wrong_and_never_of_doubt(shape: str, wire: Wire, shop: ShopifyShop) -> None:
    answer, (expected, _), sentence = SHAPES[shape]
    wire.say(answer)

    with pytest.raises(RemoteError) as told:
        shop.read_discount(CODE)

    assert isinstance(told.value, expected)
    assert sentence in told.value.sentences(Language.EN)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_write_is_sent_once_and_tells_refusal_from_doubt(shape: str, wire: Wire, shop: ShopifyShop) -> None:
    answer, (_, expected), sentence = SHAPES[shape]
    wire.say(answer)

    with pytest.raises(RemoteError) as told:
        shop.send(shop.prepare_deactivation(DISCOUNT))

    assert type(told.value) is expected or (expected is RemoteRefused and isinstance(told.value, RemoteRefused))
    assert sentence in told.value.sentences(Language.EN)
    assert len(wire.heard) == 1


@pytest.mark.parametrize(
    "answer",
    [
        failed("ACCESS_DENIED", data={"payload": {"node": None, "userErrors": []}}, path=["payload", "node", "discount"]),
        failed("THROTTLED", data={"payload": {"node": None, "userErrors": []}}),
        failed("INVALID_VARIABLE", data={"payload": {"node": None, "userErrors": []}}),
    ],
    ids=["a field of the result denied", "throttled with a result", "a wrong variable with a result"],
)
def test_an_error_beside_a_result_leaves_a_write_in_doubt(answer: Say, wire: Wire, shop: ShopifyShop) -> None:
    wire.say(answer)

    with pytest.raises(OutcomeUnknown):
        shop.send(shop.prepare_deactivation(DISCOUNT))

    assert len(wire.heard) == 1


def test_of_several_errors_the_one_that_promises_least_counts(wire: Wire, shop: ShopifyShop) -> None:
    denied = {"message": "", "extensions": {"code": "ACCESS_DENIED"}}
    internal = {"message": "", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}
    wire.say(http({"data": None, "errors": [denied, internal]}))

    with pytest.raises(OutcomeUnknown):
        shop.send(shop.prepare_deactivation(DISCOUNT))


def test_nobody_listening_is_nothing_done(wire: Wire, shop: ShopifyShop, clock: VirtualClock) -> None:
    wire.say(Say())
    wire.stop_listening()

    with pytest.raises(RemoteUnavailable, match="cannot be reached"):
        shop.read_discount(CODE)
    with pytest.raises(RemoteUnavailable, match="cannot be reached"):
        shop.send(shop.prepare_deactivation(DISCOUNT))


def test_silence_after_a_write_is_doubt(wire: Wire, shop: ShopifyShop, monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx

    from coupon_desk.shopify import transport

    assert httpx.Timeout(connect=3.0, read=10.0, write=10.0, pool=10.0) == transport._TIMEOUT
    wire.say(Hold())
    shop._client._transport.writes.timeout = httpx.Timeout(0.05)

    with pytest.raises(OutcomeUnknown, match="did not answer"):
        shop.send(shop.prepare_deactivation(DISCOUNT))
    assert len(wire.heard) == 1
