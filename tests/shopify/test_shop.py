"""The `Shop` port against the training shop over real HTTP: what is read is true, what is sent happens once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from coupon_desk.cancellation.ports import Shop
from coupon_desk.clock import SystemClock, VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import Absent, Claim, DiscountKind, DiscountSeen, DiscountState, RecordSeen, RecordStatus
from coupon_desk.coupons.points import Points
from coupon_desk.coupons.reasons import Reason
from coupon_desk.coupons.record import DropClaim, MarkCancelled, PutClaim
from coupon_desk.errors import OutcomeUnknown, RemoteRefused, RemoteUnavailable, StaleRecord
from coupon_desk.settings import Shopify
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.health import check
from coupon_desk.shopify.listing import Listing
from coupon_desk.shopify.shop import ShopifyShop
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.options import UNTIL_TOLD, Options
from coupon_desk.training.shop import TrainingShop
from tests.shopify.conftest import NOW


@pytest.fixture
def training() -> Iterator[TrainingShop]:
    options = Options(bucket_points=20_000, restore_points_per_second=1000)
    with TrainingShop.start(coupons=60, clock=SystemClock(), options=options) as shop:
        yield shop


@pytest.fixture
def client(training: TrainingShop) -> Iterator[ShopifyClient]:
    addresses = training.addresses
    settings = Shopify(domain=addresses.shopify_domain, endpoint=addresses.shopify_endpoint)
    with ShopifyClient(settings, lambda: addresses.token, VirtualClock(NOW)) as made:
        yield made


@pytest.fixture
def shop(client: ShopifyClient) -> Shop:
    return ShopifyShop(client, SystemClock())


def code_of(training: TrainingShop, name: str) -> CouponCode:
    return CouponCode.parse(str(training.showcase.all()[name].code))


def discount_of(shop: Shop, code: CouponCode) -> DiscountSeen:
    seen = shop.read_discount(code)
    assert isinstance(seen, DiscountSeen)
    return seen


def record_of(shop: Shop, training: TrainingShop, name: str) -> RecordSeen:
    seen = shop.read_record(training.showcase.all()[name].customer_id, code_of(training, name))
    assert isinstance(seen, RecordSeen)
    return seen


def test_the_example_coupon_is_seen_as_it_is(shop: Shop, training: TrainingShop) -> None:
    example = training.showcase.example
    discount = discount_of(shop, code_of(training, "example"))
    record = record_of(shop, training, "example")

    assert discount.id == example.discount_id
    assert (discount.kind, discount.state, discount.usage_count) == (DiscountKind.BASIC, DiscountState.ACTIVE, 0)
    assert (discount.amount, discount.currency) == (Decimal(500), "JPY")
    assert discount.customer_ids == (example.customer_id,)
    assert discount.bears_only_this_code
    assert record.entry is not None
    assert (record.entry.status, record.entry.points) == (RecordStatus.ACTIVE, 500)
    assert record.customer.locale == "ja"
    assert record.customer.email is not None
    assert shop.read_discount_by_id(discount.id, discount.code) == discount


def test_what_shopify_does_not_know_is_absent(shop: Shop) -> None:
    unknown = CouponCode("99999-QQQQQQ-500")

    assert shop.read_discount(unknown) == Absent()
    assert shop.read_discount_by_id("gid://shopify/DiscountCodeNode/999999999", unknown) == Absent()
    assert shop.read_record("gid://shopify/Customer/999999999", unknown) == Absent()
    assert shop.read_order("#999999") == Absent()
    assert shop.read_order("gid://shopify/Order/999999999") == Absent()
    assert shop.find_orders(unknown, None, None).orders == ()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("free_shipping", DiscountKind.FREE_SHIPPING),
        ("buy_x_get_y", DiscountKind.BXGY),
        ("app_discount", DiscountKind.APP),
        ("percentage", DiscountKind.BASIC),
    ],
)
def test_discounts_that_are_no_fixed_amount_have_none(
    name: str, kind: DiscountKind, shop: Shop, training: TrainingShop
) -> None:
    discount = discount_of(shop, code_of(training, name))

    assert (discount.kind, discount.amount, discount.currency) == (kind, None, None)


def test_orders_are_found_by_the_first_and_by_the_second_code(shop: Shop, training: TrainingShop) -> None:
    for name in ("used", "used_second_code", "used_order_cancelled"):
        specimen = training.showcase.all()[name]
        found = shop.find_orders(code_of(training, name), specimen.customer_id, NOW - timedelta(days=3650))
        assert [order.name for order in found.orders] == [specimen.order]
        assert (found.orders[0].cancelled_at is not None) == (name == "used_order_cancelled")


def test_a_search_that_lags_is_made_good_by_the_customers_own_orders(shop: Shop, training: TrainingShop) -> None:
    training.configure(search_lag_seconds=UNTIL_TOLD, usage_lag_seconds=UNTIL_TOLD)
    order = training.redeem(str(training.showcase.example.code))
    code, customer_id = code_of(training, "example"), training.showcase.example.customer_id

    assert discount_of(shop, code).usage_count == 0
    assert shop.find_orders(code, None, None).orders == ()
    assert [found.name for found in shop.find_orders(code, customer_id, None).orders] == [order.name]


def test_an_order_is_read_by_its_name_in_any_spelling_and_by_its_id(shop: Shop, training: TrainingShop) -> None:
    name = training.showcase.used.order
    assert name is not None
    by_name = shop.read_order(name)

    assert not isinstance(by_name, Absent)
    assert training.showcase.used.code == by_name.codes[0]
    assert shop.read_order(name.removeprefix("#")) == by_name
    assert shop.read_order(by_name.id) == by_name


def test_a_whole_cancellation_shows_in_the_shop_itself(shop: Shop, training: TrainingShop) -> None:
    code, customer_id = code_of(training, "example"), training.showcase.example.customer_id
    before = training.record(customer_id)
    discount = discount_of(shop, code)

    shop.send(shop.prepare_record(record_of(shop, training, "example"), code, PutClaim(Claim("op-1", "sato", NOW))))
    shop.send(shop.prepare_deactivation(discount))
    cancelled = MarkCancelled(NOW, "sato", Reason.CUSTOMER_REQUEST, Points(500))
    shop.send(shop.prepare_record(record_of(shop, training, "example"), code, cancelled))

    entry = training.record_entry(code.text)
    assert entry is not None
    assert (entry["status"], entry["cancelled_by"], entry["reason"]) == ("cancelled", "sato", "customer_request")
    assert "cancellation" not in entry
    assert discount_of(shop, code).state is DiscountState.EXPIRED
    after = training.record(customer_id)
    changed = {"status", "cancelled_at", "cancelled_by", "reason", "points_returned"}
    rows = [(record if isinstance(record, list) else record["coupons"]) for record in (before, after)]
    for old, new in zip(*rows, strict=True):
        own = old["code"] == code.text
        assert {k: v for k, v in new.items() if not own or k not in changed} == {
            k: v for k, v in old.items() if not own or k not in changed
        }


def test_of_two_claims_at_the_same_moment_one_is_stale(shop: Shop, training: TrainingShop) -> None:
    code, seen = code_of(training, "example"), record_of(shop, training, "example")

    shop.send(shop.prepare_record(seen, code, PutClaim(Claim("op-1", "sato", NOW))))
    with pytest.raises(StaleRecord):
        shop.send(shop.prepare_record(seen, code, PutClaim(Claim("op-2", "suzuki", NOW))))

    entry = record_of(shop, training, "example").entry
    assert entry is not None
    assert entry.claim == Claim("op-1", "sato", NOW)


def test_the_same_claim_sent_twice_is_one(shop: Shop, training: TrainingShop) -> None:
    code, seen = code_of(training, "example"), record_of(shop, training, "example")
    prepared = shop.prepare_record(seen, code, PutClaim(Claim("op-1", "sato", NOW)))
    training.faults.add(Fault("metafieldsSet", FaultKind.LOST_ANSWER))

    with pytest.raises(OutcomeUnknown):
        shop.send(prepared)
    shop.send(prepared)
    shop.send(shop.prepare_record(record_of(shop, training, "example"), code, DropClaim("op-1")))

    assert record_of(shop, training, "example").raw == seen.raw


def test_a_customer_without_a_record_gets_one(shop: Shop, training: TrainingShop) -> None:
    code, seen = code_of(training, "no_record"), record_of(shop, training, "no_record")
    assert (seen.raw, seen.digest, seen.entry) == (None, None, None)
    prepared = shop.prepare_record(seen, code, PutClaim(Claim("op-1", "sato", NOW)))

    shop.send(prepared)

    entry = record_of(shop, training, "no_record").entry
    assert entry is not None
    assert entry.claim is not None
    with pytest.raises(StaleRecord):
        shop.send(shop.prepare_record(seen, code, PutClaim(Claim("op-2", "suzuki", NOW))))


def test_the_id_at_the_pos_comes_from_the_customer_where_it_is_told(shop: Shop, training: TrainingShop) -> None:
    told = record_of(shop, training, "mapped_pos_id").customer
    derived = record_of(shop, training, "example").customer

    assert told.pos_customer_id != told.id.rsplit("/", 1)[-1]
    assert derived.pos_customer_id == derived.id.rsplit("/", 1)[-1]


def test_one_code_of_several_is_removed_and_the_others_live(shop: Shop, training: TrainingShop) -> None:
    training.configure(job_seconds=0.3)
    code, sibling = code_of(training, "several_codes"), code_of(training, "several_codes_sibling")
    training.redeem(sibling.text)
    discount = discount_of(shop, code)
    assert (discount.codes_count, discount.usage_count) == (3, 0)

    shop.send(shop.prepare_code_removal(discount))

    assert shop.read_discount(code) == Absent()
    assert shop.read_discount_by_id(discount.id, code) == Absent()
    assert discount_of(shop, sibling).codes_count == 2


def test_a_window_is_put_back_with_its_end(shop: Shop, training: TrainingShop) -> None:
    for name in ("example", "scheduled", "free_shipping"):
        discount = discount_of(shop, code_of(training, name))
        shop.send(shop.prepare_deactivation(discount))

        shop.send(shop.prepare_window(discount))

        assert discount_of(shop, discount.code) == discount


def test_a_deleted_discount_is_gone_and_deleting_it_again_is_done(shop: Shop, training: TrainingShop) -> None:
    prepared = shop.prepare_deletion(discount_of(shop, code_of(training, "example")))

    shop.send(prepared)
    shop.send(prepared)

    assert shop.read_discount(code_of(training, "example")) == Absent()


@pytest.mark.parametrize("kind", [kind for kind in FaultKind if kind.applied and kind is not FaultKind.BLACKHOLE_AFTER])
def test_a_write_that_happened_is_never_told_as_not_done(kind: FaultKind, shop: Shop, training: TrainingShop) -> None:
    prepared = shop.prepare_deactivation(discount_of(shop, code_of(training, "example")))
    training.faults.add(Fault("discountCodeDeactivate", kind))

    with contextlib.suppress(OutcomeUnknown):
        shop.send(prepared)

    assert [call.applied for call in training.journal.calls("discountCodeDeactivate")] == [True]
    assert discount_of(shop, code_of(training, "example")).state is DiscountState.EXPIRED


def test_a_throttled_write_is_done_once(shop: Shop, training: TrainingShop) -> None:
    prepared = shop.prepare_deactivation(discount_of(shop, code_of(training, "example")))
    training.faults.add(Fault("discountCodeDeactivate", FaultKind.THROTTLED))

    shop.send(prepared)

    assert [call.applied for call in training.journal.calls("discountCodeDeactivate")] == [False, True]


def test_a_missing_permission_is_named(shop: Shop, training: TrainingShop) -> None:
    prepared = shop.prepare_deactivation(discount_of(shop, code_of(training, "example")))
    training.configure(scopes=frozenset({"read_discounts", "read_customers"}))

    with pytest.raises(RemoteRefused, match="write_discounts"):
        shop.send(prepared)
    with pytest.raises(RemoteRefused, match="read_orders"):
        shop.find_orders(code_of(training, "example"), None, None)


def test_health_tells_what_is_missing(client: ShopifyClient, training: TrainingShop) -> None:
    well = check(client, SystemClock())
    training.configure(scopes=frozenset({"write_discounts", "read_customers"}))
    unwell = check(client, SystemClock())

    assert (well.domain, well.missing_scopes, well.sees_all_orders) == (training.addresses.shopify_domain, (), True)
    assert well.clock_skew_seconds == pytest.approx(0, abs=3)
    assert well.served_version == well.asked_version == "2026-10"
    assert (unwell.missing_scopes, unwell.sees_all_orders) == (("write_customers", "read_orders"), False)


def test_everything_is_listed_once(client: ShopifyClient, training: TrainingShop) -> None:
    listing = Listing(client)
    discounts = [row for page in listing.discounts() for row in page.rows]
    customers = [row for page in listing.customers_with_records() for row in page.rows]

    codes = [row.code.text for row in discounts]
    assert len(codes) == len(set(codes))
    assert {str(specimen.code) for specimen in training.showcase.all().values()} <= set(codes)
    example = next(row for row in discounts if row.code.text == training.showcase.example.code)
    assert (example.amount, example.currency, example.customer_ids) == (
        Decimal(500),
        "JPY",
        (training.showcase.example.customer_id,),
    )
    assert sum(row.codes_count == 3 for row in discounts) == 3
    entries = {code.text: entry.status for row in customers for code, entry in row.entries}
    assert entries[str(training.showcase.cancelled.code)] is RecordStatus.CANCELLED
    assert entries[str(training.showcase.record_wrapped.code)] is RecordStatus.ACTIVE
    assert not any(row.problem for row in customers)


def test_only_what_changed_since_is_listed(client: ShopifyClient, shop: Shop, training: TrainingShop) -> None:
    since = SystemClock().now()
    shop.send(shop.prepare_deactivation(discount_of(shop, code_of(training, "expiring_soon"))))
    seen = record_of(shop, training, "example")
    shop.send(shop.prepare_record(seen, code_of(training, "example"), PutClaim(Claim("op-1", "sato", NOW))))

    listing = Listing(client)
    changed = [row.code for page in listing.discounts(since - timedelta(seconds=2)) for row in page.rows]
    customers = [row.id for page in listing.customers_with_records(since - timedelta(seconds=2)) for row in page.rows]

    assert changed == [code_of(training, "expiring_soon")]
    assert customers == [seen.customer.id]


def test_a_record_that_cannot_be_read_is_listed_as_a_problem(client: ShopifyClient, training: TrainingShop) -> None:
    customer_id = training.showcase.example.customer_id
    training.edit_record(customer_id, "a word")

    rows = {row.id: row for page in Listing(client).customers_with_records() for row in page.rows}

    assert rows[customer_id].problem is not None
    assert rows[customer_id].entries == ()


def test_nobody_there_is_unavailable(shop: Shop, training: TrainingShop) -> None:
    training.faults.add(Fault("DiscountByCode", FaultKind.RESET_BEFORE, every=1))

    with pytest.raises(RemoteUnavailable):
        shop.read_discount(code_of(training, "example"))
