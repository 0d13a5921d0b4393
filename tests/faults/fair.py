"""Which faults a call may meet: every kind that a real system can show without breaking the rules of its own protocol.

Left out: a mail server that takes the e-mail and answers 451 (RFC 5321 §4.2.5: then it has not taken it), and a point history
that hides an entry for a minute or more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from coupon_desk.training.faults import FaultKind

_REAL_SECONDS: Final = {FaultKind.SLOW: 0.4, FaultKind.BLACKHOLE: 0.2, FaultKind.BLACKHOLE_AFTER: 0.3}
"""These wait in real time, so they are rare."""

_OVER_HTTP: Final = {
    FaultKind.RESET_BEFORE: 4.0,
    FaultKind.LOST_ANSWER: 6.0,
    FaultKind.ERROR_500_BEFORE: 3.0,
    FaultKind.ERROR_500_AFTER: 4.0,
    FaultKind.INTERNAL_ERROR_200_BEFORE: 3.0,
    FaultKind.INTERNAL_ERROR_200_AFTER: 4.0,
    FaultKind.THROTTLED: 3.0,
    FaultKind.HTTP_429: 3.0,
    FaultKind.TRUNCATED_AFTER: 4.0,
    FaultKind.HTTP_STATUS: 2.0,
    FaultKind.HTML_502: 2.0,
    FaultKind.NOT_JSON: 3.0,
    FaultKind.FORBIDDEN: 1.5,
    FaultKind.UNAUTHORIZED: 1.5,
    **_REAL_SECONDS,
}
_OVER_SMTP: Final = {
    FaultKind.RESET_BEFORE: 4.0,
    FaultKind.ERROR_500_BEFORE: 4.0,
    FaultKind.THROTTLED: 3.0,
    FaultKind.HTTP_429: 3.0,
    FaultKind.HTTP_STATUS: 3.0,
    FaultKind.HTML_502: 1.0,
    FaultKind.FORBIDDEN: 1.0,
    **_REAL_SECONDS,
}
_OF_CONTENT: Final = {**_OVER_SMTP, FaultKind.LOST_ANSWER: 6.0, FaultKind.TRUNCATED_AFTER: 3.0}
_OF_ORDERS: Final = {**_OVER_HTTP, FaultKind.STALE_SEARCH: 6.0}
_OF_HISTORY: Final = {**_OVER_HTTP, FaultKind.HISTORY_BEHIND: 8.0}
_OF_CONNECTIONS: Final = {FaultKind.RESET_BEFORE: 1.0}
_OF_THE_CENTRE: Final = {FaultKind.RESET_BEFORE: 4.0, FaultKind.LOST_ANSWER: 6.0}


def kinds_of(call: str) -> Mapping[FaultKind, float]:
    """The kinds that a call may meet, with their weights."""
    match call:
        case "OrdersOfCoupon":
            return _OF_ORDERS
        case "history":
            return _OF_HISTORY
        case "mail.content":
            return _OF_CONTENT
        case "central.connect":
            return _OF_CONNECTIONS
        case _ if call.startswith("central."):
            return _OF_THE_CENTRE
        case _:
            return _OVER_SMTP if call.startswith("mail.") else _OVER_HTTP


CALLS: Final = (
    "DiscountByCode",
    "DiscountById",
    "CustomerRecord",
    "OrdersOfCoupon",
    "OrderIdsByName",
    "OrderById",
    "WriteRecord",
    "DeactivateDiscount",
    "RemoveCode",
    "JobState",
    "RestoreBasicWindow",
    "RestoreFreeShippingWindow",
    "RestoreBxgyWindow",
    "DeleteDiscount",
    "balance",
    "history",
    "add",
    "mail.connect",
    "mail.sender",
    "mail.recipient",
    "mail.content",
    "central.connect",
    "central.take",
    "central.holder",
    "central.release",
    "central.own",
)
"""Every call that a cancellation makes, by the name that the shop knows it by."""
