"""A small campaign: everything breaks, and every entry stands in the centre once, in its place.

`make ship-campaign ENTRIES=1000000` is the large one.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from coupon_desk.central.shipped import ShippedTrail
from coupon_desk.clock import SystemClock
from coupon_desk.storage.database import Database
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.shipping import Shipment, Turn
from coupon_desk.trail.trail import Trail
from tests.central.ship_campaign import Campaign, Company, company
from tests.trail.written import write_many

ENTRIES = 3_000
FEW = 300


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_under_fire_no_entry_is_lost_stands_twice_or_out_of_order(tmp_path: Path) -> None:
    with company(random.Random(7)) as place:
        outcome = Campaign(place, tmp_path / "desk.sqlite3", ENTRIES, seed=7).run()
    assert outcome.is_well, "\n".join(outcome.lines())
    assert outcome.befell["processes killed"] >= 1


@pytest.fixture(scope="module")
def quiet() -> Iterator[Company]:
    with company(random.Random(1)) as place:
        yield place


@pytest.mark.parametrize(
    ("done_to_it", "noticed"),
    [
        ("SELECT 1", "0 lost, 0 twice, 0 out of order, 0 wrong"),
        ("DELETE FROM coupon_desk.entries WHERE sequence = 17", "1 lost, 0 twice, 0 out of order, 1 wrong"),
        ("DELETE FROM coupon_desk.entries WHERE sequence > 290", "10 lost, 0 twice, 0 out of order, 1 wrong"),
        ("UPDATE coupon_desk.entries SET entry = replace(entry, 'x', 'y') WHERE sequence = 4", "0 out of order, 1 wrong"),
        (
            "UPDATE coupon_desk.entries SET received_at = received_at - interval '1 hour' WHERE sequence = 4",
            "0 lost, 0 twice, 1 out of order, 0 wrong",
        ),
    ],
)
def test_the_count_notices_what_is_not_as_it_should_be(quiet: Company, tmp_path: Path, done_to_it: str, noticed: str) -> None:
    quiet.without_guards("DELETE FROM coupon_desk.entries")
    file = tmp_path / "desk.sqlite3"
    ship(quiet, file)
    quiet.without_guards(done_to_it)
    outcome = Campaign(quiet, file, FEW, seed=1).count()
    assert noticed in next(outcome.lines())
    assert outcome.is_well is (done_to_it == "SELECT 1")


def ship(place: Company, file: Path) -> None:
    """A few entries, shipped in peace."""
    database = Database.open(file)
    database.migrate()
    write_many(database, FEW, "x" * 20)
    trail = Trail(database, Surroundings("till 3"), SystemClock())
    shipment = Shipment(database, trail, ShippedTrail(place.database.open("Ginza")), SystemClock())
    assert shipment.ship_once() is Turn.DONE
    database.close()
