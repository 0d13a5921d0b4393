"""`bulk`: the bulk cancellations of this home, how they stand, and pausing, taking up, stopping and handing out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from coupon_desk.cancellation.bulk_job import RowState
from coupon_desk.cli.call import Call, nobody_yet
from coupon_desk.cli.cancelling import WAIT_SECONDS, wait_option
from coupon_desk.cli.documents import moment
from coupon_desk.cli.many import run, tell_job, tell_rows
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.tables import Colour, Row
from coupon_desk.cli.telling import when
from coupon_desk.errors import ConfigurationError, ExitStatus
from coupon_desk.people.roles import Right
from coupon_desk.words import msg, write

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.cancellation.bulk_job import BulkJob
    from coupon_desk.people.operators import Session


@click.group(short_help="Cancel many: show, pause, resume, stop, export.")
def bulk() -> None:
    """Bulk cancellations: what `cancel` was asked for with several codes, and the window with a selection or a list."""


@bulk.command(name="list", short_help="The newest ones and how they stand.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many.")
@for_scripts
@click.pass_obj
def list_bulks(call: Call, limit: int) -> int:
    """The newest bulk cancellations and how they stand."""
    from coupon_desk.app.bulk_export import job_document

    call.document = {"bulks": []}
    desk, _ = call.reader(Right.SEE, "bulk")
    jobs = desk.bulks.jobs(limit)
    output = call.output
    if output.as_json:
        output.document({"bulks": [job_document(job, output.language) for job in jobs]})
        return ExitStatus.DONE
    if not jobs:
        output.say(msg("None."))
        return ExitStatus.DONE
    heads = (msg("Id"), msg("State"), msg("Kind"), msg("Operator"), msg("Opened"), msg("Lines"), msg("Done"), msg("Open"))
    rows: list[Row] = [
        (
            job.id[:8],
            output.words(job.state.label),
            output.words(job.kind.label),
            job.operator,
            when(output, job.opened_at),
            write(job.total, output.language),
            write(job.counts[RowState.DONE], output.language),
            write(job.remaining, output.language),
        )
        for job in jobs
    ]
    output.table(rows, heads, right=frozenset({5, 6, 7}))
    return ExitStatus.DONE


@bulk.command(short_help="One of them, line by line.")
@click.argument("job", metavar="ID")
@click.option("--state", "states", multiple=True, type=click.Choice([str(one) for one in RowState]), help="Only these lines.")
@for_scripts
@click.pass_obj
def show(call: Call, job: str, states: tuple[str, ...]) -> int:
    """One bulk cancellation, line by line; the exit status is the highest of its lines'.

    ID is its id, or the beginning of it.
    """
    from coupon_desk.app.bulk_export import job_document, row_document

    desk, _ = call.reader(Right.SEE, "bulk")
    found = desk.bulks.find(job)
    rows = desk.bulks.rows(found.id, states={RowState(state) for state in states} or None)
    language = call.output.language
    if call.output.as_json:
        told = {"bulk": job_document(found, language), "rows": [row_document(found, row, language) for row in rows]}
        call.output.document(told)
    else:
        tell_rows(call, rows)
        tell_job(call, found)
    return int(found.exit_status)


@bulk.command(short_help="Begin nothing more of it for now.")
@click.argument("job", metavar="ID")
@for_scripts
@click.pass_obj
def pause(call: Call, job: str) -> int:
    """Begin nothing more of it for now; what is begun is finished. Also while another program of this home works on it."""
    desk, session = _somebody(call)
    _tell(call, desk.bulks.pause(desk.bulks.find(job).id, session))
    return ExitStatus.DONE


@bulk.command(short_help="Go on with it, in your name.")
@click.argument("job", metavar="ID")
@wait_option
@for_scripts
@click.pass_obj
def resume(call: Call, job: str, waits: bool) -> int:
    """Go on with a bulk cancellation that is paused, or that a crash left. What is begun from now on is begun in your name."""
    desk, session = call.worker()
    found = desk.bulks.find(job)
    desk.bulks.resume(found.id, session)
    ended = run(call, desk, found.id, WAIT_SECONDS if waits else 0.0)
    if call.output.as_json:
        _tell(call, ended)
    return int(ended.exit_status)


@bulk.command(short_help="End it: nothing more is begun.")
@click.argument("job", metavar="ID")
@click.option("--withdraw-requests", is_flag=True, help="Take back, too, what waits for a second person.")
@wait_option
@for_scripts
@click.pass_obj
def stop(call: Call, job: str, withdraw_requests: bool, waits: bool) -> int:
    """End it for good: what is past its pivot is finished, what is before it is put back, nothing more is begun."""
    from coupon_desk.app.home import HomeBusy

    desk, session = _somebody(call)
    found = desk.bulks.stop(desk.bulks.find(job).id, session, withdraw_requests=withdraw_requests)
    if found.remaining:
        try:
            found = desk.bulks.run(found.id, wait_seconds=WAIT_SECONDS if waits else 0.0)
        except HomeBusy:
            call.output.note(msg("The program that works in this home puts back what is under way."), Colour.WARNING)
    _tell(call, found)
    return ExitStatus.NOT_FINISHED if found.remaining else ExitStatus.DONE


@bulk.command(short_help="Hand out what became of every line.")
@click.argument("job", metavar="ID")
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True, help="As what.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Into this file; else standard output."
)
@for_scripts
@click.pass_obj
def export(call: Call, job: str, form: str, out: Path | None) -> int:
    """Hand out what became of every line, as a table for spreadsheets or as JSON."""
    from coupon_desk.app.bulk_export import BulkExport

    desk, session = call.reader(None)
    found = desk.bulks.find(job)
    content = desk.bulks.export(found.id, BulkExport(form), session, call.output.language)
    if out is None:
        if call.output.as_json and form != "json":
            raise ConfigurationError(
                msg("With --json a file has to be named, or --format json."),
                done=msg("Nothing was done."),
                todo=msg("Add --out FILE."),
            )
        call.output.raw(content)
        call.output.has_document = True
        return ExitStatus.DONE
    try:
        out.write_bytes(content)
    except OSError as wrong:
        raise ConfigurationError(
            msg("The file {file} cannot be written.", file=str(out)),
            done=msg("Nothing was written."),
            todo=msg("Check its folder and your rights."),
            detail=str(wrong),
        ) from wrong
    if call.output.as_json:
        call.output.document({"file": str(out), "lines": found.total, "written_at": moment(desk.clock.now())})
    else:
        call.output.say(msg("{count} lines are in {file}.", count=found.total, file=str(out)))
    return ExitStatus.DONE


def _somebody(call: Call) -> tuple[CouponDesk, Session]:
    """Who asks; the home stays with the program that works in it."""
    desk, session = call.reader(None)
    if session is None:
        raise nobody_yet()
    return desk, session


def _tell(call: Call, job: BulkJob) -> None:
    from coupon_desk.app.bulk_export import job_document

    if call.output.as_json:
        call.output.document({"bulk": job_document(job, call.output.language)})
    else:
        tell_job(call, job)
