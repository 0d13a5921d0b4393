"""Append to the trail, read it, prove it. What the database has committed is on disk; nothing is ever changed or removed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, literal_column, or_, select

from coupon_desk.clock import Clock, to_text
from coupon_desk.coupons.code import CouponCode
from coupon_desk.storage.database import Database
from coupon_desk.storage.tables.trail import entries
from coupon_desk.trail import erasing, finding
from coupon_desk.trail.entry import Entry, NewEntry
from coupon_desk.trail.erasing import Erased
from coupon_desk.trail.finding import TrailQuery
from coupon_desk.trail.moments import BestMoment, best_moment
from coupon_desk.trail.pen import Pen, Surroundings, head_of
from coupon_desk.trail.reading import LOWEST, chain_rows, is_defined_as_expected, opened, whole_entries
from coupon_desk.trail.sealing import KeyedHash
from coupon_desk.trail.verification import BadEntry, ChainRow, Flaw, Head, Verification, verify_rows


def _nothing() -> None:
    return None


class Trail:
    """The trail of one desk. Safe to use from any thread.

    `on_append` is called after each transaction of appends, on the thread that wrote; it must be quick and raise nothing.
    """

    def __init__(self, database: Database, surroundings: Surroundings, clock: Clock) -> None:
        self._database = database
        self._surroundings = surroundings
        self._clock = clock
        self._kept_hash: KeyedHash | None = None
        self.on_append: Callable[[], None] = _nothing

    @property
    def desk(self) -> str:
        """The name of this desk, as its entries bear it."""
        return self._surroundings.desk

    @contextmanager
    def writing(self) -> Iterator[Pen]:
        """One transaction of appends. Raises StorageError; then nothing was written."""
        with self._database.write() as connection:
            yield Pen(connection, self._surroundings, self._clock, self._keyed(connection))
        self.on_append()

    def append(self, new: NewEntry) -> Entry:
        """Append one entry; it is on disk when this returns. Raises StorageError."""
        with self.writing() as pen:
            return pen.append(new)

    def record(
        self,
        action: str,
        body: Mapping[str, object],
        *,
        actor: str | None = None,
        role: str | None = None,
        result: str | None = None,
        reason: str | None = None,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
    ) -> None:
        """Append one entry that belongs to no operation, in a transaction of its own; see `Pen.record`."""
        with self.writing() as pen:
            pen.record(action, body, actor=actor, role=role, result=result, reason=reason, before=before, after=after)

    def best_moment(self) -> BestMoment:
        """Which moment it is, as far as remote clocks and the trail can tell."""
        with self._database.read() as connection:
            return best_moment(connection, self._clock.now(), self._surroundings.clock_offset())

    def of_operation(self, operation: str) -> tuple[Entry, ...]:
        """The entries of one operation, oldest first."""
        with self._database.read() as connection:
            return self._in_order(connection, entries.c.operation == operation)

    def of_code(self, code: CouponCode) -> tuple[Entry, ...]:
        """The entries about one coupon, oldest first, those included whose texts were erased."""
        with self._database.read() as connection:
            is_old = (entries.c.version == literal_column("1")) & (entries.c.code == code.text)
            return self._in_order(connection, or_(entries.c.coupon == self._keyed(connection).coupon(code), is_old))

    def between(self, since: datetime | None = None, until: datetime | None = None) -> Iterator[Entry]:
        """The entries of a time span in order, streamed; `since` is inside, `until` outside."""
        query = whole_entries().order_by(entries.c.sequence)
        if since is not None:
            query = query.where(entries.c.at >= to_text(since))
        if until is not None:
            query = query.where(entries.c.at < to_text(until))
        with self._database.read() as connection:
            yield from opened(connection, query)

    def find(self, query: TrailQuery, *, before: int | None = None, limit: int = 100) -> tuple[Entry, ...]:
        """The newest entries that fit, at most `limit`; with `before`, those of them that come before this sequence."""
        with self._database.read() as connection:
            return finding.find(connection, lambda: self._keyed(connection), query, before, limit)

    def count(self, query: TrailQuery) -> int:
        """How many entries fit."""
        with self._database.read() as connection:
            return finding.count(connection, lambda: self._keyed(connection), query)

    def erase_customer(
        self, customer_id: str, by: str, *, role: str | None = None, codes: Collection[CouponCode] = ()
    ) -> Erased:
        """Erase what was written about a customer, also on coupons of theirs that never came so far as to say whose they are.

        `codes` are the coupons that are known to be theirs. Erasing again finishes what a crash left. Raises StillAtWork,
        DatabaseBusy, StorageError.
        """
        with self.writing() as pen:
            erased = erasing.erase_customer(pen, customer_id, codes, by, role)
        self._database.scrub()
        return erased

    def erase_older(self, before: datetime) -> Erased:
        """Erase what was written about coupons of which nothing was heard since; what is not finished stays."""
        with self.writing() as pen:
            erased = erasing.erase_older(pen, before)
        if erased.keys:
            self._database.scrub()
        return erased

    def head(self) -> Head:
        """The newest entry's place and hash."""
        with self._database.read() as connection:
            return head_of(connection)

    @contextmanager
    def chain(self, after_sequence: int | None = None) -> Iterator[Iterator[ChainRow]]:
        """The rows of the chain in order, all or those after one, as they stood at one moment, whoever writes meanwhile."""
        with self._database.read() as connection:
            yield chain_rows(self._database, connection, LOWEST if after_sequence is None else after_sequence + 1)

    def verify(self, *, notable: Callable[[ChainRow], None] | None = None) -> Verification:
        """Walk the whole chain, as it stands at one moment, and name the first entry that does not fit; see `verify_rows`."""
        with self._database.read() as connection:
            found = verify_rows(chain_rows(self._database, connection), notable=notable)
            if found.is_intact and not is_defined_as_expected(self._database, connection):
                return Verification(found.checked, found.head, BadEntry(0, Flaw.DEFINITION))
            return found

    def hash_at(self, sequence: int) -> str | None:
        """The hash of one entry, None where there is none."""
        with self._database.read() as connection:
            found: str | None = connection.execute(select(entries.c.hash).where(entries.c.sequence == sequence)).scalar()
        return found

    def newest(self, *actions: str) -> Entry | None:
        """The newest entry of these actions."""
        with self._database.read() as connection:
            query = whole_entries().where(entries.c.action.in_(actions)).order_by(entries.c.sequence.desc()).limit(1)
            return next(opened(connection, query), None)

    def of_actions(self, *actions: str) -> tuple[Entry, ...]:
        """All entries of these actions, oldest first."""
        with self._database.read() as connection:
            return self._in_order(connection, entries.c.action.in_(actions))

    def telling(self, actions: Collection[str], steps: Collection[str], since: datetime) -> Iterator[Entry]:
        """The entries of these actions, and of the ends of these steps, since a moment; oldest first, streamed."""
        is_end = (entries.c.action == "step.done") & entries.c.step.in_(steps)
        query = whole_entries().where(entries.c.action.in_(actions) | is_end, entries.c.at >= to_text(since))
        with self._database.read() as connection:
            yield from opened(connection, query.order_by(entries.c.sequence))

    def places_between(self, since: datetime | None, until: datetime | None, newest: int) -> tuple[int, int] | None:
        """The first and the last place of a time span, up to `newest`; None where nothing lies in it.

        Where clocks were set, entries of other times may lie between the two: a part of a chain has no gaps.
        """
        bounds = select(func.min(entries.c.sequence), func.max(entries.c.sequence)).where(entries.c.sequence <= newest)
        if since is not None:
            bounds = bounds.where(entries.c.at >= to_text(since))
        if until is not None:
            bounds = bounds.where(entries.c.at < to_text(until))
        with self._database.read() as connection:
            first, last = connection.execute(bounds).one()
        return None if first is None else (first, last)

    def in_places(self, first: int, last: int) -> Iterator[Entry]:
        """The entries from one place to another, streamed."""
        query = whole_entries().where(entries.c.sequence.between(first, last)).order_by(entries.c.sequence)
        with self._database.read() as connection:
            yield from opened(connection, query)

    def _in_order(self, connection: Connection, where: ColumnElement[bool]) -> tuple[Entry, ...]:
        return tuple(opened(connection, whole_entries().where(where).order_by(entries.c.sequence)))

    def _keyed(self, connection: Connection) -> KeyedHash:
        """Read once: the key of a database never changes."""
        if self._kept_hash is None:
            self._kept_hash = KeyedHash.of(connection)
        return self._kept_hash
