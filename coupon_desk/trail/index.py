"""The index of operations: a table that finds them, and can be rebuilt from the trail at any time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select, update

from coupon_desk.clock import from_text, to_text
from coupon_desk.coupons.code import CouponCode
from coupon_desk.errors import ExitStatus, StorageError
from coupon_desk.storage.database import Database
from coupon_desk.storage.tables.trail import entries, operations
from coupon_desk.words import msg


@dataclass(frozen=True, slots=True)
class OperationRow:
    """What is needed to find an operation.

    `holds_code`: only one operation per coupon may hold it. `has_open_work`: the program or a person has something left to do.
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


class OperationOpen(StorageError):
    """Another operation is at work on this coupon; nothing was written."""

    exit_status = ExitStatus.REFUSED

    def __init__(self, operation: str) -> None:
        super().__init__(
            msg("This coupon is being cancelled already (operation {operation}).", operation=operation),
            todo=msg("Look at it with “coupon-desk operations {operation}”.", operation=operation),
        )
        self.operation = operation


def put_row(connection: Connection, row: OperationRow) -> None:
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
    }
    changed = connection.execute(_CHANGE, {"of": row.id, **values})
    if changed.rowcount == 0:
        connection.execute(_ADD, {"id": row.id, **values})


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

    def points_since(self, operator: str, since: datetime) -> int:
        """Points of an operator's operations opened since a moment, running and unknown ones included, refused ones not."""
        query = select(func.coalesce(func.sum(operations.c.points), 0)).where(
            operations.c.operator == operator,
            operations.c.opened_at >= to_text(since),
            operations.c.state != "refused",
        )
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def rebuild(self, row_of: Callable[[str], OperationRow | None]) -> int:
        """Make the index anew from the trail; `row_of` folds one operation, None where it was erased. How many there are."""
        with self._database.read() as connection:
            ids: Iterable[str] = (
                connection.execute(select(entries.c.operation).where(entries.c.operation.is_not(None)).distinct())
                .scalars()
                .all()
            )
        rows = [row for row in map(row_of, ids) if row is not None]
        with self._database.write() as connection:
            connection.execute(delete(operations))
            for row in rows:
                put_row(connection, row)
        return len(rows)

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
    )
