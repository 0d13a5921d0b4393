"""Where bulk cancellations are kept: their lists in tables, each decision about one in the trail, both in one transaction.

What became of a line that was begun is its operation, found by the id that its opening entry bears. So nothing has to be kept
in step, and what a crash leaves is what the trail says.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, bindparam, case, func, insert, literal, select, update

from coupon_desk.cancellation.bulk_job import OF_OPERATION, BulkJob, BulkRequest, BulkRow, JobState, RowState
from coupon_desk.cancellation.bulk_list import BulkList, ListedRow
from coupon_desk.cancellation.operation import OperationKind
from coupon_desk.clock import from_text
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import ConfigurationError, StorageError
from coupon_desk.people.operators import Session
from coupon_desk.storage.database import Database
from coupon_desk.storage.tables.bulk import bulk_jobs, bulk_rows
from coupon_desk.storage.tables.trail import operations
from coupon_desk.trail.entry import Entry, NewEntry
from coupon_desk.trail.pen import Pen
from coupon_desk.trail.trail import Trail
from coupon_desk.words import Message, msg, pack, unpack

LEFT_OUT: Final = "left_out"
STOPPED: Final = "stopped"
"""Rules of lines that were not begun because somebody left them out, or stopped the whole."""


class ListChanged(StorageError):
    """The list in the database is not the one that was asked for: nothing more of it is begun."""


@dataclass(frozen=True, slots=True)
class Owner:
    """In whose name coupons are begun: a login, and the role that it had when they asked."""

    login: str
    role: str


@dataclass(frozen=True, slots=True)
class OpenRow:
    """A line that is not begun yet."""

    line: int
    code: CouponCode
    reason: Reason | None
    note: str | None


class BulkStore:
    """Keeps bulk cancellations. Safe to use from any thread, and from several programs in one home."""

    def __init__(self, database: Database, trail: Trail) -> None:
        self._database = database
        self._trail = trail

    def open(self, asked: BulkRequest, session: Session) -> str:
        """Write down what is asked for; nothing is begun. Its id. Raises StorageError."""
        job_id, rows = str(uuid.uuid4()), [_row_to_keep(row, asked.left_out) for row in asked.rows.rows]
        good = BulkList(tuple(row for row in asked.rows.good if row.line not in asked.left_out))
        body = {
            "bulk": job_id,
            "kind": asked.kind.value,
            "reason": asked.reason.value,
            "note": asked.note,
            "lines": len(rows),
            "coupons": len(good.rows),
            "list_sha256": good.digest,
        }
        state = {"bulk": job_id, "state": JobState.RUNNING.value, "kind": asked.kind.value}
        with self._trail.writing() as pen:
            entry = pen.append(
                NewEntry(
                    "bulk.opened",
                    body,
                    actor=session.login,
                    role=session.operator.role.value,
                    result="opened",
                    reason=asked.reason.value,
                    after={**state, "coupons": len(good.rows), "list_sha256": good.digest},
                    points=good.points,
                    subject=job_id,
                )
            )
            pen.connection.execute(
                insert(bulk_jobs).values(
                    id=job_id,
                    kind=asked.kind.value,
                    state=JobState.RUNNING.value,
                    operator=session.login,
                    role=session.operator.role.value,
                    total=len(rows),
                    opened_by=entry.sequence,
                    opened_at=entry.at,
                    updated_at=entry.at,
                )
            )
            if rows:
                pen.connection.execute(insert(bulk_rows), [{"bulk": job_id, **row} for row in rows])
        return job_id

    def move(
        self,
        job_id: str,
        to: JobState,
        of: Collection[JobState],
        by: Session | None,
        because: Message | None = None,
        reason: str | None = None,
    ) -> bool:
        """Change the state where it is one of these; False where it is another. Resumed, it goes on in who resumed it's name.

        `by` is None where the program does it by itself. Ended it is only when nothing waits or is under way.
        """
        with self._trail.writing() as pen:
            row = pen.connection.execute(_JOB, {"of": job_id}).first()
            if row is None or JobState(row.state) not in of:
                return False
            counts = _counts(pen.connection, job_id, JobState(row.state))[0]
            if to is JobState.ENDED and any(counts[state] for state in RowState if not state.is_over):
                return False
            entry = _append_change(pen, job_id, JobState(row.state), to, by, reason, counts)
            values: dict[str, Any] = {"state": to.value, "updated_at": entry.at, "because": _packed(because)}
            if to.is_over:
                values["ended_at"] = entry.at
            if to is JobState.RUNNING and by is not None:
                values |= {"operator": by.login, "role": by.operator.role.value}
            pen.connection.execute(update(bulk_jobs).where(bulk_jobs.c.id == job_id).values(values))
            return True

    def settle(self, job_id: str, line: int, state: RowState, rule: str, why: Message) -> None:
        """Write down what became of a line for which nothing was begun. Raises StorageError."""
        with self._database.write() as connection:
            values = {"outcome": state.value, "rule": rule, "why": _packed(why)}
            here = and_(bulk_rows.c.bulk == job_id, bulk_rows.c.line == line)
            connection.execute(update(bulk_rows).where(here).values(values))

    def job(self, job_id: str) -> BulkJob:
        """One bulk cancellation. Raises ConfigurationError for an unknown id."""
        with self._database.read() as connection:
            row = connection.execute(_JOB, {"of": job_id}).first()
            if row is None:
                raise unknown_bulk(job_id)
            counts, returned = _counts(connection, job_id, JobState(row.state))
        return self._job(row, counts, returned)

    def jobs(self, limit: int) -> tuple[BulkJob, ...]:
        """The newest ones."""
        newest = select(bulk_jobs).order_by(bulk_jobs.c.opened_at.desc(), bulk_jobs.c.id).limit(limit)
        with self._database.read() as connection:
            told = [(row, *_counts(connection, row.id, JobState(row.state))) for row in connection.execute(newest).all()]
        return tuple(self._job(*one) for one in told)

    def ids(self, beginning: str) -> tuple[str, ...]:
        """The ids that begin so."""
        begins = bulk_jobs.c.id.startswith(beginning, autoescape=True)
        with self._database.read() as connection:
            return tuple(connection.execute(select(bulk_jobs.c.id).where(begins)).scalars())

    def state(self, job_id: str) -> JobState:
        """How it stands now, whichever program changed it. Raises ConfigurationError for an unknown id."""
        with self._database.read() as connection:
            found = connection.execute(_STATE, {"of": job_id}).scalar()
        if found is None:
            raise unknown_bulk(job_id)
        return JobState(found)

    def owner(self, job_id: str) -> Owner:
        """In whose name coupons are begun now. Raises ConfigurationError for an unknown id."""
        with self._database.read() as connection:
            row = connection.execute(_JOB, {"of": job_id}).first()
        if row is None:
            raise unknown_bulk(job_id)
        return Owner(row.operator, row.role)

    def in_state(self, state: JobState) -> tuple[str, ...]:
        """The ids of those that stand so, the oldest first."""
        query = select(bulk_jobs.c.id).where(bulk_jobs.c.state == state.value).order_by(bulk_jobs.c.opened_at)
        with self._database.read() as connection:
            return tuple(connection.execute(query).scalars())

    def waiting(self, job_id: str) -> tuple[OpenRow, ...]:
        """The lines of which nothing was begun yet, in their order. Raises ListChanged where it is not what was asked for."""
        with self._database.read() as connection:
            rows = connection.execute(_rows_of(job_id)).all()
        self._check_list(job_id, rows)
        return tuple(
            OpenRow(row.line, CouponCode(row.code), Reason(row.reason) if row.reason else None, row.note)
            for row in rows
            if row.outcome is None and row.operation is None and row.code is not None
        )

    def operation_of(self, job_id: str, code: CouponCode) -> str | None:
        """The operation of this coupon in it; None where none was begun."""
        its = and_(operations.c.bulk == job_id, operations.c.code == code.text)
        with self._database.read() as connection:
            found: str | None = connection.execute(select(operations.c.id).where(its)).scalar()
        return found

    def under_way(self, job_id: str) -> tuple[str, ...]:
        """The operations of it that the program still has to do something for."""
        running = and_(operations.c.bulk == job_id, operations.c.state == "running")
        with self._database.read() as connection:
            return tuple(connection.execute(select(operations.c.id).where(running).order_by(operations.c.opened_at)).scalars())

    def to_be_called_off(self) -> tuple[str, ...]:
        """The operations under way whose bulk cancellation was stopped."""
        stopped = select(bulk_jobs.c.id).where(bulk_jobs.c.state == JobState.STOPPED.value)
        running = and_(operations.c.has_open_work, operations.c.state == "running", operations.c.bulk.in_(stopped))
        with self._database.read() as connection:
            return tuple(connection.execute(select(operations.c.id).where(running)).scalars())

    def requests(self, job_id: str) -> tuple[str, ...]:
        """The operations of it that wait for a second person."""
        asked = and_(operations.c.bulk == job_id, operations.c.state == "awaiting_approval")
        with self._database.read() as connection:
            return tuple(connection.execute(select(operations.c.id).where(asked)).scalars())

    def operations(self, job_id: str) -> tuple[str, ...]:
        """All operations of it, in the order of its list."""
        with self._database.read() as connection:
            return tuple(row.operation for row in connection.execute(_rows_of(job_id)) if row.operation is not None)

    def rows(
        self, job_id: str, states: Collection[RowState] | None = None, after_line: int = 0, limit: int | None = None
    ) -> tuple[BulkRow, ...]:
        """The lines in their order, without what only an operation tells of them."""
        state = self.state(job_id)
        query = _rows_of(job_id).where(bulk_rows.c.line > after_line)
        found: list[BulkRow] = []
        with self._database.read() as connection:
            for row in connection.execute(query):
                told = _row(row, state)
                if states is None or told.state in states:
                    found.append(told)
                if limit is not None and len(found) == limit:
                    break
        return tuple(found)

    def _job(self, row: Any, counts: Mapping[RowState, int], returned: int) -> BulkJob:
        opened = self._opening(row.opened_by)
        return BulkJob(
            id=row.id,
            kind=OperationKind(row.kind),
            reason=Reason(opened.fields.reason or ""),
            note=str(opened.body.get("note", "")),
            state=JobState(row.state),
            operator=row.operator,
            opened_at=from_text(row.opened_at),
            updated_at=from_text(row.updated_at),
            total=row.total,
            counts={state: counts[state] for state in RowState},
            points_asked=opened.fields.points or 0,
            points_returned=returned,
            ended_at=from_text(row.ended_at) if row.ended_at else None,
            paused_because=_unpacked(row.because),
        )

    def _opening(self, sequence: int) -> Entry:
        return next(self._trail.in_places(sequence, sequence))

    def _check_list(self, job_id: str, rows: Collection[Any]) -> None:
        """Whoever can write into the database could put coupons into a list: the trail says which list it was."""
        with self._database.read() as connection:
            job = connection.execute(_JOB, {"of": job_id}).first()
        if job is None:
            raise unknown_bulk(job_id)
        asked = self._opening(job.opened_by).fields.after or {}
        is_same = BulkList(tuple(_asked_rows(rows))).digest == asked.get("list_sha256")
        if not is_same or (job.id, job.kind) != (asked.get("bulk"), asked.get("kind")):
            raise ListChanged(
                msg("The list of this bulk cancellation was changed in the database."),
                done=msg("Nothing more of it is begun."),
                todo=msg("Stop it, and ask for what is left with a new list."),
            )


def unknown_bulk(job_id: str) -> ConfigurationError:
    """What to raise for an id that no bulk cancellation has."""
    return ConfigurationError(
        msg("There is no bulk cancellation {bulk}.", bulk=job_id),
        done=msg("Nothing was done."),
        todo=msg("“coupon-desk bulk list” lists them."),
    )


def _row_to_keep(row: ListedRow, left_out: Mapping[int, Message]) -> dict[str, Any]:
    why = row.flaw or left_out.get(row.line)
    return {
        "line": row.line,
        "typed": row.typed,
        "code": row.code.text if row.code else None,
        "reason": row.reason.value if row.reason else None,
        "note": row.note,
        "outcome": RowState.SKIPPED.value if why is not None else None,
        "rule": (row.rule if row.flaw is not None else LEFT_OUT) if why is not None else None,
        "why": _packed(why),
    }


def _asked_rows(rows: Collection[Any]) -> Iterator[ListedRow]:
    """The lines that were to be cancelled when it was opened: all that were not left out from the beginning."""
    for row in rows:
        if row.outcome != RowState.SKIPPED.value:
            code = CouponCode(row.code) if row.code is not None else None
            yield ListedRow(row.line, row.typed, code, Reason(row.reason) if row.reason else None, row.note)


def _append_change(
    pen: Pen,
    job_id: str,
    before: JobState,
    to: JobState,
    by: Session | None,
    reason: str | None,
    counts: Mapping[RowState, int],
) -> Entry:
    verb = "resumed" if to is JobState.RUNNING else to.value
    return pen.record(
        f"bulk.{verb}",
        {"bulk": job_id, "counts": {state.value: counts[state] for state in RowState}},
        actor=by.login if by else None,
        role=by.operator.role.value if by else None,
        result=verb,
        reason=reason,
        before={"bulk": job_id, "state": before.value},
        after={"bulk": job_id, "state": to.value},
    )


def _counts(connection: Connection, job_id: str, state: JobState) -> tuple[Counter[RowState], int]:
    counts: Counter[RowState] = Counter()
    returned = 0
    for row in connection.execute(_COUNTS, {"of": job_id}):
        counts[_state_of(row.outcome, row.state, state)] += row.lines
        returned += row.returned or 0
    return counts, returned


def _state_of(outcome: str | None, operation: str | None, job: JobState) -> RowState:
    if outcome is not None:
        return RowState(outcome)
    if operation is not None:
        return OF_OPERATION[operation]
    return RowState.SKIPPED if job.is_over else RowState.WAITING


def _row(row: Any, job: JobState) -> BulkRow:
    state = _state_of(row.outcome, row.state, job)
    why = _unpacked(row.why)
    is_not_begun = row.outcome is None and row.operation is None and job.is_over
    told = (msg("The whole was stopped before this one was begun."),) if is_not_begun else (why,) if why is not None else ()
    return BulkRow(
        line=row.line,
        typed=row.typed,
        code=CouponCode(row.code) if row.code is not None else None,
        state=state,
        reason=Reason(row.reason) if row.reason else None,
        note=row.note,
        why=told,
        rule=STOPPED if is_not_begun else row.rule,
        operation=row.operation,
        points_returned=row.points_returned or 0,
        updated_at=_moment(row.updated_at),
    )


def _rows_of(job_id: str) -> Select[Any]:
    """The lines with their operations; a line that was left out has none, though another may bear the same coupon."""
    return (
        select(
            bulk_rows,
            operations.c.id.label("operation"),
            operations.c.state,
            operations.c.points_returned,
            operations.c.updated_at,
        )
        .select_from(bulk_rows.outerjoin(operations, _IS_ITS_OPERATION))
        .where(bulk_rows.c.bulk == job_id)
        .order_by(bulk_rows.c.line)
    )


def _packed(message: Message | None) -> str | None:
    return json.dumps(pack(message), ensure_ascii=False) if message is not None else None


def _unpacked(text: str | None) -> Message | None:
    return unpack(json.loads(text)) if text is not None else None


def _moment(text: str | None) -> datetime | None:
    return from_text(text) if text else None


_IS_ITS_OPERATION: Final = and_(
    operations.c.bulk == bulk_rows.c.bulk, operations.c.code == bulk_rows.c.code, bulk_rows.c.outcome.is_(None)
)
_JOB: Final = select(bulk_jobs).where(bulk_jobs.c.id == bindparam("of"))
_STATE: Final = select(bulk_jobs.c.state).where(bulk_jobs.c.id == bindparam("of"))
_COUNTS: Final = (
    select(
        bulk_rows.c.outcome,
        operations.c.state,
        func.count().label("lines"),
        func.sum(case((operations.c.points_returned.is_not(None), operations.c.points_returned), else_=literal(0))).label(
            "returned"
        ),
    )
    .select_from(bulk_rows.outerjoin(operations, _IS_ITS_OPERATION))
    .where(bulk_rows.c.bulk == bindparam("of"))
    .group_by(bulk_rows.c.outcome, operations.c.state)
)
"""What stands at once; `to_text` of moments sorts as text."""
