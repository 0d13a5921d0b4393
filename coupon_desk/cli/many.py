"""Many coupons at once: what `cancel` does with more than one code, as a job that is kept and can be taken up again."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from coupon_desk.cancellation.bulk_job import BulkJob, BulkRequest, BulkRow, RowState
from coupon_desk.cancellation.bulk_list import TWICE, BulkList, ListedRow, list_of, read_file, read_text
from coupon_desk.cancellation.operation import OperationKind
from coupon_desk.cli.call import Call
from coupon_desk.cli.documents import Document, error_document, not_begun_document, operation_document
from coupon_desk.cli.failures import say_error
from coupon_desk.cli.receipts import keep_receipt
from coupon_desk.cli.tables import Cell, Colour, Row
from coupon_desk.cli.telling import tell_not_begun
from coupon_desk.coupons.code import InvalidCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import ConfigurationError, DeskError, ExitStatus
from coupon_desk.words import msg, msgn, say, write

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.cancellation.bulk_sorting import Sorted
    from coupon_desk.people.operators import Session

ROW_COLOURS: Final = {
    RowState.WAITING: Colour.FAINT,
    RowState.RUNNING: Colour.WARNING,
    RowState.DONE: Colour.GOOD,
    RowState.REFUSED: Colour.BAD,
    RowState.NEEDS_APPROVAL: Colour.WARNING,
    RowState.UNKNOWN: Colour.BAD,
    RowState.SKIPPED: Colour.FAINT,
}


def listed(codes: tuple[str, ...], file: str | None) -> tuple[BulkList, BulkList]:
    """What was typed, and what stands in the file (`-`: standard input). Raises ConfigurationError."""
    typed = list_of(codes)
    if file is None:
        return typed, BulkList(())
    if file == "-":
        buffer = getattr(sys.stdin, "buffer", None)
        return typed, read_text(sys.stdin.read()) if buffer is None else read_file(buffer.read())
    try:
        return typed, read_file(Path(file).read_bytes())
    except OSError as wrong:
        raise ConfigurationError(
            msg("The file {file} cannot be read.", file=file),
            done=msg("Nothing was done."),
            todo=msg("Check its name and your rights."),
            detail=str(wrong),
        ) from wrong


def note_doubles(call: Call, rows: BulkList) -> None:
    """Say that codes were given twice."""
    twice = sum(row.rule == TWICE for row in rows.rows)
    if twice:
        call.output.note(
            msgn(
                "{count} code was given twice and is taken once.",
                "{count} codes were given twice and are taken once.",
                count=twice,
            ),
            Colour.WARNING,
        )


def confirm(call: Call, count: int, told: int | None) -> None:
    """Above a number whoever sits at a terminal types how many they are; a script may say it. Raises ConfigurationError."""
    from coupon_desk.app.bulks import CONFIRM_ABOVE

    if told is None:
        if count <= CONFIRM_ABOVE or not sys.stdin.isatty():
            return
        prompt = msg("{count} coupons are to be cancelled. Type the number to go on:", count=count)
        call.output.note(prompt)
        typed = sys.stdin.readline().strip()
        told = int(typed) if typed.isascii() and typed.isdigit() else None
    if told != count:
        raise ConfigurationError(
            msg("The list has {count} coupons to cancel, and this was not confirmed.", count=count),
            done=msg("Nothing was done."),
            todo=msg("Look at it with --dry-run, then confirm with the number, or with --yes {count}.", count=count),
        )


def sort_only(call: Call, rows: BulkList, kind: OperationKind, reason: Reason) -> int:
    """`cancel --dry-run`: where each line belongs, by what all sources say now; nothing is written."""
    desk, session = call.worker()
    stop = threading.Event()
    found = desk.bulks.dry_run(rows, session, kind=kind, reason=reason, on_progress=_counted(call), stop=stop)
    call.document = {"dry_run": _sorted_document(found, call)}
    if call.output.as_json:
        call.output.document(call.document)
    else:
        _tell_sorted(call, found)
    return _exit_of(found)


def cancel_many(
    call: Call, rows: BulkList, kind: OperationKind, reason: Reason, note: str, *, wait_seconds: float, receipts: bool
) -> int:
    """Cancel all coupons of the list as one job; every line is told with what became of it."""
    desk, session = call.worker()
    flaws = [row for row in rows.flawed if row.rule != TWICE]
    errors: list[DeskError] = []
    for row in flaws:
        _flawed(call, row, errors)
    job: BulkJob | None = None
    if rows.good:
        try:
            job = desk.bulks.open(BulkRequest(rows, kind, reason, note), session)
        except DeskError as refused:
            say_error(call, refused)
            errors.append(refused)
            for row in rows.good:
                tell_not_begun(call.output, row.typed, call.output.words(refused.what))
        else:
            call.document["bulk"] = {"id": job.id}
            job = run(call, desk, job.id, wait_seconds)
    if job is None:
        operations = _not_begun(call, rows, errors[-1] if rows.good else None)
    else:
        operations = _documents(call, desk, session, job, receipts=receipts)
    status = max([int(error.exit_status) for error in errors] + [int(one.pop("_status", 0)) for one in operations], default=0)
    call.document["operations"] = operations
    if errors:
        call.document["error"] = error_document(errors[0], call.output.language, status)
    if call.output.as_json:
        call.output.document(call.document)
    return status


def run(call: Call, desk: CouponDesk, job_id: str, wait_seconds: float) -> BulkJob:
    """Work on a job to its end, and tell line by line how far it is."""
    told = threading.Lock()

    def observe(job: BulkJob, row: BulkRow | None) -> None:
        with told:
            if job.waits_for is not None and row is None:
                call.output.note(msg("Waiting: {why}", why=job.waits_for), Colour.WARNING)
            elif row is not None and row.state.is_over:
                done = job.total - job.remaining
                call.output.progress(f"{done}/{job.total}  {row.typed}  {call.output.words(row.state.label)}")

    ended = desk.bulks.run(job_id, observe, wait_seconds=wait_seconds)
    if not call.output.as_json:
        tell_rows(call, desk.bulks.rows(job_id))
        tell_job(call, ended)
    return ended


def tell_job(call: Call, job: BulkJob) -> None:
    """How the whole stands."""
    output = call.output
    output.line()
    output.line(f"{job.id}  {output.words(job.state.label)}", Colour.BOLD)
    rows: list[Row] = [
        (f"  {output.words(state.label)}", Cell(write(job.counts[state], output.language), ROW_COLOURS[state]))
        for state in RowState
        if job.counts[state]
    ]
    rows.append((f"  {output.words(msg('Points returned'))}", write(job.points_returned, output.language)))
    output.table(rows, right=frozenset({1}))
    if job.paused_because is not None:
        output.say(job.paused_because, Colour.WARNING)
    if job.remaining and not job.state.is_over:
        output.say(
            msg("Not finished. “coupon-desk bulk resume {bulk}” goes on with it; nothing is done twice.", bulk=job.id[:8])
        )


def tell_rows(call: Call, rows: tuple[BulkRow, ...]) -> None:
    """Every line and what became of it."""
    output = call.output
    heads = (msg("Line"), msg("Code"), msg("State"), msg("Points"), msg("Why"))
    table: list[Row] = [
        (
            str(row.line),
            row.typed,
            Cell(output.words(row.state.label), ROW_COLOURS[row.state]),
            write(row.points_returned, output.language),
            " ".join(output.words(why) for why in row.why),
        )
        for row in rows
    ]
    output.table(table, heads, right=frozenset({0, 3}))


def _flawed(call: Call, row: ListedRow, errors: list[DeskError]) -> None:
    """A line that is not taken: told with its number."""
    flaw = row.flaw or msg("Left out")
    if row.rule == "invalid_code":
        error: DeskError = InvalidCode(flaw, todo=msg("A code looks like 70934-AB12CD-500. Nothing was done."))
    else:
        error = ConfigurationError(flaw, done=msg("Nothing was done."))
    errors.append(error)
    call.output.note(msg("Line {line}: {why}", line=row.line, why=flaw), Colour.BAD)


def _not_begun(call: Call, rows: BulkList, refused: DeskError | None) -> list[Document]:
    """Nothing was begun at all: each line in the form of an operation."""
    language, told = call.output.language, []
    for row in rows.rows:
        if row.flaw is not None and row.rule != TWICE:
            told.append(not_begun_document(row.typed, "cancel", str(row.rule), say(row.flaw, language), None))
        elif row.flaw is None and refused is not None:
            code, rule = str(row.code), rule_of(refused)
            told.append(not_begun_document(code, "cancel", rule, refused.sentences(language), f"COUPON-{code}"))
    return told


def _documents(call: Call, desk: CouponDesk, session: Session, job: BulkJob, *, receipts: bool) -> list[Document]:
    """Each coupon once, in the list's order: its operation, or why there is none."""
    operations = {one.id: one for one in desk.bulks.operations(job.id)}
    told: list[Document] = []
    for row in desk.bulks.rows(job.id):
        operation = operations.get(row.operation) if row.operation is not None else None
        if operation is not None:
            receipt = keep_receipt(call, desk, operation, session) if receipts else None
            document = operation_document(operation, call.output.language, receipt)
            told.append({**document, "_status": int(operation.exit_status)})
        elif row.rule != TWICE:
            told.append(_without_operation(call, job, row))
    call.document["bulk"] = _job_document(job, call)
    return told


def _without_operation(call: Call, job: BulkJob, row: BulkRow) -> Document:
    waits = row.state is RowState.WAITING
    why = " ".join(say(one, call.output.language) for one in row.why)
    reference = row.code.reference if row.code else None
    document = not_begun_document(row.typed, job.kind.value, row.rule or "", why, reference)
    if row.code is not None:
        document["code"] = row.code.text
    if waits:
        document |= {"state": "running", "refused": []}
        return {**document, "_status": int(ExitStatus.NOT_FINISHED)}
    return {**document, "_status": int(ExitStatus.USAGE if row.code is None else ExitStatus.REFUSED)}


def rule_of(error: DeskError) -> str:
    """A stable word for what refused a code before anything was begun."""
    from coupon_desk.errors import NotPermitted
    from coupon_desk.trail.index import OperationOpen

    match error:
        case InvalidCode():
            return "invalid_code"
        case OperationOpen():
            return "being_cancelled"
        case NotPermitted():
            return "not_permitted"
        case ConfigurationError():
            return "wrong_usage"
        case _:
            return "failed"


def _counted(call: Call) -> Any:
    def tell(done: int, of: int) -> None:
        if done % 100 == 0 or done == of:
            call.output.progress(f"{done}/{of}")

    return tell


def _job_document(job: BulkJob, call: Call) -> Document:
    from coupon_desk.app.bulk_export import job_document

    return job_document(job, call.output.language)


def _sorted_document(found: Sorted, call: Call) -> Mapping[str, Any]:
    from coupon_desk.cancellation.bulk_sorting import Sorting
    from coupon_desk.cli.documents import moment

    language = call.output.language
    return {
        "looked_at": moment(found.looked_at),
        "counts": {sorting.value: len(found.of(sorting)) for sorting in Sorting},
        "points": {sorting.value: found.points(sorting) for sorting in Sorting},
        "rows": [
            {
                "line": row.line,
                "typed": row.typed,
                "code": row.code.text if row.code else None,
                "sorting": row.sorting.value,
                "why": [say(why, language) for why in row.why],
                "rule": row.rule,
                "points": row.points,
            }
            for row in found.rows
        ],
    }


def _tell_sorted(call: Call, found: Sorted) -> None:
    from coupon_desk.cancellation.bulk_sorting import Sorting

    output = call.output
    colours = {
        Sorting.CAN: Colour.GOOD,
        Sorting.NEEDS_APPROVAL: Colour.WARNING,
        Sorting.CANT: Colour.BAD,
        Sorting.UNREAD: Colour.WARNING,
    }
    heads = (msg("Line"), msg("Code"), msg("Outlook"), msg("Points"), msg("Why"))
    rows: list[Row] = [
        (
            str(row.line),
            row.typed,
            Cell(output.words(row.sorting.label), colours[row.sorting]),
            write(row.points, output.language),
            " ".join(output.words(why) for why in row.why),
        )
        for row in found.rows
    ]
    output.table(rows, heads, right=frozenset({0, 3}))
    output.say(found.summary)
    output.say(msg("Nothing was done."))


def _exit_of(found: Sorted) -> int:
    """As if each were asked for: refused where one cannot be cancelled, not finished where one waits for somebody."""
    from coupon_desk.cancellation.bulk_sorting import Sorting

    if found.of(Sorting.NEEDS_APPROVAL) or found.of(Sorting.UNREAD):
        return ExitStatus.NOT_FINISHED
    return ExitStatus.REFUSED if found.of(Sorting.CANT) else ExitStatus.DONE


def one_of(rows: BulkList, reason: Reason, note: str) -> tuple[str, Reason, str] | None:
    """The only line of a list, with what holds for it; None where there are more."""
    if len(rows.rows) != 1:
        return None
    (row,) = rows.rows
    return row.typed, row.reason or reason, row.note or note
