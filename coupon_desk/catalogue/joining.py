"""What two sources tell of one coupon, put together: the same facts that `Facts.with_news` makes of one after the other."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from coupon_desk.catalogue.facts import Facts, micros
from coupon_desk.catalogue.source import SourceDiscount
from coupon_desk.coupons.evidence import RecordEntry, RecordStatus

Told = tuple[Any, ...]
"""What a record tells of a coupon and its customer: id, name, e-mail, phone, then `record_values`, then its last change."""


def record_values(entry: RecordEntry) -> tuple[str, bool, str | None, int | None, int | None]:
    """Status, whether somebody works on it, amount, issue and end, as the catalogue keeps them."""
    status = RecordStatus.USED if entry.status is RecordStatus.ACTIVE and entry.used_at else entry.status
    amount = None if entry.amount is None else str(entry.amount)
    return status.value, entry.claim is not None, amount, _micros(entry.issued_at), _micros(entry.expires_at)


def of_both(discount: SourceDiscount, told: Told | None, shop_currency: str, seen_at: int) -> Facts:
    """A coupon that bears a discount; `told` is None where it stands in no record."""
    updated_at = micros(discount.updated_at)
    amount = None if discount.amount is None else str(discount.amount)
    dates = _micros(discount.created_at), _micros(discount.starts_at), _micros(discount.ends_at)
    currency = discount.currency or shop_currency
    if told is None:
        owner = next(iter(discount.customer_ids), None)
        return Facts(
            discount.code.text, owner, "", None, None, currency, None, None, False, None, None, None, None,
            discount.id, discount.usage_count, amount, *dates, seen_at, False, updated_at,
        )  # fmt: skip
    owner, name, email, phone, status, claimed, record_amount, issued_at, expires_at, record_updated_at = told
    return Facts(
        discount.code.text, owner, name, email, phone, currency,
        None, status, bool(claimed), record_amount, issued_at, expires_at, seen_at,
        discount.id, discount.usage_count, amount, *dates, seen_at, False, max(updated_at, record_updated_at),
    )  # fmt: skip


def of_record(code: str, told: Told, shop_currency: str, seen_at: int, *, is_missing: bool) -> Facts:
    """A coupon that stands in a record and bears no discount; `is_missing`: all discounts were read, and it is not there."""
    owner, name, email, phone, status, claimed, amount, issued_at, expires_at, updated_at = told
    return Facts(
        code, owner, name, email, phone, shop_currency,
        None, status, bool(claimed), amount, issued_at, expires_at, seen_at,
        discount_missing=is_missing, updated_at=updated_at,
    )  # fmt: skip


def _micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)
