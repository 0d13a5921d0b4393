"""The seven steps, in order. Each can be entered again at any point of its past: it looks before it acts.

Before the pivot (`return_points`) a step may refuse, and everything is put back; after it everything must be finished.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final, TypeVar

from coupon_desk.cancellation.gathering import pack_evidence
from coupon_desk.cancellation.operation import OperationKind, StepName, StepState
from coupon_desk.cancellation.patience import SECOND_LOOK_SECONDS, pause
from coupon_desk.cancellation.record_writing import Written, write_record
from coupon_desk.cancellation.story import pack_discount, pack_findings
from coupon_desk.cancellation.work import Work
from coupon_desk.coupons.eligibility import Finding, Rule, Verdict, Weight, judge, judge_order_refund
from coupon_desk.coupons.evidence import (
    Absent,
    Claim,
    DiscountSeen,
    DiscountState,
    Evidence,
    HistorySeen,
    NotAnswered,
    OrderSeen,
    RecordEntry,
    RecordSeen,
    RecordStatus,
    Source,
)
from coupon_desk.coupons.notice import CancellationNotice
from coupon_desk.coupons.points import PointEntry
from coupon_desk.coupons.reasons import REFUND_FOR_CANCELLED_ORDER
from coupon_desk.coupons.record import DropClaim, MarkCancelled, MarkRefunded, MarkUsed, PutClaim
from coupon_desk.errors import OutcomeUnknown, RemoteError, RemoteRefused, RemoteUnavailable, System
from coupon_desk.points.port import AddPoints, PointsAdded
from coupon_desk.words import Language, Message, msg

Known = TypeVar("Known")


def verify(work: Work) -> None:
    """Decide on fresh evidence from all remote systems whether the coupon may be cancelled."""
    operation, systems = work.operation, work.systems
    evidence = systems.gatherer.gather(
        operation.code,
        own=systems.own_work(operation.code, operation.id),
        operator_contacts=systems.contacts_of(operation.operator.login),
    )
    verdict = _judge(work, evidence)
    packed = pack_evidence(evidence)
    if not verdict.may_cancel:
        work.refused(StepName.VERIFY, verdict.refusals, verdict.refusals[0].message, evidence=packed)
        return
    doubts = [finding for finding in verdict.findings if finding.weight is Weight.APPROVAL]
    rules = {finding.rule for finding in doubts}
    if (operation.approval_needed or doubts) and (operation.approved_by is None or not rules <= work.story.approved_rules):
        why = dict.fromkeys((*operation.approval_needed, *(finding.message for finding in doubts)))
        work.approval_needed(why, rules)
        return
    if isinstance(evidence.record, RecordSeen):
        work.record, work.record_is_fresh = evidence.record, True
    customer, discount = evidence.customer, evidence.discount
    work.done(
        StepName.VERIFY,
        _verified(operation.kind),
        {
            "evidence": packed,
            "findings": pack_findings(verdict.findings),
            "discount": pack_discount(discount) if isinstance(discount, DiscountSeen) else None,
            "customer_id": customer.id if customer else None,
            "pos_customer_id": customer.pos_customer_id if customer else None,
            "points_to_return": verdict.points_to_return,
            "balance": evidence.history.balance if isinstance(evidence.history, HistorySeen) else None,
            "language": Language.of(customer.locale if customer else None, systems.shop_language).value,
        },
    )


def _judge(work: Work, evidence: Evidence) -> Verdict:
    request = work.operation.request
    if request.kind is OperationKind.ORDER_REFUND:
        return judge_order_refund(evidence, _read_order(work, request.order))
    return judge(evidence, returns_points=request.kind is OperationKind.CANCEL)


def _read_order(work: Work, order: str | None) -> OrderSeen | Absent | NotAnswered:
    if not order:
        return Absent()
    try:
        return work.systems.shop.read_order(order)
    except RemoteError as silent:
        return NotAnswered(Source.ORDERS, silent.what)


def _verified(kind: OperationKind) -> Message:
    if kind is OperationKind.ORDER_REFUND:
        return msg("The order used this coupon and was cancelled.")
    return msg("Unused, by every source.")


def claim(work: Work) -> None:
    """Put our mark into the customer's record, so that nobody else works on this coupon."""
    operation = work.operation
    customer_id = _known(operation.customer_id)
    mark = Claim(operation.id, operation.operator.login, operation.opened_at)

    def is_ours(entry: RecordEntry | None) -> bool:
        return entry is not None and entry.claim is not None and entry.claim.operation == operation.id

    written = write_record(work, StepName.CLAIM, customer_id, PutClaim(mark), is_there=is_ours, why_not=_why_not_claim(work))
    if written is Written.YES:
        work.done(StepName.CLAIM, msg("Nobody else can work on it."))


def _why_not_claim(work: Work) -> Callable[[RecordEntry | None], Finding | None]:
    used_is_expected = work.operation.kind is OperationKind.ORDER_REFUND

    def why_not(entry: RecordEntry | None) -> Finding | None:
        if entry is None:
            return None
        if entry.claim is not None:
            return _refusal(
                Rule.BEING_CANCELLED,
                msg("Is being cancelled by {by} since {at}.", by=entry.claim.by, at=entry.claim.at),
            )
        if entry.status is RecordStatus.CANCELLED:
            return _refusal(Rule.CANCELLED, msg("Already cancelled."))
        if entry.status is RecordStatus.USED and not used_is_expected:
            return _refusal(Rule.USED, msg("Already used. If its order was cancelled, use “Refund for a cancelled order…”."))
        return None

    return why_not


def invalidate(work: Work) -> None:
    """Switch the code off, let it settle, and make sure that it was not used meanwhile."""
    if work.story.code_dead_at is None and not _switch_off(work):
        return
    since = work.story.code_dead_at or work.now
    remaining = (since + timedelta(seconds=work.operation.rules.settle_seconds) - work.now).total_seconds()
    work.systems.clock.sleep(max(0.0, remaining))
    _check_unused_and_dead(work)


def _switch_off(work: Work) -> bool:
    """Send the deactivation and see that the code is dead. False where the step has to wait or was refused."""
    step, shop, discount = work.step(StepName.INVALIDATE), work.systems.shop, _known(work.operation.discount)
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
        work.refused(StepName.INVALIDATE, [_refusal(Rule.REMOTE_REFUSED, refused.what)], refused.what)
        return False
    except OutcomeUnknown as unknown:
        # Switching off twice does no harm (Shopify: deactivate is idempotent); the next look decides.
        work.unknown(StepName.INVALIDATE, unknown, work.now + pause(work.step(StepName.INVALIDATE).attempts))
        return False
    work.sent(StepName.INVALIDATE, msg("The code is switched off."))
    return True


def _check_unused_and_dead(work: Work) -> None:
    operation, shop, discount = work.operation, work.systems.shop, _known(work.operation.discount)
    try:
        seen = shop.read_discount_by_id(discount.id, discount.code)
        orders = shop.find_orders(operation.code, operation.customer_id, since=None).orders
    except RemoteError as silent:
        work.delayed(StepName.INVALIDATE, silent)
        return
    if orders or (isinstance(seen, DiscountSeen) and seen.usage_count > 0):
        used = (
            msg("Used while we were cancelling, in order {order}.", order=orders[0].name)
            if orders
            else msg("Used while we were cancelling.")
        )
        work.refused(StepName.INVALIDATE, [_refusal(Rule.USED_MEANWHILE, used)], used)
    elif not _is_dead(seen):
        work.attention(
            msg("Somebody switched the code on again while it was being cancelled."),
            msg("Find out who did in Shopify's admin, then choose “Try again”."),
        )
    elif isinstance(seen, Absent) and discount.bears_only_this_code:
        work.attention(
            msg("Somebody deleted the discount while it was being cancelled, so its use cannot be read any more."),
            msg("Look for the code in Shopify's orders, then return the points by hand or close the operation."),
        )
    else:
        work.done(StepName.INVALIDATE, msg("The code is dead, and was not used."))


def _is_dead(seen: DiscountSeen | Absent) -> bool:
    return isinstance(seen, Absent) or seen.state is DiscountState.EXPIRED


def return_points(work: Work) -> None:
    """The pivot: give the points back, exactly once. What was sent before is looked for, and never sent again blindly."""
    state = work.step(StepName.RETURN_POINTS).state
    was_sent = state in {StepState.RUNNING, StepState.UNKNOWN}
    found = _look_for_return(work, was_sent=was_sent)
    if found is None:
        return
    operation, points = work.operation, work.systems.points
    amount = _known(operation.points_to_return)
    request = work.story.requests.get(StepName.RETURN_POINTS) or points.prepare(
        AddPoints(
            customer_id=_known(operation.pos_customer_id),
            points=amount,
            reason=_reason_in_history(work),
            reference=operation.reference,
            key=operation.key,
        )
    )
    work.started(StepName.RETURN_POINTS, request)
    try:
        added = points.send(request)
    except RemoteUnavailable as surely_not:
        work.delayed(StepName.RETURN_POINTS, surely_not)
    except RemoteRefused as refused:
        work.delayed(StepName.RETURN_POINTS, refused)
        work.attention(
            msg("The code is dead, but the point system refused to return the points: {why}", why=refused.what),
            refused.todo or msg("Mend the cause in the point system, then choose “Try again”."),
        )
    except OutcomeUnknown as unknown:
        work.unknown(StepName.RETURN_POINTS, unknown, work.now)
    else:
        _points_are_back(work, added)


def _look_for_return(work: Work, *, was_sent: bool) -> HistorySeen | None:
    """The history, where it proves that sending is right now; None where it was settled, or has to wait, or needs a person."""
    operation = work.operation
    step = work.step(StepName.RETURN_POINTS)
    try:
        history = work.systems.points.read_history(_known(operation.pos_customer_id), operation.reference)
    except RemoteError as silent:
        if was_sent:
            work.unknown(StepName.RETURN_POINTS, silent, work.now + pause(step.attempts))
        else:
            work.delayed(StepName.RETURN_POINTS, silent)
        return None
    if isinstance(history, Absent):
        work.attention(
            msg("The code is dead, but the point system does not know the customer any more."),
            msg("Find the customer in the point system, then choose “Try again”."),
        )
        return None
    if history.returns:
        _settle_by(work, history)
        return None
    if not history.complete:
        work.attention(
            msg("The point history could not be read to its end, so it is not known whether the points are back."),
            msg("Look for {reference} in the point system's history.", reference=operation.reference),
        )
        return None
    if was_sent and not _is_surely_absent(work):
        return None
    return history


def _settle_by(work: Work, history: HistorySeen) -> None:
    """There is a return under our reference: ours if we sent one of this size, otherwise a person has to look."""
    operation, returns = work.operation, history.returns
    fits = [entry for entry in returns if entry.points == operation.points_to_return]
    ever_sent = StepName.RETURN_POINTS in work.story.requests
    if ever_sent and len(returns) == 1 and fits:
        work.looked(StepName.RETURN_POINTS, "present", msg("The points are in the history."), entry=fits[0].id)
        _points_are_back(work, _as_added(fits[0], history))
        return
    several = len(returns) > 1
    work.looked(
        StepName.RETURN_POINTS,
        "several" if several else "other",
        msg("The history does not show what we sent."),
        entries=[entry.id for entry in returns],
    )
    if several:
        what = msg("Possible double: the point history shows {count} returns for this coupon.", count=len(returns))
        todo = msg(
            "Compare {reference} in the point system's history and take back what is too much.", reference=operation.reference
        )
    else:
        what = msg("Somebody else returned {points} points for this coupon.", points=returns[0].points)
        todo = msg("Nothing more is returned. Compare {reference} in the point history.", reference=operation.reference)
    work.attention(what, todo)


def _is_surely_absent(work: Work) -> bool:
    """Two looks at least a minute apart, both without our entry: only then was what we sent surely not applied."""
    first = work.story.absent_since
    again_at = (first or work.now) + timedelta(seconds=SECOND_LOOK_SECONDS)
    if first is not None and work.now >= again_at:
        work.looked(StepName.RETURN_POINTS, "absent", msg("Looked twice: the points were not returned."))
        return True
    work.looked(
        StepName.RETURN_POINTS,
        "absent",
        msg("Sent, but not in the point history yet. Looking again before anything is sent."),
        again_at,
    )
    return False


def _points_are_back(work: Work, added: PointsAdded) -> None:
    points = _known(work.operation.points_to_return)
    work.done(
        StepName.RETURN_POINTS,
        msg("{points} points are back.", points=points),
        {
            "points": points,
            "entry": added.entry_id,
            "balance_before": added.balance_before,
            "balance_after": added.balance_after,
            "request_id": added.request_id,
        },
    )


def _as_added(entry: PointEntry, history: HistorySeen) -> PointsAdded:
    after = entry.balance if entry.balance is not None else history.balance
    return PointsAdded(entry.id, after - entry.points, after)


def _reason_in_history(work: Work) -> str:
    if work.operation.kind is OperationKind.ORDER_REFUND:
        return REFUND_FOR_CANCELLED_ORDER
    return f"Coupon cancelled: {work.operation.request.reason.value}"


def update_record(work: Work) -> None:
    """Write the end into the customer's record: cancelled, when, by whom and why; our mark goes."""
    operation = work.operation
    refund = operation.kind is OperationKind.ORDER_REFUND
    change = (
        MarkRefunded(work.now, operation.operator.login, operation.points_returned)
        if refund
        else MarkCancelled(work.now, operation.operator.login, operation.request.reason, operation.points_returned)
    )

    def is_there(entry: RecordEntry | None) -> bool:
        if entry is None or entry.claim is not None:
            return False
        return entry.status is (RecordStatus.USED if refund else RecordStatus.CANCELLED)

    written = write_record(work, StepName.UPDATE_RECORD, _known(operation.customer_id), change, is_there=is_there)
    if written is Written.YES:
        work.done(StepName.UPDATE_RECORD, msg("The record says so."))


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
        work.done(StepName.NOTIFY, msg("The e-mail is on its way."), {"message_id": notice.message_id})


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


def retire(work: Work) -> None:
    """Later, by policy: look again for a late use, then delete the discount. A late use raises an alarm."""
    operation, shop, rules = work.operation, work.systems.shop, work.operation.rules
    discount = _known(operation.discount)
    step = work.step(StepName.RETIRE)
    if rules.retire == "keep":
        work.skipped(StepName.RETIRE, msg("The discount is kept, switched off."))
        return
    checks = rules.recheck_minutes if rules.retire == "delete-after-check" else ()
    if work.story.rechecks < len(checks) and step.state in {StepState.PENDING, StepState.DELAYED}:
        due_at = _known(operation.ended_at) + timedelta(minutes=checks[work.story.rechecks])
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
                "The coupon was used although it had been cancelled; its {points} points are back with the customer.",
                points=operation.points_returned,
            ),
            msg("Talk to the customer, or take the points back at the POS; then close the alarm."),
            orders=[order.name for order in orders],
        )
        return
    if work.story.rechecks < len(checks):
        work.looked(StepName.RETIRE, "unused", msg("Looked again: still unused."))
        if work.story.rechecks < len(checks):
            due_at = _known(operation.ended_at) + timedelta(minutes=checks[work.story.rechecks])
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


STEPS: Final[Mapping[StepName, Callable[[Work], None]]] = MappingProxyType(
    {
        StepName.VERIFY: verify,
        StepName.CLAIM: claim,
        StepName.INVALIDATE: invalidate,
        StepName.RETURN_POINTS: return_points,
        StepName.UPDATE_RECORD: update_record,
        StepName.NOTIFY: notify,
        StepName.RETIRE: retire,
    }
)


def put_back(work: Work) -> None:
    """Stopped before the pivot: take our mark out of the record, which then tells the truth, and end as refused."""
    operation = work.operation
    if work.story.claimed:
        used = any(finding.rule is Rule.USED_MEANWHILE for finding in operation.findings)
        change = MarkUsed(work.now) if used else DropClaim(operation.id)

        def is_there(entry: RecordEntry | None) -> bool:
            return entry is None or entry.claim is None or entry.claim.operation != operation.id

        written = write_record(work, StepName.UPDATE_RECORD, _known(operation.customer_id), change, is_there=is_there)
        if written is Written.NO:
            return
        detail = msg("The record says used.") if used else msg("The record is as it was before.")
        work.done(StepName.UPDATE_RECORD, detail)
    work.ended_refused(operation.findings)


def _refusal(rule: Rule, message: Message) -> Finding:
    return Finding(rule, Weight.REFUSAL, message)


def _known(value: Known | None) -> Known:
    """What an earlier step has found out; the steps' order guarantees it."""
    if value is None:
        raise ValueError("a step ran before the step that it rests on")
    return value
