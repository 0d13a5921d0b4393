"""Step 2, claim: hold the coupon in the central database and in the customer's record, so that nobody else works on it."""

from __future__ import annotations

from collections.abc import Callable

from coupon_desk.cancellation.given import known, refusal
from coupon_desk.cancellation.operation import OperationKind, StepName
from coupon_desk.cancellation.record_writing import Written, write_record
from coupon_desk.cancellation.work import Work
from coupon_desk.coupons.eligibility import Finding, Rule, held_message
from coupon_desk.coupons.evidence import (
    Claim,
    RecordEntry,
    RecordStatus,
)
from coupon_desk.coupons.record import PutClaim
from coupon_desk.errors import RemoteError, RemoteUnavailable
from coupon_desk.words import Message, msg


def claim(work: Work) -> None:
    """Hold the coupon: in the central database where there is one, and by our mark in the customer's record."""
    centre = work.systems.centre
    silence = None
    if centre is not None:
        try:
            held = centre.claims.take(
                work.operation.code,
                work.operation.id,
                work.operation.operator.login,
                replaces=work.operation.request.takes_over,
                proof=_proof(work),
            )
        except RemoteError as silent:
            if centre.is_required:
                _wait_for_centre(work, silent)
                return
            silence = silent.what
        else:
            if held is not None:
                stop_for_another(work, refusal(Rule.BEING_CANCELLED, held_message(held)), StepName.CLAIM)
                return
    _put_our_mark(work, silence, is_central=centre is not None and silence is None)


def is_fenced(work: Work) -> bool:
    """The fence before the pivot: whether the coupon is still ours in the central database; else that is written down.

    Only where we hold it there: a claim that could not be made there stands in the customer's record alone.
    """
    centre = work.systems.centre
    if centre is None or not work.story.claimed_centrally:
        return True
    operation = work.operation
    try:
        held = centre.claims.take(operation.code, operation.id, operation.operator.login, returning=True)
    except RemoteError as silent:
        if centre.is_required:
            work.delayed(StepName.RETURN_POINTS, silent)
        return not centre.is_required
    if held is not None:
        stop_for_another(work, refusal(Rule.BEING_CANCELLED, held_message(held)))
    return held is None


def stop_for_another(work: Work, finding: Finding, name: StepName = StepName.INVALIDATE) -> None:
    """Another operation has the coupon now. What we may have sent forbids to end as if nothing had happened."""
    if work.story.may_be_refused:
        work.refused(name, [finding], finding.message)
        return
    work.attention(
        msg("Another desk has taken this over, and points were sent from here before: {why}", why=finding.message),
        msg("See there that it is finished and that the points came once, then choose “I have seen to it”."),
    )


def claimed_by_another(claim: Claim) -> Finding:
    """What a person is told about a claim in the customer's record."""
    return refusal(Rule.BEING_CANCELLED, msg("Being cancelled by {by} since {at}.", by=claim.by, at=claim.at))


def _wait_for_centre(work: Work, error: RemoteError) -> None:
    if isinstance(error, RemoteUnavailable) or not work.story.may_be_refused:
        work.delayed(StepName.CLAIM, error)
    else:
        work.refused(StepName.CLAIM, [refusal(Rule.REMOTE_REFUSED, error.what)], error.what)


def _proof(work: Work) -> str:
    """What stands beside a claim that was taken over: who asked and who approved; the trail's hash leads to the evidence."""
    operation = work.operation
    return f"{operation.operator.login}, approved by {operation.approved_by}; trail {operation.head}"


def _put_our_mark(work: Work, silence: Message | None, *, is_central: bool) -> None:
    operation = work.operation
    customer_id = known(operation.customer_id)
    mark = PutClaim(Claim(operation.id, operation.operator.login, operation.opened_at), operation.request.takes_over)

    def is_ours(entry: RecordEntry | None) -> bool:
        return entry is not None and entry.claim is not None and entry.claim.operation == operation.id

    written = write_record(work, StepName.CLAIM, customer_id, mark, is_there=is_ours, why_not=_why_not_claim(work))
    if written is Written.NO:
        return
    told = msg("Claimed: nobody else can work on this coupon.")
    if silence is not None:
        told = msg("Claimed in the customer's record alone: {why}", why=silence)
    work.done(StepName.CLAIM, told, {"is_central": is_central})


def _why_not_claim(work: Work) -> Callable[[RecordEntry | None], Finding | None]:
    request = work.operation.request
    used_is_expected = request.kind is OperationKind.ORDER_REFUND
    is_release = request.kind is OperationKind.RELEASE

    def why_not(entry: RecordEntry | None) -> Finding | None:
        if entry is None:
            return _not_withheld() if is_release else None
        if entry.claim is not None and entry.claim.operation != request.takes_over:
            return claimed_by_another(entry.claim)
        if is_release:
            if entry.refunded_at is not None:
                return refusal(Rule.ALREADY_RETURNED, msg("The points of this coupon were released."))
            was_used = entry.status is RecordStatus.USED and entry.claim is not None
            return None if was_used or entry.status is RecordStatus.CANCELLED else _not_withheld()
        if entry.status is RecordStatus.CANCELLED:
            return refusal(Rule.CANCELLED, msg("Already cancelled."))
        if used_is_expected and entry.refunded_at is not None:
            return refusal(Rule.ALREADY_RETURNED, msg("Points were already returned for the cancelled order."))
        if entry.status is RecordStatus.USED and not used_is_expected and entry.claim is None:
            return refusal(Rule.USED, msg("Already used. If its order was cancelled, use “Refund for a cancelled order…”."))
        return None

    return why_not


def _not_withheld() -> Finding:
    return refusal(Rule.NOT_WITHHELD, msg("The customer's record does not say that the coupon was cancelled without points."))
