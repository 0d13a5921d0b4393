"""What a customer is told when their coupon is cancelled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.points import Points
from coupon_desk.words import Language


@dataclass(frozen=True, slots=True)
class CancellationNotice:
    """One notice to one customer. `balance_after` is None where the point system did not tell it.

    `message_id` is the same for every attempt, so that a mail that arrives twice is recognised as one.
    `for_cancelled_order` is the notice of a grant for a used coupon whose order was cancelled.
    """

    message_id: str
    email: str
    customer_name: str
    code: CouponCode
    points_returned: Points
    balance_after: int | None
    cancelled_at: datetime
    language: Language
    for_cancelled_order: bool = False
