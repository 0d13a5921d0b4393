"""A home on the kept catalogue, with somebody to sign in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from coupon_desk.app.training import training_config
from coupon_desk.clock import SystemClock
from coupon_desk.desk.door import FILE
from coupon_desk.people.operators import NewOperator
from coupon_desk.people.people import People
from coupon_desk.people.roles import Role
from coupon_desk.storage.database import Database
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.trail import Trail
from coupon_desk.training.addresses import Addresses
from tests.benchmarks.population import catalogue_file
from tests.benchmarks.scale import Scale

LOGIN: Final = "owner"
PIN: Final = "739164"
NOWHERE: Final = Addresses(
    shopify_endpoint="http://127.0.0.1:9/shopify",
    pos_endpoint="http://127.0.0.1:9/pos",
    smtp_host="127.0.0.1",
    smtp_port=9,
    control_endpoint="http://127.0.0.1:9/control",
)
"""Nobody listens there: a home that is measured without any network."""


def furnished(scale: Scale, addresses: Addresses = NOWHERE, name: str = "home") -> Path:
    """A home of its own in this subject's folder."""
    home = scale.folder / name
    home.mkdir()
    scale.copy(catalogue_file(scale), f"{name}/desk.sqlite3")
    (home / "config.toml").write_text(training_config(addresses), encoding="utf-8")
    database, clock = Database.open(home / "desk.sqlite3"), SystemClock()
    trail = Trail(database, Surroundings("bench"), clock)
    people = People(database, trail, clock)
    people.add(NewOperator(LOGIN, "Kenji Watanabe", Role.ADMIN, PIN), None)
    database.close()
    door = {"shop": "Ginza store", "people": [[LOGIN, "Kenji Watanabe"]]}
    (home / FILE).write_text(json.dumps(door), encoding="utf-8")
    return home
