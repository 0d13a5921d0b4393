from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.points import Points
from coupon_desk.coupons.reasons import Reason
from coupon_desk.receipts.content import ReceiptContent, ReceiptKind
from coupon_desk.words import Amount, Language

EXAMPLE = ReceiptContent(
    shop_name="Ginza store",
    kind=ReceiptKind.CANCELLED,
    language=Language.EN,
    code=CouponCode.parse("70934-AB12CD-500"),
    reference="COUPON-70934-AB12CD-500",
    amount=Amount(Decimal(500), "JPY"),
    points_returned=Points(500),
    balance_before=1200,
    balance_after=1700,
    reason=Reason.CUSTOMER_REQUEST,
    operator_name="Mika Tanaka",
    at=datetime(2026, 11, 23, 3, 0, tzinfo=UTC),
    operation_id="5d6c5f1e-0f0c-4a55-9a43-1f9e3f3c9b11",
    trail_sequence=1286,
    trail_head="2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
    customer_name="Hanako S•••",
)


@pytest.fixture
def content() -> Callable[..., ReceiptContent]:
    """The receipt of the example coupon, with the changes that a test wants."""

    def make(**changes: Any) -> ReceiptContent:
        return replace(EXAMPLE, **changes)

    return make
