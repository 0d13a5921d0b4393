"""When the shop is open, as it is written in the configuration: `10:00-20:00`, several with commas, past midnight, `closed`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOSED: Final = "closed"
_DAY_MINUTES: Final = 24 * 60
_SPAN: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|(24:00))")


@dataclass(frozen=True, slots=True)
class Span:
    """Open from one minute of the day to another, which is not inside; past midnight it is more than a day's minutes."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """The spans of each day, Monday first: none where the shop is closed, None where nothing is known of the day."""

    days: tuple[tuple[Span, ...] | None, ...]

    @classmethod
    def parse(cls, told: Mapping[str, str]) -> OpeningHours:
        """The hours as the configuration tells them, by day. Raises ValueError that says what was expected."""
        return cls(tuple(_spans(told[day]) if day in told else None for day in DAYS))

    def minutes_from_open(self, local: datetime) -> int | None:
        """How many minutes the moment is away from the nearest time at which the shop is open; None while it is open.

        None also on a day of which nothing is known. `local` is on the desk's clock; a week that is closed throughout is a day
        away.
        """
        day, minute = local.weekday(), local.hour * 60 + local.minute
        if self.days[day] is None:
            return None
        near = tuple(self._around(day))
        if any(span.begin <= minute < span.end for span in near):
            return None
        away = (min(abs(minute - span.begin), abs(minute - span.end + 1)) for span in near)
        return min(away, default=_DAY_MINUTES)

    def _around(self, day: int) -> Iterator[Span]:
        """The spans of the day, and of those before and after it, in minutes of this day."""
        for shift in (-1, 0, 1):
            for span in self.days[(day + shift) % len(DAYS)] or ():
                yield Span(span.begin + shift * _DAY_MINUTES, span.end + shift * _DAY_MINUTES)


def _spans(told: str) -> tuple[Span, ...]:
    if told.strip() == CLOSED:
        return ()
    return tuple(_span(part.strip()) for part in told.split(","))


def _span(told: str) -> Span:
    found = _SPAN.fullmatch(told)
    if found is None:
        raise ValueError('Expected hours such as "10:00-20:00", "10:00-13:00, 14:00-02:00" or "closed"')
    begin = int(found[1]) * 60 + int(found[2])
    end = _DAY_MINUTES if found[5] else int(found[3]) * 60 + int(found[4])
    if end == begin:
        raise ValueError('Expected hours that begin and end at different times; a whole day is "00:00-24:00"')
    return Span(begin, end if end > begin else end + _DAY_MINUTES)
