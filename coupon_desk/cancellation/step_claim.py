"""Step 2, claim: put our mark into the customer's record, so that nobody else works on this coupon."""

from __future__ import annotations

from collections.abc import Callable

from coupon_desk.cancellation.given import known, refusal
from coupon_desk.cancellation.operation import OperationKind, StepName
from coupon_desk.cancellation.record_writing import Written, write_record
from coupon_desk.cancellation.work import Work
from coupon_desk.coupons.eligibility import Finding, Rule
from coupon_desk.coupons.evidence import (
    Claim,
    RecordEntry,
    RecordStatus,
)
from coupon_desk.coupons.record import PutClaim
from coupon_desk.words import msg


def claim(work: Work) -> None:
    """Put our mark into the customer's record, so that nobody else works on this coupon."""
    operation = work.operation
    customer_id = known(operation.customer_id)
    mark = Claim(operation.id, operation.operator.login, operation.opened_at)

    def is_ours(entry: RecordEntry | None) -> bool:
        return entry is not None and entry.claim is not None and entry.claim.operation == operation.id

    written = write_record(work, StepName.CLAIM, customer_id, PutClaim(mark), is_there=is_ours, why_not=_why_not_claim(work))
    if written is Written.YES:
        work.done(StepName.CLAIM, msg("Claimed: nobody else can work on this coupon."))


def _why_not_claim(work: Work) -> Callable[[RecordEntry | None], Finding | None]:
    used_is_expected = work.operation.kind is OperationKind.ORDER_REFUND

    def why_not(entry: RecordEntry | None) -> Finding | None:
        if entry is None:
            return None
        if entry.claim is not None:
            return refusal(
                Rule.BEING_CANCELLED,
                msg("Being cancelled by {by} since {at}.", by=entry.claim.by, at=entry.claim.at),
            )
        if entry.status is RecordStatus.CANCELLED:
            return refusal(Rule.CANCELLED, msg("Already cancelled."))
        if entry.status is RecordStatus.USED and not used_is_expected:
            return refusal(Rule.USED, msg("Already used. If its order was cancelled, use “Refund for a cancelled order…”."))
        return None

    return why_not
