"""A full run of a big shop: from exports, into a file of its own, and nothing lost whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import select

from coupon_desk.catalogue.awaiting import BUSY_SECONDS, STUCK_SECONDS
from coupon_desk.catalogue.exports import ExportStage
from coupon_desk.catalogue.full_load import MOST_FAILED, SMALLEST_SHOP
from coupon_desk.catalogue.progress import SyncPhase, SyncProgress
from coupon_desk.catalogue.query import StatusFilter
from coupon_desk.catalogue.sync import OVERLAP, Synchroniser
from coupon_desk.coupons.evidence import RecordStatus
from coupon_desk.coupons.status import CouponStatus
from coupon_desk.errors import RemoteUnavailable, StorageError
from coupon_desk.storage.database import Database
from coupon_desk.storage.tables.catalogue import coupons
from coupon_desk.words import msg
from tests.catalogue.conftest import NOW, Desk, record
from tests.catalogue.export_shop import ExportShop
from tests.catalogue.test_sync import ACustomer, ADiscount, Shop, code


@pytest.fixture
def shop(desk: Desk) -> Iterator[ExportShop]:
    """Six customers with a coupon each; the last of them has no discount, and one discount stands in no record."""
    customers = [
        ACustomer(f"gid://shopify/Customer/{number}", f"佐藤 花子{number}", ((code(number), record()),))
        for number in range(1, 7)
    ]
    yield ExportShop(desk.clock, customers, [ADiscount(code(number)) for number in (1, 2, 3, 4, 5, 7)])
    desk.catalogue.close()


def syncing(desk: Desk, shop: ExportShop, exports_from: int = 1) -> Synchroniser:
    pages = Shop(shop.customers, shop.codes)
    return Synchroniser(desk.catalogue, pages, desk.clock, currency="JPY", exports=shop, exports_from=exports_from)


def own_file(desk: Desk) -> str | None:
    desk.catalogue.place.look_again()
    return desk.catalogue.place.name


def test_a_big_shop_comes_from_exports_into_a_file_of_its_own(desk: Desk, shop: ExportShop) -> None:
    outcome = syncing(desk, shop).run()
    assert (outcome.is_finished, outcome.is_full, outcome.seen, outcome.changed) == (True, True, 12, 7)
    assert own_file(desk) == "catalogue-1.sqlite3"
    assert len(desk.found()) == 7
    assert desk.found("花子3") == [code(3).text]
    assert desk.found("佐") == desk.found("佐藤花子")
    assert desk.found(status=StatusFilter.NEEDS_ATTENTION) == [code(6).text]
    with desk.database.read() as home:
        assert home.execute(select(coupons.c.id)).first() is None


def test_a_small_shop_comes_by_pages(desk: Desk, shop: ExportShop) -> None:
    assert syncing(desk, shop, SMALLEST_SHOP).run().is_finished
    assert (shop.begun, own_file(desk), len(desk.found())) == ([], None, 7)


def test_what_changes_later_comes_by_pages_from_when_the_export_began(desk: Desk, shop: ExportShop) -> None:
    pages = Shop(shop.customers, shop.codes)
    synchroniser = Synchroniser(desk.catalogue, pages, desk.clock, currency="JPY", exports=shop, exports_from=1)
    synchroniser.run()
    desk.clock.advance(3_600)
    shop.codes[0] = replace(shop.codes[0], usage_count=1, updated_at=NOW + timedelta(hours=1))
    assert not synchroniser.run().is_full
    assert [since for _, since, _ in pages.asked] == [NOW - OVERLAP, NOW - OVERLAP]
    assert desk.found(status=StatusFilter.USED) == [code(1).text]


@pytest.mark.parametrize("when", [0, 2, 4, 7])
def test_a_run_that_was_stopped_goes_on_where_it_was(desk: Desk, shop: ExportShop, when: int) -> None:
    stop = Event()
    told: list[SyncProgress] = []

    def tell(progress: SyncProgress) -> None:
        told.append(progress)
        if len(told) > when:
            stop.set()

    assert not syncing(desk, shop).run(stop=stop, progress=tell).is_finished
    outcome = syncing(desk, shop).run()
    assert (outcome.is_finished, outcome.changed, len(desk.found())) == (True, 7, 7)
    assert sorted(shop.begun) == ["customers", "discounts"]
    assert len({(kind, start) for kind, start in shop.read_from}) == len(shop.read_from)


@pytest.mark.parametrize(
    "point",
    [
        "full_load.FullLoad._with_export",
        "loading.Loading.end_customers",
        "loading.Loading.end_discounts",
        "loading.Loading.compare",
        "file.CatalogueFile.switch",
        "catalogue.Catalogue.clear_home",
    ],
)
def test_a_run_that_was_killed_goes_on(desk: Desk, shop: ExportShop, point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(f"coupon_desk.catalogue.{point}", killed)
        with pytest.raises(KeyboardInterrupt):
            syncing(desk, shop).run()
    outcome = syncing(desk, shop).run()
    assert outcome.is_finished
    assert (own_file(desk), len(desk.found())) == ("catalogue-1.sqlite3", 7)
    assert desk.catalogue.sync_state().load is None


def test_a_later_full_run_notices_what_is_gone_and_keeps_our_own_word(desk: Desk, shop: ExportShop) -> None:
    syncing(desk, shop).run()
    del shop.codes[0], shop.codes[4]
    shop.customers[1] = replace(shop.customers[1], entries=(), problem=msg("The record is not JSON."))
    desk.catalogue.set_status(code(3), CouponStatus.CANCELLED, desk.clock.now())
    desk.clock.advance(7_200)
    outcome = syncing(desk, shop).run(full=True)
    assert (outcome.changed, outcome.forgotten, outcome.unreadable) == (2, 1, 1)
    assert own_file(desk) == "catalogue-2.sqlite3"
    assert not list(Path(str(desk.database.engine.url.database)).parent.glob("catalogue-1*"))
    assert desk.status(code(1).text) == "needs_attention"
    assert desk.status(code(7).text) is None
    assert desk.found("花子2") == [code(2).text]
    assert desk.status(code(3).text) == "cancelled"
    desk.catalogue.set_status(code(3), CouponStatus.UNUSED, desk.clock.now())
    assert desk.status(code(3).text) == "unused"


def test_what_is_said_and_learned_during_a_load_is_not_lost(desk: Desk, shop: ExportShop) -> None:
    syncing(desk, shop).run()
    desk.clock.advance(7_200)
    synchroniser = syncing(desk, shop)

    def meanwhile(progress: SyncProgress) -> None:
        if progress.phase is SyncPhase.INDEXING:
            desk.catalogue.set_status(code(1), CouponStatus.CANCELLED, desk.clock.now())
            used = ACustomer("gid://shopify/Customer/2", "佐藤 花子2", ((code(2), record(RecordStatus.USED)),))
            desk.catalogue.upsert(synchroniser.rows_of(used))
            desk.catalogue.forget_customer("gid://shopify/Customer/4")
        if progress.phase is SyncPhase.TIDYING:
            desk.catalogue.set_status(code(3), CouponStatus.CANCELLING, desk.clock.now())

    assert synchroniser.run(full=True, progress=meanwhile).is_finished
    assert [desk.status(code(number).text) for number in (1, 2, 3)] == ["cancelled", "used", "cancelling"]


def test_coupons_that_came_by_pages_leave_the_homes_database(desk: Desk, shop: ExportShop) -> None:
    syncing(desk, shop, SMALLEST_SHOP).run()
    desk.clock.advance(7_200)
    outcome = syncing(desk, shop).run(full=True)
    assert (outcome.changed, outcome.forgotten, len(desk.found())) == (0, 0, 7)
    with desk.database.read() as home:
        assert home.execute(select(coupons.c.id)).first() is None


@pytest.mark.parametrize("wrong", ["refuses", "busy", "stuck", "failing", "gone", "unreadable"])
def test_a_shop_whose_exports_come_to_nothing_is_read_by_pages(desk: Desk, shop: ExportShop, wrong: str) -> None:
    shop.refuses = wrong == "refuses"
    shop.has_room = wrong != "busy"
    stage = {"stuck": ExportStage.RUNNING, "failing": ExportStage.FAILED, "gone": ExportStage.GONE}.get(wrong)
    shop.stages = [stage] * 2_000 if stage is not None else []
    if wrong == "unreadable":
        shop.breaks_at = 2
        for _ in range(MOST_FAILED - 1):
            with pytest.raises(RemoteUnavailable):
                syncing(desk, shop).run()
    before = desk.clock.monotonic()
    outcome = syncing(desk, shop).run()
    waited = desk.clock.monotonic() - before
    assert (outcome.is_finished, outcome.is_full, len(desk.found())) == (True, True, 7)
    assert (own_file(desk), desk.catalogue.sync_state().load) == (None, None)
    assert not list(Path(str(desk.database.engine.url.database)).parent.glob("catalogue-*"))
    assert waited <= 2 * STUCK_SECONDS + BUSY_SECONDS


def test_a_part_of_a_failed_export_is_shown_until_the_pages_have_come(desk: Desk, shop: ExportShop) -> None:
    shop.stages = [ExportStage.READY, *[ExportStage.FAILED] * 2]
    shop.leaves_part = True
    seen: list[int] = []

    def tell(progress: SyncProgress) -> None:
        if progress.phase is SyncPhase.CUSTOMERS:
            seen.append(len(desk.found()))

    outcome = syncing(desk, shop).run(progress=tell)
    assert (outcome.is_finished, len(desk.found()), own_file(desk)) == (True, 7, "catalogue-1.sqlite3")
    assert 7 in seen
    assert desk.status(code(6).text) == "needs_attention"


def test_a_shop_that_suddenly_has_nothing_empties_no_catalogue(desk: Desk, shop: ExportShop) -> None:
    syncing(desk, shop).run()
    desk.clock.advance(7_200)
    shop.customers.clear()
    shop.codes[1:] = []
    assert syncing(desk, shop).run(full=True).forgotten <= 5
    assert len(desk.found()) >= 6


def test_a_file_that_is_of_another_make_is_read_anew_and_our_own_word_is_kept(desk: Desk, shop: ExportShop) -> None:
    syncing(desk, shop).run()
    desk.catalogue.set_status(code(1), CouponStatus.NEEDS_ATTENTION, desk.clock.now())
    file = desk.catalogue.own_file()
    assert file is not None
    desk.catalogue.close()
    older = Database.open(file)
    with older.write() as connection:
        connection.exec_driver_sql("DROP INDEX ix_coupons_customer_key")
    older.close()
    assert own_file(desk) is None
    assert syncing(desk, shop).run().is_full
    assert own_file(desk) == "catalogue-1.sqlite3"
    assert (desk.status(code(1).text), len(desk.found())) == ("needs_attention", 7)


def test_two_programs_do_not_build_the_same_file(desk: Desk, shop: ExportShop) -> None:
    def meanwhile(progress: SyncProgress) -> None:
        if progress.phase is SyncPhase.DISCOUNTS:
            with pytest.raises(StorageError):
                syncing(desk, shop).run()

    assert syncing(desk, shop).run(progress=meanwhile).is_finished


def test_progress_tells_every_phase_and_what_is_left(desk: Desk, shop: ExportShop) -> None:
    shop.stages = [ExportStage.RUNNING] * 8
    told: list[SyncProgress] = []

    def tell(progress: SyncProgress) -> None:
        told.append(progress)
        desk.clock.advance(60)

    syncing(desk, shop).run(progress=tell)
    assert list(dict.fromkeys(each.phase for each in told)) == list(SyncPhase)
    assert all(each.total is None or each.done <= each.total for each in told)
    (reading,) = [each for each in told if (each.phase, each.done) == (SyncPhase.DISCOUNTS, 4)]
    assert str(reading.message) == "Reading the discounts: 4 of 6 · about 2 minutes left"


def test_a_code_that_comes_twice_is_one_coupon(desk: Desk, shop: ExportShop) -> None:
    shop.codes.append(replace(shop.codes[0], id="gid://shopify/DiscountCodeNode/2", usage_count=1))
    syncing(desk, shop).run()
    assert len(desk.found()) == 7
    assert desk.status(code(1).text) == "used"
