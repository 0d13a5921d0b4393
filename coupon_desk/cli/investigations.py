"""`investigations`: coupons that were switched off on suspicion, and the decisions on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from coupon_desk.cancellation.operation import OperationKind
from coupon_desk.cli.call import Call
from coupon_desk.cli.cancelling import WAIT_SECONDS, Batch, take_over_option, wait_option
from coupon_desk.cli.coupons import HIDDEN_CUSTOMER
from coupon_desk.cli.documents import Document, moment, operation_document
from coupon_desk.cli.operation_ids import named_operation
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.receipts import keep_receipt
from coupon_desk.cli.tables import Row
from coupon_desk.cli.telling import step_by_step, tell_operation, when
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import ExitStatus
from coupon_desk.people.roles import Right
from coupon_desk.words import Language, msg, say, write

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.app.investigations import Investigation


@click.group(invoke_without_command=True, short_help="Decide on what was switched off on suspicion.")
@for_scripts
@click.pass_context
def investigations(context: click.Context) -> int:
    """Coupons that were switched off without points: release the points, or confirm fraud. Without a word more: those open."""
    if context.invoked_subcommand is None:
        return _list(context.ensure_object(Call), with_decided=False)
    return ExitStatus.DONE


@investigations.command("list")
@click.option("--all", "with_decided", is_flag=True, help="Also those that are decided.")
@for_scripts
@click.pass_obj
def list_investigations(call: Call, with_decided: bool) -> int:
    """List the investigations."""
    return _list(call, with_decided=with_decided)


@investigations.command()
@click.argument("operation", metavar="ID")
@click.option("--note", required=True, metavar="TEXT", help="Why the suspicion does not hold.")
@take_over_option
@wait_option
@for_scripts
@click.pass_obj
def release(call: Call, operation: str, note: str, take_over: bool, waits: bool) -> int:
    """Ask for the points of an invalidated coupon; they come back once a second person has approved.

    ID is the operation that invalidated the coupon, its beginning, or the coupon's code; with --take-over the code.
    """
    call.document = {"operations": []}
    desk, session = call.worker()
    wait_seconds = WAIT_SECONDS if waits else 0.0
    if take_over:
        batch = Batch(call, desk, session, wait_seconds, takes_over=True)
        batch.take(operation, OperationKind.RELEASE, Reason.RELEASED, note)
        return batch.end()
    suspected = _named(desk, operation)
    asked = desk.investigations.release(suspected, session, note, step_by_step(call.output), wait_seconds=wait_seconds)
    receipt = keep_receipt(call, desk, asked, session)
    if call.output.as_json:
        call.output.document({"operations": [operation_document(asked, call.output.language, receipt)]})
    else:
        tell_operation(call.output, asked, receipt)
    return asked.exit_status


@investigations.command()
@click.argument("operation", metavar="ID")
@click.option("--note", required=True, metavar="TEXT", help="What proves it.")
@for_scripts
@click.pass_obj
def confirm(call: Call, operation: str, note: str) -> int:
    """Confirm the fraud: the points of this coupon are never returned."""
    call.document = {"investigations": []}
    desk, session = call.worker()
    confirmed = desk.investigations.confirm(_named(desk, operation), session, note)
    if call.output.as_json:
        call.output.document({"investigations": [investigation_document(confirmed, call.output.language)]})
    else:
        call.output.say(msg("Fraud is confirmed for {code}. Its points are never returned.", code=confirmed.code.text))
    return ExitStatus.DONE


def investigation_document(found: Investigation, language: Language) -> Document:
    """One investigation. Keys are added, never renamed or removed."""
    decision = found.decision
    return {
        "operation": found.operation,
        "code": found.code.text,
        "customer": found.customer_name,
        "points_withheld": int(found.points),
        "state": found.state.value,
        "reason": found.reason.value,
        "note": found.note,
        "by": found.by,
        "at": moment(found.at),
        "age_days": found.age_days,
        "release": found.release,
        "decision": None
        if decision is None
        else {"by": decision.by, "approver": decision.approver, "at": moment(decision.at), "note": decision.note},
        "why_not": say(found.why_not, language) if found.why_not is not None else None,
    }


def _list(call: Call, *, with_decided: bool) -> int:
    call.document = {"investigations": []}
    desk, session = call.reader(Right.READ_TRAIL, "investigations")
    found = desk.investigations.all(session) if with_decided else desk.investigations.open(session)
    if call.output.as_json:
        call.output.document({"investigations": [investigation_document(one, call.output.language) for one in found]})
    elif not found:
        call.output.say(msg("None."))
    else:
        _tell(call, found, sees_customers=session is None or session.may(Right.SEE_CUSTOMER))
    return ExitStatus.DONE


def _tell(call: Call, found: tuple[Investigation, ...], *, sees_customers: bool) -> None:
    output = call.output
    heads = (
        *(msg("Operation"), msg("Code"), msg("Customer"), msg("Points"), msg("State")),
        *(msg("By"), msg("At"), msg("Days"), msg("Note")),
    )
    rows: tuple[Row, ...] = tuple(
        (
            one.operation,
            one.code.text,
            (one.customer_name or "") if sees_customers else HIDDEN_CUSTOMER,
            write(int(one.points), output.language),
            output.words(one.state.label),
            one.by_name,
            when(output, one.at),
            write(one.age_days, output.language),
            one.note,
        )
        for one in found
    )
    output.table(rows, heads, right=frozenset({3, 7}))


def _named(desk: CouponDesk, typed: str) -> str:
    """The invalidation that is meant; a coupon whose points were asked for already is still named by its code."""
    named = named_operation(desk, typed)
    return named.request.releases or named.id
