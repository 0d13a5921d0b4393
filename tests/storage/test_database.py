"""The database: durable, migrated at start, and clear about what went wrong."""

import resource
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from coupon_desk.errors import StorageError
from coupon_desk.storage import database as module
from coupon_desk.storage.database import Database, DatabaseBusy, NewerSchema
from coupon_desk.storage.migrate import HEAD
from coupon_desk.storage.tables import catalogue, people, shipping, trail
from coupon_desk.storage.tables.metadata import metadata


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "desk.sqlite3"


@pytest.fixture
def database(file: Path) -> Iterator[Database]:
    opened = Database.open(file)
    opened.migrate()
    yield opened
    opened.close()


def test_what_is_committed_is_on_disk(database: Database) -> None:
    with database.read() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_migrating_twice_changes_nothing(database: Database) -> None:
    before = inspect(database.engine).get_table_names()
    database.migrate()
    assert inspect(database.engine).get_table_names() == before


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_the_migrations_make_the_tables_that_the_code_expects(where: str, file: Path, request: pytest.FixtureRequest) -> None:
    database = Database.open(file if where == "sqlite" else request.getfixturevalue("postgres"))
    database.migrate()
    assert {module.__name__ for module in (trail, people, catalogue, shipping)}
    made = inspect(database.engine)
    for table in metadata.sorted_tables:
        columns = {column["name"]: column["nullable"] for column in made.get_columns(table.name)}
        assert columns == {column.name: bool(column.nullable) for column in table.columns}, table.name
        indexes = {index["name"] for index in made.get_indexes(table.name)}
        assert {index.name for index in table.indexes} <= indexes, table.name
    database.close()


def test_a_start_with_nothing_to_migrate_knows_so_without_alembic(database: Database) -> None:
    with database.read() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD


def test_a_home_of_a_newer_version_is_left_alone(database: Database, file: Path) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerSchema):
        database.migrate()


def test_a_locked_database_is_told_as_busy(database: Database, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.1)
    impatient = Database.open(file)
    holder = sqlite3.connect(file)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusy) as busy, impatient.write():
        pass
    assert "Nothing was written." in str(busy.value.done)
    holder.rollback()
    holder.close()
    impatient.close()


def test_a_full_disk_writes_nothing_and_says_so(database: Database, file: Path) -> None:
    """The kernel refuses to let any file grow: what a full disk looks like to SQLite, without filling one."""
    with database.write() as connection:
        connection.execute(text("CREATE TABLE big (value TEXT)"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size, hard))
    try:
        with pytest.raises(StorageError) as refused, database.write() as connection:
            connection.execute(text("INSERT INTO big VALUES (:value)"), {"value": "x" * 5_000_000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "disk" in str(refused.value.what).lower()
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM big")).scalar() == 0


def test_a_file_that_is_no_database_is_left_as_it_is(file: Path) -> None:
    file.write_bytes(b"this is a letter to my aunt" * 100)
    database = Database.open(file)
    with pytest.raises(StorageError) as refused:
        database.migrate()
    assert "not a database" in str(refused.value.what)
    assert file.read_bytes().startswith(b"this is a letter")
    database.close()
