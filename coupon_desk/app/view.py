"""What the window and `show` draw of one coupon: live evidence, the verdict on it, and what a cancellation would do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from coupon_desk.app.timeline import timeline
from coupon_desk.app.timeline_event import TimelineEvent
from coupon_desk.cancellation.comparing import differences
from coupon_desk.cancellation.differences import Difference
from coupon_desk.cancellation.operation import Operation
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.coupon import Coupon
from coupon_desk.coupons.eligibility import Verdict
from coupon_desk.coupons.evidence import DiscountSeen, Evidence, HistorySeen
from coupon_desk.coupons.points import PointEntry, Points
from coupon_desk.trail.entry import Entry
from coupon_desk.words import Language


@dataclass(frozen=True, slots=True)
class CouponView:
    """One coupon as all sources see it at `looked_at`.

    Balances are points, None where the point system did not answer. `entries` are the customer's, newest first, the coupon's
    own among them. `points_gained` is what a cancellation would give back now: nothing where a desk whose work is taken over
    has returned it; `points_expire_on` is the last day on which it could be used, None where none is told. `email_masked` is
    None where nobody can be written to. `timeline` is the coupon's life, the oldest event first; `differences` is what
    contradicts in it, the weightiest first.
    """

    code: CouponCode
    coupon: Coupon | None
    evidence: Evidence
    verdict: Verdict
    balance_before: int | None
    balance_after: int | None
    customer_name: str
    customer_id: str | None
    email_masked: str | None
    mail_language: Language
    entries: tuple[PointEntry, ...]
    conversion: PointEntry | None
    returned: PointEntry | None
    looked_at: datetime
    points_gained: Points
    points_expire_on: date | None = None
    timeline: tuple[TimelineEvent, ...] = ()
    differences: tuple[Difference, ...] = ()


def view_of(
    evidence: Evidence,
    verdict: Verdict,
    coupon: Coupon | None,
    recent: tuple[PointEntry, ...],
    shop_language: Language,
    operations: tuple[Operation, ...] = (),
    told: tuple[Entry, ...] = (),
) -> CouponView:
    """Put together what is drawn; `operations` and `told` are what our trail says of the coupon."""
    contradictions = differences(evidence, operations)
    history = evidence.history if isinstance(evidence.history, HistorySeen) else None
    own = history.entries if history else ()
    entries = {entry.id: entry for entry in (*recent, *own)}
    customer = evidence.customer
    balance = history.balance if history else None
    returned = history.returns[0] if history and history.returns else None
    gain = Points(0) if evidence.taking_over is not None and returned else verdict.points_to_return
    return CouponView(
        code=evidence.code,
        coupon=coupon,
        evidence=evidence,
        verdict=verdict,
        balance_before=balance,
        balance_after=balance + gain if balance is not None and verdict.may_cancel else balance,
        customer_name=customer.name if customer else coupon.customer_name if coupon else "",
        customer_id=customer.id if customer else _restricted_to(evidence),
        email_masked=masked(customer.email) if customer and customer.email else None,
        mail_language=Language.of(customer.locale if customer else None, shop_language),
        entries=tuple(sorted(entries.values(), key=lambda entry: (entry.created_at, entry.id), reverse=True)),
        conversion=history.conversions[0] if history and history.conversions else None,
        returned=returned,
        looked_at=evidence.gathered_at,
        points_gained=gain,
        points_expire_on=history.points_expire_on if history else None,
        timeline=timeline(evidence, operations, told, contradictions),
        differences=contradictions,
    )


def masked(email: str) -> str:
    """An address that can be recognised but not copied: `h•••@example.com`."""
    name, _, host = email.partition("@")
    return f"{name[:1]}•••@{host}"


def _restricted_to(evidence: Evidence) -> str | None:
    discount = evidence.discount
    return discount.customer_ids[0] if isinstance(discount, DiscountSeen) and discount.customer_ids else None
