"""The catalogue of a home that an older version wrote: found as before at once, and in full after the next sync."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, insert, text

from coupon_desk.catalogue.facts import Facts, micros
from coupon_desk.catalogue.folding import fold
from coupon_desk.catalogue.query import CouponQuery, Sort, SortBy
from coupon_desk.storage.database import Database
from coupon_desk.storage.tables.catalogue import coupons
from tests.catalogue.conftest import HANAKO, NOW, discount, open_desk, record, row

BEFORE = "0008"
CODE = "70934-AB12CD-500"


def older_home(where: Path | str) -> None:
    """A home with one coupon, as the version before wrote it."""
    database = Database.open(where)
    with as_file(files("coupon_desk.storage") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder))
        with database.engine.execution_options(writing=True).begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, BEFORE)
    with database.write() as connection:
        write_as_before(connection)
    database.migrate()
    database.close()


def write_as_before(connection: Connection) -> None:
    facts = Facts(CODE).with_news(row(CODE, record(), discount(), HANAKO), micros(NOW))
    columns = {name: value for name, value in facts.columns().items() if name not in {"points", "form", "customer_sort"}}
    place = (micros(NOW) // 1_000_000 - 946_684_800) << 30
    connection.execute(insert(coupons).values(id=place, **columns))
    words = "\n".join((fold(CODE), "佐藤花子", "花子佐藤", "hanako@example.com", "+819012345678", "09012345678"))
    connection.execute(text("INSERT INTO coupon_text (rowid, text) VALUES (:place, :words)"), {"place": place, "words": words})
    connection.execute(text("INSERT INTO sync_state (name, value) VALUES ('shopify', '{}')"))


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_an_older_catalogue_is_searched_at_once_and_renewed_by_the_next_sync(
    where: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    home: Path | str = tmp_path / "desk.sqlite3" if where == "sqlite" else request.getfixturevalue("postgres")
    older_home(home)
    desk = open_desk(home)
    for typed in (CODE, "70934", "6543270934", "佐藤花子", "hanako", "5678"):
        assert desk.found(typed) == [CODE]
    assert desk.catalogue.sync_state().full_finished_at is None
    dear = CouponQuery(points_from=500, sort=Sort(SortBy.CUSTOMER))
    assert desk.codes(dear) == []

    assert desk.catalogue.upsert([row(CODE, record(), discount(), HANAKO)]) == 1
    assert desk.codes(dear) == desk.found("6543") == desk.found("佐藤花子") == [CODE]
    assert desk.catalogue.upsert([row(CODE, record(), discount(), HANAKO)]) == 0
    desk.database.close()
