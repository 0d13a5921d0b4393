"""The client over real HTTP: what is tried again and what never, what is remembered, and what can be cut."""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import trustme

from coupon_desk.clock import SystemClock, VirtualClock
from coupon_desk.coupons.evidence import Absent, RecordSeen
from coupon_desk.errors import RemoteRefused, RemoteUnavailable
from coupon_desk.settings import Shopify
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.shop import ShopifyShop
from tests.shopify.conftest import NOW
from tests.shopify.test_errors import CODE, DISCOUNT
from tests.shopify.wire_server import Hold, Say, Wire, failed, http

NOT_FOUND = http({"data": {"codeDiscountNodeByCode": None}}, X_Request_Id="request-7")
DEACTIVATED = http(
    {
        "data": {
            "payload": {
                "node": {
                    "id": DISCOUNT.id,
                    "discount": {"status": "EXPIRED", "startsAt": "2026-11-01T00:00:00Z", "endsAt": "2026-11-23T03:00:00Z"},
                },
                "userErrors": [],
            }
        }
    },
    X_Request_Id="request-8",
    Date="Mon, 23 Nov 2026 03:00:07 GMT",
)


def bucket(available: float, requested: float = 20, actual: float | None = 20) -> dict[str, Any]:
    status = {"maximumAvailable": 2000, "currentlyAvailable": available, "restoreRate": 100}
    return {"cost": {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}}


def throttled(available: float, requested: float) -> Say:
    error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
    return http({"errors": [error], "extensions": bucket(available, requested, None)})


@pytest.mark.parametrize("trouble", [http(b"", 502), failed("INTERNAL_SERVER_ERROR"), Say(reset=True), http(b"<html>")])
def test_a_read_is_tried_three_times(trouble: Say, wire: Wire, shop: ShopifyShop) -> None:
    wire.say(trouble, trouble, NOT_FOUND)

    assert shop.read_discount(CODE) == Absent()
    assert len(wire.heard) == 3

    wire.say(trouble)
    with pytest.raises(RemoteUnavailable):
        shop.read_discount(CODE)
    assert len(wire.heard) == 6


def test_between_reads_there_is_a_pause(wire: Wire, shop: ShopifyShop, clock: VirtualClock) -> None:
    wire.say(http(b"", 503), http(b"", 503), NOT_FOUND)

    shop.read_discount(CODE)

    assert 0.75 <= clock.monotonic() <= 1.3


@pytest.mark.parametrize("trouble", [http(b"", 401), http(b"", 404), failed("ACCESS_DENIED"), failed("undefinedField")])
def test_a_read_that_is_refused_is_not_tried_again(trouble: Say, wire: Wire, shop: ShopifyShop) -> None:
    wire.say(trouble)

    with pytest.raises(RemoteRefused):
        shop.read_discount(CODE)

    assert len(wire.heard) == 1


def test_a_throttled_write_waits_until_the_bucket_holds_it_and_is_sent_unchanged(
    wire: Wire, shop: ShopifyShop, clock: VirtualClock
) -> None:
    wire.say(throttled(available=100, requested=700), DEACTIVATED)
    prepared = shop.prepare_deactivation(DISCOUNT)

    answer = shop.send(prepared)

    assert clock.monotonic() == pytest.approx(6.0, abs=0.01)
    assert [heard.body.decode() for heard in wire.heard] == [prepared.body, prepared.body]
    assert answer.request_id == "request-8"
    assert answer.server_time == datetime(2026, 11, 23, 3, 0, 7, tzinfo=UTC)


def test_a_bucket_that_stays_empty_ends_patience_with_nothing_done(wire: Wire, shop: ShopifyShop, clock: VirtualClock) -> None:
    wire.say(throttled(available=0, requested=100))

    with pytest.raises(RemoteUnavailable, match="busy") as told:
        shop.send(shop.prepare_deactivation(DISCOUNT))

    assert clock.monotonic() <= 15.0
    assert told.value.retry_after_seconds is not None


@pytest.mark.parametrize(
    ("header", "waits_seconds"),
    [("4", 4.0), ("2.5", 2.5), (format_datetime(NOW + timedelta(seconds=6), usegmt=True), 6.0), ("soon", 1.0), (None, 1.0)],
)
def test_429_is_waited_for_as_told(
    header: str | None, waits_seconds: float, wire: Wire, shop: ShopifyShop, clock: VirtualClock
) -> None:
    headers = {"Retry_After": header} if header else {}
    wire.say(http(b"<html>busy</html>", 429, **headers), DEACTIVATED)

    shop.send(shop.prepare_deactivation(DISCOUNT))

    assert clock.monotonic() == pytest.approx(waits_seconds, abs=0.01)


def test_429_for_too_long_is_told_and_not_waited_for(wire: Wire, shop: ShopifyShop, clock: VirtualClock) -> None:
    wire.say(http(b"", 429, Retry_After="120"))

    with pytest.raises(RemoteUnavailable) as told:
        shop.send(shop.prepare_deactivation(DISCOUNT))

    assert told.value.retry_after_seconds == 120.0
    assert clock.monotonic() == 0.0
    assert len(wire.heard) == 1


def test_the_request_is_what_shopify_expects(wire: Wire, shop: ShopifyShop) -> None:
    wire.say(NOT_FOUND)

    shop.read_discount(CODE)

    (heard,) = wire.heard
    assert heard.path == "/admin/api/2026-10/graphql.json"
    assert heard.headers["x-shopify-access-token"] == "token-of-the-test"
    assert heard.headers["content-type"] == "application/json"
    assert heard.json["operationName"] == "DiscountByCode"
    assert heard.json["variables"] == {"code": "70934-AB12CD-500"}
    assert heard.json["query"].startswith("query DiscountByCode(")


def test_another_version_than_asked_for_is_noticed_once(
    wire: Wire, client: ShopifyClient, shop: ShopifyShop, caplog: pytest.LogCaptureFixture
) -> None:
    wire.say(http({"data": {"codeDiscountNodeByCode": None}}, X_Shopify_API_Version="2027-01"))

    with caplog.at_level(logging.WARNING, logger="coupon_desk.shopify"):
        shop.read_discount(CODE)
        shop.read_discount(CODE)

    assert client.served_version == "2027-01"
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        "Shopify serves API version 2027-01 instead of 2026-10"
    ]


def test_a_version_that_is_not_told_is_unknown(wire: Wire, client: ShopifyClient, shop: ShopifyShop) -> None:
    wire.say(NOT_FOUND)

    shop.read_discount(CODE)

    assert client.served_version is None


def test_deprecated_fields_are_noticed(wire: Wire, shop: ShopifyShop, caplog: pytest.LogCaptureFixture) -> None:
    wire.say(http({"data": {"codeDiscountNodeByCode": None}}, X_Shopify_API_Deprecated_Reason="Shop.products"))

    with caplog.at_level(logging.WARNING, logger="coupon_desk.shopify"):
        shop.read_discount(CODE)

    assert "Shop.products" in caplog.text


def test_the_log_has_the_request_id_and_no_token(wire: Wire, shop: ShopifyShop, caplog: pytest.LogCaptureFixture) -> None:
    wire.say(NOT_FOUND, http(b"", 401))

    with caplog.at_level(logging.DEBUG):
        shop.read_discount(CODE)
        with pytest.raises(RemoteRefused) as told:
            shop.read_discount(CODE)

    assert "request-7" in caplog.text
    assert "token-of-the-test" not in caplog.text + repr(told.value) + repr(shop.__dict__) + str(told.value.detail)


def test_a_read_in_flight_can_be_cut(settings: Shopify, wire: Wire) -> None:
    wire.say(Hold())
    with ShopifyClient(settings, lambda: "token", SystemClock()) as client, ThreadPoolExecutor(2) as pool:
        first = pool.submit(ShopifyShop(client, SystemClock()).read_discount, CODE)
        assert wire.has_heard.wait(5)

        client.abort_reads()

        with pytest.raises(RemoteUnavailable):
            first.result(timeout=5)
    assert len(wire.heard) == 1


def test_a_read_that_waits_for_the_bucket_can_be_cut(settings: Shopify, wire: Wire) -> None:
    wire.say(http(b"", 429, Retry_After="14"))
    clock = SystemClock()
    with ShopifyClient(settings, lambda: "token", clock) as client, ThreadPoolExecutor(1) as pool:
        read = pool.submit(ShopifyShop(client, clock).read_discount, CODE)
        assert wire.has_heard.wait(5)

        client.abort_reads()

        with pytest.raises(RemoteUnavailable):
            read.result(timeout=5)


def test_a_write_in_flight_is_never_cut(settings: Shopify, wire: Wire) -> None:
    answered = threading.Event()
    wire.say(Hold(answered, then=DEACTIVATED))
    with ShopifyClient(settings, lambda: "token", SystemClock()) as client, ThreadPoolExecutor(1) as pool:
        shop = ShopifyShop(client, SystemClock())
        write = pool.submit(shop.send, shop.prepare_deactivation(DISCOUNT))
        assert wire.has_heard.wait(5)

        client.abort_reads()
        answered.set()

        assert write.result(timeout=5).request_id == "request-8"


def test_reads_work_again_after_a_cut(wire: Wire, client: ShopifyClient, shop: ShopifyShop) -> None:
    wire.say(NOT_FOUND)
    shop.read_discount(CODE)

    client.abort_reads()

    assert shop.read_discount(CODE) == Absent()


def customer(**fields: Any) -> dict[str, Any]:
    return {"id": "gid://shopify/Customer/70934", "locale": "ja", "record": None, "posId": None, **fields}


DENIED = {"message": "Denied", "extensions": {"code": "ACCESS_DENIED"}}


def test_a_denied_e_mail_is_no_e_mail(wire: Wire, shop: ShopifyShop) -> None:
    error = {**DENIED, "path": ["customer", "defaultEmailAddress", "emailAddress"]}
    data = {"customer": customer(displayName="Hanako Sato", defaultEmailAddress=None, defaultPhoneNumber=None)}
    wire.say(http({"data": data, "errors": [error]}))

    seen = shop.read_record("gid://shopify/Customer/70934", CODE)

    assert isinstance(seen, RecordSeen)
    assert (seen.customer.name, seen.customer.email) == ("Hanako Sato", None)
    assert len(wire.heard) == 1


def test_personal_fields_whose_denial_takes_the_customer_along_are_left_out(wire: Wire, shop: ShopifyShop) -> None:
    error = {**DENIED, "path": ["customer", "displayName"]}
    wire.say(http({"data": {"customer": None}, "errors": [error]}), http({"data": {"customer": customer()}}))

    seen = shop.read_record("gid://shopify/Customer/70934", CODE)

    assert isinstance(seen, RecordSeen)
    assert (seen.customer.name, seen.customer.email, seen.customer.pos_customer_id) == ("", None, "70934")
    assert [heard.json["variables"]["personal"] for heard in wire.heard] == [True, False]


def test_any_other_denial_fails(wire: Wire, shop: ShopifyShop) -> None:
    errors = [{**DENIED, "path": ["customer", "record"]}, {**DENIED, "path": ["customer", "defaultEmailAddress"]}]
    wire.say(http({"data": {"customer": customer()}, "errors": errors}))

    with pytest.raises(RemoteRefused, match="does not permit"):
        shop.read_record("gid://shopify/Customer/70934", CODE)


@pytest.fixture
def secure() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's context, and a client's that trusts it."""
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    return server, trusting


def test_tls_is_spoken_and_its_reads_can_be_cut(
    secure: tuple[ssl.SSLContext, ssl.SSLContext], settings_of: Callable[[str], Shopify]
) -> None:
    server = Wire([Hold()], tls=secure[0])
    clock = SystemClock()
    with ShopifyClient(settings_of(server.url), lambda: "t", clock, tls=secure[1]) as client, ThreadPoolExecutor(1) as pool:
        read = pool.submit(ShopifyShop(client, clock).read_discount, CODE)
        assert server.has_heard.wait(5)

        client.abort_reads()

        with pytest.raises(RemoteUnavailable):
            read.result(timeout=5)
    server.stop()


def test_an_untrusted_certificate_is_told(
    secure: tuple[ssl.SSLContext, ssl.SSLContext], settings_of: Callable[[str], Shopify], clock: VirtualClock
) -> None:
    server = Wire([NOT_FOUND], tls=secure[0])
    with ShopifyClient(settings_of(server.url), lambda: "t", clock) as client:
        shop = ShopifyShop(client, clock)
        with pytest.raises(RemoteUnavailable, match=r"certificate of 127\.0\.0\.1 is not trusted"):
            shop.read_discount(CODE)
        with pytest.raises(RemoteUnavailable, match=r"certificate of 127\.0\.0\.1 is not trusted"):
            shop.send(shop.prepare_deactivation(DISCOUNT))
    server.stop()
    assert server.heard == []


def test_several_threads_share_one_bucket(wire: Wire, shop: ShopifyShop, clock: VirtualClock) -> None:
    wire.say(http({"data": {"codeDiscountNodeByCode": None}, "extensions": bucket(1980)}))

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: shop.read_discount(CODE), range(60)))

    assert found == [Absent()] * 60
