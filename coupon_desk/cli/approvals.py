"""`approvals`: requests that wait for a second person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from coupon_desk.cancellation.operation import Operation
from coupon_desk.cli.call import Call
from coupon_desk.cli.cancelling import WAIT_SECONDS, wait_option
from coupon_desk.cli.documents import operation_document, request_document
from coupon_desk.cli.operation_ids import named_operation
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.receipts import keep_receipt
from coupon_desk.cli.telling import step_by_step, tell_operation, tell_waiting
from coupon_desk.errors import ExitStatus
from coupon_desk.people.roles import Right
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Session


@click.group(invoke_without_command=True, short_help="Requests that wait for a second person.")
@for_scripts
@click.pass_context
def approvals(context: click.Context) -> int:
    """Requests that wait for a second person, of this desk and of others; without a word more they are listed."""
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
    """Approve a request of somebody else, exactly as it was asked; all is verified anew, at the desk that asks."""
    call.document = {"operations": [], "elsewhere": []}
    desk, session = call.worker()
    wait_seconds = WAIT_SECONDS if waits else 0.0
    asked = _named(desk, session, operation)
    ended = desk.approvals.approve(asked, session, note, step_by_step(call.output), wait_seconds=wait_seconds)
    if ended is None:
        return _decided_elsewhere(call, asked, msg("Approved. The desk that asks goes on with it by itself."))
    return _ended(call, ended, keep_receipt(call, desk, ended, session))


@approvals.command()
@click.argument("operation", metavar="ID")
@click.option("--note", required=True, metavar="TEXT", help="Why not.")
@for_scripts
@click.pass_obj
def reject(call: Call, operation: str, note: str) -> int:
    """Reject a request of somebody else; nothing was done and nothing will be."""
    call.document = {"operations": [], "elsewhere": []}
    desk, session = call.worker()
    asked = _named(desk, session, operation)
    rejected = desk.approvals.reject(asked, session, note)
    if rejected is None:
        return _decided_elsewhere(call, asked, msg("Rejected. The desk that asks ends it by itself."))
    _ended(call, rejected, None)
    return ExitStatus.DONE


def _list(call: Call) -> int:
    call.document = {"operations": [], "elsewhere": []}
    desk, session = call.reader(Right.SEE, "approvals")
    waiting = desk.approvals.waiting(session) if session is not None else ()
    own = [one.own for one in waiting if one.own is not None]
    if call.output.as_json:
        language = call.output.language
        elsewhere = [request_document(one, language) for one in waiting if one.is_elsewhere]
        call.output.document({"operations": [operation_document(one, language) for one in own], "elsewhere": elsewhere})
    else:
        tell_waiting(call.output, waiting)
    return ExitStatus.DONE


def _named(desk: CouponDesk, session: Session, typed: str) -> str:
    """The id of the request that is meant: another desk's by its id or how it begins, this desk's by its coupon, too."""
    found = desk.approvals.find(typed, session)
    return found.operation if found is not None and found.is_elsewhere else named_operation(desk, typed).id


def _decided_elsewhere(call: Call, operation: str, told: Message) -> int:
    if call.output.as_json:
        call.output.document({"operations": [], "elsewhere": [{"id": operation}]})
    else:
        call.output.say(told)
    return ExitStatus.DONE


def _ended(call: Call, operation: Operation, receipt: str | None) -> int:
    if call.output.as_json:
        document = operation_document(operation, call.output.language, receipt)
        call.output.document({"operations": [document], "elsewhere": []})
    else:
        tell_operation(call.output, operation, receipt)
    return operation.exit_status
