"""Stopped before the pivot: the discount's dates and the customer's record are put back, and the operation ends as refused."""

from __future__ import annotations

from typing import Final

from coupon_desk.cancellation.gathering import SecondLook
from coupon_desk.cancellation.given import known
from coupon_desk.cancellation.looking_twice import is_surely_absent
from coupon_desk.cancellation.operation import OperationKind, StepName, StepState
from coupon_desk.cancellation.patience import SECOND_LOOK, pause
from coupon_desk.cancellation.record_writing import Written, write_record
from coupon_desk.cancellation.work import Work
from coupon_desk.coupons.eligibility import Rule
from coupon_desk.coupons.evidence import Absent, DiscountSeen, DiscountState, HistorySeen, RecordEntry, RecordSeen, RecordStatus
from coupon_desk.coupons.record import DropClaim, MarkUsed
from coupon_desk.errors import OutcomeUnknown, RemoteError, RemoteUnavailable
from coupon_desk.points.port import HistorySearch
from coupon_desk.words import Message, msg


def put_back(work: Work) -> None:
    """Give the coupon back as it was where that is safe, then take our mark out of the record, which then tells the truth."""
    if not _is_window_settled(work):
        return
    operation = work.operation
    if work.story.claimed or StepName.CLAIM in work.story.requests:
        if work.story.has_only_others_sends and not _others_left_nothing_half_done(work):
            return
        used = _was_used_meanwhile(work)
        change = MarkUsed(work.now) if used else DropClaim(operation.id)
        ended_elsewhere = False

        def is_there(entry: RecordEntry | None) -> bool:
            """What another operation works on, or has ended, is not ours to write over, whatever we have seen since."""
            nonlocal ended_elsewhere
            if entry is None:
                return True
            if entry.claim is not None:
                ended_elsewhere = entry.claim.operation != operation.id
                return ended_elsewhere
            withheld = operation.kind is OperationKind.RELEASE and entry.refunded_at is None
            ended_elsewhere = entry.status is RecordStatus.CANCELLED and not withheld
            return not used or entry.status is RecordStatus.USED or ended_elsewhere

        written = write_record(work, StepName.UPDATE_RECORD, known(operation.customer_id), change, is_there=is_there)
        if written is Written.NO or not _stays_put_back(work):
            return
        if used and ended_elsewhere and not _has_been_looked_at(work):
            _late_use(work)
            return
        work.done(StepName.UPDATE_RECORD, _told(used=used, elsewhere=ended_elsewhere))
    work.ended_refused(operation.findings)


def _has_been_looked_at(work: Work) -> bool:
    return any(finding.rule is Rule.CLOSED for finding in work.operation.findings)


def _late_use(work: Work) -> None:
    """Another desk has finished what we stopped at, and could not see the use that we see: nobody else will tell of it."""
    _wait_for_a_person(
        work,
        msg(
            "{why} Another desk has cancelled this coupon meanwhile, and may have returned its points.",
            why=work.operation.findings[0].message,
        ),
        msg(
            "Look at the order and at {reference} in the point history, decide what to do, then choose “I have seen to it”.",
            reference=work.operation.reference,
        ),
    )


def _wait_for_a_person(work: Work, what: Message, todo: Message) -> None:
    """The step that was refused waits, so that nothing goes on by itself."""
    operation = work.operation
    refused = next(step.name for step in operation.steps if step.state is StepState.REFUSED)
    work.postponed(refused, operation.findings[0].message, work.now)
    work.attention(what, todo)


def _told(*, used: bool, elsewhere: bool) -> Message:
    if elsewhere:
        return msg("The customer's record says what another desk has done since, and stays so.")
    return msg("The customer's record says used.") if used else msg("The customer's record is as it was before.")


_NOTHING_TO_FINISH: Final = frozenset({Rule.CLOSED, Rule.CANCELLED, Rule.ALREADY_RETURNED})
"""A person has looked; or the record says that the other desk has come back and has finished by itself, points first."""


def _others_left_nothing_half_done(work: Work) -> bool:
    """Whether the desk that is gone has neither returned the points nor left a dead code; False where that has to wait.

    Who let go of the coupon now would forget the points, or leave a customer with neither code nor points.
    """
    if any(finding.rule in _NOTHING_TO_FINISH for finding in work.operation.findings):
        return True
    return _others_points_are_absent(work) and _others_code_works(work)


def _others_points_are_absent(work: Work) -> bool:
    """Whether what they may have sent surely did not arrive; False where that has to wait or needs a person."""
    operation, points = work.operation, work.systems.points
    try:
        history = points.read_history(known(operation.pos_customer_id), operation.reference)
    except RemoteError as silent:
        work.delayed(StepName.UPDATE_RECORD, silent)
        return False
    is_told = (
        isinstance(history, HistorySeen) and history.complete and points.capabilities.history is HistorySearch.BY_REFERENCE
    )
    if is_told and isinstance(history, HistorySeen) and not history.returns:
        return is_surely_absent(work, history, StepName.UPDATE_RECORD)
    _wait_for_a_person(
        work,
        msg(
            "The desk that is gone has returned the points, or may have, and its work cannot be finished: {why}",
            why=operation.findings[0].message,
        ),
        msg(
            "Look for {reference} in the point history, remove the cause, then choose “Go on now”. Nothing is returned twice.",
            reference=operation.reference,
        ),
    )
    return False


def _others_code_works(work: Work) -> bool:
    """Whether they did not switch the code off, or an order has used it; False where that has to wait or needs a person."""
    operation, discount = work.operation, work.operation.discount
    if discount is None or operation.kind in _STAYS_OFF or _was_used(work):
        return True
    try:
        seen = work.systems.shop.read_discount_by_id(discount.id, discount.code)
    except RemoteError as silent:
        work.delayed(StepName.UPDATE_RECORD, silent)
        return False
    if not isinstance(seen, Absent) and seen.state is not DiscountState.EXPIRED:
        return True
    _wait_for_a_person(
        work,
        msg(
            "The desk that is gone has switched the code off and returned no points, and its work cannot be finished: {why}",
            why=operation.findings[0].message,
        ),
        msg("Remove the cause, then choose “Go on now”: the points are returned then, once."),
    )
    return False


_STAYS_OFF: Final = frozenset({OperationKind.ORDER_REFUND, OperationKind.RELEASE})
"""Used, or switched off on a suspicion that stands: nothing is put back."""


def _is_window_settled(work: Work) -> bool:
    """Whether it is settled what becomes of the discount; False where that has to wait.

    While our mark still stands in the record, so that nobody else works on the coupon. Putting dates back twice does no harm.
    """
    story, discount = work.story, work.operation.discount
    is_off = story.code_dead_at is not None or StepName.INVALIDATE in story.requests
    if story.is_window_settled or not is_off or discount is None or work.operation.kind in _STAYS_OFF:
        return True
    if not discount.bears_only_this_code:
        _settle(work, msg("The code was removed from its discount, and cannot be put back."))
        return True
    try:
        seen = work.systems.gatherer.look_again(
            discount.code, discount, known(work.operation.customer_id), known(work.operation.pos_customer_id)
        )
        why_not = _why_not_on_again(work, discount, seen)
        if why_not is None:
            request = work.systems.shop.prepare_window(discount)
            work.started(StepName.UPDATE_RECORD, request)
            work.systems.shop.send(request)
    except RemoteUnavailable as silent:
        work.delayed(StepName.UPDATE_RECORD, silent)
        return False
    except OutcomeUnknown as unknown:
        work.unknown(StepName.UPDATE_RECORD, unknown, work.now + pause(work.step(StepName.UPDATE_RECORD).attempts))
        return False
    except RemoteError as refused:
        why_not = msg("The code stays switched off: {why}", why=refused.what)
    if why_not is not None and why_not != _WORKS and _was_called_off(work):
        # Nobody may be left with a dead code and no points because somebody changed their mind.
        work.postponed(StepName.UPDATE_RECORD, why_not, work.now)
        work.attention(
            msg("It was stopped before any points were returned, and the coupon could not be put back: {why}", why=why_not),
            msg("Switch the code on in the Shopify admin, or issue another, then choose “I have seen to it”."),
        )
        return False
    _settle(work, why_not or msg("The code works again as before."))
    return True


def _why_not_on_again(work: Work, discount: DiscountSeen, seen: SecondLook) -> Message | None:
    """Why the dates are not put back; None where that is safe: the coupon was used, and Shopify takes it no second time.

    Never where points were or may have been returned, in the point system or by hand, and never where another works on the
    coupon or somebody changed the discount.
    """
    now, history, record = seen.discount, seen.history, seen.record
    if isinstance(now, Absent):
        return msg("The code is gone from Shopify.")
    if now.state is not DiscountState.EXPIRED:
        return _WORKS
    if discount.state is DiscountState.EXPIRED or (discount.ends_at is not None and discount.ends_at <= work.now):
        return msg("The code stays switched off: its time is over.")
    if work.operation.kind is OperationKind.INVALIDATE:
        return msg("The code stays switched off: fraud is suspected.")
    if work.story.unproved_sends > 0 or not isinstance(history, HistorySeen) or history.returns or not history.complete:
        return msg("The code stays switched off: its points may have been returned.")
    entry = record.entry if isinstance(record, RecordSeen) else None
    if entry is None or entry.claim is None or entry.claim.operation != work.operation.id:
        return msg("The code stays switched off: the customer's record no longer bears our claim.")
    if _was_called_off(work):
        return None
    if not _was_used_meanwhile(work):
        return msg("The code stays switched off: this was settled by hand.")
    return None if now.is_used_up else msg("The code stays switched off, so that it cannot be used once more.")


_WORKS: Final = msg("The code works.")


def _settle(work: Work, detail: Message) -> None:
    work.looked(StepName.UPDATE_RECORD, "window", detail)


def _was_used_meanwhile(work: Work) -> bool:
    return any(finding.rule is Rule.USED_MEANWHILE for finding in work.operation.findings)


def _was_used(work: Work) -> bool:
    return any(finding.rule in {Rule.USED, Rule.USED_MEANWHILE} for finding in work.operation.findings)


def _was_called_off(work: Work) -> bool:
    return any(finding.rule is Rule.WITHDRAWN for finding in work.operation.findings)


def _stays_put_back(work: Work) -> bool:
    """Whether the record can be trusted to stay so: a claim whose answer was lost may still land on it, as it is as before."""
    story = work.story
    if not story.claim_was_in_doubt:
        return True
    if story.put_back_at is None:
        again_at = work.now + SECOND_LOOK
        work.looked(StepName.UPDATE_RECORD, "put_back", msg("A claim may still arrive: looking once more."), again_at)
        return False
    return work.now >= story.put_back_at + SECOND_LOOK
