"""`search` and `show`: coupons as the table shows them, and one coupon as all sources see it now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import click

from coupon_desk.cli.call import Call
from coupon_desk.cli.coupon_documents import coupon_document, view_document
from coupon_desk.cli.coupon_page import tell_view
from coupon_desk.cli.coupon_ranges import Asked, range_options
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.tables import Cell, Colour, Row
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import Absent, Evidence, NotAnswered
from coupon_desk.coupons.status import CouponStatus
from coupon_desk.errors import ExitStatus
from coupon_desk.people.roles import Right
from coupon_desk.words import Amount, Language, day, money, msg, msgn, number, say

if TYPE_CHECKING:
    from coupon_desk.coupons.coupon import Coupon
    from coupon_desk.people.operators import Session

STATUS_COLOURS: Final = {
    CouponStatus.UNUSED: Colour.GOOD,
    CouponStatus.SCHEDULED: Colour.GOOD,
    CouponStatus.USED: Colour.FAINT,
    CouponStatus.EXPIRED: Colour.FAINT,
    CouponStatus.CANCELLED: Colour.FAINT,
    CouponStatus.CANCELLING: Colour.WARNING,
    CouponStatus.NEEDS_ATTENTION: Colour.BAD,
}

HIDDEN_CUSTOMER: Final = "•••"


@click.command(short_help="Find coupons.")
@click.argument("query", required=False, default="")
@range_options
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=50, show_default=True, help="At most so many.")
@for_scripts
@click.pass_obj
def search(call: Call, /, query: str, limit: int, **asked: Any) -> int:
    """Find coupons by code, customer, e-mail or phone, as the table shows them."""
    from coupon_desk.catalogue.query import MOST_ROWS

    call.document = {"coupons": [], "more": False}
    wanted = Asked(**asked).query(query)
    desk, session = call.reader(Right.SEE, "search")
    found: list[Coupon] = []
    after = None
    while True:
        page = desk.coupons.search(replace(wanted, limit=min(limit - len(found), MOST_ROWS), after=after), session)
        found.extend(page.rows)
        after = page.next
        if after is None or len(found) >= limit:
            break
    with_customer = may_see_customers(session)
    if call.output.as_json:
        coupons = [coupon_document(coupon, with_customer=with_customer) for coupon in found]
        call.output.document({"coupons": coupons, "more": after is not None})
    else:
        _tell(call, found, with_customer=with_customer, more=after is not None)
    return ExitStatus.DONE


@click.command(short_help="One coupon with live evidence.")
@click.argument("code")
@for_scripts
@click.pass_obj
def show(call: Call, code: str) -> int:
    """Show one coupon with live evidence: Shopify, customer record, point history, and whether it may be cancelled."""
    parsed = CouponCode.parse(code)
    call.document = {"code": parsed.text}
    desk, session = call.reader(Right.SEE, parsed.masked)
    view = desk.look(parsed, session)
    with_customer = may_see_customers(session)
    if call.output.as_json:
        call.output.document(view_document(view, call.output.language, with_customer=with_customer))
    else:
        tell_view(call.output, view, with_customer=with_customer)
    return ExitStatus.NOT_FINISHED if _is_silent(view.evidence) else ExitStatus.DONE


def _is_silent(evidence: Evidence) -> bool:
    """Whether a source that could be asked did not answer; without a customer there is no record and no history to ask for."""
    asked: list[object] = [evidence.discount, evidence.orders]
    if not isinstance(evidence.discount, Absent):
        asked.append(evidence.record)
        if not isinstance(evidence.record, Absent):
            asked.append(evidence.history)
    return any(isinstance(answer, NotAnswered) for answer in asked)


def may_see_customers(session: Session | None) -> bool:
    """Whether personal data may be shown: to roles with that right, and while there is no operator yet."""
    return session is None or session.may(Right.SEE_CUSTOMER)


def _tell(call: Call, found: list[Coupon], *, with_customer: bool, more: bool) -> None:
    output = call.output
    if not found:
        output.say(msg("No coupon was found."))
        return
    heads = (
        msg("Code"),
        msg("Status"),
        msg("Points"),
        msg("Amount"),
        msg("Issued"),
        msg("Expires"),
        msg("Customer"),
    )
    rows = tuple(_row(coupon, output.language, with_customer=with_customer) for coupon in found)
    output.table(rows, heads, right=frozenset({2, 3}))
    if more:
        output.note(
            msgn(
                "Only the first {count} is shown; --limit shows more.",
                "Only the first {count} are shown; --limit shows more.",
                count=len(found),
            )
        )


def _row(coupon: Coupon, language: Language, *, with_customer: bool) -> Row:
    return (
        coupon.code.text,
        Cell(say(coupon.status.label, language), STATUS_COLOURS[coupon.status]),
        number(int(coupon.points), language),
        "" if coupon.amount is None else money(Amount(coupon.amount, coupon.currency), language),
        day(coupon.issued_at, language) if coupon.issued_at else "",
        day(coupon.expires_at, language) if coupon.expires_at else "",
        coupon.customer_name if with_customer else HIDDEN_CUSTOMER,
    )
