"""The owner's summary: what the trail of a time span comes to, as plain numbers. One pass over the entries, oldest first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Final

from coupon_desk.trail.checkpoint import KEY
from coupon_desk.trail.entry import Entry
from coupon_desk.trail.questions import REPLACED, RESTORED

ALARMS: Final = frozenset({"operation.attention", "trail.shipping_alarm", KEY, RESTORED, REPLACED})
"""The actions that call for somebody. A key calls only where it takes another's place."""

REFUSALS: Final = frozenset({"right_refused", "sign_in_refused"})
"""The actions that refuse somebody something outside operations; they count beside the rules of eligibility."""

LISTED_ALARMS: Final = 100
"""So many alarms are listed one by one; all are counted."""

_RETURN: Final = "return_points"


@dataclass(frozen=True, slots=True)
class Returned:
    """So many returns, and the points of all of them."""

    count: int = 0
    points: int = 0

    def __add__(self, other: Returned) -> Returned:
        return Returned(self.count + other.count, self.points + other.points)


@dataclass(frozen=True, slots=True)
class Approved:
    """What one person approved for another."""

    approver: str
    requester: str
    returned: Returned


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that somebody had to look into; `code` is masked."""

    sequence: int
    at: datetime
    action: str
    operation: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What a time span comes to.

    Operators go by login, reasons by code, days by this computer's calendar, refusals by rule or action; the greatest first,
    days in order. `invalidated` counts coupons that were switched off without points. `first` and `last` are the sequences of
    the span's entries, 0 where it has none.
    """

    since: datetime | None
    until: datetime | None
    entries: int
    first: int
    last: int
    total: Returned
    invalidated: int
    by_operator: Mapping[str, Returned]
    by_reason: Mapping[str, Returned]
    by_day: Mapping[date, Returned]
    refusals: Mapping[str, int]
    approvals: tuple[Approved, ...]
    alarms: tuple[Alarm, ...]
    alarm_count: int


def summarised(
    entries: Iterable[Entry],
    opening_of: Callable[[str], Entry | None],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    zone: tzinfo | None = None,
) -> Summary:
    """The summary of these entries. `opening_of` finds the first entry of an operation that was opened before the span.

    Days are those of `zone`, or of this computer's own zone.
    """
    tally = _Tally(opening_of, zone)
    count, first, last = 0, 0, 0
    for entry in entries:
        count, first, last = count + 1, first or entry.sequence, entry.sequence
        tally.take(entry)
    approvals = (Approved(*names, returned) for names, returned in tally.approvals.items())
    return Summary(
        since=since,
        until=until,
        entries=count,
        first=first,
        last=last,
        total=sum(tally.by_day.values(), Returned()),
        invalidated=tally.invalidated,
        by_operator=_greatest_first(tally.by_operator),
        by_reason=_greatest_first(tally.by_reason),
        by_day=dict(sorted(tally.by_day.items())),
        refusals=dict(sorted(tally.refusals.items(), key=lambda one: (-one[1], one[0]))),
        approvals=tuple(sorted(approvals, key=lambda one: (-one.returned.points, one.approver, one.requester))),
        alarms=tuple(tally.alarms),
        alarm_count=tally.alarm_count,
    )


@dataclass(slots=True)
class _Asked:
    """Who asked for an operation, and why."""

    requester: str
    reason: str


@dataclass(slots=True)
class _Tally:
    """The numbers so far."""

    opening_of: Callable[[str], Entry | None]
    zone: tzinfo | None
    asked: dict[str, _Asked] = field(default_factory=dict)
    by_operator: dict[str, Returned] = field(default_factory=lambda: defaultdict(Returned))
    by_reason: dict[str, Returned] = field(default_factory=lambda: defaultdict(Returned))
    by_day: dict[date, Returned] = field(default_factory=lambda: defaultdict(Returned))
    approvals: dict[tuple[str, str], Returned] = field(default_factory=lambda: defaultdict(Returned))
    refusals: Counter[str] = field(default_factory=Counter)
    alarms: list[Alarm] = field(default_factory=list)
    alarm_count: int = 0
    invalidated: int = 0

    def take(self, entry: Entry) -> None:
        """Count one entry."""
        action = entry.action
        if action in ALARMS and (action != KEY or entry.body.get("replaces")):
            self._take_alarm(entry)
        elif action in REFUSALS:
            self.refusals[action] += 1
        elif entry.operation is not None:
            self._take_operation(entry, entry.operation)

    def _take_operation(self, entry: Entry, operation: str) -> None:
        match entry.action:
            case "operation.opened":
                self.asked[operation] = _asked(entry)
            case "step.done" if entry.step == _RETURN:
                self._take_return(entry, operation)
            case "operation.approved":
                requester, points = self._asked(operation).requester, _points(entry)
                self.approvals[entry.actor or "", requester] += Returned(1, points)
            case "operation.refused":
                self.refusals.update(_rules(entry))
                self.asked.pop(operation, None)
            case "operation.completed":
                if self._kind(entry, operation) == "invalidate":
                    self.invalidated += 1
                self.asked.pop(operation, None)

    def _take_return(self, entry: Entry, operation: str) -> None:
        asked, returned = self._asked(operation), Returned(1, _points(entry))
        self.by_operator[asked.requester] += returned
        self.by_reason[asked.reason] += returned
        self.by_day[entry.moment.astimezone(self.zone).date()] += returned

    def _take_alarm(self, entry: Entry) -> None:
        self.alarm_count += 1
        if len(self.alarms) < LISTED_ALARMS:
            self.alarms.append(Alarm(entry.sequence, entry.moment, entry.action, entry.operation, entry.code))

    def _asked(self, operation: str) -> _Asked:
        if operation not in self.asked:
            opening = self.opening_of(operation)
            self.asked[operation] = _asked(opening) if opening is not None else _Asked("", "")
        return self.asked[operation]

    def _kind(self, entry: Entry, operation: str) -> object:
        """What was asked for; in entries of version 1 only the first one tells."""
        if entry.fields.after is not None:
            return entry.fields.after.get("kind")
        opening = self.opening_of(operation)
        return opening.body.get("kind") if opening is not None else None


def _asked(opening: Entry) -> _Asked:
    return _Asked(opening.actor or "", opening.fields.reason or str(opening.body.get("reason", "")))


def _points(entry: Entry) -> int:
    """In clear since version 2, and before that in the body."""
    told = entry.fields.points if entry.fields.points is not None else entry.body.get("points")
    return told if isinstance(told, int) else 0


def _rules(entry: Entry) -> set[str]:
    """Every rule that refused; where the body was erased, the first one."""
    findings = entry.body.get("findings", ())
    rules = {str(finding["rule"]) for finding in findings if finding["weight"] == "refusal"}
    return rules or ({entry.fields.reason} if entry.fields.reason else set())


def _greatest_first(returned: Mapping[str, Returned]) -> Mapping[str, Returned]:
    return dict(sorted(returned.items(), key=lambda one: (-one[1].points, -one[1].count, one[0])))
