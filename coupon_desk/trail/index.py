"""The index of operations: a table that finds them, and can be rebuilt from the trail at any time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select, update

from coupon_desk.clock import from_text, to_text
from coupon_desk.coupons.allowance import Spent, Windows
from coupon_desk.coupons.code import CouponCode
from coupon_desk.errors import ExitStatus, StorageError
from coupon_desk.storage.database import Database
from coupon_desk.storage.tables.trail import allowances as allowance_rows
from coupon_desk.storage.tables.trail import entries, operations
from coupon_desk.trail import allowances
from coupon_desk.trail.allowances import AllowanceRow, put_allowance
from coupon_desk.trail.sealing import KeyedHash
from coupon_desk.words import msg


@dataclass(frozen=True, slots=True)
class OperationRow:
    """What is needed to find an operation.

    `holds_code`: only one operation per coupon may hold it. `has_open_work`: the program or a person has something left to do.
    `allowance` is what it takes of its people's limits; it is written with the row, and not read with it. `bulk` is the bulk
    cancellation that it belongs to, which begins each of its coupons once.
    """

    id: str
    code: CouponCode
    kind: str
    state: str
    operator: str
    points: int
    opened_at: datetime
    updated_at: datetime
    due_at: datetime | None
    holds_code: bool
    has_open_work: bool
    allowance: AllowanceRow | None = None
    bulk: str | None = None
    points_returned: int = 0


class OperationOpen(StorageError):
    """Another operation is at work on this coupon; nothing was written."""

    exit_status = ExitStatus.REFUSED

    def __init__(self, operation: str) -> None:
        super().__init__(
            msg("This coupon is being cancelled already (operation {operation}).", operation=operation),
            todo=msg("Look at it with “coupon-desk operations {operation}”.", operation=operation),
        )
        self.operation = operation


def put_row(connection: Connection, keyed: KeyedHash, row: OperationRow) -> None:
    """Write or replace one row in the transaction of the entry that changed it. Raises OperationOpen."""
    if row.holds_code:
        holder = connection.execute(_HOLDER, {"code": row.code.text, "besides": row.id}).scalar()
        if holder is not None:
            raise OperationOpen(holder)
    values = {
        "code": row.code.text,
        "kind": row.kind,
        "state": row.state,
        "operator": row.operator,
        "points": row.points,
        "opened_at": to_text(row.opened_at),
        "updated_at": to_text(row.updated_at),
        "due_at": to_text(row.due_at) if row.due_at else None,
        "open_code": row.code.text if row.holds_code else None,
        "has_open_work": row.has_open_work,
        "bulk": row.bulk,
        "points_returned": row.points_returned,
    }
    changed = connection.execute(_CHANGE, {"of": row.id, **values})
    if changed.rowcount == 0:
        connection.execute(_ADD, {"id": row.id, **values})
    if row.allowance is not None:
        put_allowance(connection, keyed, row.allowance)


def rows_of(connection: Connection, code: CouponCode) -> tuple[OperationRow, ...]:
    """The operations on one coupon, newest first, as a transaction that writes sees them."""
    query = select(operations).where(operations.c.code == code.text).order_by(operations.c.opened_at.desc(), operations.c.id)
    return tuple(_row(row._mapping) for row in connection.execute(query))


# Built once: putting them together takes longer than SQLite takes to carry them out.
_HOLDER: Final = select(operations.c.id).where(
    operations.c.open_code == bindparam("code"), operations.c.id != bindparam("besides")
)
_CHANGE: Final = update(operations).where(operations.c.id == bindparam("of"))
_ADD: Final = insert(operations)


class OperationIndex:
    """Finds operations. Everything it says is drawn from the trail; decisions are taken on the fold."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_code(self, code: CouponCode) -> tuple[OperationRow, ...]:
        """The operations on one coupon, newest first."""
        return self._find(operations.c.code == code.text)

    def of_kind(self, kind: str) -> tuple[OperationRow, ...]:
        """The operations of one kind, newest first."""
        return self._find(operations.c.kind == kind)

    def codes_of(self, ids: Collection[str]) -> Mapping[str, CouponCode]:
        """The coupons of these operations, by operation."""
        query = select(operations.c.id, operations.c.code).where(operations.c.id.in_(ids))
        with self._database.read() as connection:
            return {row.id: CouponCode(row.code) for row in connection.execute(query)}

    def open_ones(self) -> tuple[OperationRow, ...]:
        """Those with something left to do, by the program or a person; newest first."""
        return self._find(operations.c.has_open_work)

    def due(self, now: datetime) -> tuple[OperationRow, ...]:
        """Those that go on by themselves at or before this moment."""
        return self._find(operations.c.due_at <= to_text(now))

    def next_due(self) -> datetime | None:
        """When the next one goes on by itself."""
        with self._database.read() as connection:
            text = connection.execute(select(func.min(operations.c.due_at))).scalar()
        return from_text(text) if text else None

    def newest(self, limit: int) -> tuple[OperationRow, ...]:
        """The newest operations."""
        return self._find(None, limit)

    def spent_before(self, row: AllowanceRow, customer: str, digits: str, windows: Windows) -> Spent:
        """What stands before this operation at this desk, of its operator and of this customer; see `allowances`."""
        with self._database.read() as connection:
            keyed = KeyedHash.of(connection)
            return allowances.spent_before(connection, keyed, row.sequence, row.operator, customer, digits, windows)

    def unreported(self) -> tuple[str, ...]:
        """The operations that count towards limits, and of which the centre does not know yet; oldest first."""
        with self._database.read() as connection:
            return allowances.unreported(connection)

    def mark_reported(self, operation: str) -> None:
        """The centre knows now that it counts."""
        with self._database.write() as connection:
            allowances.mark_reported(connection, operation)

    def rebuild(self, row_of: Callable[[str], OperationRow | AllowanceRow | None]) -> int:
        """Make the index anew from the trail. How many operations there are.

        `row_of` folds one operation; of one that was erased it tells only what that takes of limits.
        """
        with self._database.read() as connection:
            ids: Iterable[str] = (
                connection.execute(select(entries.c.operation).where(entries.c.operation.is_not(None)).distinct())
                .scalars()
                .all()
            )
        rows = [row for row in map(row_of, ids) if row is not None]
        with self._database.write() as connection:
            keyed = KeyedHash.of(connection)
            connection.execute(delete(operations))
            connection.execute(delete(allowance_rows))
            for row in rows:
                if isinstance(row, AllowanceRow):
                    put_allowance(connection, keyed, row)
                else:
                    put_row(connection, keyed, row)
        return sum(isinstance(row, OperationRow) for row in rows)

    def _find(self, where: ColumnElement[bool] | None, limit: int | None = None) -> tuple[OperationRow, ...]:
        query = select(operations).order_by(operations.c.opened_at.desc(), operations.c.id)
        if where is not None:
            query = query.where(where)
        if limit is not None:
            query = query.limit(limit)
        with self._database.read() as connection:
            return tuple(_row(row._mapping) for row in connection.execute(query))


def _row(row: Any) -> OperationRow:
    return OperationRow(
        id=row["id"],
        code=CouponCode(row["code"]),
        kind=row["kind"],
        state=row["state"],
        operator=row["operator"],
        points=row["points"],
        opened_at=from_text(row["opened_at"]),
        updated_at=from_text(row["updated_at"]),
        due_at=from_text(row["due_at"]) if row["due_at"] else None,
        holds_code=row["open_code"] is not None,
        has_open_work=row["has_open_work"],
        bulk=row["bulk"],
        points_returned=row["points_returned"],
    )
