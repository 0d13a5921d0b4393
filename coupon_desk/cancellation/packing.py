"""What the trail keeps of an operation, as plain JSON: how requests, findings and discounts are packed and unpacked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import msgspec

from coupon_desk.cancellation.operation import CancelRequest, Operator, Rules
from coupon_desk.coupons.eligibility import Finding, Rule, Weight
from coupon_desk.coupons.evidence import Absent, DiscountSeen, NotAnswered, OrderSeen
from coupon_desk.coupons.order_refund import Proposal
from coupon_desk.coupons.points import Points
from coupon_desk.wire import PreparedRequest
from coupon_desk.words import Language, Message, pack, unpack


def opening(
    request: CancelRequest,
    operator: Operator,
    rules: Rules,
    *,
    key: str,
    language: Language,
    approval_needed: tuple[Message, ...],
) -> dict[str, Any]:
    """The body of the entry that opens an operation."""
    return {
        "code": request.code.text,
        "kind": request.kind.value,
        "reason": request.reason.value,
        "note": request.note,
        "order": request.order,
        "takes_over": request.takes_over,
        "releases": request.releases,
        "bulk": request.bulk,
        "operator": {"login": operator.login, "name": operator.name, "role": operator.role},
        "rules": {
            "settle_seconds": str(rules.settle_seconds),
            "retire": rules.retire,
            "recheck_minutes": list(rules.recheck_minutes),
        },
        "key": key,
        "language": language.value,
        "approval_needed": [pack(message) for message in approval_needed],
    }


def pack_findings(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings as plain JSON."""
    return [
        {"rule": finding.rule.value, "weight": finding.weight.value, "message": pack(finding.message)} for finding in findings
    ]


def pack_request(prepared: PreparedRequest) -> dict[str, Any]:
    """A prepared request as plain JSON, its body byte for byte."""
    packed: dict[str, Any] = msgspec.to_builtins(prepared)
    return packed


def pack_request_without_text(prepared: PreparedRequest) -> dict[str, Any]:
    """A prepared request by the hash of its body: what it says is the customer's, not ours to keep."""
    digest = hashlib.sha256(prepared.body.encode()).hexdigest()
    return {**pack_request(replace(prepared, body="")), "body_sha256": digest}


def pack_discount(discount: DiscountSeen) -> dict[str, Any]:
    """A discount as it was seen, so that its dates can be put back."""
    packed: dict[str, Any] = msgspec.to_builtins(replace(discount, title=""))  # titles name customers
    return packed


def pack_order(order: OrderSeen | Absent | NotAnswered | None) -> dict[str, Any] | None:
    """What Shopify said of the order of a refund: every fact the proposal rests on."""
    match order:
        case OrderSeen():
            packed: dict[str, Any] = msgspec.to_builtins(order)
            return packed
        case NotAnswered():
            return {"not_answered": pack(order.why)}
        case Absent():
            return {"absent": True}
        case None:
            return None


def pack_proposal(proposal: Proposal | None) -> dict[str, Any] | None:
    """What is proposed for a coupon of a cancelled order, with its figures."""
    if proposal is None:
        return None
    return {
        "deducted": proposal.deducted,
        "share": proposal.share,
        "returned_before": proposal.returned_before,
        "proposed": proposal.proposed,
        "why": pack(proposal.why),
    }


def unpack_proposal(packed: dict[str, Any] | None) -> Proposal | None:
    """The proposal that `pack_proposal` wrote."""
    if packed is None:
        return None
    return Proposal(
        Points(packed["deducted"]),
        Points(packed["share"]),
        packed["returned_before"],
        Points(packed["proposed"]),
        unpack(packed["why"]),
    )


def unpack_findings(packed: list[dict[str, Any]]) -> tuple[Finding, ...]:
    """The findings that `pack_findings` wrote."""
    return tuple(Finding(Rule(one["rule"]), Weight(one["weight"]), unpack(one["message"])) for one in packed)
