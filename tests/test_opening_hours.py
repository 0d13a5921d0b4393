"""When the shop is open, and how far a moment is from that."""

from __future__ import annotations

from datetime import datetime

import pytest

from coupon_desk.opening_hours import OpeningHours

# Monday 2026-11-23; Tuesday is closed, of Wednesday nothing is known, Saturday goes on into Sunday, which is closed.
HOURS = OpeningHours.parse(
    {
        "mon": "10:00-13:00, 14:00-20:00",
        "tue": "closed",
        "thu": "00:00-24:00",
        "fri": "10:00-20:00",
        "sat": "18:00-02:00",
        "sun": "closed",
    }
)


@pytest.mark.parametrize(
    ("day", "time", "minutes"),
    [
        (23, "10:00", None),
        (23, "12:59", None),
        (23, "13:00", 1),
        (23, "13:40", 20),
        (23, "14:00", None),
        (23, "20:30", 31),
        (23, "09:15", 45),
        (24, "03:00", 421),  # Monday's last minute was 19:59
        (24, "23:00", 1621),  # of Wednesday nothing is known, and Monday's last minute is 27 hours and a minute ago
        (25, "03:00", None),
        (26, "03:00", None),
        (27, "00:10", 11),
        (28, "23:30", None),
        (29, "01:59", None),
        (29, "02:00", 1),
        (29, "12:00", 601),
        (30, "08:00", 120),
    ],
)
def test_a_moment_is_open_or_so_many_minutes_away(day: int, time: str, minutes: int | None) -> None:
    assert HOURS.minutes_from_open(datetime.fromisoformat(f"2026-11-{day}T{time}:00")) == minutes


def test_a_week_that_is_closed_is_a_day_away() -> None:
    closed = OpeningHours.parse(dict.fromkeys(("mon", "tue", "wed"), "closed"))
    assert closed.minutes_from_open(datetime.fromisoformat("2026-11-24T12:00:00")) == 1440


@pytest.mark.parametrize("told", ["", "10-20", "10:00-25:00", "10:00-10:00", "24:00-02:00", "10:00-12:00;13:00-14:00", "shut"])
def test_hours_that_say_nothing_are_refused(told: str) -> None:
    with pytest.raises(ValueError, match="Expected hours"):
        OpeningHours.parse({"mon": told})
