"""A full run by exports of a real server: the training shop's bulk operations, over HTTP, with everything that can go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import select

from coupon_desk.catalogue.catalogue import Catalogue
from coupon_desk.catalogue.facts import FACT_NAMES
from coupon_desk.catalogue.progress import SyncOutcome, SyncPhase, SyncProgress
from coupon_desk.catalogue.query import StatusFilter
from coupon_desk.catalogue.sync import Synchroniser
from coupon_desk.clock import SystemClock, VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.status import CouponStatus
from coupon_desk.errors import RemoteUnavailable
from coupon_desk.settings import Shopify
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.exports import Exports
from coupon_desk.shopify.listing import Listing
from coupon_desk.storage.database import Database
from coupon_desk.storage.tables.catalogue import coupon_grams, coupon_text, coupons
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.shop import TrainingShop
from tests.catalogue.conftest import Desk, open_desk
from tests.surroundings.migrated import migrated

SEEN = ("record_seen_at", "discount_seen_at")


@pytest.fixture
def shop(desk: Desk) -> Iterator[TrainingShop]:
    desk.clock.advance((SystemClock().now() - desk.clock.now()).total_seconds())
    with TrainingShop.start(coupons=60, seed=7, clock=desk.clock) as shop:
        yield shop


@dataclass
class Runner:
    """Syncs a desk with the training shop, by exports however small it is."""

    desk: Desk
    client: ShopifyClient

    def sync(self, exports_from: int = 1, **how: Any) -> SyncOutcome:
        synchroniser = Synchroniser(
            self.desk.catalogue,
            Listing(self.client),
            self.desk.clock,
            currency="JPY",
            exports=Exports(self.client, self.desk.clock),
            exports_from=exports_from,
        )
        return synchroniser.run(**how)


@pytest.fixture
def client(desk: Desk, shop: TrainingShop) -> Iterator[ShopifyClient]:
    address = shop.addresses
    settings = Shopify(domain=address.shopify_domain, endpoint=address.shopify_endpoint, api_version=address.api_version)
    clock: VirtualClock = desk.clock
    with ShopifyClient(settings, lambda: address.token, clock) as client:
        yield client


@pytest.fixture
def runner(desk: Desk, client: ShopifyClient) -> Iterator[Runner]:
    yield Runner(desk, client)
    desk.catalogue.close()


def everything(catalogue: Catalogue) -> dict[str, Any]:
    """All that a catalogue knows, and what a search finds it by; not when it was seen."""
    with catalogue.place.database.read() as connection:
        rows = {row.id: row for row in connection.execute(select(coupons))}
        texts = {row.rowid: row.text for row in connection.execute(select(coupon_text))}
        grams = {row.rowid: row.grams for row in connection.execute(select(coupon_grams))}
    names = [name for name in rows[next(iter(rows))]._fields if name not in SEEN]
    return {
        row.code: ({name: getattr(row, name) for name in names}, texts[place], grams.get(place)) for place, row in rows.items()
    }


def own_file(desk: Desk) -> str | None:
    desk.catalogue.place.look_again()
    return desk.catalogue.place.name


def calls(shop: TrainingShop, name: str) -> int:
    return len(shop.journal.calls(name))


def test_exports_make_the_same_catalogue_as_pages(
    desk: Desk, shop: TrainingShop, runner: Runner, client: ShopifyClient, tmp_path: Path
) -> None:
    (tmp_path / "paged").mkdir()
    paged = open_desk(migrated(tmp_path / "paged" / "desk.sqlite3"))
    paged.clock.advance((desk.clock.now() - paged.clock.now()).total_seconds())
    by_pages = Runner(paged, client).sync(exports_from=10_000)
    outcome = runner.sync()
    assert (outcome.is_finished, outcome.is_full, outcome.unreadable) == (True, True, 0)
    assert (outcome.seen, outcome.changed, outcome.forgotten) == (by_pages.seen, len(everything(paged.catalogue)), 0)
    assert own_file(desk) == "catalogue-1.sqlite3"
    assert everything(desk.catalogue) == everything(paged.catalogue)
    assert desk.found(str(shop.showcase.example.code)) == [str(shop.showcase.example.code)]
    paged.database.close()


def test_a_small_shop_is_read_by_pages(desk: Desk, shop: TrainingShop, runner: Runner) -> None:
    assert runner.sync(exports_from=5_000).is_finished
    assert (own_file(desk), calls(shop, "bulkOperationRunQuery")) == (None, 0)


def test_the_result_is_fetched_without_our_token(shop: TrainingShop, runner: Runner) -> None:
    runner.sync()
    fetched = shop.journal.calls("bulk.download")
    assert [entry.status for entry in fetched] == [200, 200]  # a request that shows the token gets 400


def test_what_changed_is_read_by_pages_afterwards(desk: Desk, shop: TrainingShop, runner: Runner) -> None:
    runner.sync()
    code = str(shop.showcase.example.code)
    shop.redeem(code)
    entry = shop.record_entry(code)
    assert entry is not None
    shop.edit_record(shop.showcase.example.customer_id, [entry | {"status": "used"}])
    desk.clock.advance(60)
    assert not runner.sync().is_full
    assert code in desk.found(code, StatusFilter.USED)
    assert calls(shop, "bulkOperationRunQuery") == 2


def test_the_next_full_run_notices_what_is_gone_and_keeps_our_own_word(desk: Desk, shop: TrainingShop, runner: Runner) -> None:
    runner.sync()
    example, used = str(shop.showcase.example.code), str(shop.showcase.used.code)
    shop.delete_discount(example)
    desk.catalogue.set_status(CouponCode(used), CouponStatus.NEEDS_ATTENTION, desk.clock.now())
    desk.clock.advance(7_200)
    outcome = runner.sync(full=True)
    assert (outcome.is_full, outcome.changed) == (True, 2)
    assert own_file(desk) == "catalogue-2.sqlite3"
    assert {path.name for path in Path(str(desk.database.engine.url.database)).parent.glob("catalogue-1*")} == set()
    assert desk.status(example) == "needs_attention"
    assert desk.status(used) == "needs_attention"
    desk.catalogue.set_status(CouponCode(used), CouponStatus.UNUSED, desk.clock.now())
    assert desk.status(used) == "used"


def test_a_coupon_that_no_source_knows_any_more_is_forgotten(desk: Desk, shop: TrainingShop, runner: Runner) -> None:
    runner.sync()
    code = str(shop.showcase.example.code)
    shop.delete_discount(code)
    shop.edit_record(shop.showcase.example.customer_id, [])
    desk.clock.advance(7_200)
    assert runner.sync(full=True).forgotten >= 1
    assert desk.status(code) is None


def test_a_record_that_cannot_be_read_stays_as_it_was(desk: Desk, shop: TrainingShop, runner: Runner) -> None:
    runner.sync()
    code = str(shop.showcase.example.code)
    before = everything(desk.catalogue)[code][0]
    shop.edit_record(shop.showcase.example.customer_id, "nonsense")
    desk.clock.advance(7_200)
    assert runner.sync(full=True).unreadable == 1
    after = everything(desk.catalogue)[code][0]
    assert {name: after[name] for name in FACT_NAMES if name.startswith(("record_", "customer_")) and name not in SEEN} == {
        name: before[name] for name in FACT_NAMES if name.startswith(("record_", "customer_")) and name not in SEEN
    }


@pytest.mark.parametrize("when", [0, 3, 5, 8])
def test_a_run_that_was_stopped_goes_on_where_it_was(desk: Desk, shop: TrainingShop, runner: Runner, when: int) -> None:
    stop = Event()
    told: list[SyncProgress] = []

    def tell(progress: SyncProgress) -> None:
        told.append(progress)
        if len(told) > when:
            stop.set()

    first = runner.sync(stop=stop, progress=tell)
    second = runner.sync()
    assert second.is_finished or first.is_finished
    assert calls(shop, "bulkOperationRunQuery") == 2
    assert len(everything(desk.catalogue)) == second.changed or first.is_finished


@pytest.mark.parametrize("point", ["begin", "customers", "discounts", "index", "carry", "switch"])
def test_a_run_that_was_killed_anywhere_goes_on(
    desk: Desk, shop: TrainingShop, runner: Runner, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = {
        "begin": "coupon_desk.catalogue.full_load.FullLoad._with_export",
        "customers": "coupon_desk.catalogue.loading.Loading.end_customers",
        "discounts": "coupon_desk.catalogue.loading.Loading.end_discounts",
        "index": "coupon_desk.catalogue.loading.Loading.compare",
        "carry": "coupon_desk.catalogue.file.CatalogueFile.switch",
        "switch": "coupon_desk.catalogue.catalogue.Catalogue.clear_home",
    }[point]

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(where, killed)
        with pytest.raises(KeyboardInterrupt):
            runner.sync()
    assert runner.sync().is_finished
    assert calls(shop, "bulkOperationRunQuery") == 2
    assert desk.status(str(shop.showcase.example.code)) == "unused"
    assert own_file(desk) == "catalogue-1.sqlite3"


def test_what_was_learned_and_said_during_a_load_is_not_lost(desk: Desk, shop: TrainingShop, runner: Runner) -> None:
    code, used = shop.showcase.example.code, shop.showcase.used.code

    def meanwhile(progress: SyncProgress) -> None:
        if progress.phase is SyncPhase.INDEXING:
            desk.catalogue.set_status(CouponCode(str(code)), CouponStatus.CANCELLED, desk.clock.now())
        if progress.phase is SyncPhase.TIDYING:
            desk.catalogue.set_status(CouponCode(str(used)), CouponStatus.CANCELLING, desk.clock.now())

    assert runner.sync(progress=meanwhile).is_finished
    assert (desk.status(str(code)), desk.status(str(used))) == ("cancelled", "cancelling")


@pytest.mark.parametrize(
    "fault",
    [
        Fault("bulk.download", FaultKind.TRUNCATED_AFTER),
        Fault("bulk.download", FaultKind.RESET_BEFORE, times=3, probability=1),
        Fault("bulk.download", FaultKind.ERROR_500_BEFORE),
        Fault("bulk.download", FaultKind.HTTP_STATUS, status=403),
        Fault("BeginExport", FaultKind.LOST_ANSWER),
        Fault("BeginExport", FaultKind.INTERNAL_ERROR_200_AFTER),
        Fault("ExportState", FaultKind.HTML_502),
        Fault("bulk.run", FaultKind.BULK_FAILED),
        Fault("bulk.run", FaultKind.SLOW, seconds=600),
    ],
    ids=lambda fault: f"{fault.call}-{fault.kind}",
)
def test_a_fault_delays_a_load_and_spoils_nothing(desk: Desk, shop: TrainingShop, runner: Runner, fault: Fault) -> None:
    shop.faults.add(fault)
    assert runner.sync().is_finished
    assert own_file(desk) == "catalogue-1.sqlite3"
    assert len(everything(desk.catalogue)) == 64


@pytest.mark.parametrize(
    "refuse",
    [
        lambda shop: shop.faults.add(Fault("bulk.run", FaultKind.FORBIDDEN, probability=1)),
        lambda shop: shop.faults.add(Fault("bulk.run", FaultKind.BULK_FAILED, probability=1)),
        lambda shop: shop.configure(bulk_seconds=86_400 * 2),
        lambda shop: shop.configure(bulk_at_once=0),
    ],
    ids=["forbidden", "failing", "stuck", "busy"],
)
def test_a_shop_that_makes_no_exports_is_read_by_pages(
    desk: Desk, shop: TrainingShop, runner: Runner, refuse: Callable[[TrainingShop], None]
) -> None:
    refuse(shop)
    outcome = runner.sync()
    assert (outcome.is_finished, outcome.is_full) == (True, True)
    assert calls(shop, "ListDiscounts") >= 1
    assert desk.status(str(shop.showcase.example.code)) == "unused"
    assert desk.catalogue.sync_state().load is None


def test_a_storage_that_cannot_be_reached_ends_in_pages(desk: Desk, shop: TrainingShop, runner: Runner) -> None:
    shop.faults.add(Fault("bulk.download", FaultKind.RESET_BEFORE, probability=1))
    for _ in range(2):
        with pytest.raises(RemoteUnavailable):
            runner.sync()
    assert runner.sync().is_finished
    assert own_file(desk) is None


def test_another_desks_export_will_do(desk: Desk, shop: TrainingShop, runner: Runner, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = open_desk(migrated(tmp_path / "other" / "desk.sqlite3"))
    other.clock.advance((desk.clock.now() - other.clock.now()).total_seconds())
    Runner(other, runner.client).sync()
    runner.sync()
    assert calls(shop, "bulkOperationRunQuery") == 2
    assert everything(desk.catalogue) == everything(other.catalogue)
    other.catalogue.close()
    other.database.close()


def test_a_shop_that_suddenly_has_nothing_empties_no_catalogue(desk: Desk, shop: TrainingShop, runner: Runner) -> None:
    runner.sync()
    before = len(everything(desk.catalogue))
    shop.configure(scopes=frozenset({"read_customers"}))
    desk.clock.advance(7_200)
    with pytest.raises(Exception, match="permit"):
        runner.sync(full=True)
    assert len(everything(desk.catalogue)) == before


def test_coupons_in_the_homes_database_leave_it(desk: Desk, shop: TrainingShop, runner: Runner) -> None:
    runner.sync(exports_from=10_000)
    desk.clock.advance(7_200)
    runner.sync(full=True)
    with desk.database.read() as connection:
        assert connection.execute(select(coupons.c.id)).first() is None
    assert len(everything(desk.catalogue)) == 64


def test_a_file_that_is_gone_or_of_another_make_is_read_anew(desk: Desk, runner: Runner) -> None:
    runner.sync()
    file = desk.catalogue.own_file()
    assert file is not None
    desk.catalogue.close()
    with Database.open(file).write() as connection:
        connection.exec_driver_sql("DROP INDEX ix_coupons_customer_key")
    assert own_file(desk) is None
    assert desk.catalogue.sync_state().full_finished_at is None
    desk.clock.advance(7_200)
    assert runner.sync().is_full
    assert own_file(desk) == "catalogue-2.sqlite3"


def test_progress_tells_every_phase(desk: Desk, shop: TrainingShop, runner: Runner) -> None:
    shop.configure(bulk_seconds=30)
    told: list[SyncProgress] = []
    runner.sync(progress=told.append)
    phases = list(dict.fromkeys(progress.phase for progress in told))
    assert phases == [SyncPhase.PREPARING, SyncPhase.CUSTOMERS, SyncPhase.DISCOUNTS, SyncPhase.INDEXING, SyncPhase.TIDYING]
    assert all(progress.total is None or progress.done <= progress.total for progress in told)
    assert any(progress.remaining_seconds is not None for progress in told)
    assert all(str(progress.message) for progress in told)
