"""Step 7, retire: later, by policy, look again for a late use and then delete the discount."""

from __future__ import annotations

from datetime import timedelta

from coupon_desk.cancellation.given import known
from coupon_desk.cancellation.operation import StepName, StepState
from coupon_desk.cancellation.work import Work
from coupon_desk.coupons.evidence import (
    Absent,
    DiscountSeen,
)
from coupon_desk.errors import OutcomeUnknown, RemoteError, RemoteRefused, RemoteUnavailable
from coupon_desk.words import msg


def retire(work: Work) -> None:
    """Later, by policy: look again for a late use, then delete the discount. A late use raises an alarm."""
    operation, shop, rules = work.operation, work.systems.shop, work.operation.rules
    discount = known(operation.discount)
    step = work.step(StepName.RETIRE)
    if rules.retire == "keep":
        work.skipped(StepName.RETIRE, msg("The discount is kept, switched off."))
        return
    checks = rules.recheck_minutes if rules.retire == "delete-after-check" else ()
    if work.story.rechecks < len(checks) and step.state in {StepState.PENDING, StepState.DELAYED}:
        due_at = known(operation.ended_at) + timedelta(minutes=checks[work.story.rechecks])
        if work.now < due_at:
            work.postponed(StepName.RETIRE, msg("Looking again at {at}.", at=due_at), due_at)
            return
    try:
        seen = shop.read_discount_by_id(discount.id, discount.code)
        orders = shop.find_orders(operation.code, operation.customer_id, since=None).orders
    except RemoteError as silent:
        work.delayed(StepName.RETIRE, silent)
        return
    if orders or (isinstance(seen, DiscountSeen) and seen.usage_count > 0):
        work.refused(StepName.RETIRE, [], msg("Used although it was cancelled."))
        work.attention(
            msg(
                "The coupon was used although it had been cancelled, and its {points} points were returned to the customer.",
                points=operation.points_returned,
            ),
            msg("Talk to the customer, or take the points back in the point system; then choose “I have seen to it”."),
            orders=[order.name for order in orders],
        )
        return
    if work.story.rechecks < len(checks):
        work.looked(StepName.RETIRE, "unused", msg("Looked again: still unused."))
        if work.story.rechecks < len(checks):
            due_at = known(operation.ended_at) + timedelta(minutes=checks[work.story.rechecks])
            work.postponed(StepName.RETIRE, msg("Looking again at {at}.", at=due_at), due_at)
            return
    if isinstance(seen, Absent):
        work.done(StepName.RETIRE, msg("The code is gone from Shopify."))
        return
    _delete(work, seen)


def _delete(work: Work, discount: DiscountSeen) -> None:
    request = work.systems.shop.prepare_deletion(discount)
    work.started(StepName.RETIRE, request)
    try:
        work.systems.shop.send(request)
    except (RemoteUnavailable, OutcomeUnknown) as again:
        # Deleting twice does no harm: the next look finds it gone (Shopify: "Code discount does not exist").
        work.delayed(StepName.RETIRE, again)
    except RemoteRefused as refused:
        work.refused(StepName.RETIRE, [], refused.what)
    else:
        work.done(StepName.RETIRE, msg("The discount is deleted."))
