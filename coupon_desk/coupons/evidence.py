"""Evidence: what the sources said about one coupon at one moment, before anything is decided.

Each source either answered (`…Seen` or `Absent`) or did not (`NotAnswered`); silence is never taken for absence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.points import PointEntry, Points
from coupon_desk.words import Message


class Source(StrEnum):
    """Where evidence comes from."""

    DISCOUNT = "discount"
    RECORD = "record"
    ORDERS = "orders"
    HISTORY = "history"


@dataclass(frozen=True, slots=True)
class NotAnswered:
    """The source did not answer, or answered with a warning; nothing can be concluded.

    `will_pass`: it is out of reach now and may answer later; otherwise it will say the same again.
    """

    source: Source
    why: Message
    will_pass: bool = False


@dataclass(frozen=True, slots=True)
class Absent:
    """The source answered, and knows no such thing."""


class DiscountState(StrEnum):
    """Shopify's status of a discount; there is none for "cancelled"."""

    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    SCHEDULED = "SCHEDULED"


class DiscountKind(StrEnum):
    """Shopify's kinds of code discount, by type name."""

    BASIC = "DiscountCodeBasic"
    BXGY = "DiscountCodeBxgy"
    FREE_SHIPPING = "DiscountCodeFreeShipping"
    APP = "DiscountCodeApp"


@dataclass(frozen=True, slots=True)
class DiscountSeen:
    """Shopify's discount that bears the code.

    `usage_count` is this code's; where the discount bears no other, the higher of the code's and the discount's. It lags, so
    above 0 proves use and 0 proves nothing (facts: Shopify `asyncUsageCount`). `customer_ids` is empty where the discount is
    not restricted to customers.
    """

    id: str
    kind: DiscountKind
    state: DiscountState
    title: str
    code: CouponCode
    redeem_code_id: str
    codes_count: int
    usage_count: int
    usage_limit: int | None
    starts_at: datetime
    ends_at: datetime | None
    created_at: datetime
    customer_ids: tuple[str, ...]
    amount: Decimal | None = None
    currency: str | None = None

    @property
    def is_used_up(self) -> bool:
        """Whether no further order can use it."""
        return self.usage_limit is not None and self.usage_count >= self.usage_limit

    @property
    def bears_only_this_code(self) -> bool:
        """Whether switching the discount off takes away this code and no other."""
        return self.codes_count == 1


@dataclass(frozen=True, slots=True)
class Claim:
    """The mark in the customer's record of somebody who is working on the coupon."""

    operation: str
    by: str
    at: datetime


class RecordStatus(StrEnum):
    """The status of an entry in the customer's record (INTERFACE.md §5)."""

    ACTIVE = "active"
    USED = "used"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class RecordEntry:
    """The coupon's entry in the customer's record; keys that we do not know stay in the raw value.

    `taken_over_by` is the operation that cancelled or refunded it in another desk's place, `cancelled_by` the login that the
    cancellation was written with, `points_returned` what it is said to have returned.
    """

    status: RecordStatus
    points: Points | None
    amount: Decimal | None
    issued_at: datetime | None
    expires_at: datetime | None
    used_at: datetime | None
    cancelled_at: datetime | None
    claim: Claim | None
    refunded_at: datetime | None = None
    taken_over_by: str | None = None
    cancelled_by: str | None = None
    points_returned: int | None = None


@dataclass(frozen=True, slots=True)
class CustomerSeen:
    """The customer, fresh from Shopify. Personal data: never to a log, never to the trail in clear."""

    id: str
    name: str
    email: str | None
    phone: str | None
    locale: str | None
    pos_customer_id: str


@dataclass(frozen=True, slots=True)
class RecordSeen:
    """The customer and their record. `raw` is the metafield's exact text (None: no metafield), `digest` guards writing it.

    `entry` is None where the record has no entry for the code.
    """

    customer: CustomerSeen
    entry: RecordEntry | None
    raw: str | None
    digest: str | None


@dataclass(frozen=True, slots=True)
class OrderPayment:
    """What was paid for an order and what of it was refunded, in the shop's currency.

    `status` is Shopify's `displayFinancialStatus`, None where it tells none. Amounts are finite and not negative.
    """

    status: str | None
    paid: Decimal
    refunded: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class OrderSeen:
    """An order, with all its codes in the order in which the customer typed them.

    `payment` is None where it was not asked for (a search for orders does not) or its answer makes no sense.
    """

    id: str
    name: str
    created_at: datetime
    cancelled_at: datetime | None
    codes: tuple[str, ...]
    customer_id: str | None
    payment: OrderPayment | None = None


@dataclass(frozen=True, slots=True)
class OrdersSeen:
    """The orders that bear the code, from both ways of looking: search by code, and the customer's own orders."""

    orders: tuple[OrderSeen, ...]


@dataclass(frozen=True, slots=True)
class HistorySeen:
    """The customer's balance and the entries of the point history under the coupon's reference, newest first.

    `complete` tells whether the search reached the end of the history; only then is absence proved. `unreferenced` are entries
    of a system that keeps no references: any of them could be ours. `server_time` is the remote clock when it answered.
    `points_expire_on` is the last day on which points that are added now can be used; None where none is told.
    """

    balance: int
    entries: tuple[PointEntry, ...]
    complete: bool = True
    unreferenced: tuple[PointEntry, ...] = ()
    server_time: datetime | None = None
    points_expire_on: date | None = None

    @property
    def conversions(self) -> tuple[PointEntry, ...]:
        """Where points became this coupon."""
        return tuple(entry for entry in self.entries if entry.is_conversion)

    @property
    def returns(self) -> tuple[PointEntry, ...]:
        """Where this coupon became points again."""
        return tuple(entry for entry in self.entries if entry.is_return)


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody's open claim on the coupon in the central database.

    `by` is the operator's login. `is_returning`: the points may be on their way.
    """

    operation: str
    desk: str
    by: str
    at: datetime
    is_returning: bool


@dataclass(frozen=True, slots=True)
class Withheld:
    """A coupon was switched off on suspicion and its points withheld: by whose login, and when it was confirmed, if ever."""

    by: str
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnWork:
    """What our own trail says about the coupon: an operation that is open, has cancelled it, or has refunded its order.

    `withheld` where it cancelled the coupon and returned no points.
    """

    operation: str
    by: str
    at: datetime
    cancelled: bool
    refunded: bool = False
    withheld: Withheld | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of one coupon at one moment.

    `operator_contacts` are the operator's own e-mails and phone numbers, to see a coupon of their own. `taking_over` is the
    operation of another desk whose claim is asked to be taken over; `held` the claim in the central database, None also where
    that did not answer: it decides at the claim, and only tells here.
    """

    code: CouponCode
    gathered_at: datetime
    discount: DiscountSeen | Absent | NotAnswered
    record: RecordSeen | Absent | NotAnswered
    orders: OrdersSeen | NotAnswered
    history: HistorySeen | Absent | NotAnswered
    own: OwnWork | None = None
    operator_contacts: tuple[str, ...] = ()
    taking_over: str | None = None
    held: Held | None = None

    @property
    def others_operation(self) -> str | None:
        """The operation of another desk that works on the coupon, as its claim says; None where our own trail knows better."""
        if self.own is not None:
            return None
        claim = self.record.entry.claim if isinstance(self.record, RecordSeen) and self.record.entry else None
        return claim.operation if claim else self.held.operation if self.held else None

    @property
    def customer(self) -> CustomerSeen | None:
        """The customer, where the record's source answered."""
        return self.record.customer if isinstance(self.record, RecordSeen) else None

    @property
    def silences(self) -> tuple[NotAnswered, ...]:
        """The sources that did not answer."""
        answers = (self.discount, self.record, self.orders, self.history)
        return tuple(answer for answer in answers if isinstance(answer, NotAnswered))
