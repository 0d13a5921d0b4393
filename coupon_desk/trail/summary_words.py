"""The owner's summary as words in a language, before anything is laid out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from coupon_desk.coupons.eligibility import Rule
from coupon_desk.coupons.reasons import Reason
from coupon_desk.coupons.rule_names import short_name
from coupon_desk.trail.summary import Alarm, Returned, Summary
from coupon_desk.words import Language, Message, msg, say, write

FULL_BAR: Final = 100
"""The length of the longest bar, in per cent of its column."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One great number at the top, and what it counts; `is_bad` where somebody should look."""

    number: str
    label: str
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table: what, how many, how many points (empty where none are concerned), and the bar beside it."""

    label: str
    count: str
    points: str = ""
    bar: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """One table with its title; `nothing` stands in its place where it has no rows."""

    title: str
    head: tuple[str, ...]
    lines: tuple[Line, ...]
    nothing: str


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that proves the trail, to be compared letter by letter."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class SummaryWords:
    """Everything on the summary, as words."""

    shop: str
    title: str
    span: str
    made: str
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...]
    alarms_title: str
    alarms: tuple[str, ...]
    no_alarms: str
    proof_title: str
    proofs: tuple[Proof, ...]
    verdict: str
    is_well: bool
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class About:
    """What stands on the summary besides its numbers.

    `name_of` tells an operator's name by login. `head` is the trail's newest entry and its hash, `fingerprint` that of the
    desk's key, None where it has none; `verdict` is what verifying the trail came to, `found` what was looked at.
    """

    shop_name: str
    made_at: datetime
    made_by: str
    desk: str
    name_of: Callable[[str], str | None]
    head: tuple[int, str]
    fingerprint: str | None
    verdict: Message
    is_well: bool
    found: tuple[Message, ...]


def words_of(summary: Summary, about: About, language: Language, zone: tzinfo | None = None) -> SummaryWords:
    """The summary in a language; moments in `zone`, or in this computer's own zone."""

    def said(value: Any) -> str:
        return write(value, language, zone)

    def person(login: str) -> str:
        name = about.name_of(login)
        return f"{name} ({login})" if name else login or said(msg("the program itself"))

    def returned(title: Message, what: Message, rows: Mapping[Any, Returned], label: Callable[[Any], str]) -> Table:
        most = max((one.points for one in rows.values()), default=0)
        lines = tuple(
            Line(label(key), said(one.count), said(one.points), round(one.points * FULL_BAR / most) if most else 0)
            for key, one in rows.items()
        )
        return Table(said(title), (said(what), said(msg("Returns")), said(msg("Points"))), lines, said(_NO_RETURNS))

    refused = sum(summary.refusals.values())
    return SummaryWords(
        shop=about.shop_name,
        title=said(msg("Summary of the trail")),
        span=said(_span(summary)),
        made=said(msg("Made on {at} by {name}, desk {desk}", at=about.made_at, name=person(about.made_by), desk=about.desk)),
        figures=(
            Figure(said(summary.total.count), said(msg("returns"))),
            Figure(said(summary.total.points), said(msg("points returned"))),
            Figure(said(summary.invalidated), said(msg("invalidated, no points"))),
            Figure(said(refused), said(msg("refusals"))),
            Figure(said(summary.alarm_count), said(msg("alarms")), is_bad=summary.alarm_count > 0),
        ),
        tables=(
            returned(msg("Returns by operator"), msg("Operator"), summary.by_operator, person),
            returned(msg("Returns by reason"), msg("Reason"), summary.by_reason, lambda code: say(_reason(code), language)),
            returned(msg("Returns by day"), msg("Day"), summary.by_day, said),
            Table(
                said(msg("Approvals")),
                (said(msg("Approved by, for")), said(msg("Requests")), said(msg("Points"))),
                tuple(
                    Line(
                        said(
                            msg("{approver}, for {requester}", approver=person(one.approver), requester=person(one.requester))
                        ),
                        said(one.returned.count),
                        said(one.returned.points),
                    )
                    for one in summary.approvals
                ),
                said(msg("Nothing was approved by a second person.")),
            ),
            Table(
                said(msg("Refusals")),
                (said(msg("Why")), said(msg("Times"))),
                tuple(Line(say(_refusal(rule), language), said(count)) for rule, count in summary.refusals.items()),
                said(msg("Nothing was refused.")),
            ),
        ),
        alarms_title=said(msg("Alarms")),
        alarms=tuple(said(_alarm(alarm)) for alarm in summary.alarms) + tuple(map(said, _unlisted(summary))),
        no_alarms=said(msg("None.")),
        proof_title=said(msg("Proof")),
        proofs=(
            Proof(said(msg("Trail head")), f"{about.head[0]}:{_grouped(about.head[1])}"),
            Proof(said(msg("Key fingerprint")), about.fingerprint or said(msg("none: the trail is not signed"))),
        ),
        verdict=said(about.verdict),
        is_well=about.is_well,
        sentences=tuple(said(sentence) for sentence in about.found),
    )


_NO_RETURNS: Final = msg("No points were returned.")


def _span(summary: Summary) -> Message:
    """The span in days; `until` is the moment after its last one."""
    last = summary.until - timedelta(microseconds=1) if summary.until is not None else None
    match summary.since, last:
        case None, None:
            return msg("The whole trail: {count} entries", count=summary.entries)
        case None, end:
            return msg("Up to {until}: {count} entries", until=_day(end), count=summary.entries)
        case begin, None:
            return msg("From {since} on: {count} entries", since=_day(begin), count=summary.entries)
        case begin, end:
            return msg("{since} to {until}: {count} entries", since=_day(begin), until=_day(end), count=summary.entries)


def _day(moment: datetime | None) -> object:
    return moment.astimezone().date() if moment is not None else ""


def _reason(code: str) -> Message:
    with suppress(ValueError):
        return Reason(code).label
    return msg("{code}", code=code)


def _refusal(rule: str) -> Message:
    if rule in set(Rule):
        return short_name(Rule(rule))
    return _REFUSALS.get(rule, msg("{code}", code=rule))


_REFUSALS: Final = {
    "right_refused": msg("Right missing"),
    "sign_in_refused": msg("Sign-in refused"),
}
"""What else refuses; a word that is not known stands as it is."""


def _alarm(alarm: Alarm) -> Message:
    what = _ALARMS[alarm.action]
    if alarm.code is not None:
        return msg("{at} – entry {sequence} – {code}: {what}", at=alarm.at, sequence=alarm.sequence, code=alarm.code, what=what)
    return msg("{at} – entry {sequence}: {what}", at=alarm.at, sequence=alarm.sequence, what=what)


_ALARMS: Final = {
    "operation.attention": msg("an operation needed a person"),
    "trail.shipping_alarm": msg("the central database holds another history of this desk"),
    "trail.key": msg("from here on another key signs"),
    "trail.database_restored": msg("the database was put back to an earlier state"),
    "trail.database_replaced": msg("another database stood in place of this one"),
}


def _unlisted(summary: Summary) -> tuple[Message, ...]:
    more = summary.alarm_count - len(summary.alarms)
    return (msg("and {count} more", count=more),) if more else ()


def _grouped(digest: str) -> str:
    return " ".join(digest[start : start + 8] for start in range(0, len(digest), 8))
