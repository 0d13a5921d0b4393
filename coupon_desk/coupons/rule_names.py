"""Short names of the rules, for lists and tables; the whole sentence stands in the finding."""

from __future__ import annotations

from typing import Final

from coupon_desk.coupons.eligibility import Rule
from coupon_desk.words import Message, msg


def short_name(rule: Rule) -> Message:
    """What a person reads in a list."""
    return _NAMES[rule]


_NAMES: Final = {
    Rule.USED: msg("Already used"),
    Rule.EXPIRED: msg("Already expired"),
    Rule.CANCELLED: msg("Already cancelled"),
    Rule.BEING_CANCELLED: msg("Being cancelled by somebody else"),
    Rule.ALREADY_RETURNED: msg("Points were already returned"),
    Rule.NO_CONVERSION: msg("No conversion in the point history"),
    Rule.POINTS_DIFFER: msg("Points differ from the code"),
    Rule.SEVERAL_CODES: msg("The discount holds several codes"),
    Rule.NOT_FOUND: msg("Not found in Shopify"),
    Rule.NOT_ANSWERED: msg("A system did not answer"),
    Rule.UNKNOWN_AT_POS: msg("Customer unknown to the point system"),
    Rule.NO_RECORD: msg("Not in the customer's record"),
    Rule.OTHER_CUSTOMER: msg("Belongs to another customer"),
    Rule.NOT_RESTRICTED: msg("Not restricted to one customer"),
    Rule.OWN_COUPON: msg("The operator's own coupon"),
    Rule.SCHEDULED: msg("Not valid yet"),
    Rule.USED_MEANWHILE: msg("Used while it was being cancelled"),
    Rule.NEVER_USED: msg("Refund asked for a coupon that was not used"),
    Rule.ORDER_NOT_FOUND: msg("Order not found"),
    Rule.ORDER_NOT_CANCELLED: msg("Order not cancelled"),
    Rule.ORDER_WITHOUT_CODE: msg("Order did not use this coupon"),
    Rule.ORDER_OF_OTHER_CUSTOMER: msg("Order of another customer"),
    Rule.USED_ELSEWHERE: msg("Used in another order too"),
    Rule.NOT_REFUNDED: msg("Order's money not refunded"),
    Rule.NOTHING_TO_REFUND: msg("Too little refunded for a point"),
    Rule.WITHHELD: msg("Points withheld on suspicion"),
    Rule.NOT_WITHHELD: msg("No points are withheld"),
    Rule.CONFIRMED_FRAUD: msg("Fraud was confirmed"),
    Rule.REVIVED: msg("The code works again"),
    Rule.REJECTED: msg("Not approved by the second person"),
    Rule.WITHDRAWN: msg("Withdrawn"),
    Rule.CLOSED: msg("Closed by a person"),
    Rule.REMOTE_REFUSED: msg("Refused by a remote system"),
    Rule.TAKEN_OVER: msg("Taken over from another desk"),
    Rule.OVER_LIMIT: msg("Over a limit"),
    Rule.APPROVAL_EXPIRED: msg("Not approved in time"),
}
