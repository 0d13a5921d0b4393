"""What our own trail says of an operation, and of a coupon: the first evidence, before any remote system."""

from __future__ import annotations

from coupon_desk.cancellation.operation import OperationKind, OperationState
from coupon_desk.cancellation.story import Story, fold
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import OwnWork
from coupon_desk.errors import ConfigurationError
from coupon_desk.trail.index import OperationIndex
from coupon_desk.trail.trail import Trail
from coupon_desk.words import msg


def story_of(trail: Trail, operation_id: str) -> Story:
    """The whole story of one operation. Raises ConfigurationError for an unknown id."""
    entries = trail.of_operation(operation_id)
    if not entries:
        raise ConfigurationError(
            msg("There is no operation {operation}.", operation=operation_id),
            todo=msg("“coupon-desk operations” lists them."),
        )
    return fold(entries)


def own_work(trail: Trail, index: OperationIndex, code: CouponCode, besides: str = "") -> OwnWork | None:
    """Who is at work on the coupon, or cancelled it, by our own trail; one operation is left out."""
    for row in index.of_code(code):
        if row.id == besides or row.state == OperationState.REFUSED:
            continue
        by = story_of(trail, row.id).operation.operator.name
        is_refund, is_settled = row.kind == OperationKind.ORDER_REFUND, not row.holds_code
        return OwnWork(row.id, by, row.updated_at, cancelled=is_settled and not is_refund, refunded=is_settled and is_refund)
    return None
