"""Reads entries out of the database: opened, for those who want to know; as rows of the chain, for those who prove it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Select, literal, select, text

from coupon_desk.storage.database import Database
from coupon_desk.storage.tables.trail import ENTRIES_ON_SQLITE, entries
from coupon_desk.trail.entry import Entry
from coupon_desk.trail.sealing import Opener
from coupon_desk.trail.verification import ChainRow, chain_row

LOWEST: Final = -(2**63)
"""No row of the table has a lower sequence; those below 1 are somebody else's, and are found."""

CHAIN: Final = (entries.c.sequence, entries.c.version, entries.c.previous, entries.c.entry, entries.c.hash)
"""The columns that are hashed; all others are read out of the entry's text."""


def whole_entries() -> Select[Any]:
    """Asks for entries, to be narrowed down and ordered."""
    return select(*CHAIN)


def opened(connection: Connection, query: Select[Any], *, at_once: int = 1000) -> Iterator[Entry]:
    """The entries that a query finds, as they come, so many at a time."""
    opener = Opener(connection)
    for row in connection.execution_options(yield_per=at_once).execute(query):
        yield Entry.of((row[0], row[1], row[2], row[3], row[4]), opener)


def chain_rows(database: Database, connection: Connection, first: int = LOWEST) -> Iterator[ChainRow]:
    """The rows of the chain from a sequence on, in order, as the connection sees them; a million in seconds on SQLite.

    What is not stored as text there counts as empty, whatever its bytes.
    """
    if database.dialect == "sqlite":
        return database.bare_rows(connection, _CHAIN_ON_SQLITE, (first,))
    ordered = whole_entries().where(entries.c.sequence >= literal(first, BigInteger)).order_by(entries.c.sequence)
    return (chain_row(*row) for row in connection.execution_options(yield_per=5000).execute(ordered))


def is_defined_as_expected(database: Database, connection: Connection) -> bool:
    """Whether the table, what finds in it and what guards it are as they were made; told by SQLite alone."""
    if database.dialect != "sqlite":
        return True
    query = text("SELECT name, sql FROM sqlite_master WHERE tbl_name = 'entries'")
    found = {name: " ".join((made or "").split()) for name, made in connection.execute(query)}
    return found == ENTRIES_ON_SQLITE


_CHAIN_ON_SQLITE: Final = """
SELECT sequence, version, CAST(previous AS BLOB),
  CASE WHEN typeof(previous) = 'text' AND typeof(entry) = 'text' AND typeof(hash) = 'text'
    THEN CAST(entry AS BLOB) ELSE x'' END,
  CAST(hash AS BLOB)
FROM entries WHERE sequence >= ? ORDER BY sequence
"""
