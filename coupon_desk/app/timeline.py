"""One coupon's life as one line of events: conversion, use, order, its cancelling, what was asked and done here, the return."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from coupon_desk.app.timeline_doubts import is_doubtful
from coupon_desk.app.timeline_event import EventKind, TimelineEvent
from coupon_desk.app.timeline_of_trail import events_of_trail
from coupon_desk.cancellation.differences import Difference
from coupon_desk.cancellation.operation import Operation, OperationKind, OperationState, StepName
from coupon_desk.coupons.evidence import DiscountSeen, Evidence, HistorySeen, OrderSeen, OrdersSeen, RecordSeen
from coupon_desk.coupons.points import PointEntry
from coupon_desk.trail.entry import Entry
from coupon_desk.words import Message, msg

_ENDS_COUPON: Final = frozenset({OperationKind.CANCEL, OperationKind.INVALIDATE})


def timeline(
    evidence: Evidence, operations: Iterable[Operation], entries: Iterable[Entry] = (), differences: Iterable[Difference] = ()
) -> tuple[TimelineEvent, ...]:
    """All that evidence and our own trail tell of a coupon, the oldest first; what is contradicted is marked."""
    known, found, written = tuple(operations), tuple(differences), tuple(entries)
    events = [
        *_of_issue(evidence),
        *_of_history(evidence, known, _confirmed(written)),
        *_of_orders(evidence),
        *_of_record(evidence, known),
        *(event for operation in known for event in _of_operation(operation)),
        *events_of_trail(written, known, evidence.code.text),
    ]
    marked = (replace(one, code=evidence.code, is_doubtful=is_doubtful(one, found)) for one in events)
    return in_order(marked)


def in_order(events: Iterable[TimelineEvent]) -> tuple[TimelineEvent, ...]:
    """The oldest first; of one moment as one follows from the other."""
    order = list(EventKind)
    return tuple(sorted(events, key=lambda event: (event.at, order.index(event.kind), event.reference)))


def _of_issue(evidence: Evidence) -> Iterator[TimelineEvent]:
    """When the coupon came to be, as the record says, else Shopify."""
    entry = evidence.record.entry if isinstance(evidence.record, RecordSeen) else None
    discount = evidence.discount
    at = entry.issued_at if entry else None
    if at is None and isinstance(discount, DiscountSeen):
        at = discount.created_at
    if at is not None:
        yield TimelineEvent(EventKind.ISSUED, at, msg("The coupon was issued."), evidence.code.text)


def _confirmed(entries: Iterable[Entry]) -> Mapping[str, str]:
    """The operation that made each return, by the id that the point system confirmed it with."""
    done = (entry for entry in entries if entry.action == "step.done" and entry.step == StepName.RETURN_POINTS)
    return {str(entry.body["entry"]): entry.operation or "" for entry in done if entry.body.get("entry") is not None}


def _of_history(evidence: Evidence, operations: tuple[Operation, ...], confirmed: Mapping[str, str]) -> Iterator[TimelineEvent]:
    history = evidence.history
    if not isinstance(history, HistorySeen):
        return
    for entry in (*history.conversions, *history.returns):
        reference = entry.reference or evidence.code.reference
        if entry.is_conversion:
            what = msg("{points} points became this coupon.", points=-entry.points)
            yield TimelineEvent(EventKind.CONVERSION, entry.created_at, what, reference, entry.points)
            continue
        by = next((one for one in operations if _has_returned(one, entry, confirmed)), None)
        what = msg("{points} points were returned: {reason}", points=entry.points, reason=entry.reason)
        yield TimelineEvent(
            EventKind.RETURN,
            entry.created_at,
            what,
            reference,
            entry.points,
            by.operator.name if by else None,
            by.approved_by if by else None,
        )


def _has_returned(operation: Operation, entry: PointEntry, confirmed: Mapping[str, str]) -> bool:
    """Whether this operation is known to have made this return: by its id, else by its size, as no other mark tells it."""
    if operation.id in confirmed.values():
        return confirmed.get(entry.id) == operation.id
    done = operation.step(StepName.RETURN_POINTS).at
    return operation.points_returned == entry.points and done is not None


def _of_orders(evidence: Evidence) -> Iterator[TimelineEvent]:
    for order in evidence.orders.orders if isinstance(evidence.orders, OrdersSeen) else ():
        yield TimelineEvent(EventKind.ORDER, order.created_at, _placed(order), order.name)
        if order.cancelled_at is not None:
            what = msg("Order {order} was cancelled.", order=order.name)
            yield TimelineEvent(EventKind.ORDER_CANCELLED, order.cancelled_at, what, order.name)


def _placed(order: OrderSeen) -> Message:
    others = len(order.codes) - 1
    if others > 0:
        return msg("Order {order} used this coupon, with other codes beside it.", order=order.name)
    return msg("Order {order} used this coupon.", order=order.name)


def _of_record(evidence: Evidence, operations: tuple[Operation, ...]) -> Iterator[TimelineEvent]:
    entry = evidence.record.entry if isinstance(evidence.record, RecordSeen) else None
    if entry is None:
        return
    if entry.used_at is not None:
        what = msg("The customer's record says: used.")
        yield TimelineEvent(EventKind.USE, entry.used_at, what, evidence.code.text)
    ours = any(one.kind in _ENDS_COUPON and one.state is OperationState.COMPLETED for one in operations)
    if entry.cancelled_at is not None and not ours:
        what = msg("The customer's record says: cancelled.")
        yield TimelineEvent(EventKind.COUPON_CANCELLED, entry.cancelled_at, what, evidence.code.text)


def _of_operation(operation: Operation) -> Iterator[TimelineEvent]:
    by, approver = operation.operator.name, operation.approved_by
    asked = msg("{kind}: asked for.", kind=operation.kind.label)
    yield TimelineEvent(EventKind.REQUEST, operation.opened_at, asked, operation.id, who=by)
    if operation.ended_at is None:
        return
    if operation.state is OperationState.REFUSED:
        why = next((finding.message for finding in operation.refused), operation.state.label)
        refused = msg("{kind}: refused. {why}", kind=operation.kind.label, why=why)
        yield TimelineEvent(EventKind.REFUSAL, operation.ended_at, refused, operation.id, who=by)
        return
    kind = EventKind.COUPON_CANCELLED if operation.kind in _ENDS_COUPON else EventKind.END
    done = msg("{kind}: completed.", kind=operation.kind.label)
    yield TimelineEvent(kind, operation.ended_at, done, operation.id, operation.points_returned, by, approver)
