"""Somebody with the database file, SQL and our source, and without the key in the keyring."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import rfc8785

from coupon_desk.trail.signing import DeskKey

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table, as it can be written."""

    sequence: int
    version: int
    previous: str
    entry: str
    hash: str

    @property
    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.entry)
        return told

    @property
    def action(self) -> str:
        return str(self.told["action"])

    def saying(self, **changes: Any) -> Row:
        """The same row with another text; its hash is not made anew."""
        return replace(self, entry=rfc8785.dumps(self.told | changes).decode())


Rows = list[Row]


@contextmanager
def unguarded(file: Path) -> Iterator[sqlite3.Connection]:
    """The database without its triggers; they stand there again afterwards, so that nobody sees that they were gone."""
    connection = sqlite3.connect(file)
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'entries'"
    triggers = connection.execute(query).fetchall()
    try:
        with connection:
            for name, _ in triggers:
                connection.execute(f'DROP TRIGGER "{name}"')
            yield connection
            for _, made in triggers:
                connection.execute(made)
    finally:
        connection.close()


def rows_of(file: Path) -> Rows:
    connection = sqlite3.connect(file)
    try:
        found = connection.execute("SELECT sequence, version, previous, entry, hash FROM entries ORDER BY sequence").fetchall()
    finally:
        connection.close()
    return [Row(*row) for row in found]


def write(file: Path, rows: Rows) -> None:
    with unguarded(file) as connection:
        connection.execute("DELETE FROM entries")
        connection.executemany(
            "INSERT INTO entries (sequence, version, previous, entry, hash) VALUES (?, ?, ?, ?, ?)",
            [(row.sequence, row.version, row.previous, row.entry, row.hash) for row in rows],
        )


def attack(file: Path, how: Callable[[Rows], Rows]) -> None:
    write(file, how(rows_of(file)))


def numbered(rows: Rows) -> Rows:
    """The numbers closed up, nothing else."""
    return [replace(row, sequence=place) for place, row in enumerate(rows, start=1)]


def hashed(row: Row) -> Row:
    """The row with the hash that belongs to what it says."""
    text = f'["{row.previous}",{row.sequence},{row.entry}]'
    return replace(row, hash=hashlib.sha256(text.encode()).hexdigest())


def chained(rows: Rows, *, signer: DeskKey | None = None, repairs: bool = False) -> Rows:
    """The whole chain made anew. `repairs`: checkpoints name the new hashes; `signer`: and the attacker's key signs them."""
    made: Rows = []
    for place, row in enumerate(rows, start=1):
        previous = made[-1].hash if made else GENESIS
        moved = replace(row, sequence=place, previous=previous)
        if row.action == "trail.checkpoint" and (repairs or signer):
            moved = moved.saying(body=_signed(row.told["body"] | {"sequence": place - 1, "hash": previous}, signer))
        made.append(hashed(moved))
    return made


def with_foreign_key(rows: Rows, key: DeskKey) -> Rows:
    """Every key and checkpoint the attacker's own, and the chain made anew."""
    told = [row.saying(body=_signed(row.told["body"], key)) if row.action == "trail.key" else row for row in rows]
    return chained(told, signer=key)


def _signed(body: dict[str, Any], key: DeskKey | None) -> dict[str, Any]:
    if key is None:
        return body
    statement = {name: value for name, value in body.items() if name != "signature"} | {"public_key": key.public.hex}
    return {**statement, "signature": key.sign(statement)}
