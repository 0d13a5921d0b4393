"""Step 6, notify: tell the customer by e-mail, once."""

from __future__ import annotations

from coupon_desk.cancellation.operation import OperationKind, StepName, StepState
from coupon_desk.cancellation.work import Work
from coupon_desk.coupons.evidence import (
    RecordSeen,
)
from coupon_desk.coupons.notice import CancellationNotice
from coupon_desk.errors import OutcomeUnknown, RemoteError, RemoteRefused, RemoteUnavailable, System
from coupon_desk.words import Language, msg


def notify(work: Work) -> None:
    """Tell the customer by e-mail. A failing mail server delays this step, never the operation's result."""
    if work.step(StepName.NOTIFY).state is StepState.RUNNING:
        # Begun, and no end in the trail: it may have gone out. A second mail would be worse than one that a person checks.
        work.unknown(
            StepName.NOTIFY,
            OutcomeUnknown(System.MAIL, msg("The e-mail may or may not have been sent when the program stopped.")),
        )
        return
    try:
        notice = _notice(work)
    except RemoteError as silent:
        work.delayed(StepName.NOTIFY, silent)
        return
    if notice is None:
        work.skipped(StepName.NOTIFY, msg("No e-mail address is known: tell the customer yourself."))
        return
    work.started(StepName.NOTIFY)
    try:
        work.systems.mailer.send(notice)
    except RemoteUnavailable as surely_not:
        work.delayed(StepName.NOTIFY, surely_not)
    except RemoteRefused as refused:
        work.refused(StepName.NOTIFY, [], refused.what)
    except OutcomeUnknown as unknown:
        work.unknown(StepName.NOTIFY, unknown)
    else:
        work.done(StepName.NOTIFY, msg("The mail server took the e-mail."), {"message_id": notice.message_id})


def _notice(work: Work) -> CancellationNotice | None:
    operation = work.operation
    if work.customer is None and operation.customer_id:
        seen = work.systems.shop.read_record(operation.customer_id, operation.code)
        work.record = seen if isinstance(seen, RecordSeen) else None
    customer = work.customer
    if customer is None or customer.email is None:
        return None
    return CancellationNotice(
        message_id=work.story.message_id,
        email=customer.email,
        customer_name=customer.name,
        code=operation.code,
        points_returned=operation.points_returned,
        balance_after=operation.balance_after,
        cancelled_at=operation.ended_at or work.now,
        language=Language.of(customer.locale, work.systems.shop_language),
        for_cancelled_order=operation.kind is OperationKind.ORDER_REFUND,
    )
