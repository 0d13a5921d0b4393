"""`approvals`: requests that wait for a second person."""

from __future__ import annotations

import click

from coupon_desk.cancellation.operation import Operation
from coupon_desk.cli.call import Call
from coupon_desk.cli.cancelling import WAIT_SECONDS, wait_option
from coupon_desk.cli.documents import operation_document
from coupon_desk.cli.operation_ids import named_operation
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.receipts import keep_receipt
from coupon_desk.cli.telling import step_by_step, tell_operation, tell_operations
from coupon_desk.errors import ExitStatus
from coupon_desk.people.roles import Right


@click.group(invoke_without_command=True, short_help="Requests that wait for a second person.")
@for_scripts
@click.pass_context
def approvals(context: click.Context) -> int:
    """Requests that wait for a second person; without a word more they are listed."""
    if context.invoked_subcommand is None:
        return _list(context.ensure_object(Call))
    return ExitStatus.DONE


@approvals.command("list")
@for_scripts
@click.pass_obj
def list_requests(call: Call) -> int:
    """List the requests."""
    return _list(call)


@approvals.command()
@click.argument("operation", metavar="ID")
@click.option("--note", default="", metavar="TEXT", help="What you looked at.")
@wait_option
@for_scripts
@click.pass_obj
def approve(call: Call, operation: str, note: str, waits: bool) -> int:
    """Approve a request of somebody else, exactly as it was asked; all is verified anew."""
    call.document = {"operations": []}
    desk, session = call.worker()
    wait_seconds = WAIT_SECONDS if waits else 0.0
    asked = named_operation(desk, operation)
    ended = desk.approve(asked.id, session, note, step_by_step(call.output), wait_seconds=wait_seconds)
    return _ended(call, ended, keep_receipt(call, desk, ended, session))


@approvals.command()
@click.argument("operation", metavar="ID")
@click.option("--note", required=True, metavar="TEXT", help="Why not.")
@for_scripts
@click.pass_obj
def reject(call: Call, operation: str, note: str) -> int:
    """Reject a request of somebody else; nothing was done and nothing will be."""
    call.document = {"operations": []}
    desk, session = call.worker()
    rejected = desk.reject(named_operation(desk, operation).id, session, note)
    _ended(call, rejected, None)
    return ExitStatus.DONE


def _list(call: Call) -> int:
    call.document = {"operations": []}
    desk, _ = call.reader(Right.SEE, "approvals")
    waiting = desk.awaiting_approval()
    if call.output.as_json:
        call.output.document({"operations": [operation_document(one, call.output.language) for one in waiting]})
    else:
        tell_operations(call.output, waiting)
    return ExitStatus.DONE


def _ended(call: Call, operation: Operation, receipt: str | None) -> int:
    if call.output.as_json:
        call.output.document({"operations": [operation_document(operation, call.output.language, receipt)]})
    else:
        tell_operation(call.output, operation, receipt)
    return operation.exit_status
