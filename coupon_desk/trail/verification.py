"""Proves a chain of entries, wherever its rows come from: the database, an export, the central database.

A row that does not fit is looked at more closely, also in the light of the rows after it, so that the first bad entry is named
with what was done to it. Memory stays the same however long the chain is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from itertools import chain
from typing import Final

from coupon_desk.words import Message, msg

GENESIS: Final = "0" * 64
"""What the first entry takes for the hash of the one before it."""

ChainRow = tuple[int, int, bytes, bytes, bytes]
"""Sequence, version, hash of the entry before, exact text, hash."""

REMEMBERED: Final = 1_000
"""So many hashes back a copy of an earlier entry is recognised."""

_ABOUT_THE_TRAIL: Final = b'{"action":"trail.'

REACH: Final = 100_000
"""So many places on the true place of a misplaced entry is looked for."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry's place and hash; sequence 0 for an empty trail."""

    sequence: int
    hash: str


class Flaw(StrEnum):
    """What can be wrong with an entry; the words are stable."""

    CHANGED = "changed"
    MISSING = "missing"
    INSERTED = "inserted"
    MOVED = "moved"
    DUPLICATED = "duplicated"
    DEFINITION = "definition"
    REWRITTEN = "rewritten"
    FORGED = "forged"
    FOREIGN_KEY = "foreign_key"
    CUT_OFF = "cut_off"
    REPLACED = "replaced"

    @property
    def label(self) -> Message:
        """What a person reads."""
        return _FLAW_LABELS[self]


_FLAW_LABELS = {
    Flaw.CHANGED: msg("it was changed after it was written"),
    Flaw.MISSING: msg("an entry is missing"),
    Flaw.INSERTED: msg("it was put in afterwards"),
    Flaw.MOVED: msg("it was moved to another place"),
    Flaw.DUPLICATED: msg("it is a copy of another entry"),
    Flaw.DEFINITION: msg("the table that holds the trail was altered"),
    Flaw.REWRITTEN: msg("it is not what was signed there: something before it, or itself, was rewritten"),
    Flaw.FORGED: msg("its signature is false"),
    Flaw.FOREIGN_KEY: msg("it is signed by a key that is not this desk's"),
    Flaw.CUT_OFF: msg("the end was taken away, from this entry on"),
    Flaw.REPLACED: msg("this is another trail than the one that was signed"),
}


@dataclass(frozen=True, slots=True)
class BadEntry:
    """The first entry that does not fit: its place and what is wrong. Place 0 is the table itself."""

    sequence: int
    why: Flaw

    @property
    def message(self) -> Message:
        """What a person reads."""
        if self.sequence == 0:
            return msg("The trail is broken: {why}.", why=self.why.label)
        return msg("The trail is broken at entry {sequence}: {why}.", sequence=self.sequence, why=self.why.label)


@dataclass(frozen=True, slots=True)
class Verification:
    """What verifying found: how many entries were checked, the head of the good ones, and the first bad entry, if any."""

    checked: int
    head: Head
    bad: BadEntry | None

    @property
    def is_intact(self) -> bool:
        """Every entry is what was written, in its place."""
        return self.bad is None


def chain_row(sequence: int, version: int, previous: str, entry: str, digest: str) -> ChainRow:
    """A row that was read as text."""
    return sequence, version, _bytes(previous), _bytes(entry), _bytes(digest)


def entry_hash(version: int, sequence: int, previous: bytes, entry: bytes) -> bytes:
    """The hash, in hex, of an entry in its place; empty where an entry of that version cannot stand there.

    Version 2 hashes the canonical array of the hash before, the sequence and the entry. A text of version 1 holds both itself.
    """
    if version == 2:
        return sha256(b'["%b",%d,%b]' % (previous, sequence, entry)).hexdigest().encode()
    if version == 1 and _place_told_by(entry) == (previous, b"%d" % sequence):
        return sha256(entry).hexdigest().encode()
    return b""


def verify_rows(
    rows: Iterable[ChainRow], after: Head = Head(0, GENESIS), notable: Callable[[ChainRow], None] | None = None
) -> Verification:
    """Walk the chain in the order of the rows, from the entry after `after` on, and name the first that does not fit.

    `notable` is handed the row of each good entry about the trail itself (`trail.…`), in their order.
    """
    number, head = after.sequence, _bytes(after.hash)
    recent: deque[bytes] = deque(maxlen=REMEMBERED)
    rest = iter(rows)
    fresh = sha256().copy  # OpenSSL looks the algorithm up for each new hash, which takes longer than to hash an entry
    for row in rest:
        sequence, version, previous, entry, digest = row
        number += 1
        # What `entry_hash` does, without a call for each of a million entries.
        if version == 2:
            hashing = fresh()
            hashing.update(b'["%b",%d,%b]' % (head, number, entry))
            made = hashing.hexdigest().encode()
        else:
            made = entry_hash(version, number, head, entry)
        if digest != made or previous != head or sequence != number:
            bad = _Misfit(row, number, head, recent, rest).named()
            return Verification(number, Head(number - 1, head.decode()), bad)
        recent.append(digest)
        head = digest
        if notable is not None and entry.startswith(_ABOUT_THE_TRAIL):
            notable(row)
    return Verification(number - after.sequence, Head(number, head.decode()), None)


@dataclass(slots=True)
class _Misfit:
    """The first row that does not fit at place `number` after `head`, the hashes before it and the rows after it."""

    row: ChainRow
    number: int
    head: bytes
    recent: deque[bytes]
    rest: Iterator[ChainRow]

    def named(self) -> BadEntry:
        """Which entry is bad, and in which way."""
        sequence, version, previous, entry, digest = self.row
        if self._belongs_here(self.row) or not isinstance(sequence, int):
            return BadEntry(self.number, Flaw.CHANGED)
        if sequence > self.number:
            is_elsewhere = any(self._belongs_here(row) for row in self.rest)
            return BadEntry(self.number, Flaw.MOVED if is_elsewhere else Flaw.MISSING)
        if sequence < self.number:
            return self._out_of_line()
        if digest == entry_hash(version, sequence, previous, entry):
            return self._follows_another()
        if previous == self.head:
            return self._altered()
        return self._misplaced()

    def _belongs_here(self, row: ChainRow) -> bool:
        _, version, _, entry, digest = row
        return digest == entry_hash(version, self.number, self.head, entry)

    def _out_of_line(self) -> BadEntry:
        """Its number came before already, or none has it."""
        if self.row[4] in self.recent:
            return BadEntry(self.row[0], Flaw.DUPLICATED)
        place = _own_place(self.row, self.number)
        if place is not None and place >= self.number:
            return BadEntry(place, Flaw.MOVED)
        return BadEntry(self.row[0], Flaw.INSERTED)

    def _follows_another(self) -> BadEntry:
        """Whole in itself: the entry before it was rewritten together with its hash, or else this one was."""
        following = next(self.rest, None)
        is_borne_out = following is None or following[2] == self.row[4]
        return BadEntry(self.number - 1 if self.recent and is_borne_out else self.number, Flaw.CHANGED)

    def _altered(self) -> BadEntry:
        """Not whole: pushed in where the next one belongs, or else changed."""
        following = next(self.rest, None)
        is_pushed_in = following is not None and self._belongs_here(following)
        return BadEntry(self.number, Flaw.INSERTED if is_pushed_in else Flaw.CHANGED)

    def _misplaced(self) -> BadEntry:
        """Numbered for this place; its hash tells which one it was written for."""
        place = _own_place(self.row, self.number)
        if place is None:
            return self._altered()
        digest = self.row[4]
        if place < self.number:
            is_copy = self.recent[place - self.number] == digest
            return BadEntry(self.number, Flaw.DUPLICATED) if is_copy else BadEntry(place, Flaw.INSERTED)
        has_copy = False
        for row in self.rest:
            if self._belongs_here(row):
                return BadEntry(self.number, Flaw.MOVED)
            has_copy = has_copy or row[4] == digest
        return BadEntry(self.number, Flaw.DUPLICATED if has_copy else Flaw.MISSING)


def _own_place(row: ChainRow, number: int) -> int | None:
    """The place near `number` for which an entry was written; None where it was written for none of them."""
    _, version, previous, entry, digest = row
    nearest = chain(range(number, max(0, number - REMEMBERED - 1), -1), range(number + 1, number + REACH))
    return next((place for place in nearest if digest == entry_hash(version, place, previous, entry)), None)


def _place_told_by(entry: bytes) -> tuple[bytes, bytes]:
    """The hash before and the sequence that a text of version 1 holds near its end, where no value can imitate them."""
    before, _, after = entry.rpartition(b',"previous":"')[2].partition(b'","sequence":')
    return before, after.partition(b",")[0]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
