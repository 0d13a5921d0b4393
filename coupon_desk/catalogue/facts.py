"""All that is known of one coupon, source by source, as the catalogue keeps it; and what follows from it.

News of one source replaces what was known of that source and leaves the others. Everything derived (standing, dates, place in
the order) is computed anew from the facts, so that the order in which sources are read makes no difference.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Row

from coupon_desk.catalogue.folding import customer_key, customer_sort, fold
from coupon_desk.catalogue.rows import CatalogueRow, Standing, is_our_word, shelf_of, standing_of, status_of
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.coupon import Coupon
from coupon_desk.coupons.evidence import RecordStatus
from coupon_desk.coupons.status import CouponStatus

NO_START: Final = 0
NO_END: Final = 1 << 62
"""Stands for a coupon that does not expire, so that dates compare without exceptions."""

FORM: Final = 2
"""The form of everything that is derived from the facts. A row of an older form is written anew when a sync sees it again."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_RECORD_STATUSES: Final = {status.value: status for status in RecordStatus}
_STATUSES: Final = {status.value: status for status in CouponStatus}
_STANDINGS: Final = {standing.value: standing for standing in Standing}
_PLACE_EPOCH_SECONDS: Final = 946_684_800  # 2000-01-01
_TIE_BITS: Final = 30
_TIES: Final = (1 << _TIE_BITS) - 1
_MOST_SECONDS: Final = (1 << 33) - 1


Whose = tuple[str | None, str]
"""The columns `customer_key` and `customer_sort`."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts about one coupon; field names are column names. Personal data: not in its representation."""

    code: str
    customer_id: str | None = None
    customer_name: str = ""
    customer_email: str | None = None
    customer_phone: str | None = None
    currency: str = ""
    own_status: str | None = None
    record_status: str | None = None
    record_claimed: bool = False
    record_amount: str | None = None
    record_issued_at: int | None = None
    record_expires_at: int | None = None
    record_seen_at: int | None = None
    discount_id: str | None = None
    discount_usage: int = 0
    discount_amount: str | None = None
    discount_created_at: int | None = None
    discount_starts_at: int | None = None
    discount_ends_at: int | None = None
    discount_seen_at: int | None = None
    discount_missing: bool = False
    updated_at: int = 0

    def __repr__(self) -> str:
        """The code alone."""
        return f"Facts({self.code})"

    def with_news(self, news: CatalogueRow, seen_at: int) -> Facts:
        """The facts after reading a source."""
        after: dict[str, Any] = {
            "updated_at": max(self.updated_at, micros(news.updated_at)),
            "currency": news.currency or self.currency,
        }
        if news.record is not None:
            entry = news.record
            is_used = entry.status is RecordStatus.ACTIVE and entry.used_at
            after |= {
                "record_status": (RecordStatus.USED if is_used else entry.status).value,
                "record_claimed": entry.claim is not None,
                "record_amount": _text(entry.amount),
                "record_issued_at": _micros(entry.issued_at),
                "record_expires_at": _micros(entry.expires_at),
                "record_seen_at": seen_at,
            }
        if news.discount is not None:
            discount = news.discount
            after |= {
                "customer_id": self.customer_id or next(iter(discount.customer_ids), None),
                "currency": discount.currency or after["currency"],
                "discount_id": discount.id,
                "discount_usage": discount.usage_count,
                "discount_amount": _text(discount.amount),
                "discount_created_at": _micros(discount.created_at),
                "discount_starts_at": _micros(discount.starts_at),
                "discount_ends_at": _micros(discount.ends_at),
                "discount_seen_at": seen_at,
                "discount_missing": False,
            }
        if news.customer is not None:
            customer = news.customer
            after |= {
                "customer_id": customer.id,
                "customer_name": customer.name,
                "customer_email": customer.email,
                "customer_phone": customer.phone,
            }
        return replace(self, **after)

    def with_own_word(self, status: CouponStatus, at: datetime) -> Facts:
        """The facts after we have said something; a status that the clock decides takes our word back."""
        own = status.value if is_our_word(status) else None
        return replace(self, own_status=own, updated_at=max(self.updated_at, micros(at)))

    def without_record(self) -> Facts:
        """The facts after the customer's record was read and has no such entry any more."""
        return replace(
            self,
            record_status=None,
            record_claimed=False,
            record_amount=None,
            record_issued_at=None,
            record_expires_at=None,
            record_seen_at=None,
        )

    def without_discount(self) -> Facts:
        """The facts after all discounts were read and none bears the code."""
        return replace(
            self,
            discount_id=None,
            discount_usage=0,
            discount_amount=None,
            discount_created_at=None,
            discount_starts_at=None,
            discount_ends_at=None,
            discount_seen_at=None,
            discount_missing=True,
        )

    @property
    def is_unknown(self) -> bool:
        """No source and no word of ours tells of this coupon any more."""
        return self.record_status is None and self.discount_id is None and self.own_status is None

    @property
    def standing(self) -> Standing:
        """What the coupon is, without the clock."""
        return standing_of(
            _STATUSES[self.own_status] if self.own_status else None,
            _RECORD_STATUSES[self.record_status] if self.record_status else None,
            claimed=self.record_claimed,
            usage_count=self.discount_usage,
            discount_missing=self.discount_missing,
        )

    @property
    def issued_at(self) -> int | None:
        """When the coupon was issued, as far as anybody says."""
        return self.record_issued_at or self.discount_created_at or self.discount_starts_at

    @property
    def expires_at(self) -> int:
        """When the coupon ends: Shopify decides; but switching a code off moves Shopify's end, and then the record knows."""
        ends_at = self.record_expires_at if self.discount_id is None else self.discount_ends_at
        if self.standing in (Standing.CANCELLED, Standing.CANCELLING):
            ends_at = self.record_expires_at or ends_at
        return NO_END if ends_at is None else ends_at

    def columns(self, whose: Whose | None = None) -> dict[str, Any]:
        """The row of the table `coupons`, all but its `id`; `whose` where that was worked out before."""
        standing = self.standing
        key, sort = whose_of(self) if whose is None else whose
        return {
            **{name: getattr(self, name) for name in FACT_NAMES},
            "code_key": fold(self.code),
            "customer_key": key,
            "customer_sort": sort,
            "points": int(CouponCode(self.code).points),
            "form": FORM,
            "standing": standing.value,
            "shelf": shelf_of(standing).value,
            "issued_at": self.issued_at,
            "starts_at": self.discount_starts_at or NO_START,
            "expires_at": self.expires_at,
        }


def whose_of(facts: Facts) -> Whose:
    """What is derived from the customer alone."""
    return customer_key(facts.customer_id), customer_sort(facts.customer_name, facts.customer_id)


FACT_NAMES: Final = tuple(field.name for field in fields(Facts))


def facts_of(row: Row[Any]) -> Facts:
    """The facts in a row of the table `coupons`."""
    return Facts(**{name: getattr(row, name) for name in FACT_NAMES})


SHOWN: Final = (
    *("code", "standing", "starts_at", "expires_at", "record_amount", "discount_amount", "currency"),
    *("customer_id", "customer_name", "customer_email", "issued_at", "updated_at"),
)
"""The columns that `coupon_of` needs, in its order."""


def coupon_of(row: Sequence[Any], now: int) -> Coupon:
    """The coupon that the columns SHOWN of a row show at this moment."""
    text, standing, starts_at, expires_at, record_amount, discount_amount, currency, *whose, issued_at, updated_at = row
    customer_id, customer_name, customer_email = whose
    code = CouponCode(text)
    amount = record_amount if discount_amount is None else discount_amount
    return Coupon(
        code=code,
        status=status_of(_STANDINGS[standing], starts_at, expires_at, now),
        points=code.points,
        amount=None if amount is None else Decimal(amount),
        currency=currency,
        customer_id=customer_id,
        customer_name=customer_name,
        customer_email=customer_email,
        issued_at=None if issued_at is None else moment(issued_at),
        expires_at=None if expires_at == NO_END else moment(expires_at),
        updated_at=moment(updated_at),
    )


def place_of(code: str, issued_at: int | None) -> int:
    """Where a coupon wants to stand: by the second of issue, ties in an order of their own that every sync finds again."""
    tie = int.from_bytes(hashlib.blake2b(code.encode(), digest_size=4).digest()) & _TIES
    return (0 if issued_at is None else first_place(issued_at)) | tie


def first_place(issued_at: int) -> int:
    """The first place of the second of a known moment of issue; the second before all of them is for the unknown ones."""
    return min(max(issued_at // 1_000_000 - _PLACE_EPOCH_SECONDS, 1), _MOST_SECONDS) << _TIE_BITS


def next_place(place: int) -> int:
    """The place to try when one is taken: the next within the same second."""
    second = place >> _TIE_BITS
    return second << _TIE_BITS | ((place + 1) & _TIES)


def is_same_second(place: int, other: int) -> bool:
    """Whether two places are of coupons issued in the same second."""
    return place >> _TIE_BITS == other >> _TIE_BITS


def micros(at: datetime) -> int:
    """A moment as the catalogue keeps it."""
    return (at - _EPOCH) // _MICROSECOND


def moment(at_micros: int) -> datetime:
    """The moment that the catalogue keeps."""
    return _EPOCH + at_micros * _MICROSECOND


def _micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
