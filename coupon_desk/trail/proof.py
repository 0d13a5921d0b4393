"""Proves the trail: each entry is what was written, in its place; what the desk's key signed in it still holds; and it is the
trail that was signed last. What could not be looked at is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from coupon_desk.trail.anchor import Anchor, Comparison, Standing, compare
from coupon_desk.trail.checkpoint import CHECKPOINT, KEY, signed
from coupon_desk.trail.questions import TELLING, Question, QuestionKind, Told, questions_of, read
from coupon_desk.trail.signing import PublicKey
from coupon_desk.trail.verification import BadEntry, ChainRow, Flaw, Head, Verification
from coupon_desk.words import Message, msg, msgn


@dataclass(frozen=True, slots=True)
class Kept:
    """What the keyring holds of this desk's trail; `why_not` where it could not be asked."""

    key: PublicKey | None
    anchor: Anchor | None
    why_not: Message | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of a proof: something `holds`, or could not be looked at."""

    text: Message
    holds: bool


@dataclass(frozen=True, slots=True)
class TrailProof:
    """What proving the trail found.

    `bad` is the first entry that does not fit, and `since` the newest entry that a signature still vouches for where that is
    not the one right before it. `checkpoints` counts the signatures that hold, `signed_until` is the newest entry under one.
    `questions` are what somebody has to explain, the explained ones too.
    """

    checked: int
    head: Head
    bad: BadEntry | None
    since: int | None
    kept: Kept
    checkpoints: int
    signed_until: int
    questions: tuple[Question, ...]

    @property
    def is_intact(self) -> bool:
        """Nothing was found that does not fit; questions may be open all the same."""
        return self.bad is None

    @property
    def open_questions(self) -> tuple[Question, ...]:
        """What nobody has explained yet."""
        return tuple(question for question in self.questions if question.is_open)

    @property
    def verdict(self) -> Message:
        """What it comes to, in one sentence."""
        if self.bad is not None:
            return self.bad.message
        if self.open_questions:
            return msg("The trail fits together, and something in it has to be explained.")
        return msg("The trail is intact: {count} entries.", count=self.checked)

    def statements(self) -> tuple[Statement, ...]:
        """What was looked at and what could not be, for a person."""
        return tuple(_statements(self))

    def sentences(self) -> tuple[Message, ...]:
        """The same as sentences alone."""
        return tuple(statement.text for statement in self.statements())


def proved(
    chain: Verification,
    notable: Iterable[ChainRow],
    kept: Kept,
    hash_at: Callable[[int], str | None],
    found: tuple[Comparison, Head] | None = None,
) -> TrailProof:
    """The proof from what walking the chain found and handed out as notable, and from what the keyring holds.

    `hash_at` tells an entry's hash. `found` is how the database stood to the anchor before this program wrote into it, where
    that was looked at.
    """
    signatures = _Signatures()
    told: list[Told] = []
    for row in notable:
        if signatures.bad is None and (one := signatures.take(row)) is not None:
            told.append(one)
    bad, since = (signatures.bad, signatures.signed_until) if signatures.bad else (chain.bad, None)
    if bad is None and kept.anchor is not None:
        found = found or (compare(kept.anchor, chain.head.sequence, hash_at), chain.head)
        bad, since = _against_anchor(kept, kept.anchor, *found, signatures)
    questions = questions_of(one for one in told if one.action in TELLING)
    if bad is None:
        questions += tuple(_of_the_keyring(kept, signatures))
    return TrailProof(
        checked=chain.checked,
        head=chain.head,
        bad=bad,
        since=since,
        kept=kept,
        checkpoints=signatures.count,
        signed_until=signatures.signed_until,
        questions=questions,
    )


@dataclass(slots=True)
class _Signatures:
    """The signatures of a trail, taken in their order; stops at the first that does not hold."""

    keys: list[tuple[int, str]] = field(default_factory=list)
    count: int = 0
    signed_until: int = 0
    bad: BadEntry | None = None

    def take(self, row: ChainRow) -> Told | None:
        """Look at one entry that passes; None where it is bad."""
        try:
            told = _told(row)
            read(told)
            flaw = self._flaw_of(row, told)
        except (ValueError, KeyError, TypeError, AttributeError):
            # Whoever chains an entry of their own can write anything into it.
            told, flaw = None, Flaw.FORGED
        if flaw is not None:
            self.bad = BadEntry(row[0], flaw)
        return told

    def _flaw_of(self, row: ChainRow, told: Told) -> Flaw | None:
        match told.action:
            case "trail.key":
                return self._flaw_of_key(told)
            case "trail.checkpoint":
                return self._flaw_of_checkpoint(row, told)
            case _:
                return None

    def _flaw_of_key(self, told: Told) -> Flaw | None:
        before = self.keys[-1][1] if self.keys else None
        key = signed(KEY, told.body)
        if not key.is_genuine or key.statement["replaces"] != before:
            return Flaw.FORGED
        self.keys.append((told.sequence, key.public_key.hex))
        return None

    def _flaw_of_checkpoint(self, row: ChainRow, told: Told) -> Flaw | None:
        checkpoint = signed(CHECKPOINT, told.body)
        if not self.keys or checkpoint.public_key.hex != self.keys[-1][1]:
            return Flaw.FOREIGN_KEY
        if not checkpoint.is_genuine:
            return Flaw.FORGED
        if (checkpoint.statement["sequence"], checkpoint.statement["hash"]) != (row[0] - 1, row[2].decode()):
            return Flaw.REWRITTEN
        self.count, self.signed_until = self.count + 1, row[0] - 1
        return None


def _against_anchor(
    kept: Kept, anchor: Anchor, found: Comparison, head: Head, signatures: _Signatures
) -> tuple[BadEntry | None, int | None]:
    """How the trail differs from the one that was signed last."""
    until, agrees = found.agrees_until, found.standing is Standing.AGREES
    if found.standing is Standing.PUT_BACK:
        return BadEntry(head.sequence + 1, Flaw.CUT_OFF), None
    foreign = next((place for place, key in signatures.keys if place > until and key != anchor.public_key), None)
    is_ours = agrees and kept.key is not None and bool(signatures.keys) and signatures.keys[-1][1] == kept.key.hex
    if foreign is not None and not is_ours:
        return BadEntry(foreign, Flaw.FOREIGN_KEY), until
    if agrees:
        return None, None
    if found.standing is Standing.STRANGE:
        return BadEntry(1, Flaw.REPLACED), None
    differs = next((mark for mark, _ in anchor.earlier if mark > until), anchor.sequence)
    return BadEntry(differs, Flaw.REWRITTEN), until


def _of_the_keyring(kept: Kept, signatures: _Signatures) -> Iterator[Question]:
    """A key that signed and is not in the keyring any more: the next start makes another."""
    if kept.why_not is None and signatures.keys:
        place, key = signatures.keys[-1]
        if kept.key is None:
            message = msg("The key that signs since entry {sequence} is not in the keyring any more.", sequence=place)
            yield Question(QuestionKind.KEY_MISSING, place, None, message)
        elif kept.key.hex != key:
            message = msg("The key in the keyring is not the one that signs since entry {sequence}.", sequence=place)
            yield Question(QuestionKind.KEY_REPLACED, place, None, message)


def _told(row: ChainRow) -> Told:
    entry: dict[str, Any] = msgspec.json.decode(row[3])
    return Told(row[0], entry["action"], entry.get("actor"), entry["at"], entry.get("body") or {})


def _statements(proof: TrailProof) -> Iterator[Statement]:
    if proof.is_intact:
        checked = msgn(
            "{count} entry was checked: what was written, in its place, chained to the one before.",
            "{count} entries were checked: what was written, in its place, chained to the one before.",
            count=proof.checked,
        )
    else:
        checked = msgn("{count} entry was looked at.", "{count} entries were looked at.", count=proof.checked)
    yield Statement(checked, holds=True)
    if proof.checkpoints:
        signed_ones = msgn(
            "{count} signature holds; all entries up to {sequence} are under one.",
            "{count} signatures hold; all entries up to {sequence} are under one.",
            count=proof.checkpoints,
            sequence=proof.signed_until,
        )
        yield Statement(signed_ones, holds=True)
    anchored = proof.kept.anchor.sequence if proof.kept.anchor is not None else 0
    unsigned = proof.head.sequence - max(proof.signed_until, anchored)
    if proof.is_intact and not proof.checkpoints:
        nothing = msg("Nothing is signed: whoever can write into the database could have written all of it anew.")
        yield Statement(nothing, holds=False)
    elif proof.is_intact and unsigned > 0:
        after_it = msgn(
            "{count} entry came after the last signature: taking the newest away would not be noticed.",
            "{count} entries came after the last signature: taking the newest away would not be noticed.",
            count=unsigned,
        )
        yield Statement(after_it, holds=False)
    yield from _of_the_anchor(proof)


def _of_the_anchor(proof: TrailProof) -> Iterator[Statement]:
    kept = proof.kept
    if kept.why_not is not None:
        not_checked = msg("Not checked, because the keyring is out of reach: whose key signed, and whether the end is missing.")
        yield Statement(not_checked, holds=False)
        yield Statement(kept.why_not, holds=False)
    elif kept.anchor is None:
        not_known = msg("Not checked: whether the end is missing. The keyring does not know yet how far the trail was signed.")
        yield Statement(not_known, holds=False)
    elif proof.is_intact:
        known = kept.anchor.sequence
        ours = msg("It is the trail that the keyring knows, complete up to entry {sequence} at least.", sequence=known)
        yield Statement(ours, holds=True)
