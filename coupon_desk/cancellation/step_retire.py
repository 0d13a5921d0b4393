"""Step 7, retire: later, by policy, look again for a late use and then delete the discount."""

from __future__ import annotations

from datetime import timedelta

from coupon_desk.cancellation.given import known
from coupon_desk.cancellation.operation import StepName
from coupon_desk.cancellation.work import Work
from coupon_desk.coupons.evidence import (
    Absent,
    DiscountSeen,
    OrderSeen,
)
from coupon_desk.errors import OutcomeUnknown, RemoteError, RemoteRefused, RemoteUnavailable
from coupon_desk.words import msg


def retire(work: Work) -> None:
    """Later, look again for a late use, which raises an alarm; then delete the discount or keep it, as the policy says."""
    operation, shop, rules = work.operation, work.systems.shop, work.operation.rules
    discount = operation.discount
    if discount is None:
        work.skipped(StepName.RETIRE, msg("The code is gone from Shopify."))
        return
    checks = () if rules.retire == "delete-now" else rules.recheck_minutes
    if _waits_for_check(work, checks):
        return
    try:
        seen = shop.read_discount_by_id(discount.id, discount.code)
        orders = shop.find_orders(operation.code, operation.customer_id, discount.created_at).orders
    except RemoteError as silent:
        work.delayed(StepName.RETIRE, silent)
        return
    if orders or (isinstance(seen, DiscountSeen) and seen.usage_count > 0):
        _raise_alarm(work, orders)
        return
    if work.story.rechecks < len(checks):
        work.looked(StepName.RETIRE, "unused", msg("Looked again: still unused."))
        if _waits_for_check(work, checks):
            return
    if isinstance(seen, Absent):
        work.done(StepName.RETIRE, msg("The code is gone from Shopify."))
    elif rules.retire == "keep":
        work.skipped(StepName.RETIRE, msg("The discount is kept, switched off."))
    else:
        _delete(work, seen)


def _waits_for_check(work: Work, checks: tuple[int, ...]) -> bool:
    """Whether the next of the checks (minutes after the end) is still to come; then it is put off until its time."""
    if work.story.rechecks >= len(checks):
        return False
    due_at = known(work.operation.ended_at) + timedelta(minutes=checks[work.story.rechecks])
    if work.now >= due_at:
        return False
    work.postponed(StepName.RETIRE, msg("Looking again at {at}.", at=due_at), due_at)
    return True


def _raise_alarm(work: Work, orders: tuple[OrderSeen, ...]) -> None:
    work.refused(StepName.RETIRE, [], msg("Used although it was cancelled."))
    work.attention(
        msg(
            "The coupon was used although it had been cancelled, and its {points} points were returned to the customer.",
            points=work.operation.points_returned,
        ),
        msg("Talk to the customer, or take the points back in the point system; then choose “I have seen to it”."),
        orders=[order.name for order in orders],
    )


def _delete(work: Work, discount: DiscountSeen) -> None:
    try:
        request = work.systems.shop.prepare_deletion(discount)
        work.started(StepName.RETIRE, request)
        work.heard(work.systems.shop.send(request))
    except (RemoteUnavailable, OutcomeUnknown) as again:
        # Deleting twice does no harm: the next look finds it gone (Shopify: "Code discount does not exist").
        work.delayed(StepName.RETIRE, again)
    except RemoteRefused as refused:
        work.heard(refused)
        work.refused(StepName.RETIRE, [], refused.what)
    else:
        work.done(StepName.RETIRE, msg("The discount is deleted."))
