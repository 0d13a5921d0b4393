"""`cancel` and `refund-order`: through the same engine as the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from coupon_desk.cancellation.bulk_list import TWICE, joined
from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind
from coupon_desk.cli.call import Call
from coupon_desk.cli.documents import error_document, not_begun_document, operation_document
from coupon_desk.cli.failures import say_error
from coupon_desk.cli.inbox import would_refund
from coupon_desk.cli.many import cancel_many, confirm, listed, note_doubles, rule_of, sort_only
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.receipts import keep_receipt
from coupon_desk.cli.telling import step_by_step, tell_not_begun, tell_operation
from coupon_desk.coupons.code import CouponCode, InvalidCode
from coupon_desk.coupons.eligibility import Rule
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import ConfigurationError, DeskError, ExitStatus
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Session

WAIT_SECONDS: Final = 180.0
"""How long a call waits for what goes on by itself, unless told not to."""

wait_option = click.option(
    "--wait/--no-wait",
    "waits",
    default=True,
    help="Wait up to three minutes for what goes on by itself, or leave it to `resume`.",
)


take_over_option = click.option(
    "--take-over", is_flag=True, help="Finish what another desk began that is gone for good; a second person approves."
)


@click.command(short_help="Cancel coupons and give their points back.")
@click.argument("codes", nargs=-1, metavar="[CODE]...")
@click.option("--reason", required=True, type=click.Choice([reason.value for reason in Reason.choices()]), help="Why.")
@click.option("--note", required=True, metavar="TEXT", help="What happened, in your words.")
@click.option("--no-refund", is_flag=True, help="Only kill the code; return no points (suspected fraud).")
@click.option(
    "--from-file",
    metavar="FILE",
    help="Codes, one a line, or a table code,reason,note (CSV in UTF-8, up to 50,000 lines); - is standard input.",
)
@click.option("--dry-run", is_flag=True, help="Only say what can be cancelled, what needs approval, what can't and why.")
@click.option("--yes", "confirmed", type=click.IntRange(0), metavar="N", help="Confirm that N coupons are to be cancelled.")
@click.option("--receipts/--no-receipts", default=True, help="Keep a receipt of each in the home.")
@take_over_option
@wait_option
@for_scripts
@click.pass_obj
def cancel(
    call: Call,
    codes: tuple[str, ...],
    reason: str,
    note: str,
    no_refund: bool,
    from_file: str | None,
    dry_run: bool,
    confirmed: int | None,
    receipts: bool,
    take_over: bool,
    waits: bool,
) -> int:
    """Cancel coupons and give their points back, exactly once each.

    Several codes are one bulk cancellation: many are worked on at once, and what is left after a crash or a pause goes on with
    “coupon-desk bulk resume”. A reason and a note in the file hold for their line, those of the call for all others. At a
    terminal the number of coupons has to be typed where it is above 20.
    """
    call.document = {"operations": []}
    rows = joined(*listed(codes, from_file))
    note_doubles(call, rows)
    if not rows.rows:
        raise ConfigurationError(
            msg("There is no code to cancel."), done=msg("Nothing was done."), todo=msg("Name one, or a file with --from-file.")
        )
    kind, wait_seconds = OperationKind.INVALIDATE if no_refund else OperationKind.CANCEL, WAIT_SECONDS if waits else 0.0
    if dry_run:
        return sort_only(call, rows, kind, Reason(reason))
    confirm(call, len(rows.good), confirmed)
    each = [row for row in rows.rows if row.rule != TWICE]
    if len(each) > 1 and not take_over:
        return cancel_many(call, rows, kind, Reason(reason), note, wait_seconds=wait_seconds, receipts=receipts)
    desk, session = call.worker()
    batch = Batch(call, desk, session, wait_seconds, takes_over=take_over, receipts=receipts)
    for row in each:
        if row.flaw is not None and row.code is not None:
            raise ConfigurationError(row.flaw, done=msg("Nothing was done."))
        batch.take(row.typed, kind, row.reason or Reason(reason), row.note or note)
    return batch.end()


@click.command(name="refund-order", short_help="The points of a used coupon whose order was cancelled.")
@click.argument("code")
@click.option("--order", required=True, metavar="ORDER", help="The cancelled order that used the coupon: #1001 or its id.")
@click.option("--note", required=True, metavar="TEXT", help="What happened, in your words.")
@click.option("--dry-run", is_flag=True, help="Only say what would be asked for, and why; ask for nothing.")
@take_over_option
@wait_option
@for_scripts
@click.pass_obj
def refund_order(call: Call, code: str, order: str, note: str, dry_run: bool, take_over: bool, waits: bool) -> int:
    """Give the points of a used coupon whose order was cancelled, once a second person has approved.

    As large a part of the points that were deducted as of the money was refunded; all of them where nothing was paid.
    """
    if dry_run:
        return would_refund(call, code, order)
    call.document = {"operations": []}
    desk, session = call.worker()
    batch = Batch(call, desk, session, WAIT_SECONDS if waits else 0.0, takes_over=take_over)
    batch.take(code, OperationKind.ORDER_REFUND, Reason.ORDER_CANCELLED, note, order)
    return batch.end()


class Batch:
    """Takes codes through the engine one after the other; the highest exit status of theirs is the call's."""

    def __init__(
        self,
        call: Call,
        desk: CouponDesk,
        session: Session,
        wait_seconds: float,
        *,
        takes_over: bool,
        receipts: bool = True,
    ) -> None:
        self._call = call
        self._receipts = receipts
        self._takes_over = takes_over
        self._desk = desk
        self._session = session
        self._wait_seconds = wait_seconds
        self._status = int(ExitStatus.DONE)
        self._stopped_by: DeskError | None = None
        self._first_error: DeskError | None = None

    def take(self, typed: str, kind: OperationKind, reason: Reason, note: str, order: str | None = None) -> None:
        """One code. What refuses every code alike (a missing right, a short note, the disk) refuses the rest untried."""
        if self._stopped_by is not None:
            self._not_begun(typed, kind, self._stopped_by)
            return
        try:
            code = CouponCode.parse(typed)
        except InvalidCode as error:
            self._not_begun(typed, kind, error)
            return
        begun: list[str] = []

        def observe(operation: Operation) -> None:
            if not begun:
                begun.append(operation.id)
            progress(operation)

        progress = step_by_step(self._call.output)
        try:
            others = self._desk.look(code, self._session).evidence.others_operation if self._takes_over else None
            request = CancelRequest(code, kind, reason, note, order, others)
            operation = self._desk.cancel(request, self._session, observe, wait_seconds=self._wait_seconds)
        except DeskError as error:
            if begun:
                self._broken_off(begun[0], error)
            else:
                self._not_begun(code.text, kind, error)
            if not _concerns_one_coupon(error):
                self._stopped_by = error
        else:
            self._ended(operation)

    def end(self) -> int:
        """Tell the script what became of all; the exit status."""
        output = self._call.output
        if output.as_json:
            error = self._first_error
            error_part = {"error": error_document(error, output.language, self._status)} if error is not None else {}
            output.document({**self._call.document, **error_part})
        return self._status

    def _ended(self, operation: Operation) -> None:
        receipt = keep_receipt(self._call, self._desk, operation, self._session) if self._receipts else None
        self._call.document["operations"].append(operation_document(operation, self._call.output.language, receipt))
        tell_operation(self._call.output, operation, receipt)
        if operation.request.takes_over is None and any(one.rule is Rule.BEING_CANCELLED for one in operation.refused):
            self._call.output.say(msg("If that desk is gone for good, finish its work with --take-over."))
        self._raise_to(operation.exit_status)

    def _broken_off(self, operation_id: str, error: DeskError) -> None:
        """An error came from within: what the trail says of the operation stands."""
        self._fail(error)
        try:
            operation = self._desk.operation(operation_id)
        except DeskError:
            return
        self._call.document["operations"].append(operation_document(operation, self._call.output.language))
        tell_operation(self._call.output, operation)
        self._raise_to(operation.exit_status)

    def _not_begun(self, typed: str, kind: OperationKind, error: DeskError) -> None:
        language = self._call.output.language
        reference = None if isinstance(error, InvalidCode) else f"COUPON-{typed}"
        why = error.sentences(language)
        self._call.document["operations"].append(not_begun_document(typed, kind.value, rule_of(error), why, reference))
        if error is not self._stopped_by:
            self._fail(error)
        tell_not_begun(self._call.output, typed, self._call.output.words(error.what))

    def _fail(self, error: DeskError) -> None:
        self._first_error = self._first_error or error
        say_error(self._call, error)
        self._raise_to(error.exit_status)

    def _raise_to(self, status: int) -> None:
        self._status = max(self._status, int(status))


def _concerns_one_coupon(error: DeskError) -> bool:
    """Whether the next coupon may fare better: being cancelled by somebody, a remote system that did not answer."""
    from coupon_desk.errors import RemoteError
    from coupon_desk.trail.index import OperationOpen

    return isinstance(error, (InvalidCode, OperationOpen, RemoteError))
