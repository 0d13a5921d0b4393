"""Many callers at once: nothing is lost, nothing happens twice, and one writer wins."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from coupon_desk.training.checkout import CheckoutRefused
from coupon_desk.training.shop import TrainingShop
from tests.training.callers import Admin, Pos, number


def test_points_from_many_callers_all_arrive(shop: TrainingShop) -> None:
    customer = shop.showcase.example.customer_id
    before = shop.balance(customer)
    assert before is not None

    def add(caller: int) -> None:
        pos = Pos(shop.addresses)
        for place in range(10):
            pos.add(number(customer), 3, f"R-{caller}-{place}")
        pos.close()

    with ThreadPoolExecutor(8) as callers:
        list(callers.map(add, range(8)))

    entries = shop.point_entries(customer)
    assert shop.balance(customer) == before + 240
    assert len({entry.id for entry in entries}) == len(entries)
    assert len({entry.reference for entry in entries if (entry.reference or "").startswith("R-")}) == 80


def test_of_many_writers_with_the_same_digest_one_wins(shop: TrainingShop, admin: Admin) -> None:
    customer = shop.showcase.example.customer_id
    read = 'query R($id: ID!) { customer(id: $id) { metafield(namespace: "loyalty", key: "coupons") { compareDigest } } }'
    digest = admin.data(read, id=customer)["metafield"]["compareDigest"]
    write = """mutation W($m: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $m) {
        metafields { value } userErrors { code } } }"""
    metafield = {"ownerId": customer, "namespace": "loyalty", "key": "coupons", "type": "json", "compareDigest": digest}

    def claim(caller: int) -> Any:
        one = Admin(shop.addresses)
        told = one.data(write, m=[{**metafield, "value": json.dumps([caller])}])
        one.close()
        return told

    with ThreadPoolExecutor(8) as callers:
        told = list(callers.map(claim, range(8)))

    winners = [each for each in told if not each["userErrors"]]
    assert len(winners) == 1
    assert json.loads(winners[0]["metafields"][0]["value"]) == shop.record(customer)
    assert [each["userErrors"] for each in told if each["userErrors"]] == [[{"code": "STALE_OBJECT"}]] * 7


def test_a_coupon_is_either_used_or_dead_but_never_taken_after_its_end(shop: TrainingShop, admin: Admin) -> None:
    coupons = [specimen for specimen in shop.showcase.all().values() if specimen.order is None]

    def race(code: str) -> bool:
        try:
            shop.redeem(code)
        except CheckoutRefused:
            return False
        return True

    with ThreadPoolExecutor(4) as callers:
        bought = [callers.submit(race, coupon.code) for coupon in coupons]
        for coupon in coupons:
            callers.submit(admin.deactivate, coupon.discount_id)

    for coupon, sold in zip(coupons, bought, strict=True):
        orders = shop.orders_with(coupon.code)
        assert len(orders) == int(sold.result())
        assert race(coupon.code) is False
