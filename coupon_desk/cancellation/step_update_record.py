"""Step 5, update_record: the end in the customer's record; or, stopped before the pivot, everything put back."""

from __future__ import annotations

from coupon_desk.cancellation.given import known, refusal
from coupon_desk.cancellation.operation import OperationKind, StepName
from coupon_desk.cancellation.patience import SECOND_LOOK
from coupon_desk.cancellation.record_writing import Written, write_record
from coupon_desk.cancellation.work import Work
from coupon_desk.coupons.eligibility import Finding, Rule
from coupon_desk.coupons.evidence import (
    RecordEntry,
    RecordStatus,
)
from coupon_desk.coupons.record import DropClaim, MarkCancelled, MarkRefunded, MarkUsed
from coupon_desk.words import msg


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
        return entry.refunded_at is not None if refund else entry.status is RecordStatus.CANCELLED

    def why_not(entry: RecordEntry | None) -> Finding | None:
        """A use that only the record shows is the only proof of it, and is not written over."""
        if refund or entry is None or entry.status is not RecordStatus.USED:
            return None
        return refusal(Rule.USED, msg("it says that the coupon was used."))

    customer_id = known(operation.customer_id)
    written = write_record(work, StepName.UPDATE_RECORD, customer_id, change, is_there=is_there, why_not=why_not)
    if written is Written.YES:
        work.done(StepName.UPDATE_RECORD, msg("The customer's record is up to date."))


def put_back(work: Work) -> None:
    """Stopped before the pivot: take our mark out of the record, which then tells the truth, and end as refused."""
    operation = work.operation
    if work.story.claimed or StepName.CLAIM in work.story.requests:
        used = any(finding.rule is Rule.USED_MEANWHILE for finding in operation.findings)
        change = MarkUsed(work.now) if used else DropClaim(operation.id)

        def is_there(entry: RecordEntry | None) -> bool:
            is_ours = entry is not None and entry.claim is not None and entry.claim.operation == operation.id
            return not is_ours and (not used or entry is None or entry.status is RecordStatus.USED)

        written = write_record(work, StepName.UPDATE_RECORD, known(operation.customer_id), change, is_there=is_there)
        if written is Written.NO or not _stays_put_back(work):
            return
        detail = msg("The customer's record says used.") if used else msg("The customer's record is as it was before.")
        work.done(StepName.UPDATE_RECORD, detail)
    work.ended_refused(operation.findings)


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
