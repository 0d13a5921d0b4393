"""The database: opens it, hands out connections for reading and for one writing transaction, brings its schema up to date."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from coupon_desk.errors import StorageError
from coupon_desk.words import Message, msg

BUSY_SECONDS: Final = 10.0
"""How long a writer waits for another before it gives up."""


class DatabaseBusy(StorageError):
    """Another program holds the database; nothing was written."""


class DiskFull(StorageError):
    """The disk is full; nothing was written."""


class NewerSchema(StorageError):
    """The database was written by a newer version of the program."""


class Database:
    """One database. Safe to use from any thread; each `read` or `write` has a connection of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = threading.Lock()

    @classmethod
    def open(cls, where: str | Path | URL) -> Database:
        """Open a SQLite file (a path), or any database SQLAlchemy can reach (a URL). Nothing is read yet."""
        url = URL.create("sqlite", database=str(where)) if isinstance(where, Path) else make_url(where)
        if url.get_backend_name() == "sqlite":
            engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        else:
            engine = create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 5})
        return cls(engine)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @property
    def engine(self) -> Engine:
        """The engine, for migrations."""
        return self._engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one consistent state. Raises StorageError."""
        with _translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: everything in it is on disk when the block ends, or nothing is. Raises StorageError."""
        with self._writing_alone(), _translated(), self._engine.execution_options(writing=True).begin() as connection:
            yield connection

    @contextmanager
    def _writing_alone(self) -> Iterator[None]:
        """Threads of one program wait for each other here: SQLite has its writers ask again and again, and some starve."""
        if not self._turn.acquire(timeout=BUSY_SECONDS):
            raise _translate("locked", TimeoutError())
        try:
            yield
        finally:
            self._turn.release()

    def bare_rows(self, connection: Connection, query: str, values: tuple[Any, ...]) -> Iterator[Any]:
        """The rows of a query, as tuples straight from SQLite's driver, for what has to be fast. Raises StorageError."""
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        with translated_of_driver():
            yield from driver.execute(query, values)

    def bare_answer(self, connection: Connection, query: str, values: dict[str, Any]) -> list[Any]:
        """The same all at once, with named values; what takes long leaves the other threads their turn. Raises StorageError."""
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        with translated_of_driver():
            return driver.execute(query, values).fetchall()

    def scrub(self, *, compact: bool = False) -> None:
        """Let what was deleted leave the disk: out of SQLite's log, and with `compact` out of every page that is free.

        Compacting writes the whole file anew: a second or so for each 50 MB. Raises DatabaseBusy where somebody still reads.
        """
        if self.dialect != "sqlite":
            return
        with translated_of_driver(), closing(self._engine.raw_connection()) as pooled:
            driver = pooled.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            if compact:
                driver.execute("VACUUM")
            is_busy = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if is_busy:
            raise DatabaseBusy(
                msg("What was erased is still in the database's log, because another program reads the database."),
                done=msg("It can no longer be read by this program."),
                todo=msg("Close the other program and erase again."),
            )

    def migrate(self) -> None:
        """Bring the schema up to date. Raises NewerSchema, StorageError."""
        from coupon_desk.storage.migrate import migrate

        with _translated():
            migrate(self._engine)

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves, see _begin_sqlite
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


_PRAGMAS: Final = (
    *("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY", "mmap_size=268435456"),
    "secure_delete=FAST",  # what is deleted from a page is written over, where that costs no page more
)


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once: two that read first and write later would deadlock."""
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DBAPIError as wrong:
        raise _translate(str(wrong.orig), wrong) from wrong


@contextmanager
def translated_of_driver() -> Iterator[None]:
    """For what is asked of SQLite's driver itself. Raises StorageError for the driver's errors."""
    try:
        yield
    except sqlite3.Error as wrong:
        raise _translate(str(wrong), wrong) from wrong


def _translate(told: str, wrong: Exception) -> StorageError:
    reason = told.lower()
    for sign, error, what, todo in _SIGNS:
        if sign in reason:
            return error(what, done=msg("Nothing was written."), todo=todo, detail=told)
    if isinstance(wrong, OperationalError) and wrong.connection_invalidated:
        what = msg("The connection to the database was lost.")
    else:
        what = msg("The database did not do what was asked.")
    return StorageError(what, todo=msg("Look into the log, or restore the home from a backup."), detail=told)


_SIGNS: Final[tuple[tuple[str, Callable[..., StorageError], Message, Message], ...]] = (
    (
        "locked",
        DatabaseBusy,
        msg("Another program is using this home's database."),
        msg("Close the other program and try again."),
    ),
    ("disk is full", DiskFull, msg("The disk is full."), msg("Make room on the disk and try again.")),
    ("disk i/o error", StorageError, msg("The disk reports an error."), msg("Check the disk and restore from a backup.")),
    (
        "readonly",
        StorageError,
        msg("The home cannot be written to."),
        msg("Check the rights of the home folder and try again."),
    ),
    (
        "unable to open",
        StorageError,
        msg("The database cannot be opened."),
        msg("Check the home folder, its rights and the disk."),
    ),
    (
        "malformed",
        StorageError,
        msg("The database is damaged."),
        msg("Restore the home from a backup; the damaged file is left as it is."),
    ),
    (
        "not a database",
        StorageError,
        msg("The database file is not a database."),
        msg("Restore the home from a backup; the file is left as it is."),
    ),
)
