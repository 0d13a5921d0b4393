"""One coupon's life as one line of events: conversion, use, order, its cancelling, what was asked here, and the return."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from coupon_desk.cancellation.operation import Operation, OperationKind, OperationState, StepName
from coupon_desk.coupons.evidence import Evidence, HistorySeen, OrderSeen, OrdersSeen, RecordSeen
from coupon_desk.coupons.points import PointEntry
from coupon_desk.words import Message, msg


class EventKind(StrEnum):
    """What happened. The codes are for scripts and are never renamed; of one moment they stand in this order."""

    CONVERSION = "conversion"
    USE = "use"
    ORDER = "order"
    ORDER_CANCELLED = "order_cancelled"
    REQUEST = "request"
    REFUSAL = "refusal"
    RETURN = "return"
    COUPON_CANCELLED = "coupon_cancelled"
    END = "end"

    @property
    def label(self) -> Message:
        """What a person reads."""
        return _LABELS[self]


_LABELS = {
    EventKind.CONVERSION: msg("Conversion"),
    EventKind.USE: msg("Use"),
    EventKind.ORDER: msg("Order"),
    EventKind.ORDER_CANCELLED: msg("Order cancelled"),
    EventKind.REQUEST: msg("Asked for"),
    EventKind.REFUSAL: msg("Refused"),
    EventKind.RETURN: msg("Return"),
    EventKind.COUPON_CANCELLED: msg("Coupon cancelled"),
    EventKind.END: msg("Completed"),
}


_ENDS_COUPON: Final = frozenset({OperationKind.CANCEL, OperationKind.INVALIDATE})


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One event. `at` is in UTC; `points` signed; `reference` what it is known by elsewhere: point reference, order, operation.

    `who` and `approver` are operators' names and logins, None where the source does not tell.
    """

    kind: EventKind
    at: datetime
    what: Message
    reference: str
    points: int | None = None
    who: str | None = None
    approver: str | None = None


def timeline(evidence: Evidence, operations: Iterable[Operation]) -> tuple[TimelineEvent, ...]:
    """All that evidence and our own trail tell of a coupon, the oldest first."""
    known = tuple(operations)
    events = [
        *_of_history(evidence, known),
        *_of_orders(evidence),
        *_of_record(evidence, known),
        *(event for operation in known for event in _of_operation(operation)),
    ]
    order = list(EventKind)
    return tuple(sorted(events, key=lambda event: (event.at, order.index(event.kind), event.reference)))


def _of_history(evidence: Evidence, operations: tuple[Operation, ...]) -> Iterator[TimelineEvent]:
    history = evidence.history
    if not isinstance(history, HistorySeen):
        return
    for entry in (*history.conversions, *history.returns):
        reference = entry.reference or evidence.code.reference
        if entry.is_conversion:
            what = msg("{points} points became this coupon.", points=-entry.points)
            yield TimelineEvent(EventKind.CONVERSION, entry.created_at, what, reference, entry.points)
            continue
        by = next((one for one in operations if _has_returned(one, entry)), None)
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


def _has_returned(operation: Operation, entry: PointEntry) -> bool:
    """Whether this operation is known to have made this return, which has no mark but the coupon's reference."""
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
