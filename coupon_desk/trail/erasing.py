"""Makes what the trail says of a person unreadable for good, on request or when its time is over; the chain proves on.

Only the keys go: every entry stands as it was hashed, here, in exports and in the central database, with the fields that tell
who did what, when, and with how many points. The tables that hold keys and codes are written anew, so that no page of the file
keeps what was deleted from it (SQLite: `secure_delete`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, delete, func, insert, literal_column, select

from coupon_desk.clock import to_text
from coupon_desk.coupons.code import CouponCode
from coupon_desk.errors import DeskError, ExitStatus
from coupon_desk.storage.tables.bulk import bulk_jobs, bulk_rows
from coupon_desk.storage.tables.trail import entries, operations, subject_keys
from coupon_desk.trail.entry import NewEntry
from coupon_desk.trail.pen import Pen
from coupon_desk.words import msg


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased: the keys of so many coupons and so many operations in the index, with the codes that stood there.

    `kept_entries` are those of version 1 about the same coupons: they bear their texts in clear for ever.
    """

    keys: int = 0
    operations: int = 0
    codes: tuple[CouponCode, ...] = ()
    kept_entries: int = 0


class StillAtWork(DeskError):
    """An operation on one of the customer's coupons is not finished, or an investigation is not decided. Nothing was erased.

    Either needs what would be erased: withheld points could never be given back.
    """

    exit_status = ExitStatus.REFUSED

    def __init__(self, ids: tuple[str, ...]) -> None:
        super().__init__(
            msg(
                "An operation on this customer's coupons is not finished, or not decided: {operations}.",
                operations=", ".join(ids),
            ),
            done=msg("Nothing was erased."),
            todo=msg(
                "Finish it first; “coupon-desk operations --open” shows what it waits for, and “coupon-desk investigations”"
                " what has to be decided."
            ),
        )
        self.operations = ids


def erase_customer(pen: Pen, customer_id: str, codes: Collection[CouponCode], by: str, role: str | None) -> Erased:
    """Erase what was written about a customer and about these coupons of theirs. Erasing again finds nothing more to erase.

    Raises StillAtWork.
    """
    customer = pen.keyed.customer(customer_id)
    known = subject_keys.c.customer == customer
    theirs = {pen.keyed.coupon(code) for code in codes} | set(pen.connection.scalars(_coupons(known)))
    waiting = {row.id for row in _waiting(pen.connection)}
    at_work = tuple(row.id for row in _operations_on(pen, theirs) if row.id in waiting)
    at_work = (*at_work, *sorted({line.bulk for line in _lines_about(pen, theirs) if line.bulk in _open_lists(pen.connection)}))
    if at_work:
        raise StillAtWork(at_work)
    erased = _erase(pen, theirs, codes)
    if erased.keys or erased.operations:
        told = {"keys": erased.keys, "operations": erased.operations}
        pen.append(NewEntry("trail.erased", told, by, role=role, customer=customer_id, result="erased", reason="asked"))
    return erased


def erase_older(pen: Pen, before: datetime) -> Erased:
    """Erase what was written about coupons of which nothing was heard since then. What is not finished stays."""
    old = set(pen.connection.scalars(_coupons(subject_keys.c.made_at < to_text(before))))
    old -= {pen.keyed.coupon(CouponCode(row.code)) for row in _waiting(pen.connection)}
    old -= {pen.keyed.operation(bulk) for bulk in _open_lists(pen.connection)}
    silent = {coupon for coupon in old if (_last_heard_of(pen.connection, coupon) or "") < to_text(before)}
    erased = _erase(pen, silent, (), {line.bulk for line in pen.connection.execute(_OLD_LISTS, {"before": to_text(before)})})
    if erased.keys:
        told = {"before": to_text(before), "keys": erased.keys, "operations": erased.operations}
        pen.append(NewEntry("trail.erased", told, result="erased", reason="time_is_over"))
    return erased


def _erase(pen: Pen, coupons: set[str], codes: Collection[CouponCode], lists: Collection[str] = ()) -> Erased:
    """Also the lines of bulk cancellations about them, with the note on such a whole, and the whole of these `lists`."""
    gone = _operations_on(pen, coupons)
    lines = {(line.bulk, line.line) for line in _lines_about(pen, coupons)}
    notes = {pen.keyed.operation(bulk) for bulk, _ in lines}
    with _leaving_nothing(pen.connection):
        keys = _without(pen.connection, subject_keys, "coupon", coupons)
        _without(pen.connection, subject_keys, "coupon", notes)
        _without(pen.connection, operations, "id", {row.id for row in gone})
        _without_lines(pen.connection, lines, lists)
    told = {CouponCode(row.code) for row in gone}
    return Erased(keys, len(gone), tuple(sorted(told)), _old_entries(pen.connection, told | set(codes)))


def _without(connection: Connection, table: Table, column: str, gone: Collection[str]) -> int:
    """Write a table anew without some of its rows; how many went. Untouched where none of them is there."""
    rows = [dict(row) for row in connection.execute(select(table)).mappings()]
    kept = [row for row in rows if row[column] not in gone]
    if len(kept) < len(rows):
        connection.execute(delete(table))
        if kept:
            connection.execute(insert(table), kept)
    return len(rows) - len(kept)


def _without_lines(connection: Connection, lines: Collection[tuple[str, int]], lists: Collection[str]) -> None:
    if not lines and not lists:
        return
    rows = [dict(row) for row in connection.execute(select(bulk_rows)).mappings()]
    kept = [row for row in rows if row["bulk"] not in lists and (row["bulk"], row["line"]) not in lines]
    if len(kept) < len(rows):
        connection.execute(delete(bulk_rows))
        if kept:
            connection.execute(insert(bulk_rows), kept)


def _lines_about(pen: Pen, coupons: Collection[str]) -> tuple[Any, ...]:
    """The lines of bulk cancellations that bear one of these coupons."""
    rows = pen.connection.execute(_LINES)
    return tuple(row for row in rows if pen.keyed.coupon(CouponCode(row.code)) in coupons)


def _open_lists(connection: Connection) -> set[str]:
    """The bulk cancellations that are not over."""
    return set(connection.scalars(_OPEN_LISTS))


@contextmanager
def _leaving_nothing(connection: Connection) -> Iterator[None]:
    """SQLite writes over whole pages that become free, too, and not only over what goes from pages that stay."""
    on_sqlite = connection.dialect.name == "sqlite"
    if on_sqlite:
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
    yield
    if on_sqlite:
        connection.exec_driver_sql("PRAGMA secure_delete = FAST")


def _operations_on(pen: Pen, coupons: Collection[str]) -> tuple[Any, ...]:
    rows = pen.connection.execute(_OPERATIONS)
    return tuple(row for row in rows if pen.keyed.coupon(CouponCode(row.code)) in coupons)


def _waiting(connection: Connection) -> tuple[Any, ...]:
    """The operations that need what stands of them: unfinished ones, and invalidations on which nobody has decided yet."""
    rows = tuple(connection.execute(_OPERATIONS))
    confirmed = set(connection.scalars(_CONFIRMED))
    released = {row.code for row in rows if (row.kind, row.state) == ("release", "completed")}
    return tuple(
        row
        for row in rows
        if row.has_open_work
        or ((row.kind, row.state) == ("invalidate", "completed") and row.id not in confirmed and row.code not in released)
    )


def _coupons(which: ColumnElement[bool]) -> Select[Any]:
    return select(subject_keys.c.coupon).where(which)


def _last_heard_of(connection: Connection, coupon: str) -> str | None:
    return connection.execute(_NEWEST, {"of": coupon}).scalar()


def _old_entries(connection: Connection, codes: Collection[CouponCode]) -> int:
    is_old = (entries.c.version == literal_column("1")) & entries.c.code.in_([code.text for code in codes])
    return connection.execute(select(func.count()).select_from(entries).where(is_old)).scalar_one()


_OPERATIONS: Final = select(
    operations.c.id, operations.c.code, operations.c.kind, operations.c.state, operations.c.has_open_work
)
_CONFIRMED: Final = select(entries.c.operation).where(entries.c.action == "investigation.confirmed")
_LINES: Final = select(bulk_rows.c.bulk, bulk_rows.c.line, bulk_rows.c.code).where(bulk_rows.c.code.is_not(None))
_OPEN_LISTS: Final = select(bulk_jobs.c.id).where(bulk_jobs.c.ended_at.is_(None))
_OLD_LISTS: Final = (
    select(bulk_rows.c.bulk).distinct().join_from(bulk_rows, bulk_jobs, bulk_jobs.c.id == bulk_rows.c.bulk)
).where(bulk_jobs.c.ended_at < bindparam("before"))
_NEWEST: Final = select(entries.c.at).where(entries.c.coupon == bindparam("of")).order_by(entries.c.sequence.desc()).limit(1)
