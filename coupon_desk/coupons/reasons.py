"""The reasons that an operator can give. The codes are stable and never renamed; labels may be."""

from __future__ import annotations

from enum import StrEnum

from coupon_desk.words import Message, msg


class Reason(StrEnum):
    """Why a coupon is cancelled."""

    CUSTOMER_REQUEST = "customer_request"
    CONVERTED_BY_MISTAKE = "converted_by_mistake"
    ORDER_CANCELLED = "order_cancelled"
    STAFF_ERROR = "staff_error"
    DUPLICATE_ISSUE = "duplicate_issue"
    SYSTEM_ERROR = "system_error"
    GOODWILL = "goodwill"
    SUSPECTED_FRAUD = "suspected_fraud"
    OTHER = "other"
    RELEASED = "released"
    RETURNED_BEFORE = "returned_before"

    @classmethod
    def choices(cls) -> tuple[Reason, ...]:
        """Those that an operator picks from; the others belong to an investigation, or to a difference that is put right."""
        return tuple(reason for reason in cls if reason not in {cls.RELEASED, cls.RETURNED_BEFORE})

    @property
    def label(self) -> Message:
        """What a person reads."""
        return _LABELS[self]

    @property
    def returns_points(self) -> bool:
        """Suspected fraud invalidates and returns nothing; every other reason gives the points back."""
        return self is not Reason.SUSPECTED_FRAUD

    @property
    def needs_second_person(self) -> bool:
        """Goodwill may differ from what was deducted, so somebody else looks at it first."""
        return self is Reason.GOODWILL


_LABELS = {
    Reason.CUSTOMER_REQUEST: msg("Customer changed their mind"),
    Reason.CONVERTED_BY_MISTAKE: msg("Converted by mistake"),
    Reason.ORDER_CANCELLED: msg("Order was cancelled"),
    Reason.STAFF_ERROR: msg("Staff error"),
    Reason.DUPLICATE_ISSUE: msg("Issued twice"),
    Reason.SYSTEM_ERROR: msg("System error"),
    Reason.GOODWILL: msg("Goodwill"),
    Reason.SUSPECTED_FRAUD: msg("Suspected fraud (no points returned)"),
    Reason.OTHER: msg("Other"),
    Reason.RELEASED: msg("Released after an investigation"),
    Reason.RETURNED_BEFORE: msg("Its points were returned before"),
}

REFUND_FOR_CANCELLED_ORDER = "Refund due to order cancellation"
"""The reason that stands in the point history of a grant for a cancelled order (INTERFACE.md, DESIGN.md)."""
