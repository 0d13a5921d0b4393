"""Holds what the sources say of one coupon against each other and against our trail: one pure function to all differences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

from coupon_desk.cancellation.case import Case
from coupon_desk.cancellation.comparing_points import point_differences
from coupon_desk.cancellation.differences import Difference, Kind, Repair
from coupon_desk.cancellation.operation import Operation, OperationKind, OperationState, StepName, StepState
from coupon_desk.cancellation.reopening import may_be_reopened
from coupon_desk.coupons.evidence import Absent, DiscountState, Evidence, RecordSeen, RecordStatus
from coupon_desk.words import msg

LONGEST_CLAIM: Final = timedelta(hours=24)
"""A claim that is older belongs to a desk that does not come back by itself."""


def differences(evidence: Evidence, operations: Iterable[Operation]) -> tuple[Difference, ...]:
    """All that contradicts, the weightiest first. `operations` are our own on the coupon, newest first. Total; does no I/O.

    While somebody works on the coupon only their work is told of: it explains the rest.
    """
    case = Case(evidence, tuple(operations))
    found = [*_unfinished(case), *_claims(case)]
    if not case.is_at_work:
        rules = (_record_behind, _code_works, _used_afterwards, point_differences, _use, _code, _sources)
        found += [one for rule in rules for one in rule(case)]
    return tuple(found)


def _unfinished(case: Case) -> Iterator[Difference]:
    for one in case.operations:
        if one.state is OperationState.NEEDS_ATTENTION:
            repair = Repair.GO_ON if one.ended_at is None else None
            what = one.attention or msg("This needs a person")
            yield Difference(Kind.UNFINISHED, what, one.next_action or _LOOK_AT_IT, repair, one.id)
        elif one.state is OperationState.RUNNING:
            step = next((step.name for step in one.steps if not step.state.is_settled), StepName.UPDATE_RECORD)
            what = msg("{kind}: not finished, at “{step}”.", kind=one.kind.label, step=step.label)
            todo = msg("It goes on by itself; “Go on now” does not wait for its time.")
            yield Difference(Kind.UNFINISHED, what, one.next_action or todo, Repair.GO_ON, one.id)
        elif one.has_open_work and one.step(StepName.NOTIFY).state in {StepState.UNKNOWN, StepState.REFUSED}:
            mail = one.step(StepName.NOTIFY)
            what = msg("The customer may not have been told: {why}", why=mail.detail or mail.state.value)
            repair = Repair.GO_ON if mail.state is StepState.REFUSED else None
            yield Difference(Kind.UNFINISHED, what, one.next_action or _LOOK_AT_IT, repair, one.id)


_LOOK_AT_IT: Final = msg("Open the operation and look at its steps.")


def _claims(case: Case) -> Iterator[Difference]:
    claim = case.entry.claim if case.entry else None
    if claim is None:
        return
    own = next((one for one in case.operations if one.id == claim.operation), None)
    if own is not None and own.state is OperationState.REFUSED:
        what = msg("The customer's record bears our mark, though the operation is over and was refused.")
        if may_be_reopened(own, (StepName.UPDATE_RECORD,)):
            todo = msg("The mark is taken away; the coupon stays as it is.")
            yield Difference(Kind.CLAIM_LEFT, what, todo, Repair.LET_GO, own.id)
        else:
            todo = msg("It never set this mark. Find out who writes into customers' records, and have it taken away there.")
            yield Difference(Kind.CLAIM_LEFT, what, todo, operation=own.id)
    elif own is None and case.now - claim.at > LONGEST_CLAIM:
        yield Difference(
            Kind.CLAIMED_ELSEWHERE,
            msg("{by} began to cancel it on {at}, and has not finished.", by=claim.by, at=claim.at),
            msg("Have that desk finish it. If it is gone for good, choose “Take over…” on the coupon."),
        )


def _record_behind(case: Case) -> Iterator[Difference]:
    last = case.last
    if last is None or not isinstance(case.evidence.record, RecordSeen) or case.is_recorded(last):
        return
    entry = case.entry
    if entry is not None and entry.status is RecordStatus.USED and last.kind is not OperationKind.ORDER_REFUND:
        return  # told as a use
    yield Difference(
        Kind.RECORD_BEHIND,
        msg("Our trail says: {kind}, completed. The customer's record does not say so.", kind=last.kind.label),
        msg("The end is written into the customer's record again. No points move."),
        Repair.WRITE_RECORD,
        last.id,
    )


def _code_works(case: Case) -> Iterator[Difference]:
    discount, ended = case.discount, case.ended
    if not case.is_over or discount is None or discount.state is DiscountState.EXPIRED or discount.is_used_up:
        return
    what = msg("The coupon is cancelled, but its code works: it could be used as well.")
    seen = ended.discount if ended is not None else None
    if ended is not None and seen is not None and seen.id == discount.id and discount.bears_only_this_code:
        todo = msg("The code is switched off again. No points move.")
        yield Difference(Kind.CODE_WORKS, what, todo, Repair.SWITCH_OFF, ended.id)
    else:
        todo = msg("Find out in the Shopify admin who made it work, and switch it off there.")
        yield Difference(Kind.CODE_WORKS, what, todo)


def _used_afterwards(case: Case) -> Iterator[Difference]:
    if not case.is_over or not case.is_used:
        return
    order = case.orders[0].name if case.orders else None
    what = (
        msg("The coupon is cancelled, and was used in order {order}.", order=order)
        if order is not None
        else msg("The coupon is cancelled, and was used.")
    )
    todo = msg("Talk to the customer, or take the points back in the point system. If that is settled, nothing is left to do.")
    yield Difference(Kind.USED_AFTERWARDS, what, todo, operation=case.ended.id if case.ended else None)


def _use(case: Case) -> Iterator[Difference]:
    """Used, as some say and others do not."""
    entry, discount = case.entry, case.discount
    if case.is_over or case.last is not None or entry is None:
        return
    is_proved = any(order.cancelled_at is None for order in case.orders) or (discount is not None and discount.usage_count > 0)
    if entry.status is RecordStatus.ACTIVE and entry.used_at is None and is_proved and not case.returns:
        yield Difference(
            Kind.USE_NOT_RECORDED,
            msg("The coupon was used; the customer's record still shows it as unused."),
            msg("The use is noted in the customer's record. Nothing else changes."),
            Repair.NOTE_USE,
        )
    says_used = entry.status is RecordStatus.USED or entry.used_at is not None
    if says_used and not case.orders and discount is not None and discount.usage_count == 0:
        yield Difference(
            Kind.USE_ONLY_RECORDED,
            msg("The customer's record says used, but Shopify knows no use and no order."),
            msg("Ask the customer and look for the order. If there is none, have the record corrected by who looks after it."),
        )


def _code(case: Case) -> Iterator[Difference]:
    """A code that is not as the record promises, and nobody here made it so."""
    entry, discount = case.entry, case.discount
    is_promised = entry is not None and entry.status is RecordStatus.ACTIVE and (entry.expires_at or case.now) >= case.now
    if case.is_over or case.is_used or not is_promised or entry is None or case.returns:
        return
    if isinstance(case.evidence.discount, Absent):
        yield Difference(
            Kind.CODE_GONE,
            msg("The customer's record shows the coupon, but Shopify knows no such code."),
            msg("Find out in the Shopify admin who deleted it, then issue another, or return the points in the point system."),
        )
    elif (
        discount is not None
        and discount.state is DiscountState.EXPIRED
        and discount.ends_at is not None
        and entry.expires_at is not None
        and discount.ends_at < entry.expires_at
    ):
        yield Difference(
            Kind.ENDED_EARLY,
            msg("The code ended on {at}, before its time, and no points were returned.", at=discount.ends_at),
            msg("Find out in the Shopify admin who ended it. Put its end back there, or issue another coupon."),
        )


def _sources(case: Case) -> Iterator[Difference]:
    """What one source should know and does not."""
    if isinstance(case.evidence.history, Absent):
        yield Difference(
            Kind.UNKNOWN_AT_POS,
            msg("The point system does not know this customer."),
            msg("Find the customer in the point system, and enter their number there into the customer's Shopify metafield."),
        )
    if isinstance(case.evidence.record, RecordSeen) and case.entry is None and case.last is None and case.discount is not None:
        yield Difference(
            Kind.NOT_RECORDED,
            msg("The customer's record does not know this coupon."),
            msg("Have it entered by who looks after the shop's website. To cancel it, a second person has to look."),
        )
