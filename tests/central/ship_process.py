"""A desk in a process of its own, for the campaign: writes into its trail and ships it, until it is killed or all is there.

`python -m tests.central.ship_process DATABASE URL ENTRIES SEED`, with the password in PGPASSWORD. Ends with 0 when the trail
has so many entries and the centre has confirmed them, with 1 when shipping has raised an alarm.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

from coupon_desk import settings
from coupon_desk.central.place import open_central
from coupon_desk.central.shipped import ShippedTrail
from coupon_desk.clock import SystemClock, to_text
from coupon_desk.storage.database import Database, DatabaseBusy
from coupon_desk.trail.entry import NewEntry
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.shipper import Shipper
from coupon_desk.trail.shipping import Shipment
from coupon_desk.trail.shipping_state import ShippingStatus
from coupon_desk.trail.trail import Trail
from tests.trail.written import write_many


def work(file: Path, url: str, entries: int, chance: random.Random) -> int:
    """Write and ship to the end."""
    clock = SystemClock()
    database = Database.open(file)
    database.migrate()
    trail = Trail(database, Surroundings("till 3"), clock)
    central = open_central(settings.Central(url=url), lambda: os.environ["PGPASSWORD"], clock)
    shipper = Shipper(Shipment(database, trail, ShippedTrail(central), clock))
    trail.on_append = shipper.appended
    shipper.start()
    while (missing := entries - trail.head().sequence) > 0:
        _write(database, trail, min(missing, chance.choice((1, 3, 30, 300, 3_000))), to_text(clock.now()))
        shipper.appended()
    while (state := shipper.state()).state is not ShippingStatus.UP_TO_DATE:
        if state.state is ShippingStatus.ALARM:
            return 1
        time.sleep(0.05)
    shipper.stop(2.0)
    return 0


def _write(database: Database, trail: Trail, count: int, at: str) -> None:
    try:
        if count == 1:
            trail.append(
                NewEntry("test.written", {"text": "by the pen"}, operation="op-1", code="70934-AB12CD-500", points=500)
            )
        else:
            write_many(database, count, "x" * 200, at)
    except DatabaseBusy:
        return  # two desks on one home: the other one wrote


if __name__ == "__main__":
    sys.exit(work(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), random.Random(int(sys.argv[4]))))
