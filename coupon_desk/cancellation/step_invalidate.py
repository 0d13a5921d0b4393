"""Step 3, invalidate: switch the code off, let it settle, and make sure that it was not used meanwhile."""

from __future__ import annotations

from coupon_desk.cancellation.gathering import SecondLook
from coupon_desk.cancellation.given import known, refusal
from coupon_desk.cancellation.operation import OperationKind, OperationState, StepName, StepState
from coupon_desk.cancellation.patience import pause
from coupon_desk.cancellation.step_claim import claimed_by_another, stop_for_another
from coupon_desk.cancellation.switching_off_again import switch_off_again
from coupon_desk.cancellation.work import Work
from coupon_desk.coupons.eligibility import Rule
from coupon_desk.coupons.evidence import Absent, DiscountSeen, DiscountState, HistorySeen, RecordSeen, RecordStatus
from coupon_desk.errors import OutcomeUnknown, RemoteError, RemoteRefused, RemoteUnavailable
from coupon_desk.words import Message, msg


def invalidate(work: Work) -> None:
    """Switch the code off, let it settle, and make sure that it was not used meanwhile and is still ours to cancel."""
    if work.story.reopened is not None:
        switch_off_again(work)
        return
    if work.operation.kind is OperationKind.ORDER_REFUND:
        _switch_off_what_still_works(work)
        return
    if any(finding.rule is Rule.USED for finding in work.operation.findings):
        _look_again(work)  # taken over only to end it: there is nothing to switch off
        return
    # Without a discount the desk that is gone has removed the code; nothing is left to switch off.
    if work.operation.discount is not None and work.story.code_dead_at is None and not _switch_off(work):
        return
    if not work.has_settled:
        # The whole time in each process, never a difference of clock times: a clock may have been set meanwhile.
        work.systems.clock.sleep(work.operation.rules.settle_seconds)
        work.has_settled = True
    _look_again(work)


def is_still_unused(work: Work) -> bool:
    """Look at every source once more before points move; where one objects, that is written down and the step is over."""
    _look_again(work)
    return _may_go_on(work)


def is_still_ours(work: Work) -> bool:
    """Look whether our mark still stands in the record: all that can object to an order's refund before points move."""
    work.looked_at = work.now
    try:
        record = work.systems.shop.read_record(known(work.operation.customer_id), work.operation.code)
    except RemoteError as silent:
        work.delayed(StepName.RETURN_POINTS, silent)
        return False
    return not _is_anothers(work, record) and _is_still_claimed(work, record) and _may_go_on(work)


def _may_go_on(work: Work) -> bool:
    operation = work.operation
    steps = (operation.step(StepName.CLAIM), operation.step(StepName.INVALIDATE))
    return operation.state is OperationState.RUNNING and all(step.state.is_settled for step in steps)


def _switch_off_what_still_works(work: Work) -> None:
    """A used coupon whose order is refunded: the code may be good for further orders."""
    discount = work.operation.discount
    works = discount is not None and discount.state is not DiscountState.EXPIRED and not discount.is_used_up
    if not works:
        work.skipped(StepName.INVALIDATE, msg("The coupon was used; there is nothing to switch off."))
    elif work.story.code_dead_at is not None or _switch_off(work):
        work.done(StepName.INVALIDATE, msg("The code no longer works."))


def _switch_off(work: Work) -> bool:
    """Send the deactivation and see that the code is dead. False where the step has to wait or was refused."""
    step, shop, discount = work.step(StepName.INVALIDATE), work.systems.shop, known(work.operation.discount)
    may_be_dead = step.state is not StepState.PENDING or work.operation.kind is OperationKind.RELEASE
    try:
        if may_be_dead and _is_dead(shop.read_discount_by_id(discount.id, discount.code)):
            work.sent(StepName.INVALIDATE, msg("The code is switched off."))
            return True
    except RemoteError as silent:
        work.unknown(StepName.INVALIDATE, silent, work.now + pause(step.attempts))
        return False
    may_still_land = StepName.INVALIDATE in work.story.requests
    try:
        request = shop.prepare_deactivation(discount) if discount.bears_only_this_code else shop.prepare_code_removal(discount)
        work.started(StepName.INVALIDATE, request)
        work.heard(shop.send(request))
    except RemoteUnavailable as surely_not:
        work.delayed(StepName.INVALIDATE, surely_not)
        return False
    except RemoteRefused as refused:
        work.heard(refused)
        if may_still_land:
            what = msg(
                "Shopify refuses to switch the code off now, and an earlier attempt may still take effect: {why}",
                why=refused.what,
            )
            _stop_for_a_person(work, what, msg("Remove the cause, then choose “Go on now”. No points were returned."))
        else:
            work.refused(StepName.INVALIDATE, [refusal(Rule.REMOTE_REFUSED, refused.what)], refused.what)
        return False
    except OutcomeUnknown as unknown:
        # Switching off twice does no harm (Shopify: deactivate is idempotent); the next look decides.
        work.unknown(StepName.INVALIDATE, unknown, work.now + pause(work.step(StepName.INVALIDATE).attempts))
        return False
    work.sent(StepName.INVALIDATE, msg("The code is switched off."))
    return True


def _look_again(work: Work) -> None:
    operation, discount = work.operation, work.operation.discount
    customer_id, pos_customer_id = known(operation.customer_id), known(operation.pos_customer_id)
    work.looked_at = work.now
    try:
        seen = work.systems.gatherer.look_again(operation.code, discount, customer_id, pos_customer_id)
    except RemoteError as silent:
        work.delayed(StepName.INVALIDATE, silent)
        return
    orders = seen.orders.orders
    if work.story.unproved_sends > 0 and isinstance(seen.history, HistorySeen) and seen.history.returns:
        # Past the pivot after all: what was sent has arrived late, so that nothing may be refused any more.
        work.history = seen.history
        work.done(StepName.INVALIDATE, msg("The return is in the point history."))
    elif orders or _is_used(seen):
        used = (
            msg("Used while it was being cancelled, in order {order}.", order=orders[0].name)
            if orders
            else msg("Used while it was being cancelled.")
        )
        work.refused(StepName.INVALIDATE, [refusal(Rule.USED_MEANWHILE, used)], used)
    elif _is_anothers(work, seen.record):
        return
    elif not _is_dead(seen.discount):
        _stop_for_a_person(
            work,
            msg("The code still works: somebody switched it on again, or Shopify did not switch it off."),
            msg("Look at the discount in the Shopify admin, then choose “Go on now”. No points were returned."),
        )
    elif isinstance(seen.discount, Absent) and discount is not None and discount.bears_only_this_code:
        _stop_for_a_person(
            work,
            msg("Somebody deleted the discount while it was being cancelled, so its use cannot be read any more."),
            msg("Look for the code in the Shopify admin, under Orders, and tell an administrator what you found."),
        )
    elif _is_still_claimed(work, seen.record):
        work.history = seen.history
        work.done(StepName.INVALIDATE, msg("The code no longer works, and was not used."))


def _stop_for_a_person(work: Work, what: Message, todo: Message) -> None:
    work.postponed(StepName.INVALIDATE, what, work.now)
    work.attention(what, todo)


def _is_still_claimed(work: Work, record: RecordSeen | Absent) -> bool:
    """Whether our mark still stands in the record; where somebody wrote over it, it is put again before any points move."""
    if isinstance(record, Absent):
        why = msg("The customer was not found in Shopify.")
        work.refused(StepName.INVALIDATE, [refusal(Rule.NO_RECORD, why)], why)
        return False
    work.record, work.record_is_fresh = record, True
    claim = record.entry.claim if record.entry else None
    if claim is None:
        work.looked(StepName.CLAIM, "gone", msg("Somebody wrote over our claim; it is put there again."))
    return claim is not None


def _is_anothers(work: Work, record: RecordSeen | Absent) -> bool:
    """Whether another desk has taken the coupon over, or cancelled it; then that is written down."""
    entry = record.entry if isinstance(record, RecordSeen) else None
    if entry is not None and entry.claim is not None and entry.claim.operation != work.operation.id:
        stop_for_another(work, claimed_by_another(entry.claim))
        return True
    if entry is None or entry.claim is not None:
        return False
    if work.operation.kind is OperationKind.RELEASE:
        if entry.refunded_at is None:
            return False
        stop_for_another(work, refusal(Rule.ALREADY_RETURNED, msg("The points of this coupon were released.")))
        return True
    if entry.status is RecordStatus.CANCELLED:
        stop_for_another(work, refusal(Rule.CANCELLED, msg("Already cancelled.")))
        return True
    return False


def _is_used(seen: SecondLook) -> bool:
    entry = seen.record.entry if isinstance(seen.record, RecordSeen) else None
    counted = isinstance(seen.discount, DiscountSeen) and seen.discount.usage_count > 0
    return counted or (entry is not None and (entry.status is RecordStatus.USED or entry.used_at is not None))


def _is_dead(seen: DiscountSeen | Absent) -> bool:
    return isinstance(seen, Absent) or seen.state is DiscountState.EXPIRED
