"""Operators of a home that an older version wrote: they may still do everything, everywhere, and sign in with their PIN."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

from alembic import command
from alembic.config import Config

from coupon_desk.clock import VirtualClock, from_text
from coupon_desk.people.operators import Source
from coupon_desk.people.people import People
from coupon_desk.people.roles import Role
from coupon_desk.storage.database import Database
from tests.people.conftest import Memory, cheap

BEFORE = "0005"
ADDED = "2026-01-01T00:00:00.000000Z"


def test_operators_of_an_older_home_are_for_all_stores_and_sign_in_with_their_pin(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "desk.sqlite3")
    with as_file(files("coupon_desk.storage") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder))
        with database.engine.execution_options(writing=True).begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, BEFORE)
    with database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO operators (login, name, role, contacts, pin_hash, disabled, created_at)"
            " VALUES ('boss', 'Aiko Mori', 'admin', '[]', ?, 0, ?)",
            (cheap().hash("meadow71"), ADDED),
        )
    database.migrate()
    people = People(database, Memory(database), VirtualClock(from_text(ADDED)), pins=cheap(), store="Ginza")
    boss = people.sign_in("boss", "meadow71").operator
    assert (boss.role, boss.stores, boss.source, boss.version) == (Role.ADMIN, (), Source.PIN, 0)
    database.close()
