"""What stands before an operation when it is asked whether its operator, and its customer, are within their limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Windows:
    """Since when things count: the beginnings of day, week and month in the desk's time zone, and 30 days of 24 hours back."""

    day: datetime
    week: datetime
    month: datetime
    customer: datetime


@dataclass(frozen=True, slots=True)
class Sum:
    """Points that were returned, or are about to be, and how many cancellations they are of."""

    points: int = 0
    cancellations: int = 0


@dataclass(frozen=True, slots=True)
class Spent:
    """What stands before one operation, itself not included: of its operator, and cancellations of its customer's coupons."""

    day: Sum
    week: Sum
    month: Sum
    customer_cancellations: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """An operation of this desk as the central database counts it; released: it does not count any more.

    `at` is when it was counted first, by the database's clock. `approver` and `approved_points` are None where nobody approved.
    """

    operation: str
    operator: str
    points: int
    at: datetime
    is_released: bool
    approver: str | None
    approved_points: int | None
