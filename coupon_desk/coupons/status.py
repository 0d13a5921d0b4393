"""The statuses of a coupon, as the table shows them."""

from __future__ import annotations

from enum import StrEnum

from coupon_desk.words import Message, msg


class CouponStatus(StrEnum):
    """What a coupon is at this moment. Order of evidence: our trail, the customer's record, Shopify (DESIGN.md)."""

    UNUSED = "unused"
    SCHEDULED = "scheduled"
    USED = "used"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    CANCELLING = "cancelling"
    NEEDS_ATTENTION = "needs_attention"

    @property
    def label(self) -> Message:
        """What a person reads."""
        return _LABELS[self]


_LABELS = {
    CouponStatus.UNUSED: msg("Unused"),
    CouponStatus.SCHEDULED: msg("Scheduled"),
    CouponStatus.USED: msg("Used"),
    CouponStatus.EXPIRED: msg("Expired"),
    CouponStatus.CANCELLED: msg("Cancelled"),
    CouponStatus.CANCELLING: msg("Being cancelled"),
    CouponStatus.NEEDS_ATTENTION: msg("Needs attention"),
}
