"""What somebody looks for in the trail: the filters of the trail window, as they were typed and chosen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from coupon_desk.cancellation.operation import StepName
from coupon_desk.words import Message, msg


class EntryKind(StrEnum):
    """The kinds of entries that somebody may look for. The steps of a cancellation bear their names."""

    ALL = "all"
    OPERATIONS = "operations"
    VERIFY = StepName.VERIFY.value
    CLAIM = StepName.CLAIM.value
    INVALIDATE = StepName.INVALIDATE.value
    RETURN_POINTS = StepName.RETURN_POINTS.value
    UPDATE_RECORD = StepName.UPDATE_RECORD.value
    NOTIFY = StepName.NOTIFY.value
    RETIRE = StepName.RETIRE.value
    INVESTIGATIONS = "investigations"
    ALARMS = "alarms"
    SIGNING_IN = "signing_in"
    REFUSED_RIGHTS = "refused_rights"
    PEOPLE = "people"
    RECEIPTS = "receipts"
    TRAIL = "trail"
    PROGRAM = "program"

    @property
    def label(self) -> Message:
        """What a person reads."""
        return self.step.label if self.step else _LABELS[self]

    @property
    def step(self) -> StepName | None:
        """The step, where it is one."""
        return StepName(self.value) if self.value in set(StepName) else None

    @property
    def actions(self) -> tuple[str, ...]:
        """How the actions of such entries begin; empty for all, and for those of one step."""
        return () if self.step else _ACTIONS[self]


@dataclass(frozen=True, slots=True)
class TrailSearch:
    """All filters together; an empty one finds everything.

    `code` is a code or a part of one, `customer` a name, an e-mail, a number or the beginning of the hash that stands for them;
    `operator` is a login, empty for the program itself. `since` and `until` are days of this computer's calendar, both inside.
    """

    code: str = ""
    customer: str = ""
    operator: str | None = None
    operation: str = ""
    kind: EntryKind = EntryKind.ALL
    result: str | None = None
    since: date | None = None
    until: date | None = None

    @property
    def is_everything(self) -> bool:
        """No filter is set."""
        return self == TrailSearch()

    @property
    def moments(self) -> tuple[datetime | None, datetime | None]:
        """The first moment inside and the first behind."""
        return span_of(self.since, self.until)


def span_of(since: date | None, until: date | None) -> tuple[datetime | None, datetime | None]:
    """The moments that bound a span of days of this computer's calendar: the first inside, the first behind."""
    return midnight(since), midnight(until + timedelta(days=1)) if until is not None else None


def midnight(day: date | None) -> datetime | None:
    """The first moment of a day on this computer."""
    return None if day is None else datetime(day.year, day.month, day.day).astimezone()


_LABELS = {
    EntryKind.ALL: msg("Everything"),
    EntryKind.OPERATIONS: msg("Whole operations"),
    EntryKind.INVESTIGATIONS: msg("Decisions on suspected fraud"),
    EntryKind.ALARMS: msg("Alarms"),
    EntryKind.SIGNING_IN: msg("Signing in and out"),
    EntryKind.REFUSED_RIGHTS: msg("Refused rights"),
    EntryKind.PEOPLE: msg("Changes of operators"),
    EntryKind.RECEIPTS: msg("Receipts"),
    EntryKind.TRAIL: msg("Reading and proving the trail"),
    EntryKind.PROGRAM: msg("Program and settings"),
}

_ACTIONS = {
    EntryKind.ALL: (),
    EntryKind.OPERATIONS: ("operation.",),
    EntryKind.INVESTIGATIONS: ("investigation.",),
    EntryKind.ALARMS: ("operation.attention", "trail.database_", "trail.shipping_alarm", "trail.key"),
    EntryKind.SIGNING_IN: ("signed_", "sign_in_"),
    EntryKind.REFUSED_RIGHTS: ("right_refused",),
    EntryKind.PEOPLE: ("operator_", "role_changed", "stores_changed", "pin_changed", "people_"),
    EntryKind.RECEIPTS: ("receipt.",),
    EntryKind.TRAIL: ("trail",),
    EntryKind.PROGRAM: ("program.", "settings.", "secret."),
}
