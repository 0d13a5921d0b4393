"""How many points one person may return alone."""

from __future__ import annotations

import pytest

from coupon_desk.people.limits import why_second_person


@pytest.mark.parametrize(
    ("points", "today", "reasons"),
    [
        (500, 0, 0),
        (5000, 0, 0),
        (5001, 0, 1),
        (500, 49_500, 0),
        (500, 49_501, 1),
        (6000, 49_000, 2),
    ],
)
def test_the_limits_themselves_are_still_allowed(points: int, today: int, reasons: int) -> None:
    found = why_second_person(points, today, approval_above_points=5000, daily_points_per_operator=50_000)
    assert len(found) == reasons


def test_the_reasons_name_the_numbers() -> None:
    high, daily = why_second_person(6000, 49_000, approval_above_points=5000, daily_points_per_operator=50_000)
    assert str(high) == "6,000 points are more than one person may return alone (5,000)."
    assert str(daily) == "With this coupon you would return 55,000 points today; alone you may return 50,000 a day."


def test_a_limit_of_nothing_asks_for_everything() -> None:
    assert why_second_person(1, 0, approval_above_points=0, daily_points_per_operator=50_000)
