"""`reconcile`: a coupon's or a customer's life as one line, what contradicts in it, and what puts it right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from coupon_desk.cancellation.differences import Kind
from coupon_desk.cli.call import Call
from coupon_desk.cli.cancelling import WAIT_SECONDS, wait_option
from coupon_desk.cli.coupon_documents import difference_document, event_document
from coupon_desk.cli.coupon_page import tell_history
from coupon_desk.cli.coupons import HIDDEN_CUSTOMER, may_see_customers
from coupon_desk.cli.documents import Document, moment
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.tables import Colour
from coupon_desk.cli.telling import step_by_step
from coupon_desk.coupons.code import CouponCode
from coupon_desk.errors import ConfigurationError, DeskError, ExitStatus
from coupon_desk.people.roles import Right
from coupon_desk.words import Language, Message, msg, msgn, say

if TYPE_CHECKING:
    from coupon_desk.app.customer_looking import CustomerView
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.app.reconciling import Reconciled
    from coupon_desk.app.view import CouponView
    from coupon_desk.cancellation.differences import Difference
    from coupon_desk.people.operators import Session

_MOST_REPAIRS: Final = len(Kind)


@click.command(short_help="What contradicts between the sources, and what puts it right.")
@click.argument("code", required=False, default="")
@click.option("--customer", metavar="ID", help="All coupons of this customer: their number in Shopify.")
@click.option("--repair", "repairs", is_flag=True, help="Put right what can surely be put right. No points are returned.")
@click.option("--note", metavar="TEXT", default="", help="Why, for the trail; needed with --repair.")
@wait_option
@for_scripts
@click.pass_obj
def reconcile(call: Call, code: str, customer: str | None, repairs: bool, note: str, waits: bool) -> int:
    """Show the life of a coupon, or of all of a customer's, and where Shopify, record, point history and trail contradict.

    With --repair each difference that has a safe repair is put right. For every other stands what a person does.
    """
    call.document = {"coupons": []}
    if bool(code) == bool(customer):
        raise ConfigurationError(
            msg("Name one coupon, or a customer with --customer."),
            done=msg("Nothing was done."),
            todo=msg("“{command} --help” shows how it is called.", command="coupon-desk reconcile"),
        )
    about = CouponCode.parse(code).masked if code else "customer"
    desk, session = call.worker(Right.RECONCILE, about) if repairs else call.reader(Right.SEE, about)
    found = None if customer is None else desk.customers.of(customer, session)
    views = found.coupons if found is not None else (desk.look(CouponCode.parse(code), session),)
    done: list[Reconciled] = []
    failed: list[DeskError] = []
    if repairs and session is not None:
        views = tuple(_put_right(call, desk, session, view, note, done, failed, waits=waits) for view in views)
    if call.output.as_json:
        call.output.document(_document(call, found, views, done, failed))
    else:
        _tell(call, found, views, failed, sees_customers=may_see_customers(session))
    return _status(views, failed)


def _put_right(
    call: Call,
    desk: CouponDesk,
    session: Session,
    view: CouponView,
    note: str,
    done: list[Reconciled],
    failed: list[DeskError],
    *,
    waits: bool,
) -> CouponView:
    """Each kind once, the weightiest first; what a repair brings to light is put right as well."""
    tried: set[Kind] = set()
    for _ in range(_MOST_REPAIRS):
        kind = next((one.kind for one in view.differences if one.repair is not None and one.kind not in tried), None)
        if kind is None:
            break
        tried.add(kind)
        wait_seconds = WAIT_SECONDS if waits else 0.0
        try:
            one = desk.reconciling.put_right(
                view.code, kind, session, note, step_by_step(call.output), wait_seconds=wait_seconds
            )
        except ConfigurationError:
            raise
        except DeskError as wrong:
            failed.append(wrong)
            continue
        done.append(one)
        view = one.view
    return view


def _status(views: tuple[CouponView, ...], failed: list[DeskError]) -> int:
    """The highest of what could not be done, what did not answer, and what needs a person."""
    statuses = [int(error.exit_status) for error in failed]
    if any(view.evidence.silences for view in views):
        statuses.append(int(ExitStatus.NOT_FINISHED))
    if any(view.differences for view in views):
        statuses.append(int(ExitStatus.NEEDS_A_PERSON))
    return max(statuses, default=int(ExitStatus.DONE))


def _tell(
    call: Call,
    customer: CustomerView | None,
    views: tuple[CouponView, ...],
    failed: list[DeskError],
    *,
    sees_customers: bool,
) -> None:
    output = call.output
    if customer is not None:
        output.line(customer.name if sees_customers else HIDDEN_CUSTOMER, Colour.BOLD)
        if customer.balance is not None:
            output.say(msg("Balance {balance}", balance=customer.balance))
        if not views:
            output.say(msg("No coupon of this customer is known. “coupon-desk sync” brings the list up to date."))
    for view in views:
        output.line()
        output.line(f"{view.code}  {output.words(view.verdict.status.label)}", Colour.BOLD)
        tell_history(output, view.timeline)
        for silent in view.evidence.silences:
            output.say(msg("Not answered, so not compared: {why}", why=silent.why), Colour.WARNING)
        for difference in view.differences:
            output.say(msg("≠ {what}", what=difference.what), Colour.BAD)
            output.say(_todo(difference))
        if not view.differences:
            output.say(msg("No source contradicts another."), Colour.GOOD)
    for error in failed:
        output.note(error.what, Colour.BAD)
    if customer is not None and customer.left_out:
        output.note(msgn("{count} more was not looked at.", "{count} more were not looked at.", count=customer.left_out))


def _todo(difference: Difference) -> Message:
    if difference.repair is None:
        return msg("→ A person: {todo}", todo=difference.todo)
    return msg("→ --repair ({repair}): {todo}", repair=difference.repair.label, todo=difference.todo)


def _document(
    call: Call,
    customer: CustomerView | None,
    views: tuple[CouponView, ...],
    done: list[Reconciled],
    failed: list[DeskError],
) -> Document:
    """Keys are added, never renamed or removed."""
    language = call.output.language
    return {
        "customer": customer.customer_id if customer is not None else None,
        "left_out": customer.left_out if customer is not None else 0,
        "coupons": [_coupon(view, language) for view in views],
        "repaired": [{"code": one.view.code.text, "operation": one.operation.id if one.operation else None} for one in done],
        "failed": [say(error.what, language) for error in failed],
    }


def _coupon(view: CouponView, language: Language) -> Document:
    return {
        "code": view.code.text,
        "status": view.verdict.status.value,
        "looked_at": moment(view.looked_at),
        "silent": [{"source": one.source.value, "why": say(one.why, language)} for one in view.evidence.silences],
        "differences": [difference_document(one, language) for one in view.differences],
        "history": [event_document(event, language) for event in view.timeline],
    }
