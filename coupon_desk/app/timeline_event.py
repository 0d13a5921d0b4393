"""One event of a coupon's life: what happened, when, by whom, and the reference by which it is known elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from coupon_desk.coupons.code import CouponCode
from coupon_desk.words import Message, msg


class EventKind(StrEnum):
    """What happened. The codes are for scripts and are never renamed; of one moment they stand in this order."""

    CONVERSION = "conversion"
    ISSUED = "issued"
    REMINDER = "reminder"
    USE = "use"
    ORDER = "order"
    ORDER_CANCELLED = "order_cancelled"
    REQUEST = "request"
    APPROVED = "approved"
    REFUSAL = "refusal"
    SWITCHED_OFF = "switched_off"
    RETURN = "return"
    COUPON_CANCELLED = "coupon_cancelled"
    END = "end"
    MAIL = "mail"
    RECEIPT = "receipt"
    RECHECK = "recheck"
    RETIRED = "retired"
    SEEN_TO = "seen_to"
    DECISION = "decision"
    RECONCILED = "reconciled"

    @property
    def label(self) -> Message:
        """What a person reads."""
        return _LABELS[self]

    @property
    def moves_points(self) -> bool:
        """Whether the customer's balance changed at this very event; others only tell of it."""
        return self in {EventKind.CONVERSION, EventKind.RETURN}


_LABELS = {
    EventKind.CONVERSION: msg("Conversion"),
    EventKind.ISSUED: msg("Issued"),
    EventKind.REMINDER: msg("Reminder"),
    EventKind.USE: msg("Use"),
    EventKind.ORDER: msg("Order"),
    EventKind.ORDER_CANCELLED: msg("Order cancelled"),
    EventKind.REQUEST: msg("Asked for"),
    EventKind.APPROVED: msg("Approved"),
    EventKind.REFUSAL: msg("Refused"),
    EventKind.SWITCHED_OFF: msg("Code switched off"),
    EventKind.RETURN: msg("Return"),
    EventKind.COUPON_CANCELLED: msg("Coupon cancelled"),
    EventKind.END: msg("Completed"),
    EventKind.MAIL: msg("E-mail"),
    EventKind.RECEIPT: msg("Receipt"),
    EventKind.RECHECK: msg("Looked again"),
    EventKind.RETIRED: msg("Discount deleted"),
    EventKind.SEEN_TO: msg("Seen to"),
    EventKind.DECISION: msg("Decision"),
    EventKind.RECONCILED: msg("Difference put right"),
}


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One event. `at` is in UTC; `points` signed; `reference` what it is known by elsewhere: point reference, order, operation.

    `who` and `approver` are operators' names and logins, None where the source does not tell. `is_doubtful`: what it tells is
    contradicted by another source. `code` is the coupon that it belongs to; `note` what a person wrote of it, None where nobody
    did or it was erased.
    """

    kind: EventKind
    at: datetime
    what: Message
    reference: str
    points: int | None = None
    who: str | None = None
    approver: str | None = None
    is_doubtful: bool = False
    code: CouponCode | None = None
    note: str | None = None
