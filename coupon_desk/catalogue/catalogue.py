"""The door of this room: search the local copy of all coupons, count it, and bring news into it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from sqlalchemy import delete, insert, or_, select, update

from coupon_desk.catalogue import writing
from coupon_desk.catalogue.asking import Asker, Values, question
from coupon_desk.catalogue.counting import counts
from coupon_desk.catalogue.facts import SHOWN, Facts, coupon_of, micros, moment
from coupon_desk.catalogue.file import CatalogueFile
from coupon_desk.catalogue.folding import customer_key
from coupon_desk.catalogue.query import MOST_ROWS, Counts, CouponPage, CouponQuery
from coupon_desk.catalogue.rows import CatalogueRow
from coupon_desk.catalogue.search import find
from coupon_desk.catalogue.state import SyncState
from coupon_desk.catalogue.succession import Succession
from coupon_desk.clock import Clock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.coupon import Coupon
from coupon_desk.coupons.status import CouponStatus
from coupon_desk.storage.database import Database
from coupon_desk.storage.tables.catalogue import coupons, sync_state

T = TypeVar("T")

BATCH: Final = 100
"""Rows of one transaction: whoever writes to the trail meanwhile waits for one batch and no more."""

BREATH_SECONDS: Final = 0.03
"""The pause between two batches. A writer that waits for SQLite's lock looks again every 25 ms at first, then every 100 ms;
without a pause it would hardly ever find it free.
"""

FEW: Final = 20
"""So many changes are taken over in a moment that nobody notices."""


class Catalogue:
    """All coupons that we know of. Safe to use from any thread. Every method may raise StorageError."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.place = CatalogueFile(database)
        self._clock = clock
        self._one_writer = threading.Lock()
        self._touched: set[str] | None = None

    @property
    def _database(self) -> Database:
        return self.place.database

    def search(self, query: CouponQuery) -> CouponPage:
        """One page in the order of its sort; statuses as of now."""
        now = micros(self._clock.now())
        with self._asking() as asker:
            shown, following = find(asker, query, now)
            by_place = _coupons(asker, [cursor.place for cursor in shown], now)
        return CouponPage(tuple(by_place[cursor.place] for cursor in shown), following)

    def counts(self, query: CouponQuery) -> Counts:
        """How many coupons each filter would show, within the text and the ranges of the query."""
        now = micros(self._clock.now())
        with self._asking() as asker:
            return counts(asker, query, now)

    def get(self, code: CouponCode) -> Coupon | None:
        """One coupon by its code."""
        return self.known([code]).get(code)

    def known(self, codes: Collection[CouponCode]) -> dict[CouponCode, Coupon]:
        """Many coupons by their codes; those that are not known are missing."""
        now = micros(self._clock.now())
        found: dict[CouponCode, Coupon] = {}
        with self._asking() as asker:
            for batch in _batches(codes, MOST_ROWS):
                values = Values()
                wanted = ", ".join(values.bind(code.text) for code in batch)
                for row in asker.rows(question(_SHOWN, "coupons", [f"code IN ({wanted})"]), values):
                    coupon = coupon_of(row, now)
                    found[coupon.code] = coupon
        return found

    @contextmanager
    def _asking(self) -> Iterator[Asker]:
        database = self._database
        with database.read() as connection:
            yield Asker(database, connection)

    def upsert(self, rows: Iterable[CatalogueRow]) -> int:
        """Take in news from the sources, a transaction for each batch; returns how many coupons changed."""
        seen_at = micros(self._clock.now())
        changed = 0
        for number, batch in enumerate(_batches(rows)):
            if number and self.place.is_home:
                self._clock.sleep(BREATH_SECONDS)
            changes: dict[str, writing.Change] = {}
            for row in batch:
                changes[row.code.text] = _then(changes.get(row.code.text), row, seen_at)
            changed += self._apply(changes)
        return changed

    def set_status(self, code: CouponCode, status: CouponStatus, at: datetime) -> None:
        """Say ourselves what a coupon is.

        CANCELLING, CANCELLED, NEEDS_ATTENTION and USED stand above everything that a sync finds; UNUSED, SCHEDULED and
        EXPIRED take our word back. A coupon that no sync has brought yet is remembered.
        """
        self._apply({code.text: lambda facts: facts.with_own_word(status, at)})

    def keep_only(self, codes_of_customers: Mapping[str, Collection[str]]) -> int:
        """Forget the record entries of these customers that their records, just read, no longer have; how many changed."""
        keys = {customer_key(customer): codes for customer, codes in codes_of_customers.items()}
        with self._database.read() as connection:
            known = connection.execute(
                select(coupons.c.code, coupons.c.customer_key).where(
                    coupons.c.customer_key.in_([key for key in keys if key]), coupons.c.record_status.is_not(None)
                )
            ).all()
        gone = [code for code, key in known if code not in keys[key]]
        return self._apply(dict.fromkeys(gone, Facts.without_record))

    def touch_records(self, customer_ids: Collection[str]) -> None:
        """Keep what is known of these customers' records, which could not be read this time."""
        keys = [key for key in map(customer_key, customer_ids) if key]
        if keys:
            with self._one_writer, self._database.write() as connection:
                connection.execute(
                    update(coupons)
                    .where(coupons.c.customer_key.in_(keys), coupons.c.record_status.is_not(None))
                    .values(record_seen_at=micros(self._clock.now()))
                )

    def remove_missing(self, seen_since: datetime, *, records: bool = True, discounts: bool = True) -> int:
        """Forget what a full sync that began at `seen_since` did not see again; returns how many coupons changed.

        `records` and `discounts` tell which sources were read completely. A coupon that only Shopify lost stays and needs
        attention; one that no source knows goes, unless we have said something about it ourselves.
        """
        since = micros(seen_since)
        stale = []
        if records:
            stale.append(coupons.c.record_seen_at < since)
        if discounts:
            known = (
                coupons.c.record_status.is_not(None) & coupons.c.discount_id.is_(None) & coupons.c.discount_missing.is_(False)
            )
            stale += [coupons.c.discount_seen_at < since, known]
        if not stale:
            return 0
        with self._database.read() as connection:
            codes = connection.scalars(select(coupons.c.code).where(or_(*stale))).all()

        def forget(facts: Facts) -> Facts:
            if records and facts.record_seen_at is not None and facts.record_seen_at < since:
                facts = facts.without_record()
            if discounts and (facts.discount_seen_at or 0) < since and not facts.discount_missing:
                facts = facts.without_discount()
            return facts

        return self._apply(dict.fromkeys(codes, forget))

    def codes_of_customer(self, customer_id: str) -> tuple[CouponCode, ...]:
        """The coupons that are known to be a customer's."""
        key = customer_key(customer_id)
        query = select(coupons.c.code).where(coupons.c.customer_key == key)
        with self._database.read() as connection:
            return tuple(CouponCode(code) for code in connection.scalars(query)) if key else ()

    def forget_customer(self, customer_id: str, codes: Collection[CouponCode] = ()) -> int:
        """Forget the coupons of a customer, and these; how many there were. A sync brings back what Shopify still has."""
        texts = {code.text for code in codes} | {code.text for code in self.codes_of_customer(customer_id)}
        with self._one_writer, self._database.write() as connection:
            if self._touched is not None:
                self._touched.update(texts)
            writing.hold(connection)
            places = [row.id for row in (writing.row_of(connection, text) for text in sorted(texts)) if row is not None]
            if places:
                writing.forget(connection, places)
        return len(places)

    def sync_state(self) -> SyncState:
        """How far the sync has come; a fresh state where there was none."""
        self.place.look_again()
        for code, status, at in self.place.orphans():
            self.set_status(CouponCode(code), CouponStatus(status), moment(at))
        with self.place.home.read() as connection:
            value = connection.scalar(select(sync_state.c.value).where(sync_state.c.name == "shopify"))
        return msgspec.json.decode(value, type=SyncState) if value else SyncState()

    def save_sync_state(self, state: SyncState) -> None:
        """Keep how far the sync has come."""
        with self.place.home.write() as connection:
            connection.execute(delete(sync_state).where(sync_state.c.name == "shopify"))
            connection.execute(insert(sync_state).values(name="shopify", value=msgspec.json.encode(state).decode()))

    def is_empty(self) -> bool:
        """Whether nothing is known yet."""
        with self._database.read() as connection:
            return connection.scalar(select(coupons.c.id).limit(1)) is None

    def own_file(self) -> Path | None:
        """The file that the catalogue stands in, where it can be compared with another; None while it is empty."""
        name = self._database.engine.url.database
        return None if self.is_empty() or not name else Path(name)

    def succeed(self, name: str, began_at: datetime, unreadable: Collection[str], stopped: Callable[[], bool]) -> bool:
        """From now on the catalogue is a newly built file, with all that we know better; False where it was stopped.

        `began_at` is when the file began to be built. Who reads goes on reading, who writes waits for a moment at the end.
        """
        folder = self.place.folder
        if folder is None:
            raise ValueError("a catalogue in a database that is no file has no successor")
        after = Database.open(folder / name)
        self._touched = set()
        try:
            succession = Succession(self._database, after, micros(began_at), unreadable)
            if not succession.carry(succession.codes(), stopped):
                return False
            while len(self._touched) > FEW:
                late, self._touched = self._touched, set()
                succession.carry(late)
            with self._one_writer:
                succession.carry(self._touched)
                self.place.switch(name)
        finally:
            self._touched = None
            after.close()
        self.place.clear()
        return True

    def clear_home(self) -> None:
        """Let the home's database forget the coupons that a file of their own has taken over, a few at a time."""
        if self.place.is_home:
            return
        while True:
            with self.place.home.read() as connection:
                places = list(connection.scalars(select(coupons.c.id).limit(BATCH)))
            if not places:
                return
            with self.place.home.write() as connection:
                writing.forget(connection, places)
            self._clock.sleep(BREATH_SECONDS)

    def scrub(self) -> None:
        """Let what was forgotten leave the disk, where the catalogue has a file of its own. Raises DatabaseBusy."""
        if not self.place.is_home:
            self._database.scrub(compact=True)

    def close(self) -> None:
        """Let go of a file of its own."""
        self.place.close()

    def _apply(self, changes: Mapping[str, writing.Change]) -> int:
        changed = 0
        for number, batch in enumerate(_batches(changes.items())):
            if number and self.place.is_home:
                self._clock.sleep(BREATH_SECONDS)
            changed += self._write(dict(batch))
        return changed

    def _write(self, changes: Mapping[str, writing.Change]) -> int:
        """Apply the changes of one batch. One desk alone works them out first, and holds its database for the writing only."""
        with self._one_writer:
            if self._touched is not None:
                self._touched.update(changes)
            if self._database.dialect == "sqlite":
                with self._database.read() as connection:
                    planned = writing.plan(connection, changes)
                if planned.is_empty:
                    return 0
                with self._database.write() as connection:
                    writing.carry_out(connection, planned)
            else:
                with self._database.write() as connection:
                    writing.hold(connection)
                    planned = writing.plan(connection, changes)
                    writing.carry_out(connection, planned)
        return planned.changed


def _then(earlier: writing.Change | None, row: CatalogueRow, seen_at: int) -> writing.Change:
    def change(facts: Facts) -> Facts:
        return (earlier(facts) if earlier else facts).with_news(row, seen_at)

    return change


def _batches(items: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _coupons(asker: Asker, places: Collection[int], now: int) -> dict[int, Coupon]:
    if not places:
        return {}
    values = Values()
    wanted = ", ".join(values.bind(place) for place in places)
    rows = asker.rows(question(f"id, {_SHOWN}", "coupons", [f"id IN ({wanted})"]), values)
    return {place: coupon_of(shown, now) for place, *shown in rows}


_SHOWN: Final = ", ".join(SHOWN)
