"""Step 1, verify: decide on fresh evidence from all remote systems whether the coupon may be cancelled."""

from __future__ import annotations

from coupon_desk.cancellation.gathering import pack_evidence
from coupon_desk.cancellation.operation import OperationKind, StepName
from coupon_desk.cancellation.packing import pack_discount, pack_findings
from coupon_desk.cancellation.patience import pause
from coupon_desk.cancellation.work import Work
from coupon_desk.coupons.eligibility import Rule, Verdict, Weight, judge, judge_order_refund
from coupon_desk.coupons.evidence import (
    Absent,
    DiscountSeen,
    Evidence,
    HistorySeen,
    NotAnswered,
    OrderSeen,
    RecordSeen,
    Source,
)
from coupon_desk.errors import RemoteError, RemoteUnavailable
from coupon_desk.words import Language, Message, msg


def verify(work: Work) -> None:
    """Decide on fresh evidence from all remote systems whether the coupon may be cancelled."""
    operation, systems = work.operation, work.systems
    evidence = systems.gatherer.gather(
        operation.code,
        own=systems.own_work(operation.code, operation.id),
        operator_contacts=(
            *systems.contacts_of(operation.operator.login),
            *(systems.contacts_of(operation.approved_by) if operation.approved_by else ()),
        ),
        taking_over=operation.request.takes_over,
    )
    verdict = _judge(work, evidence)
    packed = pack_evidence(evidence)
    only_silence = {finding.rule for finding in verdict.refusals} == {Rule.NOT_ANSWERED}
    if only_silence and evidence.silence_will_pass:
        work.postponed(StepName.VERIFY, verdict.refusals[0].message, work.now + pause(work.step(StepName.VERIFY).attempts))
        return
    if not verdict.may_cancel:
        work.refused(StepName.VERIFY, verdict.refusals, verdict.refusals[0].message, evidence=packed)
        return
    doubts = [finding for finding in verdict.findings if finding.weight is Weight.APPROVAL]
    rules = {finding.rule for finding in doubts}
    approved = (
        operation.approved_by is not None
        and rules <= work.story.approved_rules
        and verdict.points_to_return <= work.story.approved_points
    )
    if (operation.approval_needed or doubts) and not approved:
        why = dict.fromkeys((*operation.approval_needed, *(finding.message for finding in doubts)))
        work.approval_needed(why, rules, verdict.points_to_return)
        return
    if isinstance(evidence.record, RecordSeen):
        work.record, work.record_is_fresh = evidence.record, True
    customer, discount = evidence.customer, evidence.discount
    work.done(
        StepName.VERIFY,
        _verified(operation.kind),
        {
            "evidence": packed,
            "findings": pack_findings(verdict.findings),
            "discount": pack_discount(discount) if isinstance(discount, DiscountSeen) else None,
            "customer_id": customer.id if customer else None,
            "pos_customer_id": customer.pos_customer_id if customer else None,
            "points_to_return": verdict.points_to_return,
            "balance": evidence.history.balance if isinstance(evidence.history, HistorySeen) else None,
            "language": Language.of(customer.locale if customer else None, systems.shop_language).value,
        },
    )


def _judge(work: Work, evidence: Evidence) -> Verdict:
    request = work.operation.request
    if request.kind is OperationKind.ORDER_REFUND:
        return judge_order_refund(evidence, _read_order(work, request.order))
    return judge(evidence, returns_points=request.kind is OperationKind.CANCEL)


def _read_order(work: Work, order: str | None) -> OrderSeen | Absent | NotAnswered:
    if not order:
        return Absent()
    try:
        return work.systems.shop.read_order(order)
    except RemoteError as silent:
        return NotAnswered(Source.ORDERS, silent.what, will_pass=isinstance(silent, RemoteUnavailable))


def _verified(kind: OperationKind) -> Message:
    if kind is OperationKind.ORDER_REFUND:
        return msg("The order used this coupon and was cancelled.")
    return msg("Unused, by every source.")
