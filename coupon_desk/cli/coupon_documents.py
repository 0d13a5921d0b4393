"""The JSON documents of coupons: a row of the table, and one coupon with what every source said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coupon_desk.cli.documents import Document, moment
from coupon_desk.coupons.evidence import Absent, DiscountSeen, HistorySeen, NotAnswered, OrdersSeen, RecordSeen
from coupon_desk.words import Language, say

if TYPE_CHECKING:
    from coupon_desk.app.timeline_event import TimelineEvent
    from coupon_desk.app.view import CouponView
    from coupon_desk.cancellation.differences import Difference
    from coupon_desk.coupons.coupon import Coupon
    from coupon_desk.coupons.eligibility import Finding
    from coupon_desk.coupons.points import PointEntry


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
            "added_points_expire_on": view.points_expire_on.isoformat() if view.points_expire_on else None,
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
        "history": [event_document(event, language) for event in view.timeline],
        "differences": [difference_document(one, language) for one in view.differences],
    }


def event_document(event: TimelineEvent, language: Language) -> Document:
    """One event of a coupon's life."""
    return {
        "kind": event.kind.value,
        "at": moment(event.at),
        "what": say(event.what, language),
        "points": event.points,
        "reference": event.reference,
        "who": event.who,
        "approver": event.approver,
        "doubtful": event.is_doubtful,
        "note": event.note,
    }


def difference_document(difference: Difference, language: Language) -> Document:
    """One difference."""
    return {
        "kind": difference.kind.value,
        "what": say(difference.what, language),
        "todo": say(difference.todo, language),
        "repair": difference.repair.value if difference.repair is not None else None,
        "operation": difference.operation,
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
