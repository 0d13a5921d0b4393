"""Metafields are written all or none, and guarded by compare digests (facts: Shopify §3)."""

from __future__ import annotations

import json
from typing import Any

from coupon_desk.clock import VirtualClock
from coupon_desk.training.shop import TrainingShop
from tests.training.callers import Admin

SET = """mutation Set($metafields: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $metafields) {
    metafields { value compareDigest } userErrors { field message code elementIndex } } }"""
READ = """query Read($id: ID!) { customer(id: $id) { updatedAt metafield(namespace: "loyalty", key: "coupons") {
    type value jsonValue compareDigest updatedAt } } }"""


def read(admin: Admin, customer: str) -> Any:
    return admin.data(READ, id=customer)["metafield"]


def write(admin: Admin, customer: str, value: object, **more: Any) -> Any:
    metafield = {"ownerId": customer, "namespace": "loyalty", "key": "coupons", "type": "json", **more}
    return admin.data(SET, metafields=[{**metafield, "value": value if isinstance(value, str) else json.dumps(value)}])


def test_a_record_is_read_as_text_and_as_json(shop: TrainingShop, admin: Admin) -> None:
    record = read(admin, shop.showcase.example.customer_id)

    assert record["type"] == "json"
    assert json.loads(record["value"]) == record["jsonValue"]
    assert len(record["compareDigest"]) == 64
    assert record["jsonValue"]["tier"] == "gold"
    assert record["jsonValue"]["coupons"][0]["campaign"] == "2026-autumn"


def test_a_write_with_the_digest_that_was_read_is_taken(shop: TrainingShop, admin: Admin, clock: VirtualClock) -> None:
    customer = shop.showcase.example.customer_id
    before = read(admin, customer)
    clock.advance(10)

    told = write(admin, customer, [{"code": "X"}], compareDigest=before["compareDigest"])

    after = read(admin, customer)
    assert told == {"metafields": [{"value": '[{"code": "X"}]', "compareDigest": after["compareDigest"]}], "userErrors": []}
    assert after["compareDigest"] != before["compareDigest"]
    assert after["updatedAt"] == "2026-11-23T03:00:10Z"
    assert admin.data(READ, id=customer)["updatedAt"] == "2026-11-23T03:00:10Z"


def test_a_stale_digest_writes_nothing(shop: TrainingShop, admin: Admin) -> None:
    customer = shop.showcase.example.customer_id
    stale = read(admin, customer)["compareDigest"]
    shop.edit_record(customer, [{"code": "theirs"}])

    told = write(admin, customer, [{"code": "ours"}], compareDigest=stale)

    assert told == {
        "metafields": [],
        "userErrors": [
            {
                "field": ["metafields", "0"],
                "message": "The resource has been updated since it was loaded. "
                "Try again with an updated `compareDigest` value.",
                "code": "STALE_OBJECT",
                "elementIndex": None,
            }
        ],
    }
    assert shop.record(customer) == [{"code": "theirs"}]


def test_a_digest_that_was_current_once_is_stale_even_when_the_old_value_came_back(shop: TrainingShop, admin: Admin) -> None:
    customer = shop.showcase.example.customer_id
    first = read(admin, customer)
    shop.edit_record(customer, [])
    shop.edit_record(customer, first["jsonValue"])

    told = write(admin, customer, ["ours"], compareDigest=first["compareDigest"])

    assert told["userErrors"][0]["code"] == "STALE_OBJECT"


def test_the_identical_value_is_taken_with_any_digest_and_changes_nothing(shop: TrainingShop, admin: Admin) -> None:
    customer = shop.showcase.example.customer_id
    before = read(admin, customer)

    told = write(admin, customer, before["value"], compareDigest="0" * 64)

    assert told["userErrors"] == []
    assert read(admin, customer) == before
    assert [entry.applied for entry in shop.journal.calls("metafieldsSet")] == [False]


def test_a_digest_for_a_missing_record_is_invalid(shop: TrainingShop, admin: Admin) -> None:
    told = write(admin, shop.showcase.no_record.customer_id, [], compareDigest="0" * 64)

    assert told["userErrors"][0]["code"] == "INVALID_COMPARE_DIGEST"


def test_a_null_digest_creates_but_never_overwrites(shop: TrainingShop, admin: Admin) -> None:
    customer = shop.showcase.no_record.customer_id

    assert write(admin, customer, ["first"], compareDigest=None)["userErrors"] == []
    assert write(admin, customer, ["second"], compareDigest=None)["userErrors"][0]["code"] == "STALE_OBJECT"
    assert shop.record(customer) == ["first"]


def test_without_a_digest_nothing_is_guarded(shop: TrainingShop, admin: Admin) -> None:
    customer = shop.showcase.example.customer_id

    assert write(admin, customer, ["over"])["userErrors"] == []
    assert shop.record(customer) == ["over"]


def test_one_wrong_metafield_keeps_all_from_being_written(shop: TrainingShop, admin: Admin) -> None:
    customer = shop.showcase.example.customer_id
    good = {"ownerId": customer, "namespace": "loyalty", "key": "note", "type": "single_line_text_field", "value": "x"}
    bad = {"ownerId": customer, "namespace": "loyalty", "key": "coupons", "type": "json", "value": "{"}

    told = admin.data(SET, metafields=[good, bad])

    assert told["metafields"] == []
    assert told["userErrors"][0]["field"] == ["metafields", "1", "value"]
    assert told["userErrors"][0]["message"].startswith("Value is invalid JSON: ")
    unwritten = 'query($id: ID!) { customer(id: $id) { metafield(namespace: "loyalty", key: "note") { value } } }'
    assert admin.data(unwritten, id=customer) == {"metafield": None}


def test_more_than_25_are_refused_together(shop: TrainingShop, admin: Admin) -> None:
    one = {"ownerId": shop.showcase.example.customer_id, "namespace": "loyalty", "key": "k", "type": "json", "value": "1"}

    told = admin.data(SET, metafields=[{**one, "key": f"key{place}"} for place in range(26)])

    assert told["metafields"] is None
    assert told["userErrors"][0]["code"] == "LESS_THAN_OR_EQUAL_TO"
    assert told["userErrors"][0]["message"] == "Exceeded the maximum metafields input limit of 25."


def test_a_deleted_owner_and_a_value_that_is_too_long_are_refused(shop: TrainingShop, admin: Admin) -> None:
    unknown = write(admin, "gid://shopify/Customer/1", [])
    long = write(admin, shop.showcase.example.customer_id, json.dumps("x" * 131_072))

    assert unknown["userErrors"][0]["message"] == "Owner does not exist."
    assert long["userErrors"][0]["code"] == "TOO_LONG"


def test_a_missing_namespace_is_the_apps_own_and_not_the_shops(shop: TrainingShop, admin: Admin) -> None:
    customer = shop.showcase.example.customer_id
    before = read(admin, customer)

    admin.data(SET, metafields=[{"ownerId": customer, "key": "coupons", "type": "json", "value": "[]"}])

    assert read(admin, customer) == before
