"""May the points of an invalidated coupon be released, and why not: one pure function from evidence to a verdict.

What speaks against cancelling a coupon speaks against this too, except that it is cancelled: that it has to be, by us, with its
points withheld.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from coupon_desk.coupons.eligibility import Finding, Rule, Verdict, Weight, held_message, judge
from coupon_desk.coupons.evidence import Absent, DiscountSeen, DiscountState, Evidence, RecordEntry, RecordSeen, RecordStatus
from coupon_desk.words import Message, msg


def judge_release(evidence: Evidence) -> Verdict:
    """The verdict on giving back what was withheld on suspicion: a second person always looks, and doubt refuses."""
    verdict = judge(evidence)
    kept = (_weighed(finding) for finding in verdict.findings if finding.rule not in _TOLD_HERE)
    findings = (*_withheld(evidence), *_others_work(evidence), *_code(evidence), *kept, _SECOND_PERSON)
    return replace(verdict, findings=findings)


_TOLD_HERE = frozenset({Rule.CANCELLED, Rule.BEING_CANCELLED, Rule.NOT_FOUND, Rule.EXPIRED, Rule.SCHEDULED})


def _weighed(finding: Finding) -> Finding:
    """Without a conversion there is nothing that could have been withheld."""
    return replace(finding, weight=Weight.REFUSAL) if finding.rule is Rule.NO_CONVERSION else finding


def _withheld(evidence: Evidence) -> Iterator[Finding]:
    """Our trail says that we withheld the points, and the customer's record that nobody gave them back since."""
    own, record = evidence.own, evidence.record
    if own is not None and own.withheld is None:
        if own.cancelled and own.refunded:
            yield _no(Rule.ALREADY_RETURNED, msg("The points of this coupon were released on {at}.", at=own.at))
        elif own.cancelled:
            yield _no(Rule.NOT_WITHHELD, msg("No points of this coupon are withheld."))
        else:
            yield _no(Rule.BEING_CANCELLED, msg("Being cancelled by {by} since {at}.", by=own.by, at=own.at))
    elif own is None and evidence.taking_over is None:
        yield _no(Rule.NOT_WITHHELD, msg("No points of this coupon are withheld."))
    elif own is not None and own.withheld is not None and own.withheld.confirmed_at is not None:
        yield _no(
            Rule.CONFIRMED_FRAUD,
            msg("Fraud was confirmed on {at}: the points of this coupon are never returned.", at=own.withheld.confirmed_at),
        )
    if isinstance(record, RecordSeen):
        yield from _recorded(evidence, record.entry)


def _recorded(evidence: Evidence, entry: RecordEntry | None) -> Iterator[Finding]:
    """Another desk that took over has no trail of it: there the mark of the desk that began says that it had looked."""
    own = evidence.own
    if entry is not None and entry.refunded_at is not None:
        yield _no(Rule.ALREADY_RETURNED, msg("The points of this coupon were released on {at}.", at=entry.refunded_at))
        return
    is_marked = entry is not None and entry.claim is not None and entry.claim.operation == evidence.taking_over
    # Used meanwhile: taken over only to end what the other desk began.
    standing = {RecordStatus.CANCELLED, RecordStatus.USED} if is_marked else {RecordStatus.CANCELLED}
    is_cancelled = entry is not None and entry.status in standing and not entry.points_returned
    is_ours = own is not None and own.withheld is not None and entry is not None and entry.cancelled_by == own.withheld.by
    if not is_cancelled or not (is_ours or is_marked):
        yield _no(Rule.NOT_WITHHELD, msg("The customer's record does not say that the coupon was cancelled without points."))


def _others_work(evidence: Evidence) -> Iterator[Finding]:
    entry = evidence.record.entry if isinstance(evidence.record, RecordSeen) else None
    if entry is not None and entry.claim is not None and entry.claim.operation != evidence.taking_over:
        claim = entry.claim
        yield _no(Rule.BEING_CANCELLED, msg("Being cancelled by {by} since {at}.", by=claim.by, at=claim.at))
    elif evidence.held is not None and evidence.held.operation != evidence.taking_over:
        yield _no(Rule.BEING_CANCELLED, held_message(evidence.held))


def _code(evidence: Evidence) -> Iterator[Finding]:
    """The code is dead; where it is not, or is gone, the second person is told so."""
    discount = evidence.discount
    if isinstance(discount, Absent):
        yield _ask(Rule.NOT_FOUND, msg("The code is gone from Shopify: only orders can tell whether it was used."))
    elif isinstance(discount, DiscountSeen) and discount.state is not DiscountState.EXPIRED:
        yield _ask(Rule.REVIVED, msg("Somebody switched the code on again: it is switched off before points are returned."))


def _no(rule: Rule, message: Message) -> Finding:
    return Finding(rule, Weight.REFUSAL, message)


def _ask(rule: Rule, message: Message) -> Finding:
    return Finding(rule, Weight.APPROVAL, message)


_SECOND_PERSON = _ask(Rule.WITHHELD, msg("Releasing points that were withheld always needs a second person."))
