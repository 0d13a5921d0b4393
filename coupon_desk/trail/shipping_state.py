"""How shipping stands, as plain values: for the status bar, the command line, and the alarm that stops it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from coupon_desk.clock import from_text, to_text
from coupon_desk.errors import ExitStatus
from coupon_desk.words import Message, msg, msgn, pack, unpack


class ShippingStatus(StrEnum):
    """How shipping stands, in one word; the words are stable."""

    UP_TO_DATE = "up_to_date"
    SENDING = "sending"
    WAITING = "waiting"
    OUT_OF_REACH = "out_of_reach"
    ALARM = "alarm"

    @property
    def label(self) -> Message:
        """What a person reads."""
        return _STATUS_LABELS[self]

    @property
    def exit_status(self) -> ExitStatus:
        """The exit status of a command that ends so."""
        match self:
            case ShippingStatus.UP_TO_DATE:
                return ExitStatus.DONE
            case ShippingStatus.ALARM:
                return ExitStatus.NEEDS_A_PERSON
            case _:
                return ExitStatus.NOT_FINISHED


_STATUS_LABELS = {
    ShippingStatus.UP_TO_DATE: msg("up to date"),
    ShippingStatus.SENDING: msg("sending"),
    ShippingStatus.WAITING: msg("waiting"),
    ShippingStatus.OUT_OF_REACH: msg("out of reach"),
    ShippingStatus.ALARM: msg("alarm"),
}


@dataclass(frozen=True, slots=True)
class ShippingState:
    """How shipping stands at one moment.

    `shipped` is the place of the newest entry that the centre confirmed, `behind` how many entries wait, `oldest_unshipped_at`
    when the oldest of them was written. `last_contact_at` is when the centre answered this program last. `alarm` says what
    happened and `todo` what to do; shipping has stopped until the cause is gone.
    """

    state: ShippingStatus
    shipped: int
    behind: int
    oldest_unshipped_at: datetime | None = None
    last_contact_at: datetime | None = None
    alarm: Message | None = None
    todo: Message | None = None


def waiting(count: int) -> Message:
    """How many entries wait, as a person reads it."""
    return msgn("{count} entry waits to be shipped.", "{count} entries wait to be shipped.", count=count)


class AlarmKind(StrEnum):
    """Why shipping stopped. The words stand in the trail and are never renamed."""

    CENTRE_AHEAD = "centre ahead"
    FORK = "fork"
    ENTRY_REFUSED = "entry refused"
    NOT_LET_IN = "not let in"


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm: since when, what happened, what to do. `place` is the entry that it is about, 0 where it is about none."""

    kind: AlarmKind
    place: int
    what: Message
    todo: Message | None
    since: datetime

    def is_same(self, other: Alarm | None) -> bool:
        """Whether it is this alarm again: a trail that is behind the centre's becomes another one with its next entries."""
        if other is None:
            return False
        if self.kind is AlarmKind.ENTRY_REFUSED:
            return self.kind is other.kind and self.place == other.place
        foreign = {AlarmKind.CENTRE_AHEAD, AlarmKind.FORK}
        return self.kind is other.kind or {self.kind, other.kind} <= foreign

    def to_json(self) -> str:
        """As it is kept."""
        return json.dumps(
            {
                "kind": self.kind,
                "place": self.place,
                "what": pack(self.what),
                "todo": pack(self.todo) if self.todo is not None else None,
                "since": to_text(self.since),
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> Alarm | None:
        """The alarm that `to_json` wrote; None for anything else: the next look at the centre tells it anew."""
        try:
            kept = json.loads(text)
            todo = unpack(kept["todo"]) if kept["todo"] is not None else None
            return cls(AlarmKind(kept["kind"]), kept["place"], unpack(kept["what"]), todo, from_text(kept["since"]))
        except (ValueError, KeyError, TypeError):
            return None


def centre_ahead(centre: int, ours: int, now: datetime) -> Alarm:
    """The centre holds entries that this trail does not have any more."""
    return Alarm(
        AlarmKind.CENTRE_AHEAD,
        centre,
        msg(
            "The central database holds {centre} entries of this desk, but the trail here ends at entry {ours}:"
            " its database was restored from an older copy, or replaced.",
            centre=centre,
            ours=ours,
        ),
        _PUT_BACK,
        now,
    )


def fork(place: int, now: datetime) -> Alarm:
    """The centre holds another entry than this trail at the same place."""
    return Alarm(
        AlarmKind.FORK,
        place,
        msg(
            "The central database holds another entry {place} of this desk than the trail here: this database was restored"
            " from an older copy and worked in, replaced, or changed; or two computers ship as the same desk.",
            place=place,
        ),
        _PUT_BACK,
        now,
    )


def entry_refused(place: int, why: Message, now: datetime) -> Alarm:
    """The centre does not take an entry."""
    return Alarm(
        AlarmKind.ENTRY_REFUSED,
        place,
        msg("The central database refuses entry {place} of this desk's trail: {why}", place=place, why=why),
        msg(
            "Keep the home as it is. “coupon-desk audit verify” tells whether the trail here was changed; the newest whole"
            " copy of the home's database has to be put back, or an administrator gives this desk a new name in the centre."
        ),
        now,
    )


def not_let_in(why: Message, todo: Message | None, now: datetime) -> Alarm:
    """The centre answers, but not to us."""
    return Alarm(AlarmKind.NOT_LET_IN, 0, why, todo, now)


_PUT_BACK = msg(
    "Keep the home as it is and put the newest copy of its database back. Where there is none, an administrator gives this desk"
    " a new name in the centre (“coupon-desk central add-desk”), and its whole trail is shipped under that name."
)
