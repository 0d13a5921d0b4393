"""Builds a whole catalogue in a file of its own: customers' records first, then discounts, then the indexes.

Nobody else opens the file meanwhile, so nothing has to be brief. What was taken in, and up to which place of the export, is
written in one transaction: a load that was killed goes on there. Memory stays flat however many coupons there are.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from coupon_desk.catalogue.facts import Facts, Whose, micros, next_place, place_of, whose_of
from coupon_desk.catalogue.file import Schema
from coupon_desk.catalogue.folding import customer_key, fold
from coupon_desk.catalogue.joining import of_both, of_record, record_values
from coupon_desk.catalogue.source import SourceCustomer, SourceDiscount
from coupon_desk.catalogue.writing import person_words
from coupon_desk.storage.database import translated_of_driver

COMMIT_SECONDS: Final = 1.0
"""So much work is lost at most when the program is killed."""

ROWS_AT_ONCE: Final = 1_000

_PRAGMAS: Final = ("main.locking_mode=EXCLUSIVE", "journal_mode=TRUNCATE", "synchronous=FULL", "cache_size=-16384")
"""The cache is what sorting an index may take, too: with more of it, or more threads, memory grows with the shop."""

_OWN_TABLES: Final = (
    "CREATE TABLE load_state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE load_customers (id INTEGER PRIMARY KEY, customer_id TEXT, name TEXT, email TEXT, phone TEXT,"
    " key TEXT, sort TEXT, text TEXT, grams TEXT)",
    "CREATE TABLE load_records (code TEXT, customer INTEGER, status TEXT, claimed INTEGER, amount TEXT, issued_at INTEGER,"
    " expires_at INTEGER, updated_at INTEGER)",
    "CREATE TABLE load_parked (number INTEGER PRIMARY KEY, line BLOB)",
    "CREATE TABLE load_unreadable (customer_key TEXT)",
)
_RECORD: Final = (
    "customer_id, name, email, phone, status, claimed, amount, issued_at, expires_at, updated_at, key, sort, text, grams"
    " FROM load_records r"
    " JOIN load_customers c ON c.id = r.customer"
)
_RECORD_OF: Final = " ".join(["SELECT", _RECORD, "WHERE r.code = ? ORDER BY r.rowid DESC LIMIT 1"])
_RECORDS_LEFT: Final = " ".join(
    [
        *("SELECT r.rowid, r.code,", _RECORD, "WHERE r.rowid > ? AND NOT EXISTS"),
        "(SELECT 1 FROM coupons WHERE coupons.code = r.code) ORDER BY r.rowid LIMIT ?",
    ]
)
_DELETE: Final = (
    "DELETE FROM coupons WHERE id = ?",
    "DELETE FROM coupon_text WHERE rowid = ?",
    "DELETE FROM coupon_grams WHERE rowid = ?",
)


_Coupon = tuple[int, Facts, Whose, str, str | None]
"""A coupon with its place, and what is derived from its customer: that is worked out once for each of them."""

_TOLD: Final = 10
"""So many columns of a record are facts; what is derived from the customer follows."""


class Loading:
    """One catalogue being built. Use it on one thread; close it at the end. Everything may raise StorageError."""

    def __init__(self, file: Path, schema: Schema, began_at: datetime, currency: str) -> None:
        self.file = file
        self._schema = schema
        self._seen_at = micros(began_at)
        self._currency = currency
        self._committed_at = time.monotonic()
        with translated_of_driver():
            self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
            for pragma in _PRAGMAS:
                self._connection.execute(f"PRAGMA {pragma}")
            if not self._connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'load_state'").fetchone():
                self._begin()
            self._state: dict[str, int] = dict(self._connection.execute("SELECT name, value FROM load_state"))
            self._lookup = self._connection.cursor()

    def __getitem__(self, name: str) -> int:
        """A number that is kept with what was taken in: 0 until it was told."""
        return self._state.get(name, 0)

    def tell(self, name: str, value: int) -> None:
        """Keep a number, from the next commit on."""
        self._state[name] = value

    def take_customers(self, customers: Sequence[SourceCustomer]) -> None:
        """Take in customers with their records."""
        people, records, unreadable = [], [], []
        number = self["customers"]
        for customer in customers:
            number += 1
            person = Facts("", customer.id, customer.name, customer.email, customer.phone)
            whose = customer.id, customer.name, customer.email, customer.phone
            people.append((number, *whose, *whose_of(person), *person_words(person)))
            updated_at = micros(customer.updated_at) if customer.updated_at else self._seen_at
            if customer.problem is not None:
                unreadable.append((customer_key(customer.id),))
            records += [(code.text, number, *record_values(entry), updated_at) for code, entry in customer.entries]
        self.tell("customers", number)
        self.tell("unreadable", self["unreadable"] + len(unreadable))
        with self._writing():
            self._connection.executemany("INSERT INTO load_customers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", people)
            self._connection.executemany("INSERT INTO load_records VALUES (?, ?, ?, ?, ?, ?, ?, ?)", records)
            self._connection.executemany("INSERT INTO load_unreadable VALUES (?)", unreadable)

    def end_customers(self) -> None:
        """All customers are there: make their records findable by code."""
        self.commit()
        with translated_of_driver():
            self._connection.execute("CREATE INDEX IF NOT EXISTS load_by_code ON load_records (code)")

    def take_discounts(self, discounts: Sequence[SourceDiscount], parked: Sequence[tuple[int, bytes]] = ()) -> None:
        """Take in coupon codes; `parked` is kept for whoever goes on."""
        with self._writing():
            self._insert([self._joined(discount) for discount in discounts])
            self._connection.executemany("INSERT OR REPLACE INTO load_parked VALUES (?, ?)", parked)
        self.tell("coupons", self["coupons"] + len(discounts))

    def parked(self, number: int) -> bytes | None:
        """What was kept under a number."""
        with translated_of_driver():
            row = self._connection.execute("SELECT line FROM load_parked WHERE number = ?", (number,)).fetchone()
        return None if row is None else bytes(row[0])

    def take_records_left(self, *, discounts_are_complete: bool) -> bool:
        """Take in some coupons that stand in a record and bear no discount; whether there may be more."""
        with translated_of_driver():
            rows = self._connection.execute(_RECORDS_LEFT, (self["records_left"], ROWS_AT_ONCE)).fetchall()
        found = {row[1]: row[2:] for row in rows}
        with self._writing():
            self._insert(
                [
                    _coupon(
                        of_record(code, told[:_TOLD], self._currency, self._seen_at, is_missing=discounts_are_complete),
                        told[_TOLD:],
                    )
                    for code, told in found.items()
                ]
            )
        if rows:
            self.tell("records_left", rows[-1][0])
        return len(rows) == ROWS_AT_ONCE

    def index_steps(self) -> Iterator[Callable[[], None]]:
        """What is left to be done for searching, each a step of some seconds."""
        with translated_of_driver():
            made = {row[0] for row in self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
        for kind, name, sql in self._schema:
            if kind == "index" and name not in made:
                yield partial(self._execute, sql)

    def unreadable(self) -> tuple[str, ...]:
        """The keys of the customers whose record could not be read."""
        with translated_of_driver():
            return tuple(row[0] for row in self._connection.execute("SELECT customer_key FROM load_unreadable") if row[0])

    def count(self) -> int:
        """How many coupons there are."""
        with translated_of_driver():
            return int(self._connection.execute("SELECT count(*) FROM coupons").fetchone()[0])

    def compare(self, before: Path | None) -> tuple[int, int]:
        """How many coupons are new or different, and how many are gone, against the catalogue before."""
        if before is None:
            return self.count(), 0
        with translated_of_driver():
            self._connection.execute("ATTACH ? AS older", (str(before),))
            try:
                different = " OR ".join(f"n.{name} IS NOT o.{name}" for name in _COMPARED)
                asked = " ".join([_COUNT_JOINED, "WHERE o.code IS NULL OR o.own_status IS NULL AND (", different, ")"])
                changed = self._connection.execute(asked).fetchone()[0]
                gone = self._connection.execute(
                    "SELECT count(*) FROM older.coupons o WHERE o.own_status IS NULL"
                    " AND NOT EXISTS (SELECT 1 FROM main.coupons n WHERE n.code = o.code)"
                ).fetchone()[0]
            finally:
                self._connection.execute("DETACH older")
        return int(changed), int(gone)

    @property
    def numbers(self) -> dict[str, int]:
        """All numbers that were told."""
        return dict(self._state)

    def end_discounts(self) -> None:
        """Everything is there: the indexes get the room of what was kept for joining."""
        self.commit()
        with translated_of_driver():
            for table in ("load_customers", "load_records", "load_parked"):
                self._connection.execute(" ".join(["DROP TABLE IF EXISTS", table]))

    def finish(self) -> None:
        """The file is a catalogue, and free for everybody."""
        self.commit()
        self.close()

    def commit(self) -> None:
        """Keep what was taken in, and the numbers with it."""
        with translated_of_driver():
            if not self._connection.in_transaction:
                self._connection.execute("BEGIN")
            self._connection.executemany("INSERT OR REPLACE INTO load_state VALUES (?, ?)", self._state.items())
            self._connection.execute("COMMIT")
        self._committed_at = time.monotonic()

    def commit_if_due(self) -> None:
        """The same, from time to time."""
        if time.monotonic() - self._committed_at >= COMMIT_SECONDS:
            self.commit()

    def close(self) -> None:
        """Close the file; what was not committed is lost."""
        self._connection.close()

    def interrupt_when(self, stopped: Callable[[], bool]) -> None:
        """End a long step soon after `stopped()`, with a StorageError; the file stays as it was before the step."""
        self._connection.set_progress_handler(stopped, 50_000)

    def _begin(self) -> None:
        self._connection.execute("BEGIN")
        for kind, _, sql in self._schema:
            if kind == "table":
                self._connection.execute(sql)
        for sql in _OWN_TABLES:
            self._connection.execute(sql)
        self._connection.execute("COMMIT")

    def _execute(self, sql: str) -> None:
        with translated_of_driver():
            self._connection.execute(sql)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with translated_of_driver():
            if not self._connection.in_transaction:
                self._connection.execute("BEGIN")
            yield

    def _joined(self, discount: SourceDiscount) -> _Coupon:
        told = self._lookup.execute(_RECORD_OF, (discount.code.text,)).fetchone()
        facts = of_both(discount, told and told[:_TOLD], self._currency, self._seen_at)
        return _coupon(facts, (*whose_of(facts), *person_words(facts)) if told is None else told[_TOLD:])

    def _insert(self, found: Sequence[_Coupon]) -> None:
        self._connection.execute("SAVEPOINT batch")
        try:
            self._put(found)
        except sqlite3.IntegrityError:  # a code that came twice, or two coupons that want the same place: one by one
            self._connection.execute("ROLLBACK TO batch")
            for coupon in found:
                self._put_one(coupon)
        self._connection.execute("RELEASE batch")

    def _put(self, found: Sequence[_Coupon]) -> None:
        write = self._connection.executemany
        write(_INSERT_COUPON, [(place, *facts.columns(whose).values()) for place, facts, whose, _, _ in found])
        write(_INSERT_TEXT, [(place, fold(facts.code), text) for place, facts, _, text, _ in found])
        write(_INSERT_GRAMS, [(place, grams) for place, _, _, _, grams in found if grams])

    def _put_one(self, coupon: _Coupon) -> None:
        place, facts, whose, text, grams = coupon
        known = self._connection.execute("SELECT id FROM coupons WHERE code = ?", (facts.code,)).fetchone()
        if known is not None:
            for delete in _DELETE:
                self._connection.execute(delete, known)
        while self._connection.execute("SELECT 1 FROM coupons WHERE id = ?", (place,)).fetchone():
            place = next_place(place)
        self._put([(place, facts, whose, text, grams)])


def loading_numbers(file: Path) -> dict[str, int]:
    """The numbers of a load that has come to its end. Raises StorageError."""
    with translated_of_driver(), closing(sqlite3.connect(file)) as connection:
        return dict(connection.execute("SELECT name, value FROM load_state"))


def _insert_into(table: str, columns: tuple[str, ...]) -> str:
    return " ".join(["INSERT INTO", table, "(", ", ".join(columns), ") VALUES (", ", ".join("?" * len(columns)), ")"])


def _coupon(facts: Facts, person: Sequence[Any]) -> _Coupon:
    key, sort, text, grams = person
    return place_of(facts.code, facts.issued_at), facts, (key, sort), text, grams


_INSERT_TEXT: Final = _insert_into("coupon_text", ("rowid", "code", "text"))
_INSERT_GRAMS: Final = _insert_into("coupon_grams", ("rowid", "grams"))
_INSERT_COUPON: Final = _insert_into("coupons", ("id", *Facts("1-AAAAAA-1").columns()))
_COUNT_JOINED: Final = "SELECT count(*) FROM main.coupons n LEFT JOIN older.coupons o ON o.code = n.code"
_COMPARED: Final = ("standing", "starts_at", "expires_at", "customer_id", "customer_name", "customer_email", "issued_at")
