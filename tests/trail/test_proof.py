"""The trail proved against somebody who has the database and our source, and not the key."""

from __future__ import annotations

import logging
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest
import rfc8785

from coupon_desk.clock import VirtualClock
from coupon_desk.errors import DeskError
from coupon_desk.storage.database import Database
from coupon_desk.trail.anchor import Anchor
from coupon_desk.trail.checkpoints import Checkpoints, Unsigned, look
from coupon_desk.trail.entry import NewEntry
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.proof import TrailProof, proved
from coupon_desk.trail.signing import DeskKey
from coupon_desk.trail.trail import Trail
from coupon_desk.trail.verification import ChainRow, Flaw
from coupon_desk.words import msg
from tests.trail.attacker import Row, Rows, attack, chained, hashed, numbered, rows_of, with_foreign_key, write

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CODE = "70934-AB12CD-500"
CHECKPOINTS = (3, 14, 25)
"""The checkpoints of the trail that is attacked: it ends with the last of them. Entry 2 is the key."""


class Keyring:
    """A key store in memory, which can be out of reach."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.is_away = False

    def key(self) -> str | None:
        return self._kept().get("key")

    def keep_key(self, private: str) -> None:
        self._kept()["key"] = private

    def anchor(self) -> str | None:
        return self._kept().get("anchor")

    def keep_anchor(self, anchor: str) -> None:
        self._kept()["anchor"] = anchor

    def _kept(self) -> dict[str, str]:
        if self.is_away:
            raise DeskError(msg("The keyring is locked."))
        return self.kept


class Bench:
    """One home's trail: its database, its keyring, and a program that starts and works there."""

    def __init__(self, file: Path, keyring: Keyring | None = None) -> None:
        self.file = file
        self.keyring = keyring or Keyring()
        self.clock = VirtualClock(NOW)
        self.database = Database.open(file)
        self.database.migrate()
        self.trail = Trail(self.database, Surroundings("counter-1"), self.clock)

    def start(self) -> Checkpoints:
        checkpoints = Checkpoints(self.trail, self.keyring, self.clock)
        checkpoints.begin()
        return checkpoints

    def work(self, entries: int, action: str = "operation.opened") -> None:
        for number in range(entries):
            self.clock.advance(1)
            new = NewEntry(action, {"number": number}, actor="mika", operation=f"op-{number}", code=CODE, result="opened")
            self.trail.append(new)

    def prove(self) -> TrailProof:
        kept = look(self.keyring)
        notable: list[ChainRow] = []
        chain = self.trail.verify(notable=notable.append)
        return proved(chain, notable, kept, self.trail.hash_at)

    def found(self) -> tuple[int, Flaw] | None:
        bad = self.prove().bad
        return (bad.sequence, bad.why) if bad is not None else None

    def close(self) -> None:
        self.database.close()


class Benches(Protocol):
    """Makes a bench by name, with an empty database or a copy of one."""

    def __call__(self, name: str, database: Path = ...) -> Bench: ...


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, made once."""
    bench = Bench(tmp_path_factory.mktemp("empty") / "desk.sqlite3")
    bench.close()
    return bench.file


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A trail of 25 entries: a sign-in, the key, and three checkpoints with ten entries between them."""
    bench = Bench(tmp_path_factory.mktemp("filled") / "desk.sqlite3")
    bench.trail.record("signed_in", {}, actor="mika")
    checkpoints = bench.start()
    for _ in range(2):
        bench.work(10)
        checkpoints.make()
    bench.close()
    places = tuple(row.sequence for row in rows_of(bench.file) if row.action == "trail.checkpoint")
    assert places == CHECKPOINTS
    return bench


@pytest.fixture
def benches(tmp_path: Path, empty: Path) -> Iterator[Benches]:
    """Makes benches: each with a database of its own, empty or a copy, and an empty keyring."""
    made: list[Bench] = []

    def make(name: str, database: Path = empty) -> Bench:
        (tmp_path / name).mkdir()
        shutil.copy(database, tmp_path / name)
        made.append(Bench(tmp_path / name / database.name))
        return made[-1]

    yield make
    for bench in made:
        bench.close()


@pytest.fixture
def bench(benches: Benches, filled: Bench) -> Bench:
    """The filled bench's trail and keyring, to be tampered with."""
    bench = benches("home", filled.file)
    bench.keyring.kept = dict(filled.keyring.kept)
    return bench


def test_an_honest_trail_is_proved_and_says_what_was_looked_at(bench: Bench) -> None:
    proof = bench.prove()
    assert (proof.bad, proof.questions, proof.checked, proof.checkpoints, proof.signed_until) == (None, (), 25, 3, 24)
    assert str(proof.verdict) == "The trail is intact: 25 entries."
    bench.work(2)
    told = " ".join(map(str, bench.prove().sentences()))
    assert "3 signatures hold; all entries up to 24 are under one." in told
    assert "2 entries came after the last signature" in told
    assert "complete up to entry 25 at least" in told


def without(*places: int) -> Callable[[Rows], Rows]:
    return lambda rows: [row for row in rows if row.sequence not in places]


def changed(row: Row) -> Row:
    return row.saying(actor="somebody")


def changing(place: int, then: Callable[[Rows], Rows] = list) -> Callable[[Rows], Rows]:
    return lambda rows: then([changed(row) if row.sequence == place else row for row in rows])


def inserting(place: int, then: Callable[[Rows], Rows] = numbered) -> Callable[[Rows], Rows]:
    """An entry of the attacker's own, chained to the one before, and everything after it moved on."""

    def insert(rows: Rows) -> Rows:
        before = rows[place - 2]
        own = hashed(replace(rows[place], sequence=place, previous=before.hash).saying(actor="somebody"))
        return then([*rows[: place - 1], own, *rows[place - 1 :]])

    return insert


def exchanging(first: int, second: int, then: Callable[[Rows], Rows] = numbered) -> Callable[[Rows], Rows]:
    def exchange(rows: Rows) -> Rows:
        rows[first - 1], rows[second - 1] = rows[second - 1], rows[first - 1]
        return then(rows)

    return exchange


def rehashing(place: int) -> Callable[[Rows], Rows]:
    return lambda rows: [hashed(changed(row)) if row.sequence == place else row for row in rows]


def repaired(rows: Rows) -> Rows:
    return chained(rows, repairs=True)


def resigned(rows: Rows) -> Rows:
    return chained(rows, signer=DeskKey.made())


def reborn(rows: Rows) -> Rows:
    return with_foreign_key(rows, DeskKey.made())


def unsigned(rows: Rows) -> Rows:
    return chained([row for row in rows if not row.action.startswith("trail.")])


def going_another_way(after: int) -> Callable[[Rows], Rows]:
    return lambda rows: chained([*rows[:after], *(changed(rows[5]) for _ in range(40))])


ATTACKS = {
    "changed": (changing(7), 7, Flaw.CHANGED),
    "changed and its own hash made anew": (rehashing(7), 7, Flaw.CHANGED),
    "changed and everything chained anew": (changing(7, chained), 14, Flaw.REWRITTEN),
    "changed after the last but one checkpoint, chained anew": (changing(20, chained), 25, Flaw.REWRITTEN),
    "changed, chained anew, and the checkpoints repaired": (changing(7, repaired), 14, Flaw.FORGED),
    "changed, chained anew, and the checkpoints signed by another key": (changing(7, resigned), 3, Flaw.FOREIGN_KEY),
    "changed, and everything rewritten under another key": (changing(7, reborn), 2, Flaw.FOREIGN_KEY),
    "changed, and every signature taken out": (changing(7, unsigned), 3, Flaw.REWRITTEN),
    "rewritten from the very first entry on, every signature taken out": (changing(1, unsigned), 1, Flaw.REPLACED),
    "deleted": (without(7), 7, Flaw.MISSING),
    "deleted and numbered anew": (lambda rows: numbered(without(7)(rows)), 7, Flaw.MISSING),
    "deleted and chained anew": (lambda rows: chained(without(7)(rows)), 13, Flaw.REWRITTEN),
    "deleted with the checkpoint after it, and chained anew": (lambda rows: chained(without(7, 14)(rows)), 23, Flaw.REWRITTEN),
    "a checkpoint deleted": (without(14), 14, Flaw.MISSING),
    "the key changed": (changing(2), 2, Flaw.CHANGED),
    "inserted": (inserting(7), 7, Flaw.INSERTED),
    "inserted and chained anew": (inserting(7, chained), 15, Flaw.REWRITTEN),
    "reordered": (exchanging(7, 9), 7, Flaw.MOVED),
    "reordered and chained anew": (exchanging(7, 9, chained), 14, Flaw.REWRITTEN),
    "the newest checkpoint taken away": (without(25), 25, Flaw.CUT_OFF),
    "the end taken away": (without(*range(18, 26)), 18, Flaw.CUT_OFF),
    "all but the beginning taken away": (without(*range(2, 26)), 2, Flaw.CUT_OFF),
    "everything taken away": (lambda _: [], 1, Flaw.CUT_OFF),
    "the end taken away and another one written": (going_another_way(16), 25, Flaw.REWRITTEN),
    "all but the first entries rewritten, without signatures": (going_another_way(1), 3, Flaw.REWRITTEN),
}


@pytest.mark.parametrize(("how", "place", "why"), ATTACKS.values(), ids=ATTACKS.keys())
def test_tampering_is_found_and_the_entry_and_the_kind_are_named(
    bench: Bench, how: Callable[[Rows], Rows], place: int, why: Flaw
) -> None:
    attack(bench.file, how)

    assert bench.found() == (place, why)


def test_what_a_signature_still_vouches_for_is_said(bench: Bench) -> None:
    attack(bench.file, changing(20, chained))

    proof = bench.prove()

    assert (proof.bad, proof.since) == (proof.bad, 13)
    assert proof.signed_until == 13


def test_any_row_of_it_that_is_changed_at_random_is_found_at_its_place(bench: Bench) -> None:
    dice = random.Random(4711)
    rows = rows_of(bench.file)
    for _ in range(60):
        place = dice.randrange(1, 26)
        text = rows[place - 1].entry
        at = dice.randrange(1, len(text) - 1)
        other = chr((ord(text[at]) + dice.randrange(1, 90)) % 95 + 32)
        if other == text[at]:
            continue
        spoilt = text[:at] + other + text[at + 1 :]
        write(bench.file, [replace(row, entry=spoilt) if row.sequence == place else row for row in rows])
        bad = bench.prove().bad
        assert bad is not None
        assert (bad.sequence, bad.why) == (place, Flaw.CHANGED)


def test_another_trail_in_its_place_is_found(bench: Bench, benches: Benches) -> None:
    signed, fresh = benches("signed"), benches("fresh")
    signed.start()
    signed.work(30)
    fresh.work(30)

    write(bench.file, rows_of(fresh.file))
    assert bench.found() == (1, Flaw.REPLACED)
    write(bench.file, rows_of(signed.file))
    assert bench.found() == (1, Flaw.FOREIGN_KEY)


def test_a_foreign_key_that_says_it_was_replaced_by_ours_needs_our_key_for_it(bench: Bench) -> None:
    """The attacker knows our public key and makes the trail end as if we had taken it over."""
    ours = rows_of(bench.file)[1]

    def handed_over(rows: Rows) -> Rows:
        foreign = DeskKey.made()
        made = with_foreign_key([changed(row) if row.sequence == 7 else row for row in rows], foreign)
        pretended = ours.saying(body=ours.told["body"] | {"replaces": foreign.public.hex})
        return chained([*made, pretended])

    attack(bench.file, handed_over)

    assert bench.found() == (26, Flaw.FORGED)


MISSHAPEN: tuple[dict[str, Any], ...] = (
    {"action": "trail.key"},
    {"action": "trail.key", "body": {"public_key": 7, "replaces": None, "at": "", "desk": "", "signature": "x"}, "at": "x"},
    {"action": "trail.checkpoint", "at": "2026-11-23T09:00:00.000000Z", "body": None},
    {"action": "trail.checkpoint", "at": "2026-11-23T09:00:00.000000Z", "body": [1]},
    {"action": "trail.explained", "at": "2026-11-23T09:00:00.000000Z", "body": {"sequence": {}, "note": 1}},
    {"action": "trail.explained", "at": "yesterday", "body": {"sequence": 2, "note": ""}},
    {"action": "trail.database_restored", "at": "2026-11-23T09:00:00.000000Z", "body": {"found": 1}},
    {"action": "trail.x", "at": 5},
)


@pytest.mark.parametrize("told", MISSHAPEN, ids=str)
def test_an_entry_that_somebody_chained_on_with_anything_in_it_is_named(bench: Bench, told: dict[str, Any]) -> None:
    last = rows_of(bench.file)[-1]
    text = rfc8785.dumps(told).decode()
    attack(bench.file, lambda rows: [*rows, hashed(Row(26, 2, last.hash, text, ""))])
    assert bench.found() == (26, Flaw.FORGED)


def test_a_text_that_is_no_json_is_named(bench: Bench) -> None:
    last = rows_of(bench.file)[-1]
    attack(bench.file, lambda rows: [*rows, hashed(Row(26, 2, last.hash, '{"action":"trail.key', ""))])
    assert bench.found() == (26, Flaw.FORGED)


def test_a_database_that_was_put_back_is_noticed_at_the_next_start_and_has_to_be_explained(bench: Bench) -> None:
    attack(bench.file, without(*range(18, 26)))

    bench.start()

    proof = bench.prove()
    assert proof.bad is None
    (question,) = proof.open_questions
    assert (question.kind.value, question.sequence) == ("database_restored", 18)
    assert [question.message.value(name) for name in ("found", "signed", "first")] == [17, 25, 15]
    assert str(proof.verdict) == "The trail fits together, and something in it has to be explained."
    bench.trail.record("trail.explained", {"sequence": 18, "note": "Backup of Monday"}, actor="owner")
    explained = bench.prove()
    assert explained.open_questions == ()
    assert explained.questions[0].explanation is not None
    assert (explained.questions[0].explanation.by, explained.questions[0].explanation.note) == ("owner", "Backup of Monday")


def test_a_database_that_was_replaced_is_noticed_at_the_next_start(bench: Bench, benches: Benches) -> None:
    other = benches("other")
    other.start()
    other.work(30)
    write(bench.file, rows_of(other.file))

    bench.start()

    proof = bench.prove()
    assert proof.bad is None
    kinds = [question.kind.value for question in proof.open_questions]
    assert kinds == ["database_replaced", "key_replaced"]
    assert Anchor.kept(bench.keyring.kept["anchor"]).sequence == proof.head.sequence


def test_a_key_that_was_lost_is_replaced_and_the_trail_says_so(bench: Bench) -> None:
    before = look(bench.keyring).key
    del bench.keyring.kept["key"]
    (missing,) = bench.prove().open_questions
    assert (missing.kind.value, missing.sequence) == ("key_missing", 2)

    bench.start()

    proof = bench.prove()
    (question,) = proof.open_questions
    assert (question.kind.value, question.sequence) == ("key_replaced", 26)
    assert (proof.bad, proof.checkpoints) == (None, 4)
    assert proof.kept.key is not None
    assert proof.kept.key != before


def test_a_new_computer_with_an_empty_keyring_goes_on_with_a_question(bench: Bench) -> None:
    moved = Bench(bench.file, Keyring())
    moved.start()
    moved.work(3)
    moved.close()

    proof = moved.prove()

    assert proof.bad is None
    assert [question.kind.value for question in proof.open_questions] == ["key_replaced"]


def test_a_damaged_keyring_content_counts_as_lost(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.keyring.kept = {"key": "rubbish", "anchor": "rubbish"}
    with caplog.at_level(logging.WARNING, logger="coupon_desk.trail"):
        bench.start()
        assert [question.kind.value for question in bench.prove().open_questions] == ["key_replaced"]
    assert "damaged" in caplog.text


def test_without_a_keyring_the_trail_goes_on_unsigned_and_says_so(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.keyring.is_away = True
    with caplog.at_level(logging.WARNING, logger="coupon_desk.trail"):
        checkpoints = bench.start()
    assert "the trail goes on unsigned: The keyring is locked." in caplog.text
    bench.work(3)
    checkpoints.keep_up()
    checkpoints.finish()
    with pytest.raises(Unsigned):
        checkpoints.make()

    proof = bench.prove()

    assert (proof.bad, proof.checked, proof.checkpoints) == (None, 28, 3)
    told = " ".join(map(str, proof.sentences()))
    assert "Not checked, because the keyring is out of reach" in told
    assert "The keyring is locked." in told


def test_a_keyring_that_closes_in_between_loses_no_checkpoint(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    checkpoints = bench.start()
    bench.work(2)
    bench.keyring.is_away = True
    with caplog.at_level(logging.WARNING, logger="coupon_desk.trail"):
        checkpoints.make()
    assert "the anchor of the trail was not kept" in caplog.text
    bench.keyring.is_away = False

    proof = bench.prove()

    assert (proof.bad, proof.signed_until) == (None, 27)
    assert proof.kept.anchor is not None
    assert proof.kept.anchor.sequence == 25
    bench.start().make()
    assert bench.prove().bad is None


def test_a_checkpoint_is_made_after_a_thousand_entries_and_at_the_end(benches: Benches) -> None:
    bench = benches("busy")
    checkpoints = bench.start()
    made = []
    for _ in range(5):
        with bench.trail.writing() as pen:
            for number in range(300):
                pen.append(NewEntry("step.done", {"number": number}))
        checkpoints.keep_up()
        made.append(bench.prove().checkpoints)
    assert made == [1, 1, 1, 2, 2]
    checkpoints.finish()
    assert bench.prove().checkpoints == 3
    checkpoints.finish()
    assert bench.prove().checkpoints == 3


def test_an_unsigned_trail_says_that_it_is_one(benches: Benches) -> None:
    bench = benches("unsigned")
    bench.work(2)
    told = " ".join(map(str, bench.prove().sentences()))
    assert "Nothing is signed" in told
    assert "whether the end is missing" in told
