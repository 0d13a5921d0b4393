"""Step 1, verify: decide on fresh evidence from all remote systems whether the coupon may be cancelled."""

from __future__ import annotations

from typing import Final

from coupon_desk.cancellation.counting import count
from coupon_desk.cancellation.gathering import pack_evidence
from coupon_desk.cancellation.operation import OperationKind, StepName
from coupon_desk.cancellation.packing import pack_discount, pack_findings, pack_order, pack_proposal
from coupon_desk.cancellation.patience import pause
from coupon_desk.cancellation.work import Work
from coupon_desk.clock import to_text
from coupon_desk.coupons.contacts import is_same_person
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
from coupon_desk.coupons.order_refund import Proposal
from coupon_desk.coupons.release import judge_release
from coupon_desk.errors import RemoteError, RemoteUnavailable
from coupon_desk.words import Language, Message, msg

_LOOKED_AT_TWICE: Final = frozenset({OperationKind.CANCEL, OperationKind.INVALIDATE})
"""Every source is read once more after the code was switched off."""


def verify(work: Work) -> None:
    """Decide on fresh evidence from all remote systems whether the coupon may be cancelled."""
    operation, systems = work.operation, work.systems
    evidence = _evidence(work)
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
    customer, discount = evidence.customer, evidence.discount
    counted = count(work, customer.id if customer else "", verdict.points_to_return)
    if counted is None:
        return
    findings = (*verdict.findings, *counted.findings)
    doubts = [finding for finding in findings if finding.weight is Weight.APPROVAL]
    rules = {finding.rule for finding in doubts}
    voided = _why_approval_is_void(work, evidence)
    approved = (
        operation.approved_by is not None
        and not voided
        and rules <= work.story.approved_rules
        and verdict.points_to_return <= work.story.approved_points
    )
    counting = {"counted_at": to_text(counted.at), "is_counted_alone": counted.is_alone}
    reasons = work.story.reasons
    if (reasons or doubts) and not approved:
        figures = (proposal.why,) if proposal is not None else ()
        why = dict.fromkeys((*figures, *reasons, *(finding.message for finding in doubts), *voided))
        customer_id = customer.id if customer else None
        work.approval_needed(why, rules, verdict.points_to_return, customer_id=customer_id, **counting, **of_order)
        return
    if isinstance(evidence.record, RecordSeen):
        work.record, work.record_is_fresh = evidence.record, True
    work.done(
        StepName.VERIFY,
        _verified(proposal, operation.kind, counted.silence),
        {
            **counting,
            "evidence": packed,
            **of_order,
            "findings": pack_findings(findings),
            "discount": pack_discount(discount) if isinstance(discount, DiscountSeen) else None,
            "customer_id": customer.id if customer else None,
            "pos_customer_id": customer.pos_customer_id if customer else None,
            "points_to_return": verdict.points_to_return,
            "balance": evidence.history.balance if isinstance(evidence.history, HistorySeen) else None,
            "language": Language.of(customer.locale if customer else None, systems.shop_language).value,
        },
    )


def _evidence(work: Work) -> Evidence:
    """What was shown a moment ago, where it plainly lets the coupon be cancelled; otherwise every source is asked.

    Not for what a second person approved, and not where the second look is at the record alone.
    """
    operation, systems = work.operation, work.systems
    own = systems.own_work(operation.code, operation.id)
    contacts = systems.contacts_of(operation.operator.login)
    is_first = work.step(StepName.VERIFY).attempts == 0 and operation.approved_by is None
    if is_first and operation.kind in _LOOKED_AT_TWICE and operation.request.takes_over is None:
        seen = systems.gatherer.just_seen(operation.code, own=own, operator_contacts=contacts)
        if seen is not None:
            verdict = _judge(work, seen, None)
            if verdict.may_cancel and not any(finding.weight is Weight.APPROVAL for finding in verdict.findings):
                return seen
    return systems.gatherer.gather(
        operation.code, own=own, operator_contacts=contacts, taking_over=operation.request.takes_over
    )


def _judge(work: Work, evidence: Evidence, order: OrderSeen | Absent | NotAnswered | None) -> Verdict:
    if order is not None:
        return judge_order_refund(evidence, order)
    if work.operation.kind is OperationKind.RELEASE:
        return judge_release(evidence)
    return judge(evidence, returns_points=work.operation.kind is OperationKind.CANCEL)


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


def _why_approval_is_void(work: Work, evidence: Evidence) -> tuple[Message, ...]:
    """Neither the customer nor who suspected them is a second person. It is asked before, too; here it is seen by evidence."""
    approver, customer = work.operation.approved_by, evidence.customer
    if approver is None:
        return ()
    if evidence.own is not None and evidence.own.withheld is not None and evidence.own.withheld.by == approver:
        return (
            msg("{by} approved it, and withheld the points on their own suspicion: somebody else has to look.", by=approver),
        )
    if customer and is_same_person((customer.email, customer.phone), work.systems.contacts_of(approver)):
        return (msg("{by} approved it and is the customer: somebody else has to look.", by=approver),)
    return ()


def _verified(proposal: Proposal | None, kind: OperationKind, silence: Message | None) -> Message:
    if proposal is not None:
        checked = proposal.why
    elif kind is OperationKind.RELEASE:
        checked = msg("Invalidated by us without points, and unused by every source.")
    else:
        checked = msg("Unused, by every source.")
    if silence is not None:
        return msg("{checked} Limits were counted at this desk alone: {why}", checked=checked, why=silence)
    return checked
