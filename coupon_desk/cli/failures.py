"""How a call that did not go well is told: one clear text to a person, one document to a script, a traceback to the log."""

from __future__ import annotations

import logging
from typing import Final

import click

from coupon_desk.cancellation.operation import Operation
from coupon_desk.cli.call import Call
from coupon_desk.cli.documents import error_document
from coupon_desk.cli.tables import Colour
from coupon_desk.errors import ConfigurationError, DeskError, ExitStatus
from coupon_desk.words import Message, msg, msgn

_log = logging.getLogger("coupon_desk.crash")

INTERRUPTED: Final = 130
"""What shells expect of a program that Ctrl+C ended."""


def told(call: Call, error: DeskError, exit_status: int | None = None) -> int:
    """Tell an error that a person can act on; its own exit status, or the one given."""
    status = int(error.exit_status) if exit_status is None else exit_status
    _log.info("the call ends with %d: %s", status, error, extra={"detail": error.detail})
    say_error(call, error)
    if call.output.as_json and not call.output.has_document:
        call.output.document({**call.document, "error": error_document(error, call.output.language, status)})
    return status


def say_error(call: Call, error: DeskError) -> None:
    """What happened, what was done, and what to do, as a diagnostic."""
    for part, colour in ((error.what, Colour.BAD), (error.done, Colour.PLAIN), (error.todo, Colour.PLAIN)):
        if part is not None:
            call.output.note(part, colour)


def wrongly_called(call: Call, wrong: click.ClickException) -> int:
    """The words of the command line are wrong; click's own sentence says which."""
    context = wrong.ctx if isinstance(wrong, click.UsageError) else None
    path = context.command_path if context is not None else "coupon-desk"
    return told(
        call,
        ConfigurationError(
            msg("{why}", why=wrong.format_message()),
            done=msg("Nothing was done."),
            todo=msg("“{command} --help” shows how it is called.", command=path),
        ),
    )


def interrupted(call: Call) -> int:
    """Ctrl+C: what was begun stands in the trail, and the person is told what is open."""
    still_open = _open_operations(call)
    call.output.note(msg("Interrupted."), Colour.WARNING)
    if still_open:
        call.output.note(_count_of(still_open))
        for operation in still_open:
            call.output.note(
                msg(
                    "{code}: {state}, operation {operation}",
                    code=operation.code,
                    state=operation.state.label,
                    operation=operation.id,
                )
            )
    if call.output.as_json and not call.output.has_document:
        error = DeskError(
            msg("Interrupted."), done=_count_of(still_open) if still_open else None, todo=_GO_ON if still_open else None
        )
        open_ids = [operation.id for operation in still_open]
        call.output.document(
            {**call.document, "open": open_ids, "error": error_document(error, call.output.language, INTERRUPTED)}
        )
    return INTERRUPTED


def unexpected(call: Call, failure: Exception) -> int:
    """A fault of the program: the traceback goes to the log, the person is told where."""
    try:
        log = call.log()
        _log.critical("uncaught in the command line: %s", type(failure).__name__, exc_info=failure)
        written, file = log.is_writable, str(log.file)
    except Exception:
        written, file = False, ""
    if written:
        what = msg("Something unexpected went wrong. The details are in {file}.", file=file)
    else:
        what = msg("Something unexpected went wrong, and the log {file} could not be written.", file=file)
    error = DeskError(what, todo=msg("“coupon-desk operations --open” shows what is not finished."))
    say_error(call, error)
    if call.output.as_json and not call.output.has_document:
        status = int(ExitStatus.FAILED)
        call.output.document({**call.document, "error": error_document(error, call.output.language, status)})
    return ExitStatus.FAILED


_GO_ON: Final = msg("“coupon-desk resume” goes on with it.")


def _count_of(still_open: tuple[Operation, ...]) -> Message:
    return msgn(
        "{count} operation is not finished; “coupon-desk resume” goes on with it.",
        "{count} operations are not finished; “coupon-desk resume” goes on with them.",
        count=len(still_open),
    )


def _open_operations(call: Call) -> tuple[Operation, ...]:
    if call.desk is None:
        return ()
    try:
        return call.desk.operations(open_only=True)
    except DeskError:
        return ()
