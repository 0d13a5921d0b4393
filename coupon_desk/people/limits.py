"""How many points one person may return alone, and approve: the limits of an operator, and since when things count.

Pure: what was spent is counted elsewhere and handed in. Over a limit a second person has to look; it is never a dead end.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from coupon_desk.coupons.allowance import Spent, Windows
from coupon_desk.people.roles import Role
from coupon_desk.settings import Limits, Policy, RoleLimits
from coupon_desk.words import Message, msg

CUSTOMER_WINDOW: Final = timedelta(days=30)
"""Of 24 hours each, wherever the clocks are put forward or back."""


@dataclass(frozen=True, slots=True)
class HouseLimits:
    """What the house has set, and the time zone in which its days begin (None: this computer's)."""

    limits: Limits = field(default_factory=Limits)
    policy: Policy = field(default_factory=Policy)
    zone: tzinfo | None = None

    def of(self, role: Role) -> RoleLimits:
        """What holds for an operator of this role."""
        return effective_limits(self.limits, self.policy, role)

    def windows(self, moment: datetime) -> Windows:
        """Since when things count at this moment."""
        return windows_at(moment, self.zone)


def effective_limits(limits: Limits, policy: Policy, role: Role) -> RoleLimits:
    """What holds for an operator of this role: their role's own values, else everybody's, else those of `[policy]`."""
    of_policy = RoleLimits(points_per_day=policy.daily_points_per_operator)
    own: RoleLimits = getattr(limits, role.value, RoleLimits())
    return own.over(limits.everybody.over(of_policy))


def windows_at(moment: datetime, zone: tzinfo | None = None) -> Windows:
    """Since when things count at this moment: calendar day, week from Monday and month of the zone (None: this computer's).

    Where a day has no midnight, because clocks are put forward then, it begins with its first moment; where it has two, with
    the first.
    """
    today = moment.astimezone(zone).date()
    return Windows(
        day=_beginning(today, zone),
        week=_beginning(today - timedelta(days=today.weekday()), zone),
        month=_beginning(today.replace(day=1), zone),
        customer=moment.astimezone(UTC) - CUSTOMER_WINDOW,
    )


def over_limits(points: int, spent: Spent, limits: RoleLimits, policy: Policy) -> tuple[Message, ...]:
    """Every limit that returning `points` would break, with the figures; none where the operator may do it alone.

    `spent` is what stands before it, itself not included: running, unknown and waiting ones count, refused ones do not.
    """
    reasons: list[Message] = []
    if points > policy.approval_above_points:
        reasons.append(
            msg(
                "{points} points are more than one person may return alone ({limit}).",
                points=points,
                limit=policy.approval_above_points,
            )
        )
    for template, before, limit in (
        (_POINTS_TODAY, spent.day.points, limits.points_per_day),
        (_POINTS_WEEK, spent.week.points, limits.points_per_week),
        (_POINTS_MONTH, spent.month.points, limits.points_per_month),
    ):
        reasons.extend(_over(template, before + points, limit))
    for template, before, limit in (
        (_COUNT_TODAY, spent.day.cancellations, limits.cancellations_per_day),
        (_COUNT_WEEK, spent.week.cancellations, limits.cancellations_per_week),
        (_COUNT_MONTH, spent.month.cancellations, limits.cancellations_per_month),
    ):
        reasons.extend(_over(template, before + 1, limit))
    of_customer = policy.customer_cancellations_per_30_days or None
    reasons.extend(_over(_OF_CUSTOMER, spent.customer_cancellations + 1, of_customer))
    return tuple(reasons)


def over_approvable(points: int, limits: RoleLimits) -> Message | None:
    """Why somebody with these limits may not approve so many points at once; None where they may."""
    limit = limits.approvable_points
    if limit is None or points <= limit:
        return None
    return msg("{points} points are more than your role may approve ({limit}).", points=points, limit=limit)


def over_approved_today(points: int, before: int, limits: RoleLimits) -> Message | None:
    """Why somebody who approved `before` points today may not approve these as well; None where they may.

    What they return themselves has its own limits, and is not counted here.
    """
    limit = limits.approved_points_per_day
    if limit is None or before + points <= limit:
        return None
    return msg(
        "With this request you would approve {total} points today; you may approve {limit} a day.",
        total=before + points,
        limit=limit,
    )


def _over(template: Message, total: int, limit: int | None) -> tuple[Message, ...]:
    if limit is None or total <= limit:
        return ()
    return (replace(template, values=(("total", total), ("limit", limit))),)


def _beginning(day: date, zone: tzinfo | None) -> datetime:
    # Of a midnight that is skipped, fold=0 reads the clock as it went before: the moment at which the clock is put forward.
    start = datetime.combine(day, time.min, zone).astimezone(UTC)
    just_before = start - timedelta(microseconds=1)
    if just_before.astimezone(zone).date() >= day:  # the clock was put forward over midnight from somewhat before it
        start = datetime.combine(day, time.min, zone).replace(fold=1).astimezone(UTC)
    return start


_POINTS_TODAY: Final = msg("With this coupon you would return {total} points today; alone you may return {limit} a day.")
_POINTS_WEEK: Final = msg("With this coupon you would return {total} points this week; alone you may return {limit}.")
_POINTS_MONTH: Final = msg("With this coupon you would return {total} points this month; alone you may return {limit}.")
_COUNT_TODAY: Final = msg("With this one you would return the points of {total} coupons today; alone you may of {limit}.")
_COUNT_WEEK: Final = msg("With this one you would return the points of {total} coupons this week; alone you may of {limit}.")
_COUNT_MONTH: Final = msg("With this one you would return the points of {total} coupons this month; alone you may of {limit}.")
_OF_CUSTOMER: Final = msg(
    "With this one the customer would get the points of {total} coupons in 30 days; without a second person it may be {limit}."
)
