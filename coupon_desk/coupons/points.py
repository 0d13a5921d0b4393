"""Points, and what happened to them in the customer's point history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

Points = NewType("Points", int)
"""A number of loyalty points; whole, never money."""


class EntryType(StrEnum):
    """The two directions of the point history."""

    DEDUCT = "deduct"
    ADD = "add"


@dataclass(frozen=True, slots=True)
class PointEntry:
    """One line of a customer's point history. `points` is signed: a conversion is negative, a return positive."""

    id: str
    type: EntryType
    points: int
    reason: str
    reference: str | None
    created_at: datetime
    balance: int | None

    @property
    def is_conversion(self) -> bool:
        """Points became a coupon."""
        return self.type is EntryType.DEDUCT and self.points < 0

    @property
    def is_return(self) -> bool:
        """A coupon became points again."""
        return self.type is EntryType.ADD and self.points > 0
