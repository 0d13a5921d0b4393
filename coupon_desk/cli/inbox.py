"""`inbox`: cancelled orders whose coupons' points nobody has given back; and what `refund-order --dry-run` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from coupon_desk.cli.call import Call
from coupon_desk.cli.coupon_documents import finding_document
from coupon_desk.cli.documents import Document, moment, proposal_document
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.tables import Cell, Colour, Row
from coupon_desk.cli.telling import when
from coupon_desk.coupons.code import CouponCode
from coupon_desk.errors import ExitStatus
from coupon_desk.words import Language, msg, msgn, say, write

if TYPE_CHECKING:
    from coupon_desk.app.inbox import InboxItem
    from coupon_desk.app.order_refund import OrderRefundView
    from coupon_desk.coupons.evidence import OrderSeen

_COLOURS: Final = {
    "open": Colour.WARNING,
    "requested": Colour.GOOD,
    "refused": Colour.BAD,
    "unread": Colour.FAINT,
}


@click.command(short_help="Cancelled orders whose coupons' points nobody has given back.")
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    default=30,
    show_default=True,
    help="Orders that changed in so many days; Shopify may show no order older than 60 days.",
)
@for_scripts
@click.pass_obj
def inbox(call: Call, days: int) -> int:
    """List cancelled orders that used a coupon and have no grant yet, with what is proposed for each coupon.

    `refund-order` asks for one of them.
    """
    call.document = {"items": []}
    desk, session = call.reader(None)
    found = desk.inbox.read(session, days=days)
    output = call.output
    if output.as_json:
        items = [_item_document(item, output.language) for item in found.items]
        output.document({"items": items, "days": found.days, "read_at": moment(found.read_at)})
        return ExitStatus.DONE
    if not found.items:
        output.say(msg("No cancelled order waits for its coupon's points."))
        return ExitStatus.DONE
    heads = (
        msg("Order"),
        msg("Order cancelled"),
        msg("Code"),
        msg("Customer"),
        msg("Deducted"),
        msg("Proposed"),
        msg("State"),
        msg("Why"),
    )
    output.table(tuple(_row(call, item) for item in found.items), heads, right=frozenset({4, 5}))
    output.note(msgn("{count} coupon waits.", "{count} coupons wait.", count=len(found.items)))
    return ExitStatus.DONE


def would_refund(call: Call, code: str, order: str) -> int:
    """What asking for the refund of an order would come to; nothing is written."""
    parsed = CouponCode.parse(code)
    call.document = {"operations": [], "code": parsed.text, "order": order}
    desk, session = call.reader(None)
    view = desk.order_refund(parsed, order, session)
    if call.output.as_json:
        call.output.document(_view_document(view, call.output.language))
    else:
        _tell(call, view)
    return ExitStatus.DONE if view.may_be_asked else ExitStatus.REFUSED


def _tell(call: Call, view: OrderRefundView) -> None:
    output = call.output
    output.line(f"{view.code}  {view.order.name if view.order else view.asked}", Colour.BOLD)
    if view.proposal is not None:
        output.say(view.proposal.why)
    if view.may_be_asked:
        told = msg("May be asked for: {points} points. A second person approves.", points=int(view.verdict.points_to_return))
        output.say(told, Colour.GOOD)
    else:
        output.say(msg("May not be asked for:"), Colour.BAD)
    for message, weight in dict.fromkeys((finding.message, finding.weight) for finding in view.verdict.findings):
        output.say(msg("– {why}", why=message), Colour.BAD if weight == "refusal" else Colour.PLAIN)
    output.say(msg("Nothing was asked for: this was a dry run."))


def _view_document(view: OrderRefundView, language: Language) -> Document:
    return {
        "operations": [],
        "dry_run": True,
        "code": view.code.text,
        "order": _order_document(view.order) if view.order else {"name": view.asked, "id": None},
        "may_be_asked": view.may_be_asked,
        "needs_approval": view.verdict.needs_approval,
        "points_to_return": int(view.verdict.points_to_return) if view.may_be_asked else 0,
        "order_refund": proposal_document(view.proposal, language),
        "findings": [finding_document(finding, language) for finding in view.verdict.findings],
        "customer_name": view.customer_name,
        "looked_at": moment(view.looked_at),
    }


def _order_document(order: OrderSeen) -> Document:
    payment = order.payment
    return {
        "name": order.name,
        "id": order.id,
        "created_at": moment(order.created_at),
        "cancelled_at": moment(order.cancelled_at),
        "codes": list(order.codes),
        "financial_status": payment.status if payment else None,
        "paid": str(payment.paid) if payment else None,
        "refunded": str(payment.refunded) if payment else None,
        "currency": payment.currency if payment else None,
    }


def _item_document(item: InboxItem, language: Language) -> Document:
    return {
        "order": item.order,
        "order_id": item.order_id,
        "cancelled_at": moment(item.cancelled_at),
        "code": item.code.text,
        "customer_id": item.customer_id,
        "customer_name": item.customer_name,
        "order_refund": proposal_document(item.proposal, language),
        "state": item.state.value,
        "operation": item.operation,
        "why": say(item.why, language) if item.why is not None else None,
    }


def _row(call: Call, item: InboxItem) -> Row:
    output, proposal = call.output, item.proposal
    return (
        item.order,
        when(output, item.cancelled_at),
        item.code.text,
        item.customer_name or "•••",
        write(int(proposal.deducted), output.language) if proposal else "",
        write(int(proposal.proposed), output.language) if proposal else "",
        Cell(output.words(item.state.label), _COLOURS[item.state.value]),
        output.words(item.why) if item.why is not None else "",
    )
