"""What this desk knows of its own shipping: what the centre confirmed, and what is in the way; in the home's own database.

Short transactions only, so that nobody who cancels a coupon waits for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from coupon_desk.clock import from_text, to_text
from coupon_desk.storage.database import Database
from coupon_desk.storage.tables.shipping import shipping
from coupon_desk.storage.tables.trail import entries
from coupon_desk.trail.pen import head_of
from coupon_desk.trail.shipping_state import Alarm

_ID: Final = 1


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What the centre told last: the desk's name there, the place and hash of its newest entry; and what is in the way."""

    desk: str = ""
    sequence: int = 0
    hash: str = ""
    unreachable_at: datetime | None = None
    alarm: Alarm | None = None


class Ledger:
    """Reads and keeps how far shipping has come. Safe to use from any thread. All methods raise StorageError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def confirmed(self) -> Confirmed:
        """What the centre confirmed last."""
        with self._database.read() as connection:
            return confirmed_of(connection)

    def standing(self) -> tuple[Confirmed, int]:
        """That, and the place of the newest entry here; 0 for an empty trail."""
        with self._database.read() as connection:
            return confirmed_of(connection), head_of(connection).sequence

    def hash_at(self, sequence: int) -> str | None:
        """The hash of the entry in a place; None where there is none."""
        with self._database.read() as connection:
            return connection.execute(select(entries.c.hash).where(entries.c.sequence == sequence)).scalar()

    def written_at(self, sequence: int) -> datetime | None:
        """When the entry in a place was written; None where there is none, or where it does not tell."""
        with self._database.read() as connection:
            at = connection.execute(select(entries.c.at).where(entries.c.sequence == sequence)).scalar()
        try:
            return from_text(at) if at else None
        except ValueError:
            return None

    def confirm(self, desk: str, sequence: int, digest: str) -> None:
        """Keep what the centre told."""
        with self._database.write() as connection:
            put(connection, desk=desk, sequence=sequence, hash=digest, unreachable_at=None)

    def out_of_reach(self, now: datetime) -> None:
        """Keep that the centre did not answer."""
        with self._database.write() as connection:
            put(connection, unreachable_at=to_text(now))


def confirmed_of(connection: Connection) -> Confirmed:
    """What the centre confirmed last, within a transaction."""
    row = connection.execute(select(shipping).where(shipping.c.id == _ID)).first()
    if row is None:
        return Confirmed()
    unreachable_at = from_text(row.unreachable_at) if row.unreachable_at else None
    alarm = Alarm.from_json(row.alarm) if row.alarm else None
    return Confirmed(row.desk, row.sequence, row.hash, unreachable_at, alarm)


def put(connection: Connection, **values: Any) -> None:
    """Keep some columns of the one row, within a transaction."""
    if connection.execute(update(shipping).where(shipping.c.id == _ID).values(values)).rowcount == 0:
        connection.execute(insert(shipping).values({"id": _ID, "desk": "", "sequence": 0, "hash": "", **values}))
