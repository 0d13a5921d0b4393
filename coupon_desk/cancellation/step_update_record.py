"""Step 5, update_record: the end in the customer's record."""

from __future__ import annotations

from coupon_desk.cancellation.given import known, refusal
from coupon_desk.cancellation.operation import LATE_STEPS, OperationKind, StepName
from coupon_desk.cancellation.record_writing import Written, write_record
from coupon_desk.cancellation.step_claim import claimed_by_another
from coupon_desk.cancellation.work import Work
from coupon_desk.coupons.eligibility import Finding, Rule
from coupon_desk.coupons.evidence import (
    RecordEntry,
    RecordStatus,
)
from coupon_desk.coupons.record import MarkCancelled, MarkRefunded, MarkReleased
from coupon_desk.words import msg


def update_record(work: Work) -> None:
    """Write the end into the customer's record: cancelled, when, by whom and why, or refunded; our mark goes."""
    operation = work.operation
    change = _change(work)
    afterwards = not isinstance(change, MarkCancelled)
    ended_by: list[str | None] = []

    def is_there(entry: RecordEntry | None) -> bool:
        if entry is None or entry.claim is not None:
            return False
        if entry.refunded_at is None if afterwards else entry.status is not RecordStatus.CANCELLED:
            return False
        ended_by.append(entry.taken_over_by)
        return True

    def why_not(entry: RecordEntry | None) -> Finding | None:
        """A use that only the record shows is the only proof of it, and a desk that took over finishes what it began."""
        if entry is not None and entry.claim is not None and entry.claim.operation != operation.id:
            return claimed_by_another(entry.claim)
        if isinstance(change, MarkRefunded) or entry is None or entry.status is not RecordStatus.USED:
            return None
        return refusal(Rule.USED, msg("it says that the coupon was used."))

    customer_id = known(operation.customer_id)
    written = write_record(work, StepName.UPDATE_RECORD, customer_id, change, is_there=is_there, why_not=why_not)
    if written is Written.NO:
        return
    if any(other not in {None, operation.id} for other in ended_by):
        _leave_the_rest(work)
    work.done(StepName.UPDATE_RECORD, msg("The customer's record is up to date."))


def _change(work: Work) -> MarkCancelled | MarkRefunded | MarkReleased:
    operation, before = work.operation, work.story.reopened
    at = before.at if before is not None else work.now
    by, returned = operation.operator.login, operation.points_returned
    in_place_of_another = operation.id if operation.request.takes_over else None
    match operation.kind:
        case OperationKind.ORDER_REFUND:
            return MarkRefunded(at, by, returned, in_place_of_another)
        case OperationKind.RELEASE:
            return MarkReleased(at, by, returned, in_place_of_another)
        case _:
            return MarkCancelled(at, by, operation.request.reason, returned, in_place_of_another)


def _leave_the_rest(work: Work) -> None:
    """The desk that took over has finished, and so tells the customer: a second e-mail would be one too many."""
    for name in LATE_STEPS:
        if not work.step(name).state.is_settled:
            work.skipped(name, msg("Another desk took this over and finished it."))
