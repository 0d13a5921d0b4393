"""Time spans as they are typed: days on this computer's clock, or moments."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeVar

import click

from coupon_desk.errors import ConfigurationError
from coupon_desk.words import Message, msg

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_SINCE = click.option("--since", metavar="DATE", help="From this day (2026-11-23) or moment (2026-11-23T09:00+09:00) on.")
_UNTIL = click.option("--until", metavar="DATE", help="To the end of this day, or before this moment.")


def span_options(function: Decorated) -> Decorated:
    """Give a command `--since` and `--until`."""
    return _SINCE(_UNTIL(function))


def first_moment(typed: str | None) -> datetime | None:
    """Where a span begins, None where nothing was typed. Raises ConfigurationError."""
    if typed is None:
        return None
    parsed = _parsed(typed)
    return parsed if isinstance(parsed, datetime) else _midnight(parsed)


def last_moment(typed: str | None) -> datetime | None:
    """The moment before which a span ends, None where nothing was typed. Raises ConfigurationError."""
    if typed is None:
        return None
    parsed = _parsed(typed)
    return parsed if isinstance(parsed, datetime) else _midnight(parsed + timedelta(days=1))


def _parsed(typed: str) -> date | datetime:
    """A day, or a moment; a moment without a zone is one of this computer's clock."""
    with suppress(ValueError):
        return date.fromisoformat(typed)
    try:
        return datetime.fromisoformat(typed).astimezone()
    except ValueError:
        raise ConfigurationError(
            msg("“{typed}” is neither a day nor a moment.", typed=typed[:60]),
            done=msg("Nothing was done."),
            todo=_HOW_DATES_ARE_WRITTEN,
        ) from None


_HOW_DATES_ARE_WRITTEN: Final[Message] = msg("Write a day as 2026-11-23 or a moment as 2026-11-23T09:00+09:00.")


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day).astimezone()
