"""The trail of one desk as it stands in the central database: its head, more of it, and all of it read back.

Entries are added in their order, as often as one likes: what is there already stays as it is. The database itself refuses a
gap and a fork; whether what is there is ours shows only in the head, which is therefore told after each batch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, text

from coupon_desk.central.place import Central
from coupon_desk.central.refusals import out_of_reach

ShippedRow = tuple[int, int, str, str, str]
"""Sequence, version, hash of the entry before, exact text, hash: what the hash covers, and the hash."""

PAGE_ROWS: Final = 2_000
"""So many entries at a time are read back."""

_COLUMNS: Final = ("sequence", "version", "previous", "entry", "hash")
_HEAD: Final = text(
    "SELECT sequence, hash FROM coupon_desk.entries WHERE desk = :desk ORDER BY sequence DESC LIMIT 1",
)
# The rows come as one JSON text: psycopg writes an array of long texts letter by letter, which takes longer than the rest.
_ADD: Final = text(
    "INSERT INTO coupon_desk.entries (desk, sequence, version, previous, entry, hash)"
    " SELECT CAST(:desk AS text), sequence, version, previous, entry, hash FROM json_to_recordset(CAST(:rows AS json))"
    " AS added (sequence bigint, version integer, previous text, entry text, hash text) ORDER BY sequence"
    " ON CONFLICT (desk, sequence) DO NOTHING",
)
_SHOW_KEY: Final = text("SELECT coupon_desk.register_key(:key)")
_PAGE: Final = text(
    "SELECT sequence, version, previous, entry, hash FROM coupon_desk.entries"
    " WHERE desk = :desk AND sequence > :after ORDER BY sequence LIMIT :rows",
)


class ShippedTrail:
    """The trail of the desk that this program signs in as. All methods raise RemoteUnavailable and RemoteRefused."""

    def __init__(self, central: Central) -> None:
        self._central = central
        self._is_aborted = False

    def desk(self) -> str:
        """The name that this desk has in the centre."""
        return self._central.own_desk()

    def head(self, desk: str) -> tuple[int, str] | None:
        """The newest entry's place and hash; None where the centre has none of this desk."""
        with self._line() as connection:
            return _head(connection, desk)

    def add(self, desk: str, rows: Sequence[ShippedRow]) -> tuple[int, str] | None:
        """Add entries, all or none, and tell the head. After an error they may be there or not; adding again is harmless.

        Raises ChainRefused where an entry does not follow the one before it.
        """
        written = json.dumps([dict(zip(_COLUMNS, row, strict=True)) for row in rows], ensure_ascii=False)
        with self._line() as connection:
            # One statement is one transaction; the head is read after it is durable.
            connection.execute(_ADD, {"desk": desk, "rows": written})
            return _head(connection, desk)

    def show_key(self, public_key: str) -> str:
        """Show the desk's public key, and tell the one that the centre keeps: the first that was ever shown."""
        with self._line() as connection:
            return str(connection.execute(_SHOW_KEY, {"key": public_key}).scalar_one())

    def read_back(self, desk: str) -> Iterator[ShippedRow]:
        """Every entry of the desk in its order, page by page."""
        after = 0
        while True:
            with self._line() as connection:
                page = connection.execute(_PAGE, {"desk": desk, "after": after, "rows": PAGE_ROWS}).all()
            for row in page:
                yield row.sequence, row.version, row.previous, row.entry, row.hash
            if len(page) < PAGE_ROWS:
                return
            after = page[-1].sequence

    def abort(self) -> None:
        """For a quick end: cut what is under way, and begin nothing more; whoever asks gets RemoteUnavailable."""
        self._is_aborted = True
        self._central.abort()

    @contextmanager
    def _line(self) -> Iterator[Connection]:
        if self._is_aborted:
            raise out_of_reach("this program is about to end")
        with self._central.connection() as connection:
            yield connection


def _head(connection: Connection, desk: str) -> tuple[int, str] | None:
    found = connection.execute(_HEAD, {"desk": desk}).first()
    return (found.sequence, found.hash) if found is not None else None
