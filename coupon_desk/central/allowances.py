"""What counts towards the limits at all desks, in PostgreSQL: of two that race for the last of a limit one sees the other."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Row, TextClause, text

from coupon_desk.central.place import Central
from coupon_desk.coupons.allowance import Allowance, Spent, Sum, Windows

_COUNT: Final = text(
    "SELECT day_points, day_count, week_points, week_count, month_points, month_count, customer_count"
    " FROM coupon_desk.count_allowance(:shop, :operation, :operator, CAST(:customer AS text), :points,"
    " :day, :week, :month, :customer_since)"
)
_RELEASE: Final = text("SELECT coupon_desk.release_allowance(:shop, :operation)")
_APPROVE: Final = text(
    "SELECT coupon_desk.approve_allowance(:shop, :operation, :approver, :points, :day, CAST(:at_most AS bigint)) AS before"
)
_OWN: Final = text(
    "SELECT operation, operator, points, made_at, is_released, approver, approved_points"
    " FROM coupon_desk.own_allowances(:shop, :since)"
)


class PostgresAllowances:
    """`cancellation.ports.CentralAllowances`: each call is one statement and so one transaction. Safe to use from any thread.

    All methods raise RemoteUnavailable and RemoteRefused. After a lost answer the same call finds what it did, and gives the
    answer that was lost, but for what was released meanwhile.
    """

    def __init__(self, central: Central, shop: str) -> None:
        """`shop` is Shopify's domain of the shop: one database may serve several."""
        self._central = central
        self._shop = shop

    def count(self, operation: str, operator: str, customer: str | None, points: int, windows: Windows) -> Spent:
        """Count the operation, and tell what stands before it. `customer` is Shopify's id; only its digest leaves this desk.

        Counted again with more points it goes behind all others; with as many or fewer it keeps its place. What was released
        stays so. Raises RemoteRefused for another operator's operation.
        """
        values = {
            "operation": operation,
            "operator": operator,
            "customer": self._digest(customer) if customer is not None else None,
            "points": points,
            "day": windows.day,
            "week": windows.week,
            "month": windows.month,
            "customer_since": windows.customer,
        }
        (row,) = self._ask(_COUNT, values)
        return Spent(
            Sum(row.day_points, row.day_count),
            Sum(row.week_points, row.week_count),
            Sum(row.month_points, row.month_count),
            row.customer_count,
        )

    def release(self, operation: str) -> None:
        """The operation was refused and counts no more; nothing where it did not count."""
        self._ask(_RELEASE, {"operation": operation})

    def approve(self, operation: str, approver: str, points: int, day_start: datetime, *, at_most: int | None = None) -> int:
        """Write down who approved a counted operation; the points that they approved before it since `day_start`.

        Nothing is written where these and `points` are more than `at_most`, or the operation was released. Raises RemoteRefused
        for an operation that was never counted, NotPermitted where the approver is its operator.
        """
        values = {"operation": operation, "approver": approver, "points": points, "day": day_start, "at_most": at_most}
        (row,) = self._ask(_APPROVE, values)
        return int(row.before)

    def own_since(self, moment: datetime) -> tuple[Allowance, ...]:
        """What this desk has counted since then, oldest first."""
        return tuple(
            Allowance(
                row.operation,
                row.operator,
                row.points,
                row.made_at.astimezone(UTC),
                row.is_released,
                row.approver,
                row.approved_points,
            )
            for row in self._ask(_OWN, {"since": moment})
        )

    def _ask(self, statement: TextClause, values: Mapping[str, object]) -> tuple[Row[Any], ...]:
        with self._central.connection() as connection:
            return tuple(connection.execute(statement, {"shop": self._shop, **values}))

    def _digest(self, customer: str) -> str:
        return hashlib.sha256(f"{self._shop}/{customer}".encode()).hexdigest()
