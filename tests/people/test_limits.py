"""How many points one person may return alone, and approve; and since when things count, in every time zone there is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coupon_desk.coupons.allowance import Spent, Sum
from coupon_desk.people.limits import effective_limits, over_approvable, over_approved_today, over_limits, windows_at
from coupon_desk.people.roles import Role
from coupon_desk.settings import Limits, Policy, RoleLimits

NOTHING = Sum()
POLICY = Policy()
FIRST, LAST = datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2040-01-01")
MOMENTS = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
ZONES = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)


def spent(day: Sum = NOTHING, week: Sum = NOTHING, month: Sum = NOTHING, of_customer: int = 0) -> Spent:
    return Spent(day, week, month, of_customer)


@pytest.mark.parametrize(
    ("points", "today", "reasons"),
    [(500, 0, 0), (5000, 0, 0), (5001, 0, 1), (500, 49_500, 0), (500, 49_501, 1), (6000, 49_000, 2)],
)
def test_the_limits_themselves_are_still_allowed(points: int, today: int, reasons: int) -> None:
    limits = effective_limits(Limits(), POLICY, Role.MANAGER)
    assert len(over_limits(points, spent(Sum(today, 3)), limits, POLICY)) == reasons


def test_the_reasons_name_the_figures() -> None:
    limits = RoleLimits(50_000, 60_000, 70_000, 3, 4, 5)
    full = spent(Sum(49_000, 3), Sum(59_000, 4), Sum(69_000, 5), 3)
    assert [str(why) for why in over_limits(6000, full, limits, POLICY)] == [
        "6,000 points are more than one person may return alone (5,000).",
        "With this coupon you would return 55,000 points today; alone you may return 50,000 a day.",
        "With this coupon you would return 65,000 points this week; alone you may return 60,000.",
        "With this coupon you would return 75,000 points this month; alone you may return 70,000.",
        "With this one you would return the points of 4 coupons today; alone you may of 3.",
        "With this one you would return the points of 5 coupons this week; alone you may of 4.",
        "With this one you would return the points of 6 coupons this month; alone you may of 5.",
        "With this one the customer would get the points of 4 coupons in 30 days; without a second person it may be 3.",
    ]


def test_a_limit_of_nothing_asks_for_everything_and_none_of_a_customer_asks_for_nothing() -> None:
    assert over_limits(1, spent(), RoleLimits(points_per_week=0), POLICY)
    assert not over_limits(1, spent(of_customer=99), RoleLimits(), Policy(customer_cancellations_per_30_days=0))


def test_a_role_has_its_own_values_before_everybodys_and_those_before_the_policys() -> None:
    limits = Limits(everybody=RoleLimits(points_per_week=7), clerk=RoleLimits(points_per_week=3))
    assert effective_limits(limits, POLICY, Role.CLERK) == RoleLimits(points_per_day=50_000, points_per_week=3)
    assert effective_limits(limits, POLICY, Role.ADMIN) == RoleLimits(points_per_day=50_000, points_per_week=7)
    own = Limits(everybody=RoleLimits(points_per_day=9))
    assert effective_limits(own, POLICY, Role.AUDITOR) == RoleLimits(points_per_day=9)


def test_an_approver_has_limits_of_their_own() -> None:
    limits = RoleLimits(approvable_points=1000, approved_points_per_day=1500)
    assert over_approvable(1000, limits) is None
    assert str(over_approvable(1001, limits)) == "1,001 points are more than your role may approve (1,000)."
    assert over_approved_today(500, 1000, limits) is None
    over = "With this request you would approve 1,501 points today; you may approve 1,500 a day."
    assert str(over_approved_today(501, 1000, limits)) == over
    assert over_approvable(10**9, RoleLimits()) is None
    assert over_approved_today(10**9, 10**9, RoleLimits()) is None


@given(moment=MOMENTS, zone=ZONES)
@settings(max_examples=300, deadline=None)
def test_windows_begin_with_the_first_moment_of_their_day_in_every_zone(moment: datetime, zone: ZoneInfo) -> None:
    windows, today = windows_at(moment, zone), moment.astimezone(zone).date()
    assert windows.month <= windows.day <= moment
    assert windows.week <= windows.day
    for start, first_day in (
        (windows.day, today),
        (windows.week, today - timedelta(days=today.weekday())),
        (windows.month, today.replace(day=1)),
    ):
        assert start.astimezone(zone).date() >= first_day
        assert (start - timedelta(seconds=1)).astimezone(zone).date() < first_day
    assert windows.customer == moment - timedelta(days=30)


@given(moment=MOMENTS, later=st.timedeltas(timedelta(0), timedelta(days=40)), zone=ZONES)
@settings(max_examples=300, deadline=None)
def test_of_one_day_all_moments_have_one_window_and_no_later_one_begins_earlier(
    moment: datetime, later: timedelta, zone: ZoneInfo
) -> None:
    first, second = windows_at(moment, zone), windows_at(moment + later, zone)
    is_same_day = moment.astimezone(zone).date() == (moment + later).astimezone(zone).date()
    assert (first.day == second.day) == is_same_day
    if not _turns_back_over_midnight(moment, later, zone):
        assert first.day <= second.day
        assert first.week <= second.week
        assert first.month <= second.month


def _turns_back_over_midnight(moment: datetime, later: timedelta, zone: ZoneInfo) -> bool:
    """A few zones have put their clocks back from just after midnight, and so had the end of a day twice."""
    return (moment + later).astimezone(zone).date() < moment.astimezone(zone).date()


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Europe/Berlin", "2026-03-29T12:00+02:00", "2026-03-29T00:00+01:00"),  # 23 hours long
        ("Europe/Berlin", "2026-10-25T23:59+01:00", "2026-10-25T00:00+02:00"),  # 25 hours long
        ("Africa/Cairo", "2026-04-24T12:00+03:00", "2026-04-24T01:00+03:00"),  # has no midnight
        ("America/Havana", "2026-11-01T12:00-05:00", "2026-11-01T00:00-04:00"),  # has two
        ("Asia/Tokyo", "2026-11-23T00:00+09:00", "2026-11-23T00:00+09:00"),
    ],
)
def test_days_on_which_clocks_are_changed(zone: str, moment: str, day: str) -> None:
    assert windows_at(datetime.fromisoformat(moment), ZoneInfo(zone)).day == datetime.fromisoformat(day)
