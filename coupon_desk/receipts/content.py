"""What a receipt says: everything that stands on the customer's paper, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.points import Points
from coupon_desk.coupons.reasons import Reason
from coupon_desk.receipts.pictures import Logo
from coupon_desk.words import Amount, Language


class ReceiptKind(StrEnum):
    """What was done, as the customer sees it."""

    CANCELLED = "cancelled"
    INVALIDATED = "invalidated"
    ORDER_REFUND = "order_refund"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class ReceiptContent:
    """One receipt of one operation, for the customer; the operator's note is not on it.

    `customer_name` is masked by the caller, or None. The balances are None where the point system did not tell them.
    `amount` is what the coupon was worth, `order` the cancelled order of a grant, `trail_head` the hash that the trail
    ended with, in hex, and `trail_sequence` the place of that entry. `header` and `footer` are the shop's own lines.
    `is_preview` is shown before anything is done: it says so, and proves nothing.

    Raises ValueError for an invalidation that returned points.
    """

    shop_name: str
    kind: ReceiptKind
    language: Language
    code: CouponCode
    reference: str
    amount: Amount | None
    points_returned: Points
    balance_before: int | None
    balance_after: int | None
    reason: Reason
    operator_name: str
    at: datetime
    operation_id: str
    trail_head: str
    trail_sequence: int
    customer_name: str | None = None
    is_copy: bool = False
    is_preview: bool = False
    order: str | None = None
    header: tuple[str, ...] = ()
    footer: tuple[str, ...] = ()
    logo: Logo | None = None

    def __post_init__(self) -> None:
        if self.kind is ReceiptKind.INVALIDATED and self.points_returned != 0:
            raise ValueError("an invalidation returns no points")
