"""On a server that has never heard of Coupon Desk, an administrator who is no superuser prepares everything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coupon_desk.address import PostgresAddress
from coupon_desk.central.administration import as_administrator
from coupon_desk.central.desks import add_desk, disable_desk
from coupon_desk.central.health import check, require_well
from coupon_desk.central.schema import Prepared, prepare
from coupon_desk.central.version import KNOWN
from coupon_desk.errors import RemoteRefused
from tests.surroundings.central_database import PASSWORD, CentralDatabase, central_database
from tests.surroundings.postgres_server import postgres_server


@pytest.fixture(scope="module")
def fresh_server() -> Iterator[Path]:
    """Roles belong to the whole server: here there are none yet."""
    with postgres_server() as folder:
        yield folder


def test_to_create_roles_and_a_schema_is_all_the_right_that_it_takes(fresh_server: Path) -> None:
    with central_database(fresh_server, prepared=False) as database:
        database.ask("CREATE ROLE boss LOGIN CREATEROLE")
        database.ask(f'GRANT CREATE ON DATABASE "{database.name}" TO boss')
        boss = PostgresAddress.parse(database.url("boss"))
        for found in (Prepared(None, KNOWN), Prepared(KNOWN, KNOWN)):
            with as_administrator(boss, lambda: None) as connection:
                assert prepare(connection) == found
        with as_administrator(boss, lambda: None) as connection:
            added = add_desk(connection, "Ginza", None, PASSWORD)
        central = database.open_as(added.role)
        assert central.own_desk() == "Ginza"
        require_well(check(central))
        with as_administrator(boss, lambda: None) as connection:
            assert add_desk(connection, "Ginza", None, PASSWORD).is_new is False
            disable_desk(connection, "Ginza")
        with pytest.raises(RemoteRefused):
            central.own_desk()


def test_one_who_may_not_create_roles_changes_nothing(fresh_server: Path) -> None:
    with central_database(fresh_server, prepared=False) as database:
        database.ask("CREATE ROLE clerk LOGIN")
        with (
            pytest.raises(RemoteRefused, match="may not administer"),
            as_administrator(PostgresAddress.parse(database.url("clerk")), lambda: None) as connection,
        ):
            prepare(connection)
        assert not prepared(database)


def prepared(database: CentralDatabase) -> bool:
    return database.ask("SELECT 1 FROM pg_namespace WHERE nspname = 'coupon_desk'") != []
