"""Every training shop has one coupon of each story, and is the same shop for the same seed."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.training.shop import TrainingShop
from coupon_desk.training.showcase import SHOWCASE_DISCOUNTS
from tests.training.callers import Admin


def test_the_example_is_in_order_in_every_respect(shop: TrainingShop) -> None:
    coupon = shop.showcase.example
    story = shop.story(coupon.code)
    customer = shop.customer(coupon.customer_id)

    assert (coupon.code, coupon.points) == ("70934-AB12CD-500", 500)
    assert coupon.customer_id.endswith("70934")
    assert (customer.display_name, customer.note, customer.locale) == ("佐藤 花子", "Hanako Sato", "ja")
    assert story["discount"]["status"] == "ACTIVE"
    assert story["record_entry"]["status"] == "active"
    assert story["record_entry"]["campaign"] == "2026-autumn"
    assert shop.record(coupon.customer_id)["tier"] == "gold"
    assert [(entry["points"], entry["reference"]) for entry in story["point_entries"]] == [(-500, coupon.reference)]
    assert story["orders"] == []


def test_each_special_coupon_is_what_it_is_called(shop: TrainingShop) -> None:
    showcase, now = shop.showcase, shop.clock.now()

    def status(code: str) -> str:
        discount = shop.discount(code)
        assert discount is not None
        return discount.status(now)

    def moves(name: str) -> list[int]:
        coupon = showcase.all()[name]
        return [entry.points for entry in shop.point_entries(coupon.customer_id, coupon.reference)]

    assert [order.codes for order in shop.orders_with(showcase.used.code)] == [(showcase.used.code,)]
    assert shop.orders_with(showcase.used_order_cancelled.code)[0].cancelled_at is not None
    assert shop.orders_with(showcase.used_second_code.code)[0].codes == ("WELCOME10", showcase.used_second_code.code)
    assert status(showcase.expired.code) == "EXPIRED"
    assert status(showcase.scheduled.code) == "SCHEDULED"
    assert shop.story(showcase.cancelled.code)["record_entry"]["status"] == "cancelled"
    assert moves("cancelled") == moves("already_returned") == [500, -500]
    assert moves("conversion_missing") == []
    assert moves("conversion_differs") == [-800]
    assert shop.discount(showcase.several_codes.code) == shop.discount(showcase.several_codes_sibling.code)
    assert isinstance(shop.record(showcase.record_wrapped.customer_id), dict)
    assert isinstance(shop.record(showcase.record_list.customer_id), list)
    assert shop.record(showcase.no_record.customer_id) is None
    assert shop.balance(showcase.unknown_at_pos.customer_id) is None
    assert moves("mapped_pos_id") == [-800]
    assert shop.customer(showcase.no_email.customer_id).email is None
    assert shop.customer(showcase.english_customer.customer_id).locale == "en"
    ending = shop.discount(showcase.expiring_soon.code)
    assert ending is not None
    assert ending.ends_at is not None
    assert now < ending.ends_at < now + timedelta(days=7)


def test_the_second_codes_use_is_counted_only_later(shop: TrainingShop, admin: Admin, clock: VirtualClock) -> None:
    code = shop.showcase.used_second_code.code

    assert admin.discount(code)["asyncUsageCount"] == 0
    clock.advance(3601)
    assert admin.discount(code)["asyncUsageCount"] == 1


def test_every_code_is_a_code_of_its_customer(shop: TrainingShop, admin: Admin) -> None:
    ask = """{ discountNodes(first: 100) { nodes { discount { ... on DiscountCodeBasic { title
        context { ... on DiscountCustomers { customers { id } } } } } } } }"""

    told = [node["discount"] for node in admin.data(ask)["nodes"] if node["discount"] and node["discount"]["context"]]

    assert len(told) > 50
    for discount in told:
        code = CouponCode.parse(discount["title"].split(" ")[0])
        assert code.belongs_to(discount["context"]["customers"][0]["id"])


def test_nobody_ever_had_less_than_no_points(shop: TrainingShop, admin: Admin) -> None:
    for node in admin.data("{ customers(first: 250) { nodes { id } } }")["nodes"]:
        assert all((entry.balance or 0) >= 0 for entry in shop.point_entries(node["id"]))


def test_the_records_of_all_customers_agree_with_their_discounts_and_orders(shop: TrainingShop, admin: Admin) -> None:
    special = {specimen.customer_id for specimen in shop.showcase.all().values()}
    statuses = set()
    for node in admin.data("{ customers(first: 250) { nodes { id } } }")["nodes"]:
        if node["id"] not in special:
            for entry in shop.record(node["id"]):
                story = shop.story(entry["code"])
                statuses.add(entry["status"])
                assert story["discount"]["id"] == entry["discount_id"]
                assert story["record_entry"] == entry
                assert (entry["status"] == "used") == bool(story["orders"]) == bool(story["discount"]["codes"][0]["uses"])
                points = [each["points"] for each in story["point_entries"]]
                assert points == ([entry["points"]] if entry["status"] == "cancelled" else []) + [-entry["points"]]
    assert statuses == {"active", "used", "cancelled"}


@pytest.mark.parametrize("coupons", [0, 1, SHOWCASE_DISCOUNTS + 1, 100])
def test_a_shop_has_the_size_that_was_asked_for_and_never_less_than_its_showcase(coupons: int) -> None:
    with TrainingShop.start(coupons=coupons) as shop:
        admin = Admin(shop.addresses)
        count = admin.data("{ discountNodesCount { count } }")["count"]
        admin.close()

    assert count == max(coupons, SHOWCASE_DISCOUNTS)


def test_the_same_seed_is_the_same_shop_and_another_is_not(clock: VirtualClock) -> None:
    ask = "{ discountNodes(first: 100) { nodes { id discount { ... on DiscountCodeBasic { title startsAt endsAt } } } } }"

    def look(seed: int) -> object:
        with TrainingShop.start(coupons=100, seed=seed, clock=clock) as shop:
            admin = Admin(shop.addresses)
            told = admin.data(ask)
            admin.close()
            return told

    assert look(7) == look(7)
    assert look(7) != look(8)


def test_a_million_coupons_open_at_once_and_are_read_as_fast_as_a_few() -> None:
    ask = "query L($query: String) { discountNodes(first: 250, query: $query, sortKey: UPDATED_AT) { nodes { id } } }"
    began = time.process_time()
    with TrainingShop.start(coupons=1_000_000) as shop:
        admin = Admin(shop.addresses)
        assert len(admin.data(ask)["nodes"]) == 250
        assert len(admin.data(ask, query="updated_at:>='2026-01-01'")["nodes"]) == 250
        assert admin.data("{ discountNodesCount { count precision } }") == {"count": 10_000, "precision": "AT_LEAST"}
        assert admin.discount(shop.showcase.example.code) is not None
        admin.close()

    assert time.process_time() - began < 5


def test_the_shop_is_fast_enough_for_a_campaign() -> None:
    began = time.process_time()
    with TrainingShop.start(coupons=300) as shop:
        opened = time.process_time()
        admin = Admin(shop.addresses)
        admin.discount(shop.showcase.example.code)
        warm = time.process_time()
        for _ in range(20):
            admin.discount(shop.showcase.example.code)
        read = time.process_time()
        admin.data(
            "{ discountNodes(first: 250) { nodes { id discount { ... on DiscountCodeBasic { title status endsAt } } } } }"
        )
        listed = time.process_time()
        admin.close()

    assert opened - began < 0.3
    assert (read - warm) / 20 < 0.01
    assert listed - read < 0.15
