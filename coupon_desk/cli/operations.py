"""`operations` and `resume`: what was done, what is not finished, and finishing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from coupon_desk.cancellation.operation import Operation, OperationState
from coupon_desk.cli.call import Call
from coupon_desk.cli.cancelling import WAIT_SECONDS, wait_option
from coupon_desk.cli.documents import Document, moment, operation_document
from coupon_desk.cli.many import run
from coupon_desk.cli.operation_ids import named_operation
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.receipts import keep_receipt, kept_receipt
from coupon_desk.cli.telling import step_by_step, tell_operation, tell_operations, when
from coupon_desk.errors import ConfigurationError, ExitStatus
from coupon_desk.people.roles import Right
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from collections.abc import Callable

    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Session


@click.command(short_help="What was done and what is not finished.")
@click.argument("operation", required=False, metavar="[ID]")
@click.option("--open", "open_only", is_flag=True, help="Only what is not finished.")
@click.option("--answer", metavar="NOTE", help="You have looked after what this operation left over: say what you found.")
@click.option("--withdraw", metavar="NOTE", help="Take back a request of which nothing was done yet: say why.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=200, show_default=True, help="At most so many.")
@for_scripts
@click.pass_obj
def operations(call: Call, operation: str | None, open_only: bool, answer: str | None, withdraw: str | None, limit: int) -> int:
    """What was done and what is not finished; with an ID everything about one operation.

    ID is the operation's id, its beginning, or the coupon's code.
    """
    call.document = {"operations": []}
    if answer is not None:
        return _answer(call, operation, answer)
    if withdraw is not None:
        return _withdraw(call, operation, withdraw)
    desk, session = call.reader(Right.SEE, "operations")
    if operation is not None:
        named = named_operation(desk, operation)
        desk.proofs.seen(named.id, session)
        return _show(call, desk, named)
    found = desk.operations(open_only=open_only, limit=limit)
    if call.output.as_json:
        language = call.output.language
        call.output.document({"operations": [operation_document(one, language, kept_receipt(desk, one)) for one in found]})
    else:
        tell_operations(call.output, found)
    return ExitStatus.DONE


@click.command(short_help="Finish what can be finished.")
@wait_option
@for_scripts
@click.pass_obj
def resume(call: Call, waits: bool) -> int:
    """Finish every operation that can be finished, bulk cancellations that were left among them; say what needs a person."""
    from coupon_desk.app.bulk_export import job_document

    call.document = {"operations": []}
    desk, session = call.worker(Right.ASK, "resume")
    unfinished_before = {one.id for one in desk.operations(open_only=True) if not one.state.is_over}
    wait_seconds = WAIT_SECONDS if waits else 0.0
    bulks = [run(call, desk, job.id, wait_seconds) for job in desk.bulks.left()]
    touched = desk.resume(step_by_step(call.output), wait_seconds=wait_seconds, begins_bulks=False)
    told: list[Document] = []
    for one in touched:
        receipt = keep_receipt(call, desk, one, session) if one.id in unfinished_before else None
        told.append(operation_document(one, call.output.language, receipt))
        tell_operation(call.output, one, receipt)
    call.document["operations"] = told
    if call.output.as_json:
        call.output.document({**call.document, "bulks": [job_document(job, call.output.language) for job in bulks]})
    else:
        _sum_up(call, touched, has_bulks=bool(bulks))
    statuses = (*(int(one.exit_status) for one in touched), *(int(job.exit_status) for job in bulks))
    return max(statuses, default=int(ExitStatus.DONE))


def _sum_up(call: Call, touched: tuple[Operation, ...], *, has_bulks: bool) -> None:
    if not touched and not has_bulks:
        call.output.say(msg("Nothing was left to finish."))
    for state, message in _SUMS:
        count = sum(1 for one in touched if one.state is state)
        if count:
            call.output.say(Message(message.text, (("count", count),)))


_SUMS = (
    (OperationState.COMPLETED, msg("Completed: {count}")),
    (OperationState.REFUSED, msg("Refused: {count}")),
    (OperationState.RUNNING, msg("Not finished yet: {count}")),
    (OperationState.AWAITING_APPROVAL, msg("Waiting for approval by another person: {count}")),
    (OperationState.NEEDS_ATTENTION, msg("Needs a person: {count}")),
)


def _answer(call: Call, operation: str | None, note: str) -> int:
    return _decided(call, operation, lambda desk, session, known: desk.answer(known, session, note))


def _withdraw(call: Call, operation: str | None, note: str) -> int:
    _decided(call, operation, lambda desk, session, known: desk.withdraw(known, session, note))
    return ExitStatus.DONE


def _decided(call: Call, operation: str | None, decide: Callable[[CouponDesk, Session, str], Operation]) -> int:
    """What a person decided of one operation; afterwards it is told as it stands."""
    if operation is None:
        raise ConfigurationError(
            msg("Which operation is meant?"),
            done=msg("Nothing was done."),
            todo=msg("Name it: operations ID --answer NOTE, or --withdraw NOTE."),
        )
    desk, session = call.worker()
    decided = decide(desk, session, named_operation(desk, operation).id)
    _tell_one(call, decided, {"operations": [operation_document(decided, call.output.language)]})
    return decided.exit_status


def _show(call: Call, desk: CouponDesk, found: Operation) -> int:
    entries = desk.trail.of_operation(found.id)
    trail = [
        {
            "sequence": entry.sequence,
            "at": moment(entry.moment),
            "actor": entry.actor,
            "action": entry.action,
            "step": entry.step,
        }
        for entry in entries
    ]
    receipt = kept_receipt(desk, found)
    _tell_one(
        call, found, {"operations": [{**operation_document(found, call.output.language, receipt), "trail": trail}]}, receipt
    )
    if not call.output.as_json:
        call.output.line()
        rows = [
            (str(entry.sequence), when(call.output, entry.moment), entry.actor or "", entry.action, entry.step or "")
            for entry in entries
        ]
        heads = (msg("Entry"), msg("When"), msg("Operator"), msg("Action"), msg("Step"))
        call.output.table(rows, heads, right=frozenset({0}))
    return ExitStatus.DONE


def _tell_one(call: Call, operation: Operation, document: Document, receipt: str | None = None) -> None:
    if call.output.as_json:
        call.output.document(document)
    else:
        tell_operation(call.output, operation, receipt)
