"""The sync against a real server: the training shop, through the real Shopify client, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coupon_desk.catalogue.query import CouponQuery, StatusFilter
from coupon_desk.catalogue.sync import FULL_EVERY, Synchroniser
from coupon_desk.clock import SystemClock, VirtualClock
from coupon_desk.coupons.status import CouponStatus
from coupon_desk.settings import Shopify
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.listing import Listing
from coupon_desk.training.shop import TrainingShop
from tests.catalogue.conftest import Desk


@pytest.fixture
def shop(desk: Desk) -> Iterator[TrainingShop]:
    desk.clock.advance((SystemClock().now() - desk.clock.now()).total_seconds())
    with TrainingShop.start(coupons=60, seed=7, clock=desk.clock) as shop:
        yield shop


@pytest.fixture
def synchroniser(desk: Desk, shop: TrainingShop) -> Iterator[Synchroniser]:
    address = shop.addresses
    settings = Shopify(domain=address.shopify_domain, endpoint=address.shopify_endpoint, api_version=address.api_version)
    clock: VirtualClock = desk.clock
    with ShopifyClient(settings, lambda: address.token, clock) as client:
        yield Synchroniser(desk.catalogue, Listing(client, settings.coupon_metafield), clock, currency="JPY")


def test_the_catalogue_shows_every_kind_of_coupon_as_it_is(desk: Desk, shop: TrainingShop, synchroniser: Synchroniser) -> None:
    outcome = synchroniser.run()
    assert (outcome.is_finished, outcome.is_full, outcome.unreadable) == (True, True, 0)
    expected = {
        shop.showcase.example.code: CouponStatus.UNUSED,
        shop.showcase.used.code: CouponStatus.USED,
        shop.showcase.expired.code: CouponStatus.EXPIRED,
        shop.showcase.scheduled.code: CouponStatus.SCHEDULED,
        shop.showcase.cancelled.code: CouponStatus.CANCELLED,
        shop.showcase.several_codes.code: CouponStatus.UNUSED,
        shop.showcase.several_codes_sibling.code: CouponStatus.UNUSED,
    }
    assert {code: desk.status(str(code)) for code in expected} == expected


def test_the_example_coupon_is_found_with_its_customer(desk: Desk, shop: TrainingShop, synchroniser: Synchroniser) -> None:
    synchroniser.run()
    example = shop.showcase.example
    (first, *_) = desk.catalogue.search(CouponQuery(str(example.code))).rows
    assert (first.code.text, first.points, first.customer_id) == ("70934-AB12CD-500", 500, example.customer_id)
    assert first.code.text in desk.found(first.customer_name)
    assert first.code.text in desk.found(example.customer_id)
    assert first.issued_at is not None


def test_a_coupon_used_since_is_seen_by_the_full_run_that_comes_by_itself_a_day_later(
    desk: Desk, shop: TrainingShop, synchroniser: Synchroniser
) -> None:
    synchroniser.run()
    code = str(shop.showcase.example.code)
    assert code in desk.found(code, StatusFilter.UNUSED)
    shop.redeem(code)
    desk.clock.advance(60)
    assert not synchroniser.run().is_full
    desk.clock.advance(FULL_EVERY.total_seconds())
    assert synchroniser.run().is_full
    assert code in desk.found(code, StatusFilter.USED)


def test_a_discount_deleted_in_shopify_needs_attention_after_a_full_run(
    desk: Desk, shop: TrainingShop, synchroniser: Synchroniser
) -> None:
    synchroniser.run()
    code = str(shop.showcase.example.code)
    shop.delete_discount(code)
    desk.clock.advance(60)
    synchroniser.run(full=True)
    assert desk.found(code, StatusFilter.NEEDS_ATTENTION) == [code]


def test_the_second_full_run_finds_nothing_new(desk: Desk, synchroniser: Synchroniser) -> None:
    first = synchroniser.run()
    desk.clock.advance(60)
    again = synchroniser.run(full=True)
    assert (again.seen, again.changed, again.forgotten) == (first.seen, 0, 0)
