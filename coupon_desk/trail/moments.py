"""Which moment it is, as far as the trail can tell: a clock that was set back must not open a new allowance.

What a remote system said of the time stands before this computer's clock. Where none has been heard yet, it is at least as late
as the newest entry. Nothing can be told where no remote clock was ever heard and the computer's clock was set forward.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from coupon_desk.clock import from_text
from coupon_desk.storage.tables.trail import entries


@dataclass(frozen=True, slots=True)
class BestMoment:
    """A moment; `is_measured`: it was held against a remote clock."""

    moment: datetime
    is_measured: bool


def best_moment(connection: Connection, now: datetime, offset_seconds: float | None) -> BestMoment:
    """The best that is known of the time, with the remote clocks so many seconds ahead of ours."""
    if offset_seconds is not None:
        return BestMoment(now + timedelta(seconds=offset_seconds), is_measured=True)
    newest = connection.execute(_NEWEST).scalar()
    return BestMoment(max(now, _moment(newest) or now), is_measured=False)


def _moment(text: str | None) -> datetime | None:
    try:
        return from_text(text) if text else None
    except ValueError:  # an entry that was damaged; verifying the trail tells of it
        return None


_NEWEST: Final = select(func.max(entries.c.at))
