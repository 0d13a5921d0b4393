"""What the receipt of an operation says: drawn from the trail alone, so that it can be printed again on any day."""

from __future__ import annotations

from coupon_desk.cancellation.operation import Operation, OperationKind, OperationState
from coupon_desk.errors import NotPermitted
from coupon_desk.receipts.content import ReceiptContent, ReceiptKind
from coupon_desk.words import Amount, Language, msg

KINDS = {
    OperationKind.CANCEL: ReceiptKind.CANCELLED,
    OperationKind.INVALIDATE: ReceiptKind.INVALIDATED,
    OperationKind.ORDER_REFUND: ReceiptKind.ORDER_REFUND,
    OperationKind.RELEASE: ReceiptKind.RELEASED,
}


def receipt_of(operation: Operation, shop_name: str, language: Language, *, is_copy: bool) -> ReceiptContent:
    """The receipt's content. Raises NotPermitted for an operation that has not ended well."""
    if operation.state is OperationState.REFUSED or operation.ended_at is None:
        raise NotPermitted(
            msg("There is no receipt: this operation is not completed."),
            done=msg("Nothing was printed."),
            todo=msg("“coupon-desk operations {operation}” shows how it stands.", operation=operation.id),
        )
    discount = operation.discount
    amount = discount.amount if discount else None
    return ReceiptContent(
        shop_name=shop_name,
        kind=KINDS[operation.kind],
        language=language,
        code=operation.code,
        reference=operation.reference,
        amount=Amount(amount, discount.currency) if discount and amount is not None and discount.currency else None,
        points_returned=operation.points_returned,
        balance_before=operation.balance_before,
        balance_after=operation.balance_after,
        reason=operation.request.reason,
        operator_name=operation.operator.name,
        at=operation.ended_at or operation.updated_at,
        operation_id=operation.id,
        trail_head=operation.head,
        trail_sequence=operation.head_sequence,
        is_copy=is_copy,
        order=operation.request.order,
    )
