"""Days as people mean them, from the first to the last, and the moments that a query asks for."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta


def first_moment(day: date | None) -> datetime | None:
    """When a day begins here; None for any."""
    return None if day is None else datetime.combine(day, time.min).astimezone()


def moment_behind(day: date | None) -> datetime | None:
    """The first moment after a day; None for any."""
    return None if day is None else first_moment(day + timedelta(days=1))


def first_day(moment: datetime | None) -> date | None:
    """The day that begins at a moment."""
    return None if moment is None else moment.astimezone().date()


def last_day(moment: datetime | None) -> date | None:
    """The last day before a moment."""
    return None if moment is None else (moment.astimezone() - timedelta(microseconds=1)).date()
