"""May this coupon be cancelled, and why not: one pure function from evidence to a verdict with *all* findings.

The rules are the table in DESIGN.md, row by row. Our own trail and record are read before Shopify's status, because a coupon
that we deactivated reads EXPIRED there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from coupon_desk.coupons.contacts import is_same_person
from coupon_desk.coupons.evidence import (
    Absent,
    DiscountSeen,
    DiscountState,
    Evidence,
    Held,
    HistorySeen,
    NotAnswered,
    OrderSeen,
    OrdersSeen,
    RecordSeen,
    RecordStatus,
)
from coupon_desk.coupons.order_refund import Proposal, bears, is_not_refunded, propose
from coupon_desk.coupons.points import PointEntry, Points
from coupon_desk.coupons.status import CouponStatus
from coupon_desk.words import Message, msg


class Rule(StrEnum):
    """The stable name of each finding, for scripts and for the trail."""

    USED = "used"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    BEING_CANCELLED = "being_cancelled"
    ALREADY_RETURNED = "already_returned"
    NO_CONVERSION = "no_conversion"
    POINTS_DIFFER = "points_differ"
    SEVERAL_CODES = "several_codes"
    NOT_FOUND = "not_found"
    NOT_ANSWERED = "not_answered"
    UNKNOWN_AT_POS = "unknown_at_pos"
    NO_RECORD = "no_record"
    OTHER_CUSTOMER = "other_customer"
    NOT_RESTRICTED = "not_restricted"
    OWN_COUPON = "own_coupon"
    SCHEDULED = "scheduled"
    USED_MEANWHILE = "used_meanwhile"
    NEVER_USED = "never_used"
    ORDER_NOT_FOUND = "order_not_found"
    ORDER_NOT_CANCELLED = "order_not_cancelled"
    ORDER_WITHOUT_CODE = "order_without_code"
    ORDER_OF_OTHER_CUSTOMER = "order_of_other_customer"
    USED_ELSEWHERE = "used_elsewhere"
    NOT_REFUNDED = "not_refunded"
    NOTHING_TO_REFUND = "nothing_to_refund"
    WITHHELD = "withheld"
    NOT_WITHHELD = "not_withheld"
    CONFIRMED_FRAUD = "confirmed_fraud"
    REVIVED = "revived"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"
    REMOTE_REFUSED = "remote_refused"
    TAKEN_OVER = "taken_over"
    OVER_LIMIT = "over_limit"
    APPROVAL_EXPIRED = "approval_expired"


class Weight(StrEnum):
    """What a finding does to the cancellation."""

    NOTE = "note"
    APPROVAL = "approval"
    REFUSAL = "refusal"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found, its weight, and what a person is told about it."""

    rule: Rule
    weight: Weight
    message: Message


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings on one coupon, its status, and the points that a cancellation returns."""

    status: CouponStatus
    findings: tuple[Finding, ...]
    points_to_return: Points

    @property
    def may_cancel(self) -> bool:
        """Nothing refuses it (a second person may still be needed)."""
        return not self.refusals

    @property
    def needs_approval(self) -> bool:
        """A second person has to look first."""
        return any(finding.weight is Weight.APPROVAL for finding in self.findings)

    @property
    def refusals(self) -> tuple[Finding, ...]:
        """Every finding that refuses the cancellation, the weightiest proof first."""
        return tuple(finding for finding in self.findings if finding.weight is Weight.REFUSAL)

    def has(self, rule: Rule) -> bool:
        """Whether this rule found something."""
        return any(finding.rule is rule for finding in self.findings)


def judge(evidence: Evidence, *, returns_points: bool = True) -> Verdict:
    """The verdict on a cancellation. Total: any evidence gives a verdict, and doubt refuses.

    Without points to return (suspected fraud) the point history has no say.
    """
    rules = [_work, _taking_over, _use, _end, _sources, _customer, *([_points] if returns_points else [])]
    seen = evidence if returns_points else replace(evidence, history=Absent())
    findings = tuple(finding for rule in rules for finding in rule(seen))
    return Verdict(_status(findings), findings, points_to_return(evidence) if returns_points else Points(0))


def judge_order_refund(evidence: Evidence, order: OrderSeen | Absent | NotAnswered) -> Verdict:
    """The verdict on giving points for a used coupon whose order was cancelled: a second person always looks.

    The points are the order's part of what was deducted (see `order_refund`). Whatever was returned before refuses: a second
    return under one reference could not be told from a first one that was sent twice.
    """
    proposal = proposal_for(evidence, order)
    findings = [
        finding
        for rule in (_work, _taking_over, _sources, _customer)
        for finding in rule(evidence)
        if finding.rule not in {Rule.NOT_FOUND, Rule.NOT_RESTRICTED, Rule.SEVERAL_CODES}
    ]
    findings.extend(_points(evidence, proposal.share if proposal else points_to_return(evidence)))
    findings.extend(_order(evidence, order, proposal))
    findings.append(_ask(Rule.USED, msg("Returning points for a used coupon always needs a second person.")))
    before = _returned_before(evidence, proposal.share) if proposal else None
    points = Points(before.points) if before else proposal.share if proposal else points_to_return(evidence)
    return Verdict(CouponStatus.USED, tuple(findings), points)


def proposal_for(evidence: Evidence, order: OrderSeen | Absent | NotAnswered) -> Proposal | None:
    """What a cancelled order gives back for the coupon; None where the order, or what was paid for it, is not known."""
    if not isinstance(order, OrderSeen) or order.payment is None or order.cancelled_at is None:
        return None
    history = evidence.history
    before = sum(entry.points for entry in history.returns) if isinstance(history, HistorySeen) else 0
    return propose(order, order.payment, points_to_return(evidence), before)


def points_to_return(evidence: Evidence) -> Points:
    """What was deducted for this coupon, never more; the code's own number only where no conversion is known."""
    history = evidence.history
    if isinstance(history, HistorySeen) and history.conversions:
        return Points(-max(entry.points for entry in history.conversions))
    return evidence.code.points


def is_used(evidence: Evidence) -> bool:
    """Whether any source proves use: a usage count above 0, an order that bears the code, the record."""
    discount, record, orders = evidence.discount, evidence.record, evidence.orders
    return (
        (isinstance(discount, DiscountSeen) and discount.usage_count > 0)
        or (isinstance(orders, OrdersSeen) and bool(orders.orders))
        or (
            isinstance(record, RecordSeen)
            and record.entry is not None
            and (record.entry.status is RecordStatus.USED or record.entry.used_at is not None)
        )
    )


def _order(evidence: Evidence, order: OrderSeen | Absent | NotAnswered, proposal: Proposal | None) -> Iterator[Finding]:
    """What the order itself says against giving points for it, and what a second person has to know of it."""
    if not is_used(evidence) and not (isinstance(order, OrderSeen) and bears(order, evidence.code)):
        yield _no(Rule.NEVER_USED, msg("This coupon was not used: cancel it instead."))
    if isinstance(order, NotAnswered):
        yield _no(Rule.NOT_ANSWERED, msg("The order could not be read: {why}", why=order.why))
        return
    if isinstance(order, Absent):
        yield _no(Rule.ORDER_NOT_FOUND, msg("The order was not found in Shopify."))
        return
    customer = evidence.customer
    if order.cancelled_at is None:
        yield _no(Rule.ORDER_NOT_CANCELLED, msg("Order {order} was not cancelled.", order=order.name))
    if not bears(order, evidence.code):
        yield _no(Rule.ORDER_WITHOUT_CODE, msg("Order {order} did not use this code.", order=order.name))
    if any(other.id != order.id and other.cancelled_at is None for other in _orders(evidence)):
        yield _no(Rule.USED_ELSEWHERE, msg("The code was also used in an order that was not cancelled."))
    if order.customer_id is None:
        yield _ask(Rule.ORDER_OF_OTHER_CUSTOMER, msg("Shopify does not say whose order {order} is.", order=order.name))
    elif customer and order.customer_id != customer.id:
        yield _no(Rule.ORDER_OF_OTHER_CUSTOMER, msg("Order {order} belongs to another customer.", order=order.name))
    if order.payment is None:
        yield _no(Rule.NOT_ANSWERED, msg("Shopify does not say what was paid for order {order}.", order=order.name))
    elif is_not_refunded(order.payment):
        yield _ask(
            Rule.NOT_REFUNDED,
            msg("Order {order} was cancelled, but its money was not refunded in Shopify.", order=order.name),
        )
    if proposal is not None and proposal.share == 0:
        yield _no(
            Rule.NOTHING_TO_REFUND,
            msg("So little of order {order} was refunded that no whole point goes back.", order=order.name),
        )


def held_message(held: Held) -> Message:
    """What a person is told about a claim in the central database."""
    return msg("Being cancelled by {by} at desk {desk} since {at}.", by=held.by, desk=held.desk, at=held.at)


def _work(evidence: Evidence) -> Iterator[Finding]:
    """Cancelled before, or being cancelled by somebody: our trail first, then the customer's record."""
    own, record = evidence.own, evidence.record
    entry = record.entry if isinstance(record, RecordSeen) else None
    if (own and own.cancelled) or (entry and entry.status is RecordStatus.CANCELLED):
        at = own.at if own and own.cancelled else entry.cancelled_at if entry else None
        yield _no(
            Rule.CANCELLED,
            msg("Already cancelled on {at}.", at=at) if at else msg("Already cancelled."),
        )
    elif (own and own.refunded) or (entry and entry.refunded_at):
        yield _no(Rule.ALREADY_RETURNED, msg("Points were already returned for the cancelled order."))
    elif own:
        yield _no(Rule.BEING_CANCELLED, msg("Being cancelled by {by} since {at}.", by=own.by, at=own.at))
    elif entry and entry.claim and entry.claim.operation != evidence.taking_over:
        yield _no(
            Rule.BEING_CANCELLED,
            msg("Being cancelled by {by} since {at}.", by=entry.claim.by, at=entry.claim.at),
        )
    elif evidence.held and evidence.held.operation != evidence.taking_over:
        yield _no(Rule.BEING_CANCELLED, held_message(evidence.held))


def _taking_over(evidence: Evidence) -> Iterator[Finding]:
    """Nothing proves that a desk is gone for good: a second person says so, and everything is looked up."""
    if evidence.taking_over is not None:
        yield _ask(Rule.TAKEN_OVER, msg("Another desk began this and is said to be gone for good."))


def _use(evidence: Evidence) -> Iterator[Finding]:
    if not is_used(evidence):
        return
    orders = _orders(evidence)
    cancelled = next((order for order in orders if order.cancelled_at), None)
    if _is_held_by_the_other_desk(evidence):
        yield _ask(Rule.USED, msg("Already used: no points are returned, only the other desk's work on it is ended."))
    elif cancelled:
        yield _no(
            Rule.USED,
            msg(
                "Already used, in order {order}, which was cancelled. Use “Refund for a cancelled order…”.",
                order=cancelled.name,
            ),
        )
    elif orders:
        yield _no(Rule.USED, msg("Already used, in order {order}.", order=orders[0].name))
    else:
        yield _no(Rule.USED, msg("Already used. If its order was cancelled, use “Refund for a cancelled order…”."))


def _end(evidence: Evidence) -> Iterator[Finding]:
    """Expired by itself: only where nobody cancelled or is cancelling, for then the end is ours."""
    discount = evidence.discount
    if not isinstance(discount, DiscountSeen) or _is_our_work(evidence):
        return
    if discount.state is DiscountState.EXPIRED:
        yield _no(
            Rule.EXPIRED,
            msg("Already expired on {at}.", at=discount.ends_at) if discount.ends_at else msg("Already expired."),
        )
    elif discount.state is DiscountState.SCHEDULED:
        yield Finding(Rule.SCHEDULED, Weight.NOTE, msg("Not valid before {at}.", at=discount.starts_at))


def _sources(evidence: Evidence) -> Iterator[Finding]:
    still_needed = not _is_our_work(evidence) or (evidence.taking_over is not None and _returned_before(evidence) is None)
    if isinstance(evidence.discount, Absent) and still_needed and _has_mark_of_the_other_desk(evidence):
        yield _ask(
            Rule.NOT_FOUND,
            msg("The code is gone from Shopify, as when the other desk removed it: only orders can tell whether it was used."),
        )
    elif isinstance(evidence.discount, Absent) and still_needed:
        yield _no(Rule.NOT_FOUND, msg("Not found in Shopify: what became of it is unknown."))
    for answer in (evidence.discount, evidence.record, evidence.orders, evidence.history):
        if isinstance(answer, NotAnswered):
            yield _no(Rule.NOT_ANSWERED, msg("Cannot be proved unused now: {why}", why=answer.why))


def _has_mark_of_the_other_desk(evidence: Evidence) -> bool:
    """Whether the operation that is taken over got as far as its mark in the record, and so may have removed the code."""
    entry = evidence.record.entry if isinstance(evidence.record, RecordSeen) else None
    return (
        evidence.taking_over is not None
        and entry is not None
        and entry.claim is not None
        and entry.claim.operation == evidence.taking_over
    )


def _is_held_by_the_other_desk(evidence: Evidence) -> bool:
    """Whether that operation holds the coupon, by its mark or in the central database; used or not, it has to let go."""
    held = evidence.held
    return _has_mark_of_the_other_desk(evidence) or (held is not None and held.operation == evidence.taking_over)


def _customer(evidence: Evidence) -> Iterator[Finding]:
    record, discount, customer = evidence.record, evidence.discount, evidence.customer
    if isinstance(record, Absent):
        yield _no(Rule.NO_RECORD, msg("The customer of this coupon was not found in Shopify."))
    elif isinstance(record, RecordSeen) and record.entry is None:
        yield _ask(Rule.NO_RECORD, msg("The customer's record does not know this coupon."))
    if customer and not evidence.code.belongs_to(customer.id):
        yield _no(Rule.OTHER_CUSTOMER, msg("The code belongs to another customer's id."))
    if isinstance(discount, DiscountSeen):
        if not discount.customer_ids:
            yield _ask(Rule.NOT_RESTRICTED, msg("Anybody could use this code: it is not restricted to the customer."))
        elif customer and discount.customer_ids != (customer.id,):
            yield _ask(Rule.NOT_RESTRICTED, msg("The code is open to customers other than this one."))
        if not discount.bears_only_this_code:
            yield Finding(
                Rule.SEVERAL_CODES,
                Weight.NOTE,
                msg("The discount holds {count} codes: only this one is removed.", count=discount.codes_count),
            )
    if customer and is_same_person((customer.email, customer.phone), evidence.operator_contacts):
        yield _ask(Rule.OWN_COUPON, msg("This is the operator's own coupon."))


def _points(evidence: Evidence, share: Points | None = None) -> Iterator[Finding]:
    """What the point history says; `share` is what an order's refund gives, None for a cancellation."""
    history, code = evidence.history, evidence.code
    if isinstance(history, Absent):
        yield _no(Rule.UNKNOWN_AT_POS, msg("The point system does not know this customer."))
    elif isinstance(history, HistorySeen):
        if not history.complete:
            yield _no(Rule.NOT_ANSWERED, msg("Cannot be proved unused now: the point history could not be read to its end."))
        if history.returns and _returned_before(evidence, share) is not None:
            yield Finding(
                Rule.TAKEN_OVER,
                Weight.NOTE,
                msg("The other desk has returned the points. None are returned again; the rest is finished."),
            )
        elif history.returns:
            yield _no(Rule.ALREADY_RETURNED, _already_returned(history.returns, share))
        if not history.conversions:
            yield _ask(Rule.NO_CONVERSION, msg("The point history shows no conversion for this coupon."))
        elif any(-entry.points != code.points for entry in history.conversions):
            yield _ask(Rule.POINTS_DIFFER, _points_differ(points_to_return(evidence), code.points, share))


def _points_differ(deducted: Points, points: Points, share: Points | None) -> Message:
    if share is not None:
        return msg(
            "{deducted} points were deducted, but the code says {points}. What was deducted counts.",
            deducted=deducted,
            points=points,
        )
    return msg(
        "{deducted} points were deducted, but the code says {points}. What was deducted is returned.",
        deducted=deducted,
        points=points,
    )


def _already_returned(returns: tuple[PointEntry, ...], share: Points | None) -> Message:
    """Returned before: all of it, or less than an order's refund would give, which a person has to settle by hand."""
    first, total = returns[-1], sum(entry.points for entry in returns)
    if share is None or total >= share:
        return msg("Points were already returned: {points} on {at}.", points=total, at=first.created_at)
    return msg(
        "{points} points were already returned, on {at}. The other {rest} are not added here, as a second return for one "
        "coupon cannot be told from a double one: add them in the point system.",
        points=total,
        at=first.created_at,
        rest=share - total,
    )


def _returned_before(evidence: Evidence, share: Points | None = None) -> PointEntry | None:
    """The return that the desk whose work is taken over has made: the only one, and of the right size.

    For an order's refund (`share`) any size up to it: more money may have been refunded since.
    """
    history = evidence.history
    if evidence.taking_over is None or not isinstance(history, HistorySeen) or len(history.returns) != 1:
        return None
    returned = history.returns[0].points
    fits = returned == points_to_return(evidence) if share is None else returned <= share
    return history.returns[0] if fits else None


def _orders(evidence: Evidence) -> tuple[OrderSeen, ...]:
    return evidence.orders.orders if isinstance(evidence.orders, OrdersSeen) else ()


def _is_our_work(evidence: Evidence) -> bool:
    record = evidence.record
    entry = record.entry if isinstance(record, RecordSeen) else None
    return (evidence.own is not None and not evidence.own.refunded) or (
        entry is not None and (entry.claim is not None or entry.status is RecordStatus.CANCELLED)
    )


def _status(findings: tuple[Finding, ...]) -> CouponStatus:
    rules = {finding.rule for finding in findings}
    for rule, status in (
        (Rule.CANCELLED, CouponStatus.CANCELLED),
        (Rule.BEING_CANCELLED, CouponStatus.CANCELLING),
        (Rule.TAKEN_OVER, CouponStatus.CANCELLING),
        (Rule.USED, CouponStatus.USED),
        (Rule.EXPIRED, CouponStatus.EXPIRED),
        (Rule.NOT_FOUND, CouponStatus.NEEDS_ATTENTION),
        (Rule.SCHEDULED, CouponStatus.SCHEDULED),
    ):
        if rule in rules:
            return status
    return CouponStatus.UNUSED


def _no(rule: Rule, message: Message) -> Finding:
    return Finding(rule, Weight.REFUSAL, message)


def _ask(rule: Rule, message: Message) -> Finding:
    return Finding(rule, Weight.APPROVAL, message)
