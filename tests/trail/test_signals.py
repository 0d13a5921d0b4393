"""What an auditor should look at: each rule on figures that were worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import comb
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupon_desk.clock import VirtualClock
from coupon_desk.opening_hours import OpeningHours
from coupon_desk.storage.database import Database
from coupon_desk.trail.chance import binomial_tail
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.signal_facts import ACTIONS, STEPS, Approval, Asked, Facts, WrongPin, facts_in
from coupon_desk.trail.signals import Signal, SignalKind, Usual, signals_in
from coupon_desk.trail.trail import Trail
from tests.trail.conftest import CODE
from tests.trail.old_trails import make_old_home

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)  # a Monday, 12:00 in Tokyo
TOKYO = ZoneInfo("Asia/Tokyo")
USUAL = Usual(NOW - timedelta(days=90), lambda login: login.title(), zone=TOKYO)


def asked(number: int = 0, requester: str = "mika", *, days: float = 0, minutes: float = 0, **changes: Any) -> Asked:
    at = NOW + timedelta(days=days, minutes=minutes)
    plain = Asked(f"op-{number}", requester, at, "cancel", "customer_request", 500, "70934-******-500")
    return replace(plain, **changes)


def returned(number: int, requester: str = "mika", *, days: float = 0, customer: str = "c1", **changes: Any) -> Asked:
    at = NOW + timedelta(days=days)
    return asked(number, requester, days=days, customer=customer, returned_at=at, **changes)


def found(kind: SignalKind, facts: Facts, usual: Usual = USUAL) -> list[Signal]:
    return [signal for signal in signals_in(facts, usual) if signal.kind is kind]


def operations(*ones: Asked) -> Facts:
    return Facts(operations=ones)


def test_points_to_the_same_customer_again_within_thirty_days() -> None:
    facts = operations(
        *(returned(1, days=-40), returned(2, days=-9.5), returned(3, days=-9), returned(4, days=-1, customer="c2")),
        returned(5, "kenji", days=-2),
    )
    (signal,) = found(SignalKind.SAME_CUSTOMER, facts)
    assert (signal.who, signal.operations, signal.weight) == ("mika", ("op-2", "op-3"), 1.0)
    assert str(signal.message) == ("Mika returned points to the same customer 2 times within 1 day: 1,000 points in all.")
    chain = operations(*(returned(number, days=-25 * number) for number in range(4)))
    (signal,) = found(SignalKind.SAME_CUSTOMER, chain)
    assert ("4 times within 75 days: 2,000 points" in str(signal.message), signal.weight) == (True, 3.0)


@pytest.mark.parametrize("days", [-30.001, -31, -60])
def test_more_than_thirty_days_apart_is_usual(days: float) -> None:
    assert not found(SignalKind.SAME_CUSTOMER, operations(returned(1, days=days), returned(2)))


@pytest.mark.parametrize(
    ("seconds", "minutes", "weight"), [(0, 1, 10.0), (59, 1, 10.0), (61, 2, 5.0), (600, 10, 1.0), (601, None, 0), (-1, None, 0)]
)
def test_points_that_come_back_minutes_after_the_issue(seconds: int, minutes: int | None, weight: float) -> None:
    facts = operations(returned(1, issued_at=NOW - timedelta(seconds=seconds)))
    signals = found(SignalKind.SOON_AFTER_ISSUE, facts)
    assert [signal.weight for signal in signals] == ([weight] if minutes else [])
    if minutes:
        assert f"cancelled 70934-******-500 within {minutes} minute" in str(signals[0].message)


def test_what_returned_nothing_or_whose_issue_is_erased_is_not_soon() -> None:
    issued = NOW - timedelta(minutes=1)
    facts = operations(asked(1, issued_at=issued), returned(2), returned(3, kind="order_refund", issued_at=issued))
    assert not found(SignalKind.SOON_AFTER_ISSUE, facts)


def test_operations_outside_the_opening_hours_are_one_signal_for_each_person_and_day() -> None:
    hours = OpeningHours.parse({"mon": "10:00-20:00", "tue": "10:00-20:00"})
    usual = Usual(USUAL.since, USUAL.name_of, hours=hours, zone=TOKYO)
    night = (
        asked(1, minutes=9 * 60, returned_at=NOW),  # 21:00 in Tokyo: 61 minutes after the last minute
        asked(2, minutes=11 * 60),  # 23:00
        asked(3, "kenji", minutes=-130),  # 09:50
        asked(4, minutes=0),
        asked(5, days=2),  # a Wednesday, of which nothing is known
    )
    mika, kenji = found(SignalKind.OUTSIDE_HOURS, operations(*night), usual)
    assert (mika.operations, mika.weight) == (("op-1", "op-2"), round(1 + 181 / 60, 2))
    assert str(mika.message) == (
        "Mika began 2 operations outside the opening hours on 23 Nov 2026, up to 181 minutes from them: 500 points."
    )
    assert (kenji.operations, kenji.weight) == (("op-3",), round(1 + 10 / 60, 2))
    assert not found(SignalKind.OUTSIDE_HOURS, operations(*night))


def approvals(*counts: tuple[str, str, int]) -> Facts:
    return Facts(
        approvals=tuple(
            Approval(f"{approver}-{requester}-{number}", requester, approver, NOW - timedelta(hours=number))
            for approver, requester, count in counts
            for number in range(count)
        )
    )


@pytest.mark.parametrize(
    ("theirs", "others", "who_could", "weight"),
    [
        (5, 0, {"aki"}, 1.11),  # 5/5 approvals x 100/90
        (9, 1, {"aki"}, 1.8),
        (45, 5, {"aki"}, 9.0),
        (8, 1, {"aki"}, None),  # 88.9 %
        (4, 0, {"aki"}, None),
        (5, 0, set(), None),
        (5, 0, {"mika", "kenji"}, None),
    ],
)
def test_one_approver_for_one_requester_always(theirs: int, others: int, who_could: set[str], weight: float | None) -> None:
    usual = Usual(USUAL.since, USUAL.name_of, who_could)
    signals = found(SignalKind.ONE_APPROVER, approvals(("kenji", "mika", theirs), ("aki", "mika", others)), usual)
    assert [signal.weight for signal in signals] == ([] if weight is None else [weight])
    if (theirs, others) == (9, 1):
        assert str(signals[0].message) == "Kenji approved 9 of 10 requests of Mika (90 %); 1 other person could have."
        assert len(signals[0].operations) == 9


def with_reason(requester: str, other: int, usual: int) -> list[Asked]:
    return [
        asked(number, requester, minutes=-number, reason="other" if number < other else "staff_error", kind="cancel")
        for number in range(other + usual)
    ]


def test_other_above_the_usual_rate_by_an_exact_test() -> None:
    facts = operations(*with_reason("mika", 8, 4), *with_reason("kenji", 3, 57), *with_reason("aki", 0, 38))
    (signal,) = found(SignalKind.OTHER_REASON, facts)
    share = Fraction(3 + 1, 98 + 2)  # everybody else: 3 of 98, and one more of each kind
    exact = sum(comb(12, hits) * share**hits * (1 - share) ** (12 - hits) for hits in range(8, 13))
    assert signal.who == "mika"
    assert str(signal.message) == (
        "Mika gave the reason “Other” for 8 of 12 operations (67 %), everybody else for 3 of 98 (3 %)."
        " Chance alone gives that less than once in 1,000,000 times."
    )
    assert exact < Fraction(1, 1_000_000)
    assert len(signal.operations) == 8
    assert signal.weight == 10.0


@pytest.mark.parametrize(
    ("other", "usual", "is_told"),
    [
        # everybody else gives it in 5 of 48 (with one more of each kind 6 of 50, 12 %); two operators are looked at: 0.5 %
        (6, 6, True),  # P(X >= 6 of 12) = 0.0015
        (5, 7, False),  # 0.0107
        (2, 8, False),
        (9, 0, False),  # nine operations are too few
    ],
)
def test_other_counts_only_beyond_chance_and_with_enough_operations(other: int, usual: int, is_told: bool) -> None:
    facts = operations(*with_reason("mika", other, usual), *with_reason("kenji", 5, 43))
    assert bool(found(SignalKind.OTHER_REASON, facts)) is is_told


def test_other_is_not_told_where_there_is_nobody_to_compare_with() -> None:
    assert not found(SignalKind.OTHER_REASON, operations(*with_reason("mika", 20, 0), *with_reason("kenji", 0, 19)))


def test_many_wrong_pins_and_locks() -> None:
    pins = [WrongPin("mika", NOW + timedelta(minutes=number), number in {4, 5, 6}) for number in range(7)]
    pins += [WrongPin("kenji", NOW, False) for _ in range(4)]
    pins += [WrongPin("aki", NOW, True)]
    pins += [WrongPin("", NOW, False) for _ in range(5)]
    mika, *rest = found(SignalKind.WRONG_PINS, Facts(wrong_pins=tuple(pins)))
    assert str(mika.message) == "7 wrong PINs for Mika on 23 Nov 2026; signing in was locked 3 times."
    assert mika.weight == 3.0
    assert {signal.who for signal in rest} == {"aki", ""}
    assert any("logins that nobody has" in str(signal.message) for signal in rest)


def test_asking_for_the_same_coupon_again_and_again() -> None:
    ones = [asked(number, coupon="k1", minutes=number * 30, is_refused=number < 3) for number in range(4)]
    (signal,) = found(SignalKind.ASKED_AGAIN, operations(*ones, asked(9, coupon="k2"), asked(8, "kenji", coupon="k1")))
    assert "asked for 70934-******-500 4 times" in str(signal.message)
    assert "3 were refused" in str(signal.message)
    assert signal.weight == 1.33
    apart = [asked(number, coupon="k1", days=-2 * number) for number in range(4)]
    assert not found(SignalKind.ASKED_AGAIN, operations(*apart))


def test_nothing_older_than_asked_for_is_told_and_the_heaviest_comes_first() -> None:
    facts = operations(
        returned(1, days=-20), returned(2, days=-10), returned(3, "kenji", days=-1, issued_at=NOW - timedelta(days=1))
    )
    usual = Usual(NOW - timedelta(days=5), USUAL.name_of)
    assert [signal.kind for signal in signals_in(facts, usual)] == [SignalKind.SOON_AFTER_ISSUE]
    weights = [signal.weight for signal in signals_in(facts, USUAL)]
    assert weights == sorted(weights, reverse=True)
    assert signals_in(Facts(), USUAL) == ()


@pytest.mark.parametrize(
    ("at_least", "tries", "share", "tail"),
    [
        (2, 2, 0.5, 0.25),
        (10, 10, 0.5, 1 / 1024),
        (3, 10, 0.1, 0.0701908264),
        (0, 5, 0.3, 1.0),
        (6, 5, 0.5, 0.0),
        (1, 3, 0.0, 0.0),
    ],
)
def test_the_tail_of_the_binomial_distribution(at_least: int, tries: int, share: float, tail: float) -> None:
    assert binomial_tail(at_least, tries, share) == pytest.approx(tail, rel=1e-9, abs=1e-12)


@given(st.integers(1, 60), st.integers(1, 99), st.data())
def test_the_tail_is_exact(tries: int, per_cent: int, data: st.DataObject) -> None:
    at_least = data.draw(st.integers(0, tries))
    share = Fraction(per_cent, 100)
    exact = sum(comb(tries, hits) * share**hits * (1 - share) ** (tries - hits) for hits in range(at_least, tries + 1))
    assert binomial_tail(at_least, tries, float(share)) == pytest.approx(float(exact), rel=1e-9, abs=1e-300)


def test_entries_of_the_first_version_tell_the_same(file: Path) -> None:
    of_operation = {"actor": "mika", "operation": "op-1", "code": CODE.text}
    verified = {
        "customer_id": "gid://shopify/Customer/7170934",
        "evidence": {"discount": {"created_at": "2026-11-20T08:55:00Z"}, "record": {"not_answered": {}}},
    }
    told: list[dict[str, Any]] = [
        {"action": "sign_in_refused", "actor": "mika", "body": {"why": "wrong_pin", "failures": 1}},
        {"action": "sign_in_refused", "actor": "mika", "body": {"why": "locked", "failures": 5, "locked_until": "later"}},
        {"action": "signed_in", "actor": "mika", "body": {"role": "manager"}},
        {"action": "operation.opened", **of_operation, "body": {"kind": "cancel", "reason": "other"}},
        {"action": "operation.approved", **of_operation, "actor": "kenji", "body": {"note": ""}},
        {"action": "step.done", **of_operation, "step": "verify", "body": verified},
        {"action": "step.done", **of_operation, "step": "return_points", "body": {"points": 300}},
    ]
    make_old_home(file, "0003", told)
    database = Database.open(file)
    database.migrate()
    trail = Trail(database, Surroundings("counter-1"), VirtualClock(NOW))
    facts = facts_in(trail.telling(ACTIONS, STEPS, NOW - timedelta(days=30)))
    database.close()

    (one,) = facts.operations
    assert (one.requester, one.kind, one.reason, one.points) == ("mika", "cancel", "other", 300)
    assert (one.code, one.customer) == (CODE.masked, "gid://shopify/Customer/7170934")
    assert one.issued_at == datetime(2026, 11, 20, 8, 55, tzinfo=UTC)
    assert [(told.approver, told.requester) for told in facts.approvals] == [("kenji", "mika")]
    assert ([pin.login for pin in facts.wrong_pins], facts.present) == (["mika"], frozenset({"mika"}))
