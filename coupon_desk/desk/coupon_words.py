"""One coupon as the texts of a row. Made on a worker: a page of a hundred rows costs less than a hundredth of a second."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

from coupon_desk.coupons.coupon import Coupon
from coupon_desk.coupons.status import CouponStatus
from coupon_desk.words import Amount, Language, day, money, msg, number, say

HIDDEN: Final = "•••"
NONE: Final = "–"


@dataclass(frozen=True, slots=True)
class Row:
    """One coupon and its texts, made once and only read while the table is drawn; the texts stand in the order of `Column`."""

    coupon: Coupon
    texts: tuple[str, ...]


def in_words(coupon: Coupon, language: Language, *, hides_customer: bool = False) -> Row:
    """The texts of one row. A customer who may not be seen is something else than one who is not known."""
    return Row(
        coupon,
        (
            coupon.code.text,
            HIDDEN if hides_customer else coupon.customer_name or NONE,
            _number(int(coupon.points), language),
            NONE if coupon.amount is None else _money(coupon.amount, coupon.currency, language),
            _status(coupon.status, language),
            _day_of(coupon.issued_at, language),
            _day_of(coupon.expires_at, language),
            HIDDEN if hides_customer else coupon.customer_email or NONE,
            HIDDEN if hides_customer else _customer_number(coupon.customer_id),
            _day_of(coupon.updated_at, language),
        ),
    )


def spoken(row: Row, language: Language) -> str:
    """A row as it is read out."""
    code, customer, points, _amount, status, *_dates = row.texts
    return say(
        msg("{code}, {customer}, {points} points, {status}", code=code, customer=customer, points=points, status=status),
        language,
    )


def _customer_number(customer_id: str | None) -> str:
    return customer_id.rsplit("/", 1)[-1] if customer_id else NONE


def _day_of(moment: datetime | None, language: Language) -> str:
    return NONE if moment is None else _day(moment.astimezone().date(), language)


# The same few points, amounts and days come again in each row, and Babel takes some twenty microseconds for each.
@lru_cache(maxsize=4096)
def _number(value: int, language: Language) -> str:
    return number(value, language)


@lru_cache(maxsize=4096)
def _money(value: Decimal, currency: str, language: Language) -> str:
    return money(Amount(value, currency), language)


@lru_cache(maxsize=4096)
def _day(value: date, language: Language) -> str:
    return day(value, language)


@lru_cache(maxsize=64)
def _status(status: CouponStatus, language: Language) -> str:
    return say(status.label, language)
