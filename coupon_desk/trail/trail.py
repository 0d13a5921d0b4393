"""Append to the trail, read it, prove it. What the database has committed is on disk; nothing is ever changed or removed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Select, insert, select

from coupon_desk.clock import Clock, to_text
from coupon_desk.coupons.code import CouponCode
from coupon_desk.storage.database import Database
from coupon_desk.storage.tables.trail import entries
from coupon_desk.trail.entry import GENESIS, Entry, NewEntry, chained, entry_hash
from coupon_desk.trail.index import OperationRow, put_row
from coupon_desk.words import Message, msg


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry's place and hash; sequence 0 for an empty trail."""

    sequence: int
    hash: str


class Flaw(StrEnum):
    """What can be wrong with an entry; the words are stable."""

    MISSING = "missing"
    NOT_CHAINED = "not chained"
    CHANGED = "changed"

    @property
    def label(self) -> Message:
        """What a person reads."""
        return _FLAW_LABELS[self]


_FLAW_LABELS = {
    Flaw.MISSING: msg("an entry is missing"),
    Flaw.NOT_CHAINED: msg("it is not chained to the one before"),
    Flaw.CHANGED: msg("it was changed after it was written"),
}


@dataclass(frozen=True, slots=True)
class BadEntry:
    """The first entry that does not fit: its place and what is wrong."""

    sequence: int
    why: Flaw


@dataclass(frozen=True, slots=True)
class Verification:
    """What verifying found: how many entries were checked, the head, and the first bad entry, if any."""

    checked: int
    head: Head
    bad: BadEntry | None

    @property
    def is_intact(self) -> bool:
        """Every entry is what was written, in its place."""
        return self.bad is None


class Pen:
    """Appends entries within one transaction: all of them are on disk when it ends, or none."""

    def __init__(self, connection: Connection, desk: str, clock: Clock) -> None:
        self.connection = connection
        self._desk = desk
        self._clock = clock

    def append(self, new: NewEntry) -> Entry:
        """Append one entry. Raises StorageError."""
        last = self.connection.execute(
            select(entries.c.sequence, entries.c.hash).order_by(entries.c.sequence.desc()).limit(1)
        ).first()
        head = Head(last.sequence, last.hash) if last else Head(0, GENESIS)
        entry = chained(new, head.sequence + 1, self._clock.now(), self._desk, head.hash)
        self.connection.execute(insert(entries).values(entry.columns))
        return entry

    def index(self, row: OperationRow) -> None:
        """Bring the index of operations up to date with what was appended. Raises OperationOpen; then nothing is written."""
        put_row(self.connection, row)


class Trail:
    """The trail of one desk. Safe to use from any thread."""

    def __init__(self, database: Database, desk: str, clock: Clock) -> None:
        self._database = database
        self._desk = desk
        self._clock = clock

    @property
    def desk(self) -> str:
        """The name of this desk, as its entries bear it."""
        return self._desk

    @contextmanager
    def writing(self) -> Iterator[Pen]:
        """One transaction of appends. Raises StorageError; then nothing was written."""
        with self._database.write() as connection:
            yield Pen(connection, self._desk, self._clock)

    def append(self, new: NewEntry) -> Entry:
        """Append one entry; it is on disk when this returns. Raises StorageError."""
        with self.writing() as pen:
            return pen.append(new)

    def record(self, action: str, body: Mapping[str, object], *, actor: str | None = None) -> None:
        """Append one entry that belongs to no operation: a sign-in, a refusal, a look."""
        self.append(NewEntry(action, body, actor=actor))

    def of_operation(self, operation: str) -> tuple[Entry, ...]:
        """The entries of one operation, oldest first."""
        return self._read(select(entries).where(entries.c.operation == operation))

    def of_code(self, code: CouponCode) -> tuple[Entry, ...]:
        """The entries about one coupon, oldest first."""
        return self._read(select(entries).where(entries.c.code == code.text))

    def between(self, since: datetime | None = None, until: datetime | None = None) -> Iterator[Entry]:
        """The entries of a time span in order, streamed; `since` is inside, `until` outside."""
        query = select(entries).order_by(entries.c.sequence)
        if since is not None:
            query = query.where(entries.c.at >= to_text(since))
        if until is not None:
            query = query.where(entries.c.at < to_text(until))
        with self._database.read() as connection:
            for row in connection.execution_options(yield_per=1000).execute(query):
                yield Entry(*row)

    def head(self) -> Head:
        """The newest entry's place and hash."""
        with self._database.read() as connection:
            last = connection.execute(
                select(entries.c.sequence, entries.c.hash).order_by(entries.c.sequence.desc()).limit(1)
            ).first()
        return Head(last.sequence, last.hash) if last else Head(0, GENESIS)

    def verify(self) -> Verification:
        """Walk the whole chain and name the first entry that does not fit."""
        checked, previous = 0, GENESIS
        with self._database.read() as connection:
            rows = connection.execution_options(yield_per=5000).execute(select(entries).order_by(entries.c.sequence))
            for sequence, at, desk, actor, action, operation, step, code, body, before, digest in rows:
                checked += 1
                if sequence != checked:
                    return Verification(checked, Head(checked - 1, previous), BadEntry(checked, Flaw.MISSING))
                if before != previous:
                    return Verification(checked, Head(checked - 1, previous), BadEntry(sequence, Flaw.NOT_CHAINED))
                if digest != entry_hash(sequence, at, desk, actor, action, operation, step, code, body, before):
                    return Verification(checked, Head(checked - 1, previous), BadEntry(sequence, Flaw.CHANGED))
                previous = digest
        return Verification(checked, Head(checked, previous), None)

    def _read(self, query: Select[Any]) -> tuple[Entry, ...]:
        with self._database.read() as connection:
            return tuple(Entry(*row) for row in connection.execute(query.order_by(entries.c.sequence)))
