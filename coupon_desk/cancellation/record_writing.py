"""Writes the coupon's entry in the customer's record by compare-and-set: read, look, write down, send; stale: again."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from coupon_desk.cancellation.given import refusal
from coupon_desk.cancellation.operation import StepName, StepState
from coupon_desk.cancellation.patience import pause
from coupon_desk.cancellation.work import Work
from coupon_desk.coupons.eligibility import Finding, Rule
from coupon_desk.coupons.evidence import Absent, RecordEntry, RecordSeen
from coupon_desk.coupons.record import RecordChange
from coupon_desk.errors import OutcomeUnknown, RemoteRefused, RemoteUnavailable, StaleRecord
from coupon_desk.words import msg

STALE_TRIES: Final = 6
"""How often a record that others change under our hands is read and written again before the step waits."""


class Written(Enum):
    """Whether the record says what it should; NO means that the step was written down as waiting, refused or unknown."""

    YES = auto()
    NO = auto()


def write_record(
    work: Work,
    name: StepName,
    customer_id: str,
    change: RecordChange,
    *,
    is_there: Callable[[RecordEntry | None], bool],
    why_not: Callable[[RecordEntry | None], Finding | None] = lambda _: None,
) -> Written:
    """Bring the entry to what `is_there` asks, unless `why_not` finds a reason against it.

    Entering again after a crash or an unknown outcome is safe: the record is read first, and a write that is still under way
    somewhere loses against the digest of whatever was written since.
    """
    for _ in range(STALE_TRIES):
        record = _read(work, name, customer_id)
        if record is None:
            return Written.NO
        if is_there(record.entry):
            return Written.YES
        finding = why_not(record.entry)
        if finding is not None:
            _refuse(work, name, finding)
            return Written.NO
        try:
            request = work.systems.shop.prepare_record(record, work.operation.code, change)
            work.started_writing_record(name, request)
            work.record_is_fresh = False
            work.heard(work.systems.shop.send(request))
        except StaleRecord:
            continue
        except RemoteUnavailable as surely_not:
            work.delayed(name, surely_not)
            return Written.NO
        except RemoteRefused as refused:
            work.heard(refused)
            _refuse(work, name, refusal(Rule.REMOTE_REFUSED, refused.what))
            return Written.NO
        except OutcomeUnknown as unknown:
            work.unknown(name, unknown, work.now + pause(work.step(name).attempts))
            return Written.NO
        return Written.YES
    work.postponed(name, msg("Somebody keeps changing the customer's record."), work.now + pause(work.step(name).attempts))
    return Written.NO


def _read(work: Work, name: StepName, customer_id: str) -> RecordSeen | None:
    """The record as it is now; None where it could not be read, which is then written down."""
    if work.record is not None and work.record_is_fresh and work.step(name).state is StepState.PENDING:
        return work.record
    try:
        seen = work.systems.shop.read_record(customer_id, work.operation.code)
    except RemoteUnavailable as silent:
        work.delayed(name, silent)
        return None
    except RemoteRefused as refused:
        _refuse(work, name, refusal(Rule.REMOTE_REFUSED, refused.what))
        return None
    if isinstance(seen, Absent):
        _refuse(work, name, refusal(Rule.NO_RECORD, msg("The customer was not found in Shopify.")))
        return None
    work.record, work.record_is_fresh = seen, True
    return seen


def _refuse(work: Work, name: StepName, finding: Finding) -> None:
    """Before anything was sent that matters a refusal ends the operation; afterwards a person has to mend the cause."""
    why = finding.message
    if name is StepName.CLAIM and work.story.may_be_refused:
        work.refused(name, [finding], why)
        return
    work.postponed(name, why, work.now)
    work.attention(
        msg("The customer's record could not be written: {why}", why=why),
        msg("Remove the cause, then choose “Go on now”. Nothing that was done is repeated."),
    )
