"""May a customer be reminded of a coupon that expires soon, and why not: one pure function from what was just read.

A reminder is advertising: it goes to those alone who said yes to e-mails, about a coupon that they can still use, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from coupon_desk.coupons.eligibility import Rule, judge
from coupon_desk.coupons.evidence import DiscountSeen, Evidence, RecordSeen
from coupon_desk.words import Amount, Message, msg


class MarketingState(StrEnum):
    """What Shopify knows of a customer's consent to e-mails (`CustomerEmailAddress.marketingState`, 2026-10)."""

    SUBSCRIBED = "SUBSCRIBED"
    NOT_SUBSCRIBED = "NOT_SUBSCRIBED"
    PENDING = "PENDING"
    UNSUBSCRIBED = "UNSUBSCRIBED"
    INVALID = "INVALID"
    UNKNOWN = "UNKNOWN"
    """A state that Coupon Desk does not know, or that Shopify does not tell."""


@dataclass(frozen=True, slots=True)
class ConsentSeen:
    """A customer's address and consent, fresh from Shopify. Personal data: it stays in memory.

    `unsubscribe_url` takes the customer off all lists; None where Shopify told none that can be used.
    """

    email: str | None
    state: MarketingState
    unsubscribe_url: str | None


@dataclass(frozen=True, slots=True)
class ReminderMark:
    """The mark in the customer's record that a reminder was begun: all desks of the shop see it."""

    id: str
    by: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class ReminderWish:
    """What the customer's record says about reminders of one coupon."""

    is_unwanted: bool = False
    mark: ReminderMark | None = None


class NoReminder(StrEnum):
    """The stable name of each reason for not reminding, for scripts and for the trail."""

    NOT_USABLE = "not_usable"
    NOT_ANSWERED = "not_answered"
    NOT_YET_VALID = "not_yet_valid"
    NO_END = "no_end"
    ENDS_LATER = "ends_later"
    NO_RECORD = "no_record"
    UNWANTED = "unwanted"
    NOT_SUBSCRIBED = "not_subscribed"
    NO_EMAIL = "no_email"
    NO_WAY_OUT = "no_way_out"
    REMINDED = "reminded"


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a customer is not reminded, as a person is told it."""

    rule: NoReminder
    message: Message

    @property
    def will_pass(self) -> bool:
        """Whether it may be otherwise in a moment: somebody did not answer."""
        return self.rule is NoReminder.NOT_ANSWERED


@dataclass(frozen=True, slots=True)
class Remindable:
    """A coupon that can be used and ends soon, as it was just read. `worth` is None where it takes off no fixed amount."""

    record: RecordSeen
    ends_at: datetime
    worth: Amount | None


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who may be written to, and how they leave. Personal data."""

    email: str
    unsubscribe_url: str


def remindable(evidence: Evidence, days: int) -> Remindable | Objection:
    """The coupon, where it can be used and ends within so many days; else why there is nothing to remind of. Doubt objects."""
    verdict = judge(evidence)
    refusals = [one for one in verdict.refusals if one.rule not in _NOT_ABOUT_USE]
    silences = [one for one in refusals if one.rule is Rule.NOT_ANSWERED]
    if silences:
        return Objection(NoReminder.NOT_ANSWERED, silences[0].message)
    if refusals:
        return Objection(NoReminder.NOT_USABLE, refusals[0].message)
    discount, record = evidence.discount, evidence.record
    if not isinstance(discount, DiscountSeen):
        return Objection(NoReminder.NOT_USABLE, msg("Not found in Shopify: what became of it is unknown."))
    if verdict.has(Rule.SCHEDULED):
        return Objection(NoReminder.NOT_YET_VALID, msg("Not valid before {at}.", at=discount.starts_at))
    if not isinstance(record, RecordSeen) or record.entry is None:
        return Objection(NoReminder.NO_RECORD, msg("The customer's record does not know this coupon."))
    if discount.ends_at is None:
        return Objection(NoReminder.NO_END, msg("It does not expire."))
    if discount.ends_at > evidence.gathered_at + timedelta(days=days):
        return Objection(NoReminder.ENDS_LATER, msg("It expires on {at}: too late for a reminder now.", at=discount.ends_at))
    amount, currency = discount.amount, discount.currency
    worth = Amount(amount, currency) if amount is not None and currency is not None else None
    return Remindable(record, discount.ends_at, worth)


def objection_of_record(wish: ReminderWish, own_id: str | None) -> Objection | None:
    """Why the record forbids a reminder. `own_id` is that of this desk's reminder that surely was not sent, if there is one."""
    if wish.is_unwanted:
        return Objection(NoReminder.UNWANTED, msg("The customer's record says: no reminders."))
    if wish.mark is None or wish.mark.id == own_id:
        return None
    by, at = wish.mark.by, wish.mark.at
    if at is None:
        return Objection(NoReminder.REMINDED, msg("Another desk has reminded the customer."))
    return Objection(NoReminder.REMINDED, msg("Another desk has reminded the customer ({by}, {at}).", by=by, at=at))


def addressee(consent: ConsentSeen) -> Addressee | Objection:
    """Who gets the e-mail: only who is subscribed does, and must be able to leave."""
    if consent.email is None:
        return Objection(NoReminder.NO_EMAIL, msg("No e-mail address is known."))
    if consent.state is not MarketingState.SUBSCRIBED:
        return Objection(NoReminder.NOT_SUBSCRIBED, _STATES[consent.state])
    if consent.unsubscribe_url is None:
        no_way_out = msg("Shopify told no link by which the customer could unsubscribe.")
        return Objection(NoReminder.NO_WAY_OUT, no_way_out)
    return Addressee(consent.email, consent.unsubscribe_url)


# Whoever the point system does not know can use a coupon all the same.
_NOT_ABOUT_USE = frozenset({Rule.UNKNOWN_AT_POS})

_STATES = {
    MarketingState.NOT_SUBSCRIBED: msg("The customer has not agreed to e-mails."),
    MarketingState.PENDING: msg("The customer has not yet confirmed that they want e-mails."),
    MarketingState.UNSUBSCRIBED: msg("The customer has unsubscribed from e-mails."),
    MarketingState.INVALID: msg("Shopify says that the customer's e-mail address is not valid."),
    MarketingState.UNKNOWN: msg("Shopify does not tell whether the customer agrees to e-mails."),
}
