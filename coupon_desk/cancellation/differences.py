"""Where Shopify, the customer's record, the point history and our trail contradict each other, and what puts it right.

A repair is named only where it is surely safe: it moves no points, takes nothing from a customer that they have a right to, and
looks before it acts. For everything else stands what a person does. Silence is no contradiction.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from coupon_desk.words import Message, msg


class Kind(StrEnum):
    """What contradicts what. The codes are for scripts and are never renamed."""

    UNFINISHED = "unfinished"
    CLAIM_LEFT = "claim_left"
    CLAIMED_ELSEWHERE = "claimed_elsewhere"
    RECORD_BEHIND = "record_behind"
    CODE_WORKS = "code_works"
    USED_AFTERWARDS = "used_afterwards"
    RETURNED_TWICE = "returned_twice"
    RETURN_MISSING = "return_missing"
    RETURN_DIFFERS = "return_differs"
    WITHHELD_RETURNED = "withheld_returned"
    RETURNED_NOT_CANCELLED = "returned_not_cancelled"
    RETURNED_AND_USED = "returned_and_used"
    USE_NOT_RECORDED = "use_not_recorded"
    USE_ONLY_RECORDED = "use_only_recorded"
    CODE_GONE = "code_gone"
    ENDED_EARLY = "ended_early"
    NOT_RECORDED = "not_recorded"
    NO_CONVERSION = "no_conversion"
    CONVERSION_DIFFERS = "conversion_differs"
    UNKNOWN_AT_POS = "unknown_at_pos"


class Repair(StrEnum):
    """What Coupon Desk itself can do about a difference. The codes stand in the trail and are never renamed."""

    GO_ON = "go_on"
    WRITE_RECORD = "write_record"
    SWITCH_OFF = "switch_off"
    LET_GO = "let_go"
    TAKE_AWAY = "take_away"
    NOTE_USE = "note_use"

    @property
    def label(self) -> Message:
        """What a person reads on the button."""
        return _LABELS[self]


_LABELS = {
    Repair.GO_ON: msg("Go on now"),
    Repair.WRITE_RECORD: msg("Write the record again"),
    Repair.SWITCH_OFF: msg("Switch the code off"),
    Repair.LET_GO: msg("Take our mark away"),
    Repair.TAKE_AWAY: msg("Cancel without points"),
    Repair.NOTE_USE: msg("Note the use"),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One contradiction. `todo` says what the repair does or, where there is none, what a person does.

    `operation` is the one of ours that it is about, if any.
    """

    kind: Kind
    what: Message
    todo: Message
    repair: Repair | None = None
    operation: str | None = None
