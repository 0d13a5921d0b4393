"""What an auditor should look at: pure rules over what the trail says of operations and of signing in.

A signal accuses nobody and stops nothing. It says one thing in a sentence with its figures, names the operations that it rests
on, and weighs how far that is from usual: 1 is just beyond, 10 the most.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise
from math import ceil
from typing import Final, TypeVar

from coupon_desk.coupons.reasons import Reason
from coupon_desk.opening_hours import OpeningHours
from coupon_desk.trail.chance import binomial_tail
from coupon_desk.trail.signal_facts import Approval, Asked, Facts, WrongPin
from coupon_desk.words import Message, msg, msgn

SAME_CUSTOMER_WITHIN: Final = timedelta(days=30)
SOON: Final = timedelta(minutes=10)
"""A coupon that is cancelled so soon after its issue."""

MANY_APPROVALS: Final = 5
ALWAYS: Final = 0.9
"""So many approvals, and so large a share of them by one person."""

MANY_OPERATIONS: Final = 10
SOME_OTHERS: Final = 3
EVERYBODYS_OPERATIONS: Final = 20
CHANCE: Final = 0.01
"""A share of “Other” counts as unusual where chance alone gives it less often than this, all operators looked at together."""

MANY_WRONG_PINS: Final = 5
MANY_REQUESTS: Final = 3
ASKED_WITHIN: Final = timedelta(hours=24)
HEAVIEST: Final = 10.0

Key = TypeVar("Key")
One = TypeVar("One")


class SignalKind(StrEnum):
    """What a signal is about. The codes are stable."""

    SAME_CUSTOMER = "same_customer"
    SOON_AFTER_ISSUE = "soon_after_issue"
    OUTSIDE_HOURS = "outside_hours"
    ONE_APPROVER = "one_approver"
    OTHER_REASON = "other_reason"
    WRONG_PINS = "wrong_pins"
    ASKED_AGAIN = "asked_again"

    @property
    def label(self) -> Message:
        """What a person reads."""
        return _LABELS[self]


_LABELS = {
    SignalKind.SAME_CUSTOMER: msg("Same customer again"),
    SignalKind.SOON_AFTER_ISSUE: msg("Cancelled soon after issue"),
    SignalKind.OUTSIDE_HOURS: msg("Outside opening hours"),
    SignalKind.ONE_APPROVER: msg("Always the same approver"),
    SignalKind.OTHER_REASON: msg("Reason “Other” often"),
    SignalKind.WRONG_PINS: msg("Many wrong PINs"),
    SignalKind.ASKED_AGAIN: msg("Asked for again and again"),
}


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing to look at. `who` is a login, empty for logins that nobody has; `at` is the newest moment that it rests on."""

    kind: SignalKind
    at: datetime
    who: str
    message: Message
    operations: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Usual:
    """What the rules measure against.

    `name_of` writes an operator by login. `approvers` may approve, and were at work. Days and hours are those of `zone`, or of
    this computer's own zone. Rates are counted from `since` on, and no signal is older.
    """

    since: datetime
    name_of: Callable[[str], str]
    approvers: Collection[str] = ()
    hours: OpeningHours | None = None
    zone: tzinfo | None = None


def signals_in(facts: Facts, usual: Usual) -> tuple[Signal, ...]:
    """Every signal, the heaviest first."""
    recent = [one for one in facts.operations if one.at >= usual.since]
    approvals = [one for one in facts.approvals if one.at >= usual.since]
    found = (
        *same_customer(facts.operations, usual),
        *soon_after_issue(recent, usual),
        *outside_hours(recent, usual),
        *one_approver(approvals, usual),
        *other_reason(recent, usual),
        *wrong_pins(facts.wrong_pins, usual),
        *asked_again(facts.operations, usual),
    )
    kept = (signal for signal in found if signal.at >= usual.since)
    return tuple(sorted(kept, key=lambda one: (-one.weight, -one.at.timestamp(), one.kind, one.who)))


def same_customer(operations: Iterable[Asked], usual: Usual) -> Iterator[Signal]:
    """One operator returned points to one customer again, each time within 30 days of the time before."""
    returns = [(one, one.returned_at) for one in operations if one.returned_at is not None and one.customer is not None]
    pairs = _grouped(returns, lambda told: (told[0].requester, told[0].customer))
    for (requester, _), ones in pairs.items():
        for chain in _chains(sorted(ones, key=lambda told: told[1]), lambda told: told[1], SAME_CUSTOMER_WITHIN):
            if len(chain) < 2:
                continue
            first, last = chain[0][1], chain[-1][1]
            message = msgn(
                "{operator} returned points to the same customer {count} times within {days} day: {points} points in all.",
                "{operator} returned points to the same customer {count} times within {days} days: {points} points in all.",
                days=max(1, ceil((last - first) / timedelta(days=1))),
                operator=usual.name_of(requester),
                count=len(chain),
                points=sum(one.points for one, _ in chain),
            )
            ids = tuple(one.operation for one, _ in chain)
            yield Signal(SignalKind.SAME_CUSTOMER, last, requester, message, ids, _weight(len(chain) - 1))


def soon_after_issue(operations: Iterable[Asked], usual: Usual) -> Iterator[Signal]:
    """The points of a coupon came back within ten minutes of its issue."""
    for one in operations:
        if one.issued_at is None or one.returned_at is None or one.kind != "cancel":
            continue
        age = one.at - one.issued_at
        if not timedelta(0) <= age <= SOON:
            continue
        minutes = max(1, ceil(age / timedelta(minutes=1)))
        message = msgn(
            "{operator} cancelled {code} within {minutes} minute of its issue: {points} points.",
            "{operator} cancelled {code} within {minutes} minutes of its issue: {points} points.",
            minutes=minutes,
            operator=usual.name_of(one.requester),
            code=one.code or "",
            points=one.points,
        )
        weight = _weight(SOON / timedelta(minutes=minutes))
        yield Signal(SignalKind.SOON_AFTER_ISSUE, one.at, one.requester, message, (one.operation,), weight)


def outside_hours(operations: Iterable[Asked], usual: Usual) -> Iterator[Signal]:
    """Somebody began operations while the shop was closed: one signal for each person and day."""
    if usual.hours is None:
        return
    closed: list[tuple[Asked, date, int]] = []
    for one in operations:
        local = one.at.astimezone(usual.zone)
        minutes = usual.hours.minutes_from_open(local)
        if minutes is not None:
            closed.append((one, local.date(), minutes))
    for (requester, day), ones in _grouped(closed, lambda told: (told[0].requester, told[1])).items():
        furthest = max(minutes for _, _, minutes in ones)
        message = msgn(
            "{operator} began {count} operation outside the opening hours on {day}, up to {minutes} minutes from them:"
            " {points} points.",
            "{operator} began {count} operations outside the opening hours on {day}, up to {minutes} minutes from them:"
            " {points} points.",
            count=len(ones),
            operator=usual.name_of(requester),
            day=day,
            minutes=furthest,
            points=sum(one.points for one, _, _ in ones if one.returned_at is not None),
        )
        ids = tuple(one.operation for one, _, _ in ones)
        at = max(one.at for one, _, _ in ones)
        yield Signal(SignalKind.OUTSIDE_HOURS, at, requester, message, ids, _weight(1 + furthest / 60))


def one_approver(approvals: Iterable[Approval], usual: Usual) -> Iterator[Signal]:
    """One person approves nearly everything that another asks for, although others could."""
    for requester, ones in _grouped(approvals, lambda one: one.requester).items():
        approver, theirs = max(_grouped(ones, lambda one: one.approver).items(), key=lambda told: (len(told[1]), told[0]))
        others = set(usual.approvers) - {requester, approver}
        share = len(theirs) / len(ones)
        if len(theirs) < MANY_APPROVALS or share < ALWAYS or not others:
            continue
        message = msgn(
            "{approver} approved {count} of {total} requests of {requester} ({share} %); {others} other person could have.",
            "{approver} approved {count} of {total} requests of {requester} ({share} %); {others} other people could have.",
            others=len(others),
            approver=usual.name_of(approver),
            requester=usual.name_of(requester),
            count=len(theirs),
            total=len(ones),
            share=_per_cent(share),
        )
        ids = tuple(one.operation for one in theirs)
        weight = _weight(len(theirs) / MANY_APPROVALS * share / ALWAYS)
        yield Signal(SignalKind.ONE_APPROVER, max(one.at for one in theirs), approver, message, ids, weight)


def other_reason(operations: Iterable[Asked], usual: Usual) -> Iterator[Signal]:
    """One operator gives the reason “Other” more often than everybody else, beyond chance.

    Exact binomial tail against the share of all others, with one more of each kind so that no share is 0; the level is divided
    by how many operators are looked at (Bonferroni), so that a large shop gets no more false signals than a small one.
    """
    chosen = [one for one in operations if not one.is_refused and one.kind in {"cancel", "invalidate"}]
    everybody, all_others = len(chosen), sum(one.reason == Reason.OTHER for one in chosen)
    by_requester = _grouped(chosen, lambda one: one.requester)
    looked_at = {requester: ones for requester, ones in by_requester.items() if len(ones) >= MANY_OPERATIONS}
    for requester, ones in looked_at.items():
        theirs = [one for one in ones if one.reason == Reason.OTHER]
        besides, others_besides = everybody - len(ones), all_others - len(theirs)
        if len(theirs) < SOME_OTHERS or besides < EVERYBODYS_OPERATIONS:
            continue
        rate, usual_rate = len(theirs) / len(ones), (others_besides + 1) / (besides + 2)
        chance = binomial_tail(len(theirs), len(ones), usual_rate)
        if rate <= usual_rate or chance > CHANCE / len(looked_at):
            continue
        message = msg(
            "{operator} gave the reason “Other” for {count} of {total} operations ({share} %), everybody else for {others} of"
            " {besides} ({usual} %). Chance alone gives that less than once in {odds} times.",
            operator=usual.name_of(requester),
            count=len(theirs),
            total=len(ones),
            share=_per_cent(rate),
            others=others_besides,
            besides=besides,
            usual=_per_cent(others_besides / besides),
            odds=int(min(1 / chance, 1e6)) if chance > 0 else 1_000_000,
        )
        ids = tuple(one.operation for one in theirs)
        at = max(one.at for one in theirs)
        yield Signal(SignalKind.OTHER_REASON, at, requester, message, ids, _weight(rate / usual_rate))


def wrong_pins(tries: Iterable[WrongPin], usual: Usual) -> Iterator[Signal]:
    """Many wrong PINs for one login on one day, or so many that signing in was locked."""
    days = _grouped(tries, lambda one: (one.login, one.at.astimezone(usual.zone).date()))
    for (login, day), ones in days.items():
        locks = sum(one.has_locked for one in ones)
        if len(ones) < MANY_WRONG_PINS and not (locks and login):
            continue
        if login:
            message = msgn(
                "{count} wrong PINs for {login} on {day}; signing in was locked {locks} time.",
                "{count} wrong PINs for {login} on {day}; signing in was locked {locks} times.",
                locks=locks,
                count=len(ones),
                login=usual.name_of(login),
                day=day,
            )
        else:
            message = msgn(
                "{count} tries on {day} to sign in with logins that nobody has; they were locked {locks} time.",
                "{count} tries on {day} to sign in with logins that nobody has; they were locked {locks} times.",
                locks=locks,
                count=len(ones),
                day=day,
            )
        weight = _weight(max(len(ones) / MANY_WRONG_PINS, locks, 1))
        yield Signal(SignalKind.WRONG_PINS, max(one.at for one in ones), login, message, (), weight)


def asked_again(operations: Iterable[Asked], usual: Usual) -> Iterator[Signal]:
    """One operator asks for the same coupon three times within a day, as after a refusal."""
    told = [one for one in operations if one.coupon is not None]
    for (requester, _), ones in _grouped(told, lambda one: (one.requester, one.coupon)).items():
        for chain in _chains(sorted(ones, key=lambda one: one.at), lambda one: one.at, ASKED_WITHIN):
            if len(chain) < MANY_REQUESTS:
                continue
            message = msg(
                "{operator} asked for {code} {count} times, each within a day of the time before; {refused} were refused.",
                operator=usual.name_of(requester),
                code=chain[-1].code or "",
                count=len(chain),
                refused=sum(one.is_refused for one in chain),
            )
            ids = tuple(one.operation for one in chain)
            yield Signal(SignalKind.ASKED_AGAIN, chain[-1].at, requester, message, ids, _weight(len(chain) / MANY_REQUESTS))


def _grouped(ones: Iterable[One], key: Callable[[One], Key]) -> dict[Key, list[One]]:
    groups: dict[Key, list[One]] = defaultdict(list)
    for one in ones:
        groups[key(one)].append(one)
    return groups


def _chains(ones: list[One], at: Callable[[One], datetime], within: timedelta) -> Iterator[list[One]]:
    """In order, parted where more time lies between two."""
    chain = ones[:1]
    for before, one in pairwise(ones):
        if at(one) - at(before) > within:
            yield chain
            chain = []
        chain.append(one)
    yield chain


def _weight(times: float) -> float:
    return round(min(max(times, 1.0), HEAVIEST), 2)


def _per_cent(share: float) -> int:
    return round(share * 100)
