"""What somebody has to explain: another key that signs, a database that was put back or replaced.

Honest reasons exist for each, a new computer or a backup; so does the other kind. The explanation stands in the trail too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from coupon_desk.clock import from_text
from coupon_desk.trail.checkpoint import KEY
from coupon_desk.words import Message, msg

RESTORED: Final = "trail.database_restored"
REPLACED: Final = "trail.database_replaced"
EXPLAINED: Final = "trail.explained"

TELLING: Final = (KEY, RESTORED, REPLACED, EXPLAINED)
"""The actions that raise a question or answer one."""


class Misshapen(ValueError):
    """An entry about the trail is not in its form; none of ours is ever so."""


class QuestionKind(StrEnum):
    """What there is to explain; the words are stable."""

    KEY_REPLACED = "key_replaced"
    KEY_MISSING = "key_missing"
    DATABASE_RESTORED = "database_restored"
    DATABASE_REPLACED = "database_replaced"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Who explained it, when, and how."""

    by: str
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to explain: the entry that raised it, what a person reads, and the explanation once there is one."""

    kind: QuestionKind
    sequence: int
    at: datetime | None
    message: Message
    explanation: Explanation | None = None

    @property
    def is_open(self) -> bool:
        """Nobody has explained it yet."""
        return self.explanation is None


@dataclass(frozen=True, slots=True)
class Told:
    """One entry of `TELLING`, as far as it concerns questions."""

    sequence: int
    action: str
    actor: str | None
    at: str
    body: Mapping[str, Any]


def questions_of(entries: Iterable[Told]) -> tuple[Question, ...]:
    """The questions that these entries raise, in their order, with the explanations among them.

    Entries that are not in their form raise none: proving the trail names them.
    """
    raised: dict[int, Question] = {}
    for entry in entries:
        with suppress(Misshapen):
            question, explained = read(entry)
            if question is not None:
                raised[entry.sequence] = question
            if explained is not None and explained[0] in raised:
                place, explanation = explained
                raised[place] = replace(raised[place], explanation=explanation)
    return tuple(raised.values())


def read(entry: Told) -> tuple[Question | None, tuple[int, Explanation] | None]:
    """What an entry asks, or which entry it explains. Raises Misshapen."""
    try:
        if entry.action != EXPLAINED:
            return _raised_by(entry), None
        explanation = Explanation(entry.actor or "", from_text(entry.at), str(entry.body["note"]))
        return None, (int(entry.body["sequence"]), explanation)
    except (KeyError, TypeError, ValueError) as wrong:
        raise Misshapen(f"entry {entry.sequence} has not the form of {entry.action}") from wrong


def _raised_by(entry: Told) -> Question | None:
    body, place, at = entry.body, entry.sequence, from_text(entry.at)
    match entry.action:
        case "trail.key" if body["replaces"] is not None:
            message = msg("From entry {sequence} on another key signs than before.", sequence=place)
            return Question(QuestionKind.KEY_REPLACED, place, at, message)
        case "trail.database_restored":
            message = msg(
                "At entry {sequence} the database was found put back: it ended at entry {found}, and was signed up to "
                "entry {signed} before. From entry {first} on it is not what was signed then.",
                sequence=place,
                found=body["found"]["sequence"],
                signed=body["signed"]["sequence"],
                first=body["agrees_until"] + 1,
            )
            return Question(QuestionKind.DATABASE_RESTORED, place, at, message)
        case "trail.database_replaced":
            message = msg(
                "At entry {sequence} another database was found than the one that was signed up to entry {signed} before.",
                sequence=place,
                signed=body["signed"]["sequence"],
            )
            return Question(QuestionKind.DATABASE_REPLACED, place, at, message)
        case _:
            return None
