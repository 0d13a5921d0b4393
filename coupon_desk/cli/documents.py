"""The JSON documents of the commands. Other people's programs read them: keys are added, never renamed or removed.

Moments are ISO 8601 in UTC, money is a decimal number as text, points are whole numbers, texts are in the caller's language.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from coupon_desk.clock import to_text
from coupon_desk.coupons.evidence import Absent, DiscountSeen, HistorySeen, NotAnswered, OrdersSeen, RecordSeen
from coupon_desk.errors import DeskError
from coupon_desk.words import Language, Message, say

if TYPE_CHECKING:
    from coupon_desk.app.view import CouponView
    from coupon_desk.cancellation.operation import Operation
    from coupon_desk.coupons.coupon import Coupon
    from coupon_desk.coupons.eligibility import Finding
    from coupon_desk.coupons.points import PointEntry
    from coupon_desk.people.operators import Operator
    from coupon_desk.trail.trail import Verification

Document = dict[str, Any]


def operation_document(operation: Operation, language: Language, receipt: str | None = None) -> Document:
    """One operation, as `cancel --json` prints it (INTERFACE.md §2), and what more is known of it."""
    return {
        "id": operation.id,
        "code": operation.code.text,
        "kind": operation.kind.value,
        "state": operation.state.value,
        "steps": [
            {
                "name": step.name.value,
                "state": step.state.value,
                "at": moment(step.at),
                "detail": _said(step.detail, language),
                "due_at": moment(step.due_at),
            }
            for step in operation.steps
        ],
        "refused": [{"rule": finding.rule.value, "message": say(finding.message, language)} for finding in operation.refused],
        "points_returned": int(operation.points_returned),
        "balance_after": operation.balance_after,
        "reference": operation.reference,
        "receipt": receipt,
        "balance_before": operation.balance_before,
        "reason": operation.request.reason.value,
        "note": operation.request.note,
        "order": operation.request.order,
        "operator": operation.operator.login,
        "approved_by": operation.approved_by,
        "approval_needed": [say(why, language) for why in operation.approval_needed],
        "attention": _said(operation.attention, language),
        "next_action": _said(operation.next_action, language),
        "opened_at": moment(operation.opened_at),
        "updated_at": moment(operation.updated_at),
        "ended_at": moment(operation.ended_at),
        "exit_status": int(operation.exit_status),
    }


def not_begun_document(typed: str, kind: str, rule: str, why: str, reference: str | None) -> Document:
    """A code for which nothing was begun, in the form of an operation."""
    return {
        "id": None,
        "code": typed,
        "kind": kind,
        "state": "refused",
        "steps": [],
        "refused": [{"rule": rule, "message": why}],
        "points_returned": 0,
        "balance_after": None,
        "reference": reference,
        "receipt": None,
    }


def coupon_document(coupon: Coupon, *, with_customer: bool) -> Document:
    """One row of the table; the customer only for those who may see customers."""
    return {
        "code": coupon.code.text,
        "status": coupon.status.value,
        "points": int(coupon.points),
        "amount": None if coupon.amount is None else str(coupon.amount),
        "currency": coupon.currency,
        "customer_id": coupon.customer_id if with_customer else None,
        "customer_name": coupon.customer_name if with_customer else None,
        "customer_email": coupon.customer_email if with_customer else None,
        "issued_at": moment(coupon.issued_at),
        "expires_at": moment(coupon.expires_at),
        "updated_at": moment(coupon.updated_at),
    }


def view_document(view: CouponView, language: Language, *, with_customer: bool) -> Document:
    """One coupon with its live evidence."""
    evidence, verdict = view.evidence, view.verdict
    return {
        "code": view.code.text,
        "status": verdict.status.value,
        "may_cancel": verdict.may_cancel,
        "needs_approval": verdict.needs_approval,
        "points_to_return": int(verdict.points_to_return),
        "findings": [finding_document(finding, language) for finding in verdict.findings],
        "reference": view.code.reference,
        "customer": {
            "id": view.customer_id,
            "name": view.customer_name,
            "email": view.email_masked,
            "pos_customer_id": evidence.customer.pos_customer_id if evidence.customer else None,
        }
        if with_customer
        else None,
        "discount": _discount(evidence.discount, language),
        "record": _record(evidence.record, language),
        "orders": _orders(evidence.orders, language),
        "points": {
            **_answered(evidence.history, language),
            "balance": view.balance_before,
            "balance_after": view.balance_after,
            "complete": evidence.history.complete if isinstance(evidence.history, HistorySeen) else False,
            "entries": [point_entry_document(entry) for entry in view.entries],
            "conversion": view.conversion.id if view.conversion else None,
            "return": view.returned.id if view.returned else None,
        },
        "own_work": {
            "operation": evidence.own.operation,
            "by": evidence.own.by,
            "at": moment(evidence.own.at),
            "cancelled": evidence.own.cancelled,
        }
        if evidence.own
        else None,
        "looked_at": moment(view.looked_at),
    }


def finding_document(finding: Finding, language: Language) -> Document:
    """One finding of a verdict."""
    return {"rule": finding.rule.value, "weight": finding.weight.value, "message": say(finding.message, language)}


def point_entry_document(entry: PointEntry) -> Document:
    """One line of a point history."""
    return {
        "id": entry.id,
        "type": entry.type.value,
        "points": entry.points,
        "reason": entry.reason,
        "reference": entry.reference,
        "created_at": moment(entry.created_at),
        "balance": entry.balance,
    }


def operator_document(operator: Operator) -> Document:
    """One operator; never the PIN."""
    return {
        "login": operator.login,
        "name": operator.name,
        "role": operator.role.value,
        "disabled": operator.disabled,
        "contacts": list(operator.contacts),
        "created_at": moment(operator.created_at),
    }


def verification_document(found: Verification) -> Document:
    """What verifying the trail found."""
    return {
        "intact": found.is_intact,
        "entries": found.checked,
        "head": {"sequence": found.head.sequence, "hash": found.head.hash},
        "bad": {"sequence": found.bad.sequence, "why": found.bad.why} if found.bad else None,
    }


def error_document(error: DeskError, language: Language, exit_status: int) -> Document:
    """What went wrong, in the same three parts as a person is told."""
    return {
        "what": say(error.what, language),
        "done": _said(error.done, language),
        "todo": _said(error.todo, language),
        "exit_status": exit_status,
    }


def moment(at: datetime | None) -> str | None:
    """A moment as it stands in a document."""
    return to_text(at) if at is not None else None


def _said(message: Message | None, language: Language) -> str | None:
    return say(message, language) if message is not None else None


def _answered(seen: object, language: Language) -> Document:
    match seen:
        case NotAnswered():
            return {"source": "not_answered", "why": say(seen.why, language)}
        case Absent():
            return {"source": "absent", "why": None}
        case _:
            return {"source": "answered", "why": None}


def _discount(seen: DiscountSeen | Absent | NotAnswered, language: Language) -> Document:
    if not isinstance(seen, DiscountSeen):
        return _answered(seen, language)
    return {
        **_answered(seen, language),
        "id": seen.id,
        "kind": seen.kind.value,
        "state": seen.state.value,
        "title": seen.title,
        "codes_count": seen.codes_count,
        "usage_count": seen.usage_count,
        "usage_limit": seen.usage_limit,
        "starts_at": moment(seen.starts_at),
        "ends_at": moment(seen.ends_at),
        "created_at": moment(seen.created_at),
        "customer_ids": list(seen.customer_ids),
        "amount": None if seen.amount is None else str(seen.amount),
        "currency": seen.currency,
    }


def _record(seen: RecordSeen | Absent | NotAnswered, language: Language) -> Document:
    if not isinstance(seen, RecordSeen) or seen.entry is None:
        return {**_answered(seen, language), "entry": None}
    entry = seen.entry
    return {
        **_answered(seen, language),
        "entry": {
            "status": entry.status.value,
            "points": entry.points,
            "amount": None if entry.amount is None else str(entry.amount),
            "issued_at": moment(entry.issued_at),
            "expires_at": moment(entry.expires_at),
            "used_at": moment(entry.used_at),
            "cancelled_at": moment(entry.cancelled_at),
            "claim": {"operation": entry.claim.operation, "by": entry.claim.by, "at": moment(entry.claim.at)}
            if entry.claim
            else None,
        },
    }


def _orders(seen: OrdersSeen | NotAnswered, language: Language) -> Document:
    orders = seen.orders if isinstance(seen, OrdersSeen) else ()
    return {
        **_answered(seen, language),
        "orders": [
            {
                "id": order.id,
                "name": order.name,
                "created_at": moment(order.created_at),
                "cancelled_at": moment(order.cancelled_at),
                "codes": list(order.codes),
            }
            for order in orders
        ],
    }
