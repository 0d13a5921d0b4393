"""What a customer is told: that their coupon is cancelled, or that it expires soon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.points import Points
from coupon_desk.words import Amount, Language


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


@dataclass(frozen=True, slots=True)
class ReminderNotice:
    """One reminder to one customer. `worth` is None where the coupon takes off no fixed amount.

    `expires_at` is the first moment at which it can no longer be used. `unsubscribe_url` takes the customer off all lists.
    """

    message_id: str
    email: str
    customer_name: str
    code: CouponCode
    worth: Amount | None
    expires_at: datetime
    language: Language
    unsubscribe_url: str


Notice = CancellationNotice | ReminderNotice
"""Whatever is sent to a customer."""
