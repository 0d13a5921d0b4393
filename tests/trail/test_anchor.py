"""The anchor tells the database that was signed last from one that was put back, has gone another way, or is another."""

from __future__ import annotations

import hashlib

import pytest

from coupon_desk.trail.anchor import Anchor, Comparison, Damaged, Standing, compare

KEY = "ab" * 32


def digest(trail: str, sequence: int) -> str:
    return hashlib.sha256(f"{trail} {sequence}".encode()).hexdigest()


class Database:
    """Hashes of a trail up to its newest entry; from `turns` on it is another one."""

    def __init__(self, newest: int, trail: str = "ours", turns: int = 10**9) -> None:
        self.newest, self.trail, self.turns = newest, trail, turns

    def hash_at(self, sequence: int) -> str | None:
        if not 1 <= sequence <= self.newest:
            return None
        return digest(self.trail if sequence < self.turns else "another", sequence)


def anchored(*checkpoints: int) -> Anchor:
    anchor = Anchor.first(checkpoints[0], digest("ours", checkpoints[0]), KEY, digest("ours", 1))
    for place in checkpoints[1:]:
        anchor = anchor.moved(place, digest("ours", place), KEY)
    return anchor


@pytest.mark.parametrize(
    ("database", "standing", "agrees_until"),
    [
        (Database(60), Standing.AGREES, 60),
        (Database(500), Standing.AGREES, 60),
        (Database(59), Standing.PUT_BACK, 40),
        (Database(3), Standing.PUT_BACK, 1),
        (Database(0), Standing.PUT_BACK, 0),
        (Database(500, turns=41), Standing.DIVERGED, 40),
        (Database(500, turns=2), Standing.DIVERGED, 1),
        (Database(59, turns=30), Standing.DIVERGED, 20),
        (Database(500, trail="another"), Standing.STRANGE, 0),
        (Database(2, trail="another"), Standing.STRANGE, 0),
    ],
)
def test_a_database_is_compared_with_what_was_signed(database: Database, standing: Standing, agrees_until: int) -> None:
    assert compare(anchored(10, 20, 40, 60), database.newest, database.hash_at) == Comparison(standing, agrees_until)


def test_an_anchor_stays_small_and_never_forgets_the_first_entry() -> None:
    anchor = anchored(*range(7, 2_000_000, 997))
    text = anchor.to_keep()
    assert len(text) < 1280  # what the keyring of Windows keeps
    assert Anchor.kept(text) == anchor
    assert anchor.earlier[0] == (1, digest("ours", 1)[:16])
    gaps = [anchor.sequence - place for place, _ in anchor.earlier]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 2000


@pytest.mark.parametrize("text", ["", "{}", "no JSON", '{"sequence":"7","hash":"","public_key":"","earlier":[]}'])
def test_a_damaged_anchor_is_said_to_be_one(text: str) -> None:
    with pytest.raises(Damaged):
        Anchor.kept(text)
