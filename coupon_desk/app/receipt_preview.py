"""The receipt that a cancellation would have, shown before it is begun: it proves nothing, and says so."""

from __future__ import annotations

from datetime import datetime

from coupon_desk.app.receipt import KINDS
from coupon_desk.app.view import CouponView
from coupon_desk.cancellation.operation import OperationKind
from coupon_desk.coupons.evidence import DiscountSeen
from coupon_desk.coupons.points import Points
from coupon_desk.coupons.reasons import Reason
from coupon_desk.receipts.content import ReceiptContent
from coupon_desk.words import Amount


def receipt_preview(
    view: CouponView,
    kind: OperationKind,
    reason: Reason,
    *,
    shop_name: str,
    operator_name: str,
    at: datetime,
    order: str | None = None,
) -> ReceiptContent:
    """What would be on the paper, as far as it is known now, in the customer's language."""
    kind = OperationKind.INVALIDATE if kind is OperationKind.CANCEL and not reason.returns_points else kind
    returns = kind is not OperationKind.INVALIDATE
    return ReceiptContent(
        shop_name=shop_name,
        kind=KINDS[kind],
        language=view.mail_language,
        code=view.code,
        reference=view.code.reference,
        amount=_worth(view),
        points_returned=view.points_gained if returns else Points(0),
        balance_before=view.balance_before,
        balance_after=view.balance_after if returns else view.balance_before,
        reason=reason,
        operator_name=operator_name,
        at=at,
        operation_id="",
        trail_head="",
        trail_sequence=0,
        is_preview=True,
        order=order,
    )


def _worth(view: CouponView) -> Amount | None:
    discount = view.evidence.discount
    if not isinstance(discount, DiscountSeen) or discount.amount is None or not discount.currency:
        return None
    return Amount(discount.amount, discount.currency)
