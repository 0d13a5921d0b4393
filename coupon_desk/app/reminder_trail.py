"""What our own trail says of reminders: it is why no coupon is reminded of twice, whatever was cut off when.

The entries belong to no operation and say nothing of a person: which coupon and whose it is stands there as keyed hashes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from coupon_desk.trail.entry import Entry, NewEntry
from coupon_desk.words import Message, msg


class ReminderState(StrEnum):
    """How a reminder stands."""

    DUE = "due"
    SENT = "sent"
    SKIPPED = "skipped"
    DELAYED = "delayed"
    REFUSED = "refused"
    UNKNOWN = "unknown"

    @property
    def label(self) -> Message:
        """What a person reads."""
        return _LABELS[self]

    @property
    def is_over(self) -> bool:
        """Whether this desk never sends one for the coupon again."""
        return self in {ReminderState.SENT, ReminderState.UNKNOWN}


_LABELS = {
    ReminderState.DUE: msg("Not reminded yet"),
    ReminderState.SENT: msg("Reminded"),
    ReminderState.SKIPPED: msg("Not to be reminded"),
    ReminderState.DELAYED: msg("Later"),
    ReminderState.REFUSED: msg("Refused by the mail server"),
    ReminderState.UNKNOWN: msg("Outcome unknown"),
}

STARTED: Final = "reminder.started"
"""Written before anything is sent. Where no other follows, the program stopped in between: it may have gone out."""

TOLD_BEFORE: Final = "told_before"
"""The rule of a coupon that is not reminded of because the trail tells of a reminder."""

RAN: Final = "reminders.ended"
"""The entry of a whole run, with its counts."""

_ENDS: Final = {
    "reminder.sent": ReminderState.SENT,
    "reminder.unknown": ReminderState.UNKNOWN,
    "reminder.refused": ReminderState.REFUSED,
    "reminder.delayed": ReminderState.DELAYED,
}
_ACTION: Final = {state: action for action, state in _ENDS.items()}


@dataclass(frozen=True, slots=True)
class Told:
    """What the trail says of one coupon's reminder; `id` is the same for all attempts of this desk."""

    id: str
    state: ReminderState
    at: datetime

    @property
    def why(self) -> Message | None:
        """Why no other follows, where none does."""
        match self.state:
            case ReminderState.SENT:
                return msg("Reminded on {at}.", at=self.at)
            case ReminderState.UNKNOWN:
                return msg("A reminder of {at} may or may not have arrived; it is not sent again.", at=self.at)
            case _:
                return None


def told(entries: Iterable[Entry]) -> Told | None:
    """What the entries on one coupon say, oldest first; None where nothing was begun."""
    found = None
    for entry in entries:
        if entry.action == STARTED:
            found = Told(entry.body["reminder"], ReminderState.UNKNOWN, entry.moment)
        elif entry.action in _ENDS and found is not None:
            found = Told(found.id, _ENDS[entry.action], entry.moment)
    return found


def ended(state: ReminderState, begun: NewEntry, reason: str | None) -> NewEntry:
    """The entry of how an attempt ended. `reason` is a short stable word."""
    return NewEntry(
        _ACTION[state],
        begun.body,
        actor=begun.actor,
        role=begun.role,
        code=begun.code,
        customer=begun.customer,
        result=state.value,
        reason=reason,
    )
