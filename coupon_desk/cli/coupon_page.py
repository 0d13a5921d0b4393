"""One coupon as a page in the terminal: the verdict first, then what each source said, then the points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from coupon_desk.cli.output import Output
from coupon_desk.cli.tables import Cell, Colour, Row
from coupon_desk.cli.telling import when
from coupon_desk.coupons.eligibility import Weight
from coupon_desk.coupons.evidence import (
    Absent,
    DiscountSeen,
    DiscountState,
    HistorySeen,
    NotAnswered,
    OrdersSeen,
    RecordSeen,
    RecordStatus,
)
from coupon_desk.words import Amount, Message, msg, msgn, write

if TYPE_CHECKING:
    from coupon_desk.app.timeline_event import TimelineEvent
    from coupon_desk.app.view import CouponView
    from coupon_desk.coupons.points import PointEntry

DISCOUNT_WORDS: Final = {
    DiscountState.ACTIVE: msg("active"),
    DiscountState.EXPIRED: msg("expired or switched off"),
    DiscountState.SCHEDULED: msg("scheduled"),
}
RECORD_WORDS: Final = {
    RecordStatus.ACTIVE: msg("active"),
    RecordStatus.USED: msg("used"),
    RecordStatus.CANCELLED: msg("cancelled"),
}
_WEIGHT_COLOURS: Final = {Weight.NOTE: Colour.PLAIN, Weight.APPROVAL: Colour.WARNING, Weight.REFUSAL: Colour.BAD}

Fact = tuple[Message, str]


def tell_view(output: Output, view: CouponView, *, with_customer: bool) -> None:
    """Everything that is known of one coupon now."""
    _verdict(output, view)
    facts = [
        *(_customer(output, view) if with_customer else []),
        *_discount(output, view),
        *_record(output, view),
        *_orders(output, view),
    ]
    output.line()
    output.table(tuple((Cell(output.words(name), Colour.FAINT), value) for name, value in facts))
    output.line()
    _points(output, view)
    tell_history(output, view.timeline)


def _verdict(output: Output, view: CouponView) -> None:
    verdict = view.verdict
    output.line(f"{view.code}  {output.words(verdict.status.label)}", Colour.BOLD)
    if not verdict.may_cancel:
        output.say(msg("May not be cancelled:"), Colour.BAD)
    elif verdict.needs_approval:
        output.say(msg("May be cancelled when a second person approves."), Colour.WARNING)
    else:
        output.say(msg("May be cancelled: {points} points go back.", points=int(verdict.points_to_return)), Colour.GOOD)
    for message, weight in dict.fromkeys((finding.message, finding.weight) for finding in verdict.findings):
        output.say(msg("– {why}", why=message), _WEIGHT_COLOURS[weight])


def _customer(output: Output, view: CouponView) -> list[Fact]:
    if not view.customer_id:
        return []
    words = f"{view.customer_name}  {view.customer_id.rsplit('/', 1)[-1]}"
    told = [(msg("Customer"), words)]
    told.append((msg("E-mail"), view.email_masked or output.words(msg("none; nobody is told by e-mail"))))
    return told


def _discount(output: Output, view: CouponView) -> list[Fact]:
    name, seen = msg("Shopify"), view.evidence.discount
    if not isinstance(seen, DiscountSeen):
        return [(name, _silence(output, seen))]
    worth = write(Amount(seen.amount, seen.currency), output.language) if seen.amount is not None and seen.currency else ""
    dates = f"{when(output, seen.starts_at)} – {when(output, seen.ends_at)}"
    used = output.words(msgn("used {count} time", "used {count} times", count=seen.usage_count))
    return [(name, "  ".join(part for part in (output.words(DISCOUNT_WORDS[seen.state]), worth, used, dates) if part))]


def _record(output: Output, view: CouponView) -> list[Fact]:
    name, seen = msg("Customer's record"), view.evidence.record
    if not isinstance(seen, RecordSeen):
        return [(name, _silence(output, seen))]
    if seen.entry is None:
        return [(name, output.words(msg("no entry for this coupon")))]
    entry = seen.entry
    told = [output.words(RECORD_WORDS[entry.status])]
    for label, at in (
        (msg("used {at}", at=entry.used_at), entry.used_at),
        (msg("cancelled {at}", at=entry.cancelled_at), entry.cancelled_at),
    ):
        if at is not None:
            told.append(output.words(label))
    if entry.claim is not None:
        told.append(output.words(msg("being cancelled by {by}", by=entry.claim.by)))
    return [(name, "  ".join(told))]


def _orders(output: Output, view: CouponView) -> list[Fact]:
    name, seen = msg("Orders"), view.evidence.orders
    if not isinstance(seen, OrdersSeen):
        return [(name, _silence(output, seen))]
    if not seen.orders:
        return [(name, output.words(msg("none bears this code")))]
    return [
        (
            name,
            output.words(
                msg(
                    "{order} of {at}, cancelled {cancelled_at}",
                    order=order.name,
                    at=order.created_at,
                    cancelled_at=order.cancelled_at,
                )
                if order.cancelled_at
                else msg("{order} of {at}", order=order.name, at=order.created_at)
            ),
        )
        for order in seen.orders
    ]


def _points(output: Output, view: CouponView) -> None:
    history = view.evidence.history
    if not isinstance(history, HistorySeen):
        output.table(((Cell(output.words(msg("Points")), Colour.FAINT), _silence(output, history)),))
        return
    output.say(msg("Points: balance {balance}", balance=history.balance), Colour.BOLD)
    if view.points_expire_on is not None:
        output.say(msg("Points that are returned now can be used until {day}.", day=view.points_expire_on))
    rows = tuple(_entry_row(output, view, entry) for entry in view.entries)
    heads = (msg("When"), msg("Points"), msg("Balance"), msg("What"), msg("Reference"), msg("This coupon"))
    output.table(rows, heads, right=frozenset({1, 2}))


def _entry_row(output: Output, view: CouponView, entry: PointEntry) -> Row:
    sign = "+" if entry.points > 0 else ""
    is_ours = entry.reference == view.code.reference
    role = output.words(msg("conversion → coupon") if entry.is_conversion else msg("return ← coupon")) if is_ours else ""
    colour = Colour.BOLD if is_ours else Colour.PLAIN
    return (
        when(output, entry.created_at),
        Cell(sign + write(entry.points, output.language), colour),
        "" if entry.balance is None else write(entry.balance, output.language),
        entry.reason,
        Cell(entry.reference or "", colour),
        role,
    )


def tell_history(output: Output, events: tuple[TimelineEvent, ...]) -> None:
    """A life, one line an event; what another source contradicts bears a mark."""
    if not events:
        return
    output.line()
    output.say(msg("What happened"), Colour.BOLD)
    heads = (msg("When"), msg("Event"), msg("What"), msg("Who"), msg("Approved by"), msg("Reference"))
    output.table(
        tuple(
            (
                when(output, event.at),
                output.words(event.kind.label) + (" ≠" if event.is_doubtful else ""),
                output.words(event.what) + (f" {event.note}" if event.note else ""),
                event.who or "",
                event.approver or "",
                event.reference,
            )
            for event in events
        ),
        heads,
    )


def _silence(output: Output, seen: Absent | NotAnswered) -> str:
    if isinstance(seen, NotAnswered):
        return output.words(msg("did not answer: {why}", why=seen.why))
    return output.words(msg("not known there"))
