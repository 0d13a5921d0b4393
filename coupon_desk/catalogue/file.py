"""Which file the catalogue stands in: the home's database, or one of its own that a full load built beside it.

A million coupons can't be brought in, with their indexes, in moments so short that nobody who writes to the trail notices. So a
full load of a big shop builds a file of its own, whole, which nobody else touches; then one small transaction in the home's
database says that it is the catalogue from now on. What is only a copy of Shopify can always be built anew.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from sqlalchemy import delete, insert, select

from coupon_desk.storage.database import Database
from coupon_desk.storage.tables.catalogue import sync_state

NAMED: Final = "catalogue"
"""The row of `sync_state` that names the file."""

Schema = tuple[tuple[str, str, str], ...]
"""The catalogue's part of a schema: type, name and SQL of each table and index."""

OwnWord = tuple[str, str, int]
"""A code, the status that we gave it, and when, in microseconds."""

_SCHEMA: Final = (
    "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    " AND tbl_name IN ('coupons', 'coupon_text', 'coupon_grams') ORDER BY type DESC, name"
)
_log = logging.getLogger("coupon_desk.catalogue")


class CatalogueFile:
    """The database that the catalogue stands in now. Safe to use from any thread."""

    def __init__(self, home: Database) -> None:
        self.home = home
        self._lock = threading.Lock()
        self._own: tuple[Path, Database] | None = None
        self._is_known = False
        self._orphans: list[OwnWord] = []

    @property
    def database(self) -> Database:
        """The present one; another program may have built a newer."""
        if self.home.dialect != "sqlite":
            return self.home
        own = self._own
        if self._is_known and (own is None or own[0].exists()):
            return self.home if own is None else own[1]
        return self.look_again()

    def look_again(self) -> Database:
        """Ask the home's database which file it is."""
        with self._lock:
            name = self._name()
            present = self._own[0].name if self._own else None
            if name != present:
                before, self._own = self._own, self._open(name)
                if before is not None:
                    before[1].close()
            self._is_known = True
            return self.home if self._own is None else self._own[1]

    def orphans(self) -> list[OwnWord]:
        """What we ourselves had said in a file of another make; told once."""
        with self._lock:
            found, self._orphans = self._orphans, []
        return found

    @property
    def is_home(self) -> bool:
        """Whether the catalogue shares its file with the trail: then whoever writes has to be brief."""
        return self.database is self.home

    @property
    def name(self) -> str | None:
        """The name of the file of its own; None in the home's database."""
        own = self._own
        return None if self.database is self.home or own is None else own[0].name

    @property
    def folder(self) -> Path | None:
        """Where files of its own can stand; None for a database that is no file."""
        name = self.home.engine.url.database
        if self.home.dialect != "sqlite" or not name or name == ":memory:":
            return None
        return Path(name).resolve().parent

    def fresh_name(self) -> str:
        """A name that no file bears yet."""
        taken = {_number(file.name) for file in self._files()}
        return f"catalogue-{max(taken, default=0) + 1}.sqlite3"

    def schema(self) -> Schema:
        """The tables and indexes that a file of its own has to have, as they stand in the home's database."""
        with self.home.read() as connection:
            return tuple((row[0], row[1], row[2]) for row in connection.exec_driver_sql(_SCHEMA))

    def switch(self, name: str) -> None:
        """From now on the catalogue is this file; nobody may write to the one before. Raises StorageError."""
        with self.home.write() as connection:
            connection.execute(delete(sync_state).where(sync_state.c.name == NAMED))
            connection.execute(insert(sync_state).values(name=NAMED, value=name))
        self.look_again()

    def clear(self, keep: str | None = None) -> None:
        """Delete the files that are neither the catalogue nor being built; what somebody still reads goes another time."""
        present = self._name()
        for file in self._files():
            if not file.name.startswith((present or "-", keep or "-")):
                with suppress(OSError):
                    file.unlink()

    def close(self) -> None:
        """Let go of a file of its own; the home's database belongs to somebody else."""
        with self._lock:
            if self._own is not None:
                self._own[1].close()
                self._own, self._is_known = None, False

    def _open(self, name: str | None) -> tuple[Path, Database] | None:
        if name is None or self.folder is None:
            return None
        file = self.folder / name
        if not file.exists() or _schema_of(file) != self.schema():
            _log.info("%s is gone or of another make; the catalogue is read anew", name)
            self._orphans = _own_words(file)
            self._forget(name)
            return None
        return file, Database.open(file)

    def _forget(self, name: str) -> None:
        """The next run reads everything, as into a new home."""
        with self.home.write() as connection:
            connection.execute(delete(sync_state).where(sync_state.c.name == NAMED, sync_state.c.value == name))
            connection.execute(delete(sync_state).where(sync_state.c.name == "shopify"))

    def _name(self) -> str | None:
        with self.home.read() as connection:
            name = connection.scalar(select(sync_state.c.value).where(sync_state.c.name == NAMED))
        return None if name is None else str(name)

    def _files(self) -> list[Path]:
        """All files of catalogues, with their logs."""
        return [] if self.folder is None else [file for file in self.folder.glob("catalogue-*.sqlite3*") if _number(file.name)]


def _schema_of(file: Path) -> Schema:
    try:
        with closing(sqlite3.connect(file)) as connection:
            return tuple(connection.execute(_SCHEMA))
    except sqlite3.Error:
        return ()


def _own_words(file: Path) -> list[OwnWord]:
    """Our own words, which no source can tell again."""
    if not file.exists():
        return []
    try:
        with closing(sqlite3.connect(file)) as connection:
            asked = "SELECT code, own_status, updated_at FROM coupons WHERE own_status IS NOT NULL"
            return [(code, status, at) for code, status, at in connection.execute(asked)]
    except sqlite3.Error:
        return []


def _number(name: str) -> int:
    digits = name.removeprefix("catalogue-").partition(".")[0]
    return int(digits) if digits.isascii() and digits.isdigit() else 0
