"""Step 3, invalidate: switch the code off, let it settle, and make sure that it was not used meanwhile."""

from __future__ import annotations

from datetime import timedelta

from coupon_desk.cancellation.given import known, refusal
from coupon_desk.cancellation.operation import StepName, StepState
from coupon_desk.cancellation.patience import pause
from coupon_desk.cancellation.work import Work
from coupon_desk.coupons.eligibility import Rule
from coupon_desk.coupons.evidence import Absent, DiscountSeen, DiscountState, RecordSeen
from coupon_desk.errors import OutcomeUnknown, RemoteError, RemoteRefused, RemoteUnavailable
from coupon_desk.words import msg


def invalidate(work: Work) -> None:
    """Switch the code off, let it settle, and make sure that it was not used meanwhile and is still ours to cancel."""
    settle = timedelta(seconds=work.operation.rules.settle_seconds)
    dead_at = work.story.code_dead_at
    if dead_at is None:
        if not _switch_off(work):
            return
        left = settle
    else:
        left = min(settle, max(timedelta(0), dead_at + settle - work.now))  # a clock that was set back must not wait for hours
    work.systems.clock.sleep(left.total_seconds())
    _look_again(work)


def _switch_off(work: Work) -> bool:
    """Send the deactivation and see that the code is dead. False where the step has to wait or was refused."""
    step, shop, discount = work.step(StepName.INVALIDATE), work.systems.shop, known(work.operation.discount)
    try:
        if step.state is not StepState.PENDING and _is_dead(shop.read_discount_by_id(discount.id, discount.code)):
            work.sent(StepName.INVALIDATE, msg("The code is switched off."))
            return True
    except RemoteError as silent:
        work.unknown(StepName.INVALIDATE, silent, work.now + pause(step.attempts))
        return False
    request = shop.prepare_deactivation(discount) if discount.bears_only_this_code else shop.prepare_code_removal(discount)
    work.started(StepName.INVALIDATE, request)
    try:
        shop.send(request)
    except RemoteUnavailable as surely_not:
        work.delayed(StepName.INVALIDATE, surely_not)
        return False
    except RemoteRefused as refused:
        work.refused(StepName.INVALIDATE, [refusal(Rule.REMOTE_REFUSED, refused.what)], refused.what)
        return False
    except OutcomeUnknown as unknown:
        # Switching off twice does no harm (Shopify: deactivate is idempotent); the next look decides.
        work.unknown(StepName.INVALIDATE, unknown, work.now + pause(work.step(StepName.INVALIDATE).attempts))
        return False
    work.sent(StepName.INVALIDATE, msg("The code is switched off."))
    return True


def _look_again(work: Work) -> None:
    operation, discount = work.operation, known(work.operation.discount)
    try:
        seen = work.systems.gatherer.look_again(discount, known(operation.customer_id), known(operation.pos_customer_id))
    except RemoteError as silent:
        work.delayed(StepName.INVALIDATE, silent)
        return
    orders = seen.orders.orders
    if orders or (isinstance(seen.discount, DiscountSeen) and seen.discount.usage_count > 0):
        used = (
            msg("Used while it was being cancelled, in order {order}.", order=orders[0].name)
            if orders
            else msg("Used while it was being cancelled.")
        )
        work.refused(StepName.INVALIDATE, [refusal(Rule.USED_MEANWHILE, used)], used)
    elif not _is_dead(seen.discount):
        work.attention(
            msg("Somebody switched the code on again while it was being cancelled."),
            msg("Find out in the Shopify admin who did it, then choose “Go on now”."),
        )
    elif isinstance(seen.discount, Absent) and discount.bears_only_this_code:
        work.attention(
            msg("Somebody deleted the discount while it was being cancelled, so its use cannot be read any more."),
            msg("Look for the code in the Shopify admin, under Orders, and tell an administrator what you found."),
        )
    elif _is_still_claimed(work, seen.record):
        work.history = seen.history
        work.done(StepName.INVALIDATE, msg("The code no longer works, and was not used."))


def _is_still_claimed(work: Work, record: RecordSeen | Absent) -> bool:
    """Whether our mark still stands in the record; where somebody wrote over it, it is put again before any points move."""
    if isinstance(record, Absent):
        why = msg("The customer was not found in Shopify.")
        work.refused(StepName.INVALIDATE, [refusal(Rule.NO_RECORD, why)], why)
        return False
    work.record, work.record_is_fresh = record, True
    claim = record.entry.claim if record.entry else None
    if claim is not None and claim.operation == work.operation.id:
        return True
    if claim is not None:
        why = msg("Being cancelled by {by} since {at}.", by=claim.by, at=claim.at)
        work.refused(StepName.INVALIDATE, [refusal(Rule.BEING_CANCELLED, why)], why)
    else:
        work.looked(StepName.CLAIM, "gone", msg("Somebody wrote over our claim; it is put there again."))
    return False


def _is_dead(seen: DiscountSeen | Absent) -> bool:
    return isinstance(seen, Absent) or seen.state is DiscountState.EXPIRED
