"""What counts towards limits at this desk: one row for each operation, in the order in which they were opened.

A part of the index: drawn from the trail, written in the transaction of the entry that changed it, rebuilt from the trail at
any time. An operation counts itself and what was opened before it, so that of two that race for the last of a limit one sees
the other, without a lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, case, func, insert, or_, select, update

from coupon_desk.clock import from_text, to_text
from coupon_desk.coupons.allowance import Spent, Sum, Windows
from coupon_desk.storage.tables.trail import allowances, operations
from coupon_desk.trail.sealing import KeyedHash


@dataclass(frozen=True, slots=True)
class AllowanceRow:
    """What one operation takes of its operator's, its customer's and its approver's limits.

    `sequence` is the place of the entry that opened it. `customer` is Shopify's id, as soon as it is known, or with
    `is_customer_hashed` its keyed hash. `counts`: it returns points, and was not refused. `counted_at` is None until it is
    settled at which moment it counts; until then it counts at any. `is_unreported`: counted while the centre was silent.
    """

    operation: str
    sequence: int
    operator: str
    points: int
    counts: bool
    counted_at: datetime | None
    customer: str | None = None
    is_customer_hashed: bool = False
    approver: str | None = None
    approved_points: int | None = None
    approved_at: datetime | None = None
    is_unreported: bool = False


def put_allowance(connection: Connection, keyed: KeyedHash, row: AllowanceRow) -> None:
    """Write or replace one row."""
    customer = row.customer if row.customer is None or row.is_customer_hashed else keyed.customer(row.customer)
    values = {
        "sequence": row.sequence,
        "operator": row.operator,
        "customer": customer,
        "points": row.points,
        "counts": row.counts,
        "counted_at": to_text(row.counted_at) if row.counted_at else None,
        "approver": row.approver,
        "approved_points": row.approved_points,
        "approved_at": to_text(row.approved_at) if row.approved_at else None,
        "is_unreported": row.is_unreported,
    }
    changed = connection.execute(_CHANGE, {"of": row.operation, **values})
    if changed.rowcount == 0:
        connection.execute(_ADD, {"operation": row.operation, **values})


def spent_before(
    connection: Connection, keyed: KeyedHash, sequence: int, operator: str, customer: str, digits: str, windows: Windows
) -> Spent:
    """What stands before the operation that was opened with this entry.

    An operation whose customer is not known yet counts for every customer whose id ends in the digits of its code.
    """
    totals = connection.execute(
        _SPENT,
        {
            "sequence": sequence,
            "operator": operator,
            "day": to_text(windows.day),
            "week": to_text(windows.week),
            "month": to_text(windows.month),
        },
    ).one()
    of_customer = connection.execute(
        _OF_CUSTOMER,
        {
            "sequence": sequence,
            "customer": keyed.customer(customer),
            "codes": f"{digits}-%",
            "since": to_text(windows.customer),
        },
    ).scalar_one()
    day, week, month = (Sum(int(totals[at] or 0), int(totals[at + 1] or 0)) for at in (0, 2, 4))
    return Spent(day, week, month, int(of_customer))


def approved_since(connection: Connection, approver: str, since: datetime, besides: str) -> int:
    """The points that somebody approved since then, without those of one operation; of refused ones they are free again."""
    found = connection.execute(_APPROVED, {"approver": approver, "since": to_text(since), "besides": besides}).scalar_one()
    return int(found)


def unreported(connection: Connection) -> tuple[str, ...]:
    """The operations that were counted while the centre was silent, in their order."""
    return tuple(connection.execute(_UNREPORTED).scalars())


def mark_reported(connection: Connection, operation: str) -> None:
    """The centre knows of it now. Not in the trail: reported once more it is counted once."""
    connection.execute(_REPORTED, {"of": operation})


def row_of_columns(row: Row[Any]) -> AllowanceRow:
    """A row as it stands in the table."""
    return AllowanceRow(
        operation=row.operation,
        sequence=row.sequence,
        operator=row.operator,
        points=row.points,
        counts=row.counts,
        counted_at=from_text(row.counted_at) if row.counted_at else None,
        customer=row.customer,
        is_customer_hashed=True,
        approver=row.approver,
        approved_points=row.approved_points,
        approved_at=from_text(row.approved_at) if row.approved_at else None,
        is_unreported=row.is_unreported,
    )


_TABLE: Final = allowances.c
_CHANGE: Final = update(allowances).where(_TABLE.operation == bindparam("of"))
_ADD: Final = insert(allowances)


def _since(name: str) -> Any:
    return or_(_TABLE.counted_at.is_(None), _TABLE.counted_at >= bindparam(name))


_SPENT: Final = select(
    *(
        column
        for window in ("day", "week", "month")
        for column in (func.sum(case((_since(window), _TABLE.points), else_=0)), func.sum(case((_since(window), 1), else_=0)))
    )
).where(_TABLE.operator == bindparam("operator"), _TABLE.counts, _TABLE.sequence < bindparam("sequence"))
_OF_CUSTOMER: Final = (
    select(func.count())
    .select_from(allowances.outerjoin(operations, operations.c.id == _TABLE.operation))
    .where(
        or_(
            _TABLE.customer == bindparam("customer"),
            _TABLE.customer.is_(None) & operations.c.code.like(bindparam("codes")),
        ),
        _TABLE.counts,
        _TABLE.sequence < bindparam("sequence"),
        _since("since"),
    )
)
_APPROVED: Final = select(func.coalesce(func.sum(_TABLE.approved_points), 0)).where(
    _TABLE.approver == bindparam("approver"),
    _TABLE.approved_at >= bindparam("since"),
    _TABLE.counts,
    _TABLE.operation != bindparam("besides"),
)
_UNREPORTED: Final = select(_TABLE.operation).where(_TABLE.is_unreported, _TABLE.counts).order_by(_TABLE.sequence)
_REPORTED: Final = update(allowances).where(_TABLE.operation == bindparam("of")).values(is_unreported=False)
