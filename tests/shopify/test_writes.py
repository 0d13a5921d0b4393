"""The writes: what is sent to the letter, and what an answer has to say so that it counts as done."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.evidence import Claim, CustomerSeen, DiscountKind, RecordSeen
from coupon_desk.coupons.record import PutClaim
from coupon_desk.errors import OutcomeUnknown, RemoteRefused, StaleRecord, System
from coupon_desk.shopify.shop import ShopifyShop
from coupon_desk.wire import PreparedRequest
from tests.shopify.conftest import NOW
from tests.shopify.test_errors import CODE, DISCOUNT
from tests.shopify.wire_server import Say, Wire, http

HANAKO = CustomerSeen("gid://shopify/Customer/70934", "Hanako Sato", "hanako@example.com", None, "ja", "70934")
SEEN = RecordSeen(HANAKO, None, '[{"code":"other","n":1.0}]', "d" * 64)
SEVERAL = replace(DISCOUNT, codes_count=3)


def payload(**fields: Any) -> Say:
    return http({"data": {"payload": {"userErrors": [], **fields}}}, X_Request_Id="request-9")


def user_error(message: str, code: str | None = "INVALID", **fields: Any) -> Say:
    return payload(**fields, userErrors=[{"field": ["id"], "message": message, "code": code}])


def node(status: str = "EXPIRED", starts_at: str = "2026-11-23T03:00:00Z", ends_at: str | None = None) -> dict[str, Any]:
    discount = {"__typename": "DiscountCodeBasic", "status": status, "startsAt": starts_at, "endsAt": ends_at}
    return {"id": DISCOUNT.id, "discount": discount}


def test_a_prepared_write_is_exactly_what_is_sent(wire: Wire, shop: ShopifyShop) -> None:
    wire.say(payload(metafields=[{"id": "gid://shopify/Metafield/1", "compareDigest": "e" * 64}]))
    prepared = shop.prepare_record(SEEN, CODE, PutClaim(Claim("op-1", "佐藤", NOW)))

    answer = shop.send(prepared)

    assert wire.heard[0].body.decode() == prepared.body
    assert (prepared.system, prepared.call, prepared.target) == (System.SHOPIFY, "WriteRecord", HANAKO.id)
    variables = json.loads(prepared.body)["variables"]
    assert variables["metafields"] == [
        {
            "ownerId": HANAKO.id,
            "namespace": "loyalty",
            "key": "coupons",
            "type": "json",
            "value": '[{"code":"other","n":1.0},{"code":"70934-AB12CD-500","points":500,"status":"active","cancellation":'
            '{"operation":"op-1","by":"佐藤","at":"2026-11-23T03:00:00.000000Z"}}]',
            "compareDigest": "d" * 64,
        }
    ]
    assert answer.request_id == "request-9"
    assert "hanako" not in prepared.body.lower()


def test_a_record_that_did_not_exist_is_only_made_where_there_still_is_none(shop: ShopifyShop) -> None:
    prepared = shop.prepare_record(RecordSeen(HANAKO, None, None, None), CODE, PutClaim(Claim("op-1", "sato", NOW)))

    (field,) = json.loads(prepared.body)["variables"]["metafields"]
    assert field["compareDigest"] is None


@pytest.mark.parametrize("code", ["STALE_OBJECT", "INVALID_COMPARE_DIGEST", "TAKEN"])
def test_a_record_that_somebody_changed_is_stale(code: str, wire: Wire, shop: ShopifyShop) -> None:
    wire.say(user_error("The resource has been updated since it was loaded.", code, metafields=[]))

    with pytest.raises(StaleRecord):
        shop.send(shop.prepare_record(SEEN, CODE, PutClaim(Claim("op-1", "sato", NOW))))


@pytest.mark.parametrize(
    ("code", "sentence"),
    [("APP_NOT_AUTHORIZED", "does not permit"), ("INVALID_VALUE", "INVALID_VALUE"), ("TOO_LONG", "TOO_LONG"), (None, "(-)")],
)
def test_a_refused_record_is_told_without_its_value(code: str | None, sentence: str, wire: Wire, shop: ShopifyShop) -> None:
    wire.say(user_error("Value is invalid JSON: hanako@example.com", code, metafields=[]))

    with pytest.raises(RemoteRefused) as told:
        shop.send(shop.prepare_record(SEEN, CODE, PutClaim(Claim("op-1", "sato", NOW))))

    assert not isinstance(told.value, StaleRecord)
    assert sentence in str(told.value)
    assert "hanako" not in str(told.value) + told.value.detail


@pytest.mark.parametrize("fields", [{}, {"metafields": None}, {"metafields": []}])
def test_a_record_that_is_not_shown_may_not_be_written(fields: dict[str, Any], wire: Wire, shop: ShopifyShop) -> None:
    wire.say(payload(**fields))

    with pytest.raises(OutcomeUnknown):
        shop.send(shop.prepare_record(SEEN, CODE, PutClaim(Claim("op-1", "sato", NOW))))


def test_a_discount_is_off_when_it_reads_expired(wire: Wire, shop: ShopifyShop) -> None:
    wire.say(payload(node=node()))

    assert shop.send(shop.prepare_deactivation(DISCOUNT)).request_id == "request-9"


@pytest.mark.parametrize(
    "answer",
    [
        payload(node=node("ACTIVE")),
        payload(node={**node(), "id": "gid://shopify/DiscountCodeNode/2"}),
        payload(node=None),
        user_error("Something went wrong, please try again.", None),
        user_error("An internal error", "INTERNAL_ERROR"),
        http({"data": {"payload": None}}),
    ],
)
def test_a_discount_that_is_not_shown_to_be_off_may_be_on(answer: Say, wire: Wire, shop: ShopifyShop) -> None:
    wire.say(answer)

    with pytest.raises(OutcomeUnknown):
        shop.send(shop.prepare_deactivation(DISCOUNT))


def test_a_discount_that_is_gone_cannot_be_switched_off(wire: Wire, shop: ShopifyShop) -> None:
    wire.say(user_error("Code discount does not exist.", node=None))

    with pytest.raises(RemoteRefused, match="Code discount does not exist"):
        shop.send(shop.prepare_deactivation(DISCOUNT))


def test_a_discount_is_deleted_also_when_it_was_gone_before(wire: Wire, shop: ShopifyShop) -> None:
    wire.say(payload(deletedId=DISCOUNT.id), user_error("Code discount does not exist.", deletedId=None))

    shop.send(shop.prepare_deletion(DISCOUNT))
    shop.send(shop.prepare_deletion(DISCOUNT))


def test_another_discount_deleted_is_doubt_and_another_error_a_refusal(wire: Wire, shop: ShopifyShop) -> None:
    wire.say(payload(deletedId="gid://shopify/DiscountCodeNode/2"), user_error("Is in use.", deletedId=None))

    with pytest.raises(OutcomeUnknown):
        shop.send(shop.prepare_deletion(DISCOUNT))
    with pytest.raises(RemoteRefused, match=r"Is in use\."):
        shop.send(shop.prepare_deletion(DISCOUNT))


def test_a_discount_with_other_codes_is_neither_switched_off_nor_deleted(shop: ShopifyShop) -> None:
    with pytest.raises(RemoteRefused, match="3 codes"):
        shop.prepare_deactivation(SEVERAL)
    with pytest.raises(RemoteRefused, match="3 codes"):
        shop.prepare_deletion(SEVERAL)


def job(done: bool) -> dict[str, Any]:
    return {"id": "gid://shopify/Job/1", "done": done}


def test_a_code_is_removed_when_the_job_is_done(wire: Wire, shop: ShopifyShop, clock: VirtualClock) -> None:
    running, done = (http({"data": {"job": job(state)}}) for state in (False, True))
    wire.say(payload(job=job(False)), running, http(b"", 502), done)

    shop.send(shop.prepare_code_removal(SEVERAL))

    assert [heard.json["operationName"] for heard in wire.heard] == ["RemoveCode", "JobState", "JobState", "JobState"]
    assert wire.heard[0].json["variables"] == {"discountId": DISCOUNT.id, "ids": [DISCOUNT.redeem_code_id]}
    assert 0.5 < clock.monotonic() < 2


def test_a_job_that_is_done_at_once_is_not_asked_for(wire: Wire, shop: ShopifyShop) -> None:
    wire.say(payload(job=job(True)))

    shop.send(shop.prepare_code_removal(SEVERAL))

    assert len(wire.heard) == 1


@pytest.mark.parametrize("state", [job(False), None])
def test_a_job_that_does_not_end_in_time_is_doubt(
    state: dict[str, Any] | None, wire: Wire, shop: ShopifyShop, clock: VirtualClock
) -> None:
    wire.say(payload(job=job(False)), http({"data": {"job": state}}))

    with pytest.raises(OutcomeUnknown, match="not finished in time"):
        shop.send(shop.prepare_code_removal(SEVERAL))

    assert 30 <= clock.monotonic() < 33


@pytest.mark.parametrize("kind", [DiscountKind.BASIC, DiscountKind.BXGY, DiscountKind.FREE_SHIPPING])
def test_the_dates_are_put_back_and_nothing_else(kind: DiscountKind, wire: Wire, shop: ShopifyShop) -> None:
    discount = replace(DISCOUNT, kind=kind, ends_at=NOW + timedelta(days=30))
    wire.say(payload(node=node("ACTIVE", "2026-11-23T03:00:00Z", "2026-12-23T03:00:00Z")))
    prepared = shop.prepare_window(discount)

    shop.send(prepared)

    assert json.loads(prepared.body)["variables"]["window"] == {
        "startsAt": "2026-11-23T03:00:00.000000Z",
        "endsAt": "2026-12-23T03:00:00.000000Z",
    }


def test_dates_without_an_end_get_no_end(wire: Wire, shop: ShopifyShop) -> None:
    wire.say(payload(node=node("ACTIVE")))
    prepared = shop.prepare_window(DISCOUNT)

    shop.send(prepared)

    assert json.loads(prepared.body)["variables"]["window"]["endsAt"] is None


def test_other_dates_than_asked_for_are_doubt(wire: Wire, shop: ShopifyShop) -> None:
    wire.say(payload(node=node("ACTIVE", "2026-11-23T03:00:00Z", None)))

    with pytest.raises(OutcomeUnknown):
        shop.send(shop.prepare_window(replace(DISCOUNT, ends_at=NOW + timedelta(days=30))))


def test_the_dates_of_an_apps_discount_are_left_to_a_person(shop: ShopifyShop) -> None:
    with pytest.raises(RemoteRefused, match="that an app made"):
        shop.prepare_window(replace(DISCOUNT, kind=DiscountKind.APP))


def test_a_write_that_the_trail_kept_can_be_sent_by_another_program(wire: Wire, shop: ShopifyShop) -> None:
    wire.say(payload(node=node()))
    kept = shop.prepare_deactivation(DISCOUNT)

    shop.send(PreparedRequest(System.SHOPIFY, kept.call, kept.target, kept.body))

    assert wire.heard[0].body.decode() == kept.body
