"""The catalogue follows Shopify: all of it first, then what changed; stopped, resumed, and never misled by silence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Event
from typing import Generic, TypeVar

import pytest

from coupon_desk.catalogue.query import StatusFilter
from coupon_desk.catalogue.state import SyncState
from coupon_desk.catalogue.sync import OVERLAP, Synchroniser, SyncPhase, SyncProgress
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import RecordEntry, RecordStatus
from coupon_desk.errors import RemoteRefused, RemoteUnavailable, System
from coupon_desk.words import Message, msg
from tests.catalogue.conftest import NOW, Desk, record


@dataclass(frozen=True)
class ACustomer:
    id: str
    name: str
    entries: tuple[tuple[CouponCode, RecordEntry], ...]
    updated_at: datetime | None = NOW
    email: str | None = None
    phone: str | None = None
    problem: Message | None = None


@dataclass(frozen=True)
class ADiscount:
    code: CouponCode
    id: str = "gid://shopify/DiscountCodeNode/1"
    usage_count: int = 0
    starts_at: datetime | None = NOW - timedelta(days=10)
    ends_at: datetime | None = NOW + timedelta(days=90)
    created_at: datetime | None = NOW - timedelta(days=10)
    updated_at: datetime = NOW
    customer_ids: tuple[str, ...] = ()
    amount: Decimal | None = Decimal(500)
    currency: str | None = "JPY"


Row = TypeVar("Row", ACustomer, ADiscount)


@dataclass(frozen=True)
class Page(Generic[Row]):
    rows: Sequence[Row]
    resume_from: str | None


@dataclass
class Shop:
    """A source that pages by two, remembers what it was asked, and fails where it is told to."""

    customers: list[ACustomer] = field(default_factory=list)
    codes: list[ADiscount] = field(default_factory=list)
    asked: list[tuple[str, datetime | None, str | None]] = field(default_factory=list)
    fail_at: tuple[str, int] | None = None
    error: Exception | None = None
    forgets_places: bool = False

    def customers_with_records(
        self, updated_since: datetime | None = None, *, resume_from: str | None = None
    ) -> Iterator[Page[ACustomer]]:
        return self._pages("customers", self.customers, updated_since, resume_from)

    def discounts(self, updated_since: datetime | None = None, *, resume_from: str | None = None) -> Iterator[Page[ADiscount]]:
        return self._pages("discounts", self.codes, updated_since, resume_from)

    def _pages(self, kind: str, rows: Sequence[Row], since: datetime | None, resume_from: str | None) -> Iterator[Page[Row]]:
        self.asked.append((kind, since, resume_from))
        if resume_from is not None and self.forgets_places:
            raise RemoteRefused(System.SHOPIFY, msg("Invalid cursor."))
        fresh = [row for row in rows if since is None or (row.updated_at or NOW) >= since]
        for start in range(int(resume_from or 0), max(len(fresh), 1), 2):
            if self.fail_at == (kind, start) and self.error:
                raise self.error
            yield Page(fresh[start : start + 2], str(start + 2) if start + 2 < len(fresh) else None)


def code(number: int) -> CouponCode:
    return CouponCode(f"{number}-AB12CD-500")


@pytest.fixture
def shop() -> Shop:
    return Shop(
        [
            ACustomer(f"gid://shopify/Customer/{number}", f"Customer {number}", ((code(number), record()),))
            for number in range(1, 6)
        ],
        [ADiscount(code(number)) for number in range(1, 6)],
    )


def synchroniser(desk: Desk, shop: Shop) -> Synchroniser:
    return Synchroniser(desk.catalogue, shop, desk.clock, currency="JPY")


def test_the_first_run_reads_everything_customers_first(any_desk: Desk, shop: Shop) -> None:
    outcome = synchroniser(any_desk, shop).run()
    assert (outcome.is_finished, outcome.is_full, outcome.seen) == (True, True, 10)
    assert shop.asked == [("customers", None, None), ("discounts", None, None)]
    assert sorted(any_desk.found(status=StatusFilter.UNUSED)) == sorted(code(number).text for number in range(1, 6))
    assert any_desk.found("Customer 3") == [code(3).text]


def test_later_runs_read_what_changed_by_shopifys_clock_with_an_overlap(desk: Desk, shop: Shop) -> None:
    synchroniser(desk, shop).run()
    desk.clock.advance(3_600)
    shop.codes[1] = replace(shop.codes[1], usage_count=1, updated_at=NOW + timedelta(hours=2))
    outcome = synchroniser(desk, shop).run()
    assert shop.asked[2:] == [("customers", NOW - OVERLAP, None), ("discounts", NOW - OVERLAP, None)]
    assert (outcome.is_full, outcome.changed) == (False, 1)
    assert desk.found(status=StatusFilter.USED) == [code(2).text]
    synchroniser(desk, shop).run()
    assert shop.asked[-1] == ("discounts", NOW + timedelta(hours=2) - OVERLAP, None)


def test_a_run_that_was_stopped_goes_on_where_it_was(desk: Desk, shop: Shop) -> None:
    stop = Event()
    seen: list[SyncProgress] = []

    def after_the_first_page(progress: SyncProgress) -> None:
        seen.append(progress)
        if progress.done:
            stop.set()

    first = synchroniser(desk, shop).run(stop=stop, progress=after_the_first_page)
    assert (first.is_finished, first.seen) == (False, 2)
    assert desk.catalogue.sync_state().run_started_at == NOW
    second = synchroniser(desk, shop).run()
    assert (second.is_finished, second.is_full, second.seen) == (True, True, 8)
    assert shop.asked == [("customers", None, None), ("customers", None, "2"), ("discounts", None, None)]
    assert desk.catalogue.sync_state().run_started_at is None


def test_a_run_that_failed_keeps_what_it_read_and_goes_on(desk: Desk, shop: Shop) -> None:
    shop.fail_at, shop.error = ("discounts", 2), RemoteUnavailable(System.SHOPIFY, msg("Shopify did not answer."))
    with pytest.raises(RemoteUnavailable):
        synchroniser(desk, shop).run()
    assert len(desk.found()) == 5
    shop.fail_at = None
    assert synchroniser(desk, shop).run().is_finished
    assert shop.asked[-1] == ("discounts", None, "2")


def test_a_place_that_shopify_has_forgotten_means_from_the_start(desk: Desk, shop: Shop) -> None:
    shop.fail_at, shop.error = ("discounts", 2), RemoteUnavailable(System.SHOPIFY, msg("Shopify did not answer."))
    with pytest.raises(RemoteUnavailable):
        synchroniser(desk, shop).run()
    shop.fail_at, shop.forgets_places = None, True
    assert synchroniser(desk, shop).run().is_finished
    assert shop.asked[-2:] == [("discounts", None, "2"), ("discounts", None, None)]


def test_a_refusal_that_has_nothing_to_do_with_a_place_is_passed_on(desk: Desk, shop: Shop) -> None:
    shop.fail_at, shop.error = ("customers", 0), RemoteRefused(System.SHOPIFY, msg("Access denied."))
    with pytest.raises(RemoteRefused):
        synchroniser(desk, shop).run()


def test_a_full_run_forgets_what_is_gone_and_a_later_run_does_not(desk: Desk, shop: Shop) -> None:
    synchroniser(desk, shop).run()
    desk.clock.advance(3_600)
    del shop.customers[0], shop.codes[0]
    assert synchroniser(desk, shop).run().forgotten == 0
    assert code(1).text in desk.found()
    desk.clock.advance(60)
    assert synchroniser(desk, shop).run(full=True).forgotten == 1
    assert code(1).text not in desk.found()


def test_a_shop_that_suddenly_has_nothing_empties_no_catalogue(desk: Desk, shop: Shop) -> None:
    synchroniser(desk, shop).run()
    desk.clock.advance(60)
    shop.customers.clear()
    shop.codes.clear()
    assert synchroniser(desk, shop).run(full=True).forgotten == 0
    assert len(desk.found(status=StatusFilter.UNUSED)) == 5


def test_a_coupon_whose_discount_is_gone_needs_attention(desk: Desk, shop: Shop) -> None:
    del shop.codes[0]
    synchroniser(desk, shop).run()
    assert desk.found(status=StatusFilter.NEEDS_ATTENTION) == [code(1).text]


def test_a_record_that_cannot_be_read_stays_as_it_was(desk: Desk, shop: Shop) -> None:
    synchroniser(desk, shop).run()
    desk.clock.advance(60)
    shop.customers[0] = replace(shop.customers[0], entries=(), problem=msg("The record is not JSON."))
    outcome = synchroniser(desk, shop).run(full=True)
    assert (outcome.unreadable, outcome.forgotten) == (1, 0)
    assert desk.found("Customer 1") == [code(1).text]
    assert desk.status(code(1).text) == "unused"


def test_an_entry_that_left_a_record_is_forgotten_by_the_next_run(desk: Desk, shop: Shop) -> None:
    del shop.codes[0]
    synchroniser(desk, shop).run()
    desk.clock.advance(60)
    shop.customers[0] = replace(shop.customers[0], entries=(), updated_at=NOW + timedelta(seconds=30))
    synchroniser(desk, shop).run()
    assert desk.status(code(1).text) is None


def test_a_record_that_says_cancelled_is_believed(desk: Desk, shop: Shop) -> None:
    cancelled = (code(1), record(RecordStatus.CANCELLED))
    shop.customers[0] = replace(shop.customers[0], entries=(cancelled,), updated_at=None)
    synchroniser(desk, shop).run()
    assert desk.found(status=StatusFilter.CANCELLED) == [code(1).text]


def test_progress_tells_phase_rows_and_what_a_full_run_may_expect(desk: Desk, shop: Shop) -> None:
    synchroniser(desk, shop).run()
    seen: list[SyncProgress] = []
    synchroniser(desk, shop).run(full=True, progress=seen.append)
    assert [(each.phase.value, each.done, each.total) for each in seen] == [
        ("customers", 0, 5),
        ("customers", 2, 5),
        ("customers", 4, 5),
        ("customers", 5, 5),
        ("discounts", 0, 5),
        ("discounts", 2, 5),
        ("discounts", 4, 5),
        ("discounts", 5, 5),
        ("tidying", 0, None),
    ]
    assert all(str(phase.label) for phase in SyncPhase)


def test_asking_for_a_full_run_replaces_an_unfinished_small_one(desk: Desk, shop: Shop) -> None:
    synchroniser(desk, shop).run()
    stop = Event()
    stop.set()
    assert not synchroniser(desk, shop).run(stop=stop).is_finished
    assert synchroniser(desk, shop).run(full=True).is_full
    assert desk.catalogue.sync_state().full_finished_at is not None


def test_a_fresh_catalogue_has_a_fresh_state(desk: Desk) -> None:
    assert desk.catalogue.sync_state() == SyncState()
