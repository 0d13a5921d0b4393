"""A full run by exports of a real server: the training shop's bulk operations, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from coupon_desk.catalogue.catalogue import Catalogue
from coupon_desk.catalogue.progress import SyncOutcome
from coupon_desk.catalogue.query import StatusFilter
from coupon_desk.catalogue.sync import Synchroniser
from coupon_desk.clock import SystemClock, VirtualClock
from coupon_desk.settings import Shopify
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.exports import Exports
from coupon_desk.shopify.listing import Listing
from coupon_desk.storage.tables.catalogue import coupon_grams, coupon_text, coupons
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.shop import TrainingShop
from tests.catalogue.conftest import Desk, open_desk
from tests.surroundings.migrated import migrated

SEEN = ("record_seen_at", "discount_seen_at")


@pytest.fixture
def shop(desk: Desk) -> Iterator[TrainingShop]:
    desk.clock.advance((SystemClock().now() - desk.clock.now()).total_seconds())
    with TrainingShop.start(coupons=40, seed=7, clock=desk.clock) as shop:
        yield shop


@dataclass
class Runner:
    """Syncs a desk with the training shop, by exports however small it is."""

    desk: Desk
    client: ShopifyClient

    def sync(self, exports_from: int = 1, **how: Any) -> SyncOutcome:
        listing, exports = Listing(self.client), Exports(self.client, self.desk.clock)
        clock = self.desk.clock
        return Synchroniser(
            self.desk.catalogue, listing, clock, currency="JPY", exports=exports, exports_from=exports_from
        ).run(**how)


@pytest.fixture
def runner(desk: Desk, shop: TrainingShop) -> Iterator[Runner]:
    address = shop.addresses
    settings = Shopify(domain=address.shopify_domain, endpoint=address.shopify_endpoint, api_version=address.api_version)
    clock: VirtualClock = desk.clock
    with ShopifyClient(settings, lambda: address.token, clock) as client:
        yield Runner(desk, client)
    desk.catalogue.close()


def everything(catalogue: Catalogue) -> dict[str, Any]:
    """All that a catalogue knows, and what a search finds it by; not when it was seen."""
    with catalogue.place.database.read() as connection:
        rows = {row.id: row for row in connection.execute(select(coupons))}
        texts = {row.rowid: (row.code, row.text) for row in connection.execute(select(coupon_text))}
        grams = {row.rowid: row.grams for row in connection.execute(select(coupon_grams))}
    names = [name for name in rows[next(iter(rows))]._fields if name not in SEEN]
    return {
        row.code: ({name: getattr(row, name) for name in names}, texts[place], grams.get(place)) for place, row in rows.items()
    }


def test_exports_make_the_same_catalogue_as_pages(desk: Desk, shop: TrainingShop, runner: Runner, tmp_path: Path) -> None:
    (tmp_path / "paged").mkdir()
    paged = open_desk(migrated(tmp_path / "paged" / "desk.sqlite3"))
    paged.clock.advance((desk.clock.now() - paged.clock.now()).total_seconds())
    by_pages = Runner(paged, runner.client).sync(exports_from=10_000)
    outcome = runner.sync()
    expected = everything(paged.catalogue)
    paged.database.close()
    assert (outcome.is_finished, outcome.seen, outcome.changed) == (True, by_pages.seen, len(expected))
    assert everything(desk.catalogue) == expected
    # The storage refuses a request that shows the token.
    assert [entry.status for entry in shop.journal.calls("bulk.download")] == [200, 200]


def test_what_goes_wrong_delays_a_load_and_spoils_nothing(desk: Desk, shop: TrainingShop, runner: Runner) -> None:
    shop.configure(bulk_seconds=30, bulk_at_once=1)
    shop.faults.add(
        Fault("BeginExport", FaultKind.LOST_ANSWER),
        Fault("BeginExport", FaultKind.INTERNAL_ERROR_200_AFTER, nth=3),
        Fault("bulk.run", FaultKind.BULK_FAILED),
        Fault("ExportState", FaultKind.HTML_502, nth=2),
        Fault("bulk.download", FaultKind.TRUNCATED_AFTER),
        Fault("bulk.download", FaultKind.RESET_BEFORE, nth=2),
        Fault("bulk.download", FaultKind.HTTP_STATUS, nth=3, status=403),
        Fault("bulk.download", FaultKind.TRUNCATED_AFTER, nth=5),
    )
    assert runner.sync().is_finished
    assert desk.catalogue.place.name == "catalogue-1.sqlite3"
    assert len(shop.faults.fired) == 8
    assert desk.status(str(shop.showcase.example.code)) == "unused"


def test_the_next_run_takes_another_desks_export_and_what_changed_by_pages(
    desk: Desk, shop: TrainingShop, runner: Runner, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = open_desk(migrated(tmp_path / "other" / "desk.sqlite3"))
    other.clock.advance((desk.clock.now() - other.clock.now()).total_seconds())
    Runner(other, runner.client).sync()
    runner.sync()
    assert len(shop.journal.calls("bulkOperationRunQuery")) == 2
    assert everything(desk.catalogue) == everything(other.catalogue)
    other.catalogue.close()
    other.database.close()
    code = str(shop.showcase.example.code)
    entry = shop.record_entry(code)
    assert entry is not None
    desk.clock.advance(60)
    shop.edit_record(shop.showcase.example.customer_id, [entry | {"status": "used"}])
    assert not runner.sync().is_full
    assert code in desk.found(code, StatusFilter.USED)
