"""A coupon as the catalogue keeps it and the table shows it. Never the ground for a decision: see `evidence`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.points import Points
from coupon_desk.coupons.status import CouponStatus


@dataclass(frozen=True, slots=True)
class Coupon:
    """One row of the table. `amount` is money in the shop's currency, None where the discount is not an amount."""

    code: CouponCode
    status: CouponStatus
    points: Points
    amount: Decimal | None
    currency: str
    customer_id: str | None
    customer_name: str
    customer_email: str | None
    issued_at: datetime | None
    expires_at: datetime | None
    updated_at: datetime
