"""The code of a coupon that is over works again: it is looked at, switched off once more, and seen dead. No points move."""

from __future__ import annotations

from typing import Final

from coupon_desk.cancellation.given import known
from coupon_desk.cancellation.operation import StepName, StepState
from coupon_desk.cancellation.patience import pause
from coupon_desk.cancellation.work import Work
from coupon_desk.coupons.evidence import Absent, DiscountSeen, DiscountState
from coupon_desk.errors import OutcomeUnknown, RemoteError, RemoteRefused, RemoteUnavailable
from coupon_desk.words import Message, msg

TRIES: Final = 3
"""A code that works again after so many deactivations is a person's business."""


def switch_off_again(work: Work) -> None:
    """Step 3 of an operation that was taken up again: whatever was returned stays returned, whatever is found here."""
    step, shop, discount = work.step(StepName.INVALIDATE), work.systems.shop, known(work.operation.discount)
    try:
        seen = shop.read_discount_by_id(discount.id, discount.code)
    except RemoteError as silent:
        if step.state in {StepState.RUNNING, StepState.UNKNOWN}:
            work.unknown(StepName.INVALIDATE, silent, work.now + pause(step.attempts))
        else:
            work.delayed(StepName.INVALIDATE, silent)
        return
    if isinstance(seen, Absent) or seen.state is DiscountState.EXPIRED:
        work.done(StepName.INVALIDATE, msg("The code no longer works."))
    elif not seen.bears_only_this_code:
        _leave_to_a_person(work, msg("The discount holds {count} codes now.", count=seen.codes_count))
    elif step.attempts >= TRIES:
        _leave_to_a_person(work, msg("The code works again each time that it is switched off."))
    else:
        _send(work, seen)


def _send(work: Work, discount: DiscountSeen) -> None:
    shop = work.systems.shop
    try:
        request = shop.prepare_deactivation(discount)
        work.started(StepName.INVALIDATE, request)
        work.heard(shop.send(request))
    except RemoteUnavailable as surely_not:
        work.delayed(StepName.INVALIDATE, surely_not)
    except RemoteRefused as refused:
        work.heard(refused)
        _leave_to_a_person(work, refused.what)
    except OutcomeUnknown as unknown:
        work.unknown(StepName.INVALIDATE, unknown, work.now + pause(work.step(StepName.INVALIDATE).attempts))
    else:
        work.sent(StepName.INVALIDATE, msg("The code is switched off."))


def _leave_to_a_person(work: Work, why: Message) -> None:
    work.postponed(StepName.INVALIDATE, why, work.now)
    work.attention(
        msg("The code of a coupon that is over still works: {why}", why=why),
        msg("Switch the code off in the Shopify admin, then choose “I have seen to it”."),
    )
