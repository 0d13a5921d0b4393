"""The anchor: what the trail had come to when it was last signed, kept outside the database, which may be put back or replaced.

Besides the newest checkpoint it knows some older ones, ever fewer the older they are, so that it can tell a database that was
put back to an earlier day from another one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec

MARK_LETTERS: Final = 16
"""Of an older checkpoint's hash: enough to know it again, and few, because Windows keeps 1,280 letters of a secret."""

ALL_OF_THE_LAST: Final = 6
"""So many of the newest checkpoints are all kept."""


class Damaged(ValueError):
    """What was kept is no anchor."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """The newest checkpoint's place and hash, the key that signed it, and older entries as place and beginning of the hash.

    The oldest of those is the trail's very first entry: by it one trail is told from another.
    """

    sequence: int
    hash: str
    public_key: str
    earlier: tuple[tuple[int, str], ...] = ()

    @classmethod
    def kept(cls, text: str) -> Anchor:
        """The anchor that `to_keep` wrote. Raises Damaged."""
        try:
            return msgspec.json.decode(text, type=Anchor)
        except msgspec.DecodeError as wrong:
            raise Damaged("the anchor is damaged") from wrong

    @classmethod
    def first(cls, sequence: int, digest: str, public_key: str, first_hash: str) -> Anchor:
        """The first anchor of a trail whose first entry has this hash."""
        return cls(sequence, digest, public_key, ((1, first_hash[:MARK_LETTERS]),))

    def to_keep(self) -> str:
        """The anchor as it is kept."""
        return msgspec.json.encode(self).decode("utf-8")

    def moved(self, sequence: int, digest: str, public_key: str) -> Anchor:
        """The anchor on a newer checkpoint; the old one becomes one of the older ones."""
        return Anchor(
            sequence, digest, public_key, _thinned(sequence, (*self.earlier, (self.sequence, self.hash[:MARK_LETTERS])))
        )


class Standing(StrEnum):
    """How a database stands to the anchor."""

    AGREES = "agrees"
    PUT_BACK = "put_back"
    DIVERGED = "diverged"
    STRANGE = "strange"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What comparing found. `agrees_until` is the newest checkpoint that database and anchor share, 0 where they share none.

    PUT_BACK: the database ends before the anchor and is the same up to there. DIVERGED: it was the same once, and has gone
    another way since. STRANGE: it shares nothing with what was signed.
    """

    standing: Standing
    agrees_until: int


def compare(anchor: Anchor, head: int, hash_at: Callable[[int], str | None]) -> Comparison:
    """Compare the anchor with a database whose newest entry is `head`, and whose hashes by sequence `hash_at` tells."""
    if hash_at(anchor.sequence) == anchor.hash:
        return Comparison(Standing.AGREES, anchor.sequence)
    within = [mark for mark in anchor.earlier if mark[0] <= head]
    shared = [sequence for sequence, begins in within if (hash_at(sequence) or "").startswith(begins)]
    if head and not shared:
        return Comparison(Standing.STRANGE, 0)
    agrees_until = max(shared, default=0)
    differs_later = any(sequence > agrees_until for sequence, _ in within)
    if head < anchor.sequence and not differs_later:
        return Comparison(Standing.PUT_BACK, agrees_until)
    return Comparison(Standing.DIVERGED, agrees_until)


def _thinned(newest: int, marks: tuple[tuple[int, str], ...]) -> tuple[tuple[int, str], ...]:
    """The last few stay; of older ones that are about equally far back (within a factor of two) the oldest."""
    ordered = sorted(marks)
    kept: dict[int, tuple[int, str]] = {}
    for mark in ordered[:-ALL_OF_THE_LAST]:
        kept.setdefault((newest - mark[0]).bit_length(), mark)
    return (*sorted(kept.values()), *ordered[-ALL_OF_THE_LAST:])


def pack(anchor: Anchor) -> dict[str, Any]:
    """The anchor's newest checkpoint as it stands in the trail."""
    return {"sequence": anchor.sequence, "hash": anchor.hash, "public_key": anchor.public_key}
