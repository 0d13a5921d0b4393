"""A small campaign: everything breaks, and every entry stands in the centre once, in its place.

`make ship-campaign ENTRIES=1000000` is the large one.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.central.ship_campaign import Campaign, company

ENTRIES = 20_000


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_under_fire_no_entry_is_lost_stands_twice_or_out_of_order(tmp_path: Path) -> None:
    with company(random.Random(7)) as place:
        outcome = Campaign(place, tmp_path / "desk.sqlite3", ENTRIES, seed=7).run()
    assert outcome.is_well, "\n".join(outcome.lines())
    assert outcome.befell["processes killed"] >= 1
