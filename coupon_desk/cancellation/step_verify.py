"""Step 1, verify: decide on fresh evidence from all remote systems whether the coupon may be cancelled."""

from __future__ import annotations

from coupon_desk.cancellation.gathering import pack_evidence
from coupon_desk.cancellation.operation import OperationKind, StepName
from coupon_desk.cancellation.packing import pack_discount, pack_findings, pack_order, pack_proposal
from coupon_desk.cancellation.patience import pause
from coupon_desk.cancellation.work import Work
from coupon_desk.coupons.eligibility import Rule, Verdict, Weight, judge, judge_order_refund, proposal_for
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
from coupon_desk.coupons.release import judge_release
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
    order = _order(work)
    verdict = _judge(work, evidence, order)
    proposal = proposal_for(evidence, order) if order is not None else None
    packed = pack_evidence(evidence)
    of_order = {"order": pack_order(order), "proposal": pack_proposal(proposal)} if order is not None else {}
    only_silence = {finding.rule for finding in verdict.refusals} == {Rule.NOT_ANSWERED}
    silences = (*evidence.silences, *((order,) if isinstance(order, NotAnswered) else ()))
    if only_silence and silences and all(silence.will_pass for silence in silences):
        work.postponed(StepName.VERIFY, verdict.refusals[0].message, work.now + pause(work.step(StepName.VERIFY).attempts))
        return
    if not verdict.may_cancel:
        work.refused(StepName.VERIFY, verdict.refusals, verdict.refusals[0].message, evidence=packed, **of_order)
        return
    doubts = [finding for finding in verdict.findings if finding.weight is Weight.APPROVAL]
    rules = {finding.rule for finding in doubts}
    approved = (
        operation.approved_by not in {None, _invalidated_by(evidence)}
        and rules <= work.story.approved_rules
        and verdict.points_to_return <= work.story.approved_points
    )
    if (operation.approval_needed or doubts) and not approved:
        told = (why for why in operation.approval_needed if operation.proposal is None or why != operation.proposal.why)
        figures = (proposal.why,) if proposal is not None else ()
        why = dict.fromkeys((*figures, *told, *(finding.message for finding in doubts)))
        work.approval_needed(why, rules, verdict.points_to_return, **of_order)
        return
    if isinstance(evidence.record, RecordSeen):
        work.record, work.record_is_fresh = evidence.record, True
    customer, discount = evidence.customer, evidence.discount
    work.done(
        StepName.VERIFY,
        proposal.why if proposal is not None else _verified(operation.kind),
        {
            "evidence": packed,
            **of_order,
            "findings": pack_findings(verdict.findings),
            "discount": pack_discount(discount) if isinstance(discount, DiscountSeen) else None,
            "customer_id": customer.id if customer else None,
            "pos_customer_id": customer.pos_customer_id if customer else None,
            "points_to_return": verdict.points_to_return,
            "balance": evidence.history.balance if isinstance(evidence.history, HistorySeen) else None,
            "language": Language.of(customer.locale if customer else None, systems.shop_language).value,
        },
    )


def _judge(work: Work, evidence: Evidence, order: OrderSeen | Absent | NotAnswered | None) -> Verdict:
    if order is not None:
        return judge_order_refund(evidence, order)
    if work.operation.kind is OperationKind.RELEASE:
        return judge_release(evidence)
    return judge(evidence, returns_points=work.operation.kind is OperationKind.CANCEL)


def _invalidated_by(evidence: Evidence) -> str | None:
    """Who suspected fraud: nobody looks at their own suspicion as the second person."""
    return evidence.own.withheld.by if evidence.own is not None and evidence.own.withheld is not None else None


def _verified(kind: OperationKind) -> Message:
    if kind is OperationKind.RELEASE:
        return msg("Invalidated by us without points, and unused by every source.")
    return msg("Unused, by every source.")


def _order(work: Work) -> OrderSeen | Absent | NotAnswered | None:
    """The order that a refund is for; None for what is no refund."""
    order = work.operation.request.order
    if work.operation.kind is not OperationKind.ORDER_REFUND:
        return None
    if not order:
        return Absent()
    try:
        return work.systems.shop.read_order(order)
    except RemoteError as silent:
        return NotAnswered(Source.ORDERS, silent.what, will_pass=isinstance(silent, RemoteUnavailable))
