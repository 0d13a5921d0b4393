"""Proving a chain: the first bad entry is named with what was done to it, for every byte of every entry."""

from __future__ import annotations

import hashlib
import os
import random
import sqlite3
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from coupon_desk.clock import VirtualClock
from coupon_desk.storage.database import Database
from coupon_desk.storage.tables.trail import ENTRIES_ON_SQLITE
from coupon_desk.trail.entry import NewEntry
from coupon_desk.trail.fields import canonical
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.trail import Trail
from coupon_desk.trail.verification import GENESIS, BadEntry, ChainRow, Flaw, Head, entry_hash, verify_rows
from tests.trail.conftest import CODE, NOW, tamper

Rows = list[ChainRow]
FLIP_EVERY = int(os.environ.get("FLIP_EVERY", "5"))


def chained(texts: list[bytes], after: tuple[int, bytes] = (0, GENESIS.encode())) -> Rows:
    """Texts as entries of version 2, one after the other."""
    sequence, previous = after
    rows: Rows = []
    for text in texts:
        sequence += 1
        digest = entry_hash(2, sequence, previous, text)
        rows.append((sequence, 2, previous, text, digest))
        previous = digest
    return rows


def renumbered(rows: Rows) -> Rows:
    return [(place, *row[1:]) for place, row in enumerate(rows, start=1)]


@pytest.fixture(scope="module")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """A trail of 1,000 entries as the program writes them."""
    database = Database.open(tmp_path_factory.mktemp("thousand") / "desk.sqlite3")
    database.migrate()
    trail = Trail(database, Surroundings("counter-1", "mika", clock_offset=lambda: 0.25), VirtualClock(NOW))
    with trail.writing() as pen:
        for number in range(1000):
            body = {"detail": {"text": "Unused, by every source.", "values": {"count": number}}, "note": "間違い"}
            before, after, operation = {"state": "running"}, {"state": "done"}, f"op-{number // 10}"
            pen.append(
                NewEntry("step.done", body, "mika", operation, "verify", CODE.text, "manager", before=before, after=after)
            )
    with trail.chain() as chain:
        rows = list(chain)
    database.close()
    assert verify_rows(rows).checked == 1000
    return rows


@pytest.fixture
def ten(thousand: Rows) -> Rows:
    return thousand[:10]


def bad(rows: Rows) -> tuple[int, Flaw] | None:
    found = verify_rows(rows).bad
    return None if found is None else (found.sequence, found.why)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), json_values, max_size=5), st.integers(1, 2**53 - 1))
def test_the_hash_is_taken_over_the_canonical_array_of_previous_sequence_and_entry(entry: dict[str, Any], place: int) -> None:
    expected = hashlib.sha256(rfc8785.dumps([GENESIS, place, entry])).hexdigest()
    assert entry_hash(2, place, GENESIS.encode(), canonical(entry).encode()) == expected.encode()


def test_every_byte_of_a_thousand_entries_is_proved(thousand: Rows) -> None:
    """Each byte of each text is flipped, and the entry it belongs to is named; what stands before it is proved by its head.

    In the suite of every fifth entry; FLIP_EVERY=1 takes all of them.
    """
    wrong: list[tuple[int, int, int]] = []
    flips = 0
    checked = list(enumerate(thousand, start=1))[::FLIP_EVERY]
    for place, row in checked:
        following = thousand[place : place + 1]
        head, expected = Head(place - 1, row[2].decode()), BadEntry(place, Flaw.CHANGED)
        for column, position, flipped in flips_of(row, place):
            flips += 1
            if verify_rows([flipped, *following], head).bad != expected:
                wrong.append((place, column, position))
    assert wrong == []
    assert flips == sum(len(text) for _, row in checked for text in as_texts(row))
    assert flips > 780_000 / FLIP_EVERY


def as_texts(row: ChainRow) -> tuple[bytes, ...]:
    return (str(row[0]).encode(), str(row[1]).encode(), *row[2:])


def flips_of(row: ChainRow, salt: int) -> Iterator[tuple[int, int, ChainRow]]:
    """The row with one bit of each byte of its texts changed, a different bit from byte to byte."""
    for column, text in enumerate(as_texts(row)):
        for position, byte in enumerate(text):
            changed = text[:position] + bytes([byte ^ 1 << (position + salt) % 8]) + text[position + 1 :]
            told: Any = changed if column >= 2 else as_stored(changed)
            yield column, position, (*row[:column], told, *row[column + 1 :])


def as_stored(digits: bytes) -> int | str:
    """What a column of whole numbers holds after its text was changed."""
    return int(digits) if digits.isdigit() else digits.decode("latin-1")


@pytest.mark.parametrize("column", range(5))
def test_a_change_is_found_also_from_the_first_entry_on(thousand: Rows, column: int) -> None:
    for place in (1, 2, 500, 999, 1000):
        (*_, (_, _, flipped)) = (one for one in flips_of(thousand[place - 1], 3) if one[0] == column)
        assert bad([*thousand[: place - 1], flipped, *thousand[place:]]) == (place, Flaw.CHANGED)


def test_a_deleted_entry_is_missed_also_where_the_others_closed_up(ten: Rows) -> None:
    for place in range(1, 10):
        left = [row for row in ten if row[0] != place]
        assert bad(left) == (place, Flaw.MISSING)
        assert bad(renumbered(left)) == (place, Flaw.MISSING)
    assert bad([*ten[:3], *ten[6:]]) == (4, Flaw.MISSING)
    assert bad(renumbered([*ten[:3], *ten[6:]])) == (4, Flaw.MISSING)


def test_entries_that_changed_places_are_told_as_moved(thousand: Rows) -> None:
    for one, other in ((1, 2), (3, 4), (3, 9), (1, 1000), (17, 800)):
        swapped = list(thousand)
        swapped[one - 1], swapped[other - 1] = swapped[other - 1], swapped[one - 1]
        assert bad(swapped) == (one, Flaw.MOVED), "as lines in another order"
        assert bad(renumbered(swapped)) == (one, Flaw.MOVED), "as rows with each other's numbers"


def test_an_entry_that_was_given_another_number_is_told_as_moved(ten: Rows) -> None:
    later = [*ten[:4], *ten[5:], (95_000, *ten[4][1:])]
    earlier = [(0, *ten[4][1:]), *ten[:4], *ten[5:]]
    assert bad(later) == (5, Flaw.MOVED)
    assert bad(earlier) == (5, Flaw.MOVED)


@pytest.mark.parametrize("is_chained", [True, False])
def test_an_entry_that_was_put_in_is_told(ten: Rows, is_chained: bool) -> None:
    for place in range(1, 10):
        before = (place - 1, ten[place - 1][2])
        (forged,) = chained([ten[0][3].replace(b"mika", b"kenn")], before)
        if not is_chained:
            forged = (*forged[:4], b"0" * 64)
        assert bad(renumbered([*ten[: place - 1], forged, *ten[place - 1 :]])) == (place, Flaw.INSERTED)


def test_several_entries_that_were_put_in_are_told_by_the_first(ten: Rows) -> None:
    forged = chained([b'{"n":1}', b'{"n":2}', b'{"n":3}'], (4, ten[3][4]))
    assert bad(renumbered([*ten[:4], *forged, *ten[4:]])) == (5, Flaw.INSERTED)


def test_a_copy_is_told_as_one(ten: Rows) -> None:
    assert bad([*ten[:5], ten[4], *ten[5:]]) == (5, Flaw.DUPLICATED), "a line twice"
    assert bad(renumbered([*ten[:5], ten[4], *ten[5:]])) == (6, Flaw.DUPLICATED), "put in"
    assert bad([*ten[:6], (7, *ten[2][1:]), *ten[7:]]) == (7, Flaw.DUPLICATED), "over another, of an earlier one"
    assert bad([*ten[:2], (3, *ten[6][1:]), *ten[3:]]) == (3, Flaw.DUPLICATED), "over another, of a later one"


def test_an_entry_rewritten_together_with_its_hash_is_told_by_the_next_one(ten: Rows) -> None:
    for place in range(1, 10):
        (forged,) = chained([b'{"action":"nothing"}'], (place - 1, ten[place - 1][2]))
        assert bad([*ten[: place - 1], forged, *ten[place:]]) == (place, Flaw.CHANGED)


def test_an_entry_rewritten_to_follow_another_is_told(ten: Rows) -> None:
    for place in (1, 4):
        (forged,) = chained([b"{}"], (place - 1, b"f" * 64))
        assert bad([*ten[: place - 1], forged, *ten[place:]]) == (place, Flaw.CHANGED)


def test_a_walk_goes_on_after_a_head_and_tells_what_is_about_the_trail_itself(ten: Rows) -> None:
    rows = chained([b'{"action":"trail.checkpoint"}', b'{"action":"signed_in"}', b'{"action":"trail.read"}'], (10, ten[-1][4]))
    told: list[ChainRow] = []
    found = verify_rows(rows, Head(10, ten[-1][4].decode()), told.append)
    assert (found.checked, found.head) == (3, Head(13, rows[-1][4].decode()))
    assert told == [rows[0], rows[2]]
    assert bad(rows) == (1, Flaw.MISSING)


SWAP = ("UPDATE entries SET sequence = 99 WHERE sequence = 2", "UPDATE entries SET sequence = 2 WHERE sequence = 3")


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["UPDATE entries SET entry = replace(entry, 'mika', 'kenn') WHERE sequence = 3"], (3, Flaw.CHANGED)),
        (["UPDATE entries SET hash = previous WHERE sequence = 2"], (2, Flaw.CHANGED)),
        (["UPDATE entries SET previous = hash WHERE sequence = 4"], (4, Flaw.CHANGED)),
        (["UPDATE entries SET version = 1 WHERE sequence = 4"], (4, Flaw.CHANGED)),
        (["DELETE FROM entries WHERE sequence = 3"], (3, Flaw.MISSING)),
        (["DELETE FROM entries WHERE sequence = 1"], (1, Flaw.MISSING)),
        ([*SWAP, "UPDATE entries SET sequence = 3 WHERE sequence = 99"], (2, Flaw.MOVED)),
        (["UPDATE entries SET sequence = 40 WHERE sequence = 4"], (4, Flaw.MOVED)),
        (["INSERT INTO entries(sequence, version, previous, entry, hash) VALUES (7, 2, 'x', '{}', 'y')"], (6, Flaw.MISSING)),
        (["INSERT INTO entries(sequence, version, previous, entry, hash) VALUES (0, 2, 'x', '{}', 'y')"], (0, Flaw.INSERTED)),
        (["DROP INDEX ix_entries_actor"], (0, Flaw.DEFINITION)),
        (["CREATE TRIGGER silent AFTER INSERT ON entries BEGIN DELETE FROM entries; END"], (0, Flaw.DEFINITION)),
    ],
)
def test_tampering_with_the_file_is_found(file: Path, trail: Trail, statements: list[str], expected: tuple[int, Flaw]) -> None:
    for number in range(1, 6):
        trail.record("step.done", {"number": number}, actor="mika")
    tamper(file, *statements)
    found = trail.verify().bad
    assert found is not None
    assert (found.sequence, found.why) == expected
    assert str(found.message)


def test_a_table_made_anew_to_hide_an_entry_from_those_who_search_is_found(file: Path, trail: Trail) -> None:
    trail.record("signed_in", {}, actor="mika")
    with closing(sqlite3.connect(file)) as connection, connection:
        kept = connection.execute("SELECT sequence, version, previous, entry, hash FROM entries").fetchall()
        connection.execute("DROP TABLE entries")
        connection.execute(ENTRIES_ON_SQLITE["entries"].replace("'$.actor'", "'$.nobody'"))
        connection.executemany("INSERT INTO entries(sequence, version, previous, entry, hash) VALUES (?, ?, ?, ?, ?)", kept)
        for name, definition in ENTRIES_ON_SQLITE.items():
            if name != "entries":
                connection.execute(definition)
    assert trail.verify().bad == BadEntry(0, Flaw.DEFINITION)


def test_bytes_flipped_in_the_file_itself_are_found(thousand: Rows, tmp_path: Path) -> None:
    """A sample through the real file: no byte of any entry's texts may change without its entry being named."""
    file, chance = tmp_path / "desk.sqlite3", random.Random(11)  # the same sample each time
    database = Database.open(file)
    database.migrate()
    with database.write() as connection:
        for row in thousand:
            connection.exec_driver_sql(
                "INSERT INTO entries(sequence, version, previous, entry, hash) VALUES (?, ?, ?, ?, ?)",
                (*row[:2], *(text.decode() for text in row[2:])),
            )
    database.close()
    whole = file.read_bytes()
    found = []
    for place in sorted(chance.sample(range(1, 1001), 60)):
        cell = b"".join(thousand[place - 1][2:])
        start = whole.index(cell)
        position = start + chance.randrange(len(cell))
        file.write_bytes(whole[:position] + bytes([whole[position] ^ 1 << chance.randrange(8)]) + whole[position + 1 :])
        reopened = Database.open(file)
        named = Trail(reopened, Surroundings("counter-1"), VirtualClock(NOW)).verify().bad
        reopened.close()
        found.append((place, named))
    assert found == [(place, BadEntry(place, Flaw.CHANGED)) for place, _ in found]


def test_whoever_writes_meanwhile_does_not_disturb(database: Database, trail: Trail) -> None:
    with trail.writing() as pen:
        for number in range(3000):
            pen.append(NewEntry("step.done", {"number": number}, actor="mika"))
    with trail.chain() as chain:
        first = next(chain)
        writer = threading.Thread(target=write_twenty, args=(trail,))
        writer.start()
        writer.join()
        found = verify_rows(prepended(first, chain))
    assert (found.checked, found.is_intact) == (3000, True)
    assert trail.verify().checked == 3020


def write_twenty(trail: Trail) -> None:
    for _ in range(20):
        trail.record("signed_in", {}, actor="ken")


def prepended(first: ChainRow, rest: Iterator[ChainRow]) -> Iterator[ChainRow]:
    yield first
    yield from rest


def test_a_long_chain_takes_no_more_memory_than_a_short_one() -> None:
    def endless(count: int) -> Iterator[ChainRow]:
        previous = GENESIS.encode()
        text = b'{"action":"signed_in","padding":"%s"}' % (b"x" * 600)
        for place in range(1, count + 1):
            digest = entry_hash(2, place, previous, text)
            yield place, 2, previous, text, digest
            previous = digest

    def peak(walk: Callable[[], object]) -> int:
        tracemalloc.start()
        walk()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    short, long = peak(lambda: verify_rows(endless(2_000))), peak(lambda: verify_rows(endless(40_000)))
    assert long < short * 1.2
