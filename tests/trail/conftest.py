"""A trail in a real database file, and what somebody with the file and no respect can do to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.storage.database import Database
from coupon_desk.storage.tables.trail import ENTRIES_ON_SQLITE
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.trail import Trail
from tests.surroundings.migrated import migrated

NOW: Final = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CODE: Final = CouponCode("70934-AB12CD-500")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "desk.sqlite3"


@pytest.fixture
def database(file: Path) -> Iterator[Database]:
    opened = Database.open(migrated(file))
    yield opened
    opened.close()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def trail(database: Database, clock: VirtualClock) -> Trail:
    return Trail(database, Surroundings("counter-1"), clock)


def tamper(file: Path, *statements: str) -> None:
    """Change entries behind the program's back: the triggers are dropped first, and put back so that nothing shows it."""
    with closing(sqlite3.connect(file)) as connection, connection:
        for verb in ("update", "delete"):
            connection.execute(f"DROP TRIGGER entries_refuse_{verb}")
        for statement in statements:
            connection.execute(statement)
        for verb in ("update", "delete"):
            connection.execute(ENTRIES_ON_SQLITE[f"entries_refuse_{verb}"])
