"""What the sync needs of Shopify: two streams of pages, in the shape in which `shopify.listing` gives them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import RecordEntry
from coupon_desk.words import Message


class SourceCustomer(Protocol):
    """A customer and the entries of their record; where there is a `problem`, nothing is known of the record."""

    @property
    def id(self) -> str:
        """Shopify’s id."""

    @property
    def name(self) -> str:
        """The name as Shopify shows it."""

    @property
    def email(self) -> str | None:
        """The e-mail address, where it may be read."""

    @property
    def phone(self) -> str | None:
        """The phone number, where it may be read."""

    @property
    def updated_at(self) -> datetime | None:
        """When it last changed, by Shopify’s clock."""

    @property
    def entries(self) -> tuple[tuple[CouponCode, RecordEntry], ...]:
        """The entries of the record."""

    @property
    def problem(self) -> Message | None:
        """Why the record could not be read."""


class SourceDiscount(Protocol):
    """One code of one discount; a discount with several codes is several of these. Amounts in `currency`."""

    @property
    def id(self) -> str:
        """Shopify’s id."""

    @property
    def code(self) -> CouponCode:
        """The coupon’s code."""

    @property
    def usage_count(self) -> int:
        """How often it was used; lags."""

    @property
    def starts_at(self) -> datetime | None:
        """From when it holds."""

    @property
    def ends_at(self) -> datetime | None:
        """Until when it holds; None: without end."""

    @property
    def created_at(self) -> datetime | None:
        """When it was made."""

    @property
    def updated_at(self) -> datetime:
        """When it last changed, by Shopify’s clock."""

    @property
    def customer_ids(self) -> tuple[str, ...]:
        """The customers it is restricted to; empty: anybody."""

    @property
    def amount(self) -> Decimal | None:
        """What it is worth, where that is a fixed amount."""

    @property
    def currency(self) -> str | None:
        """Of `amount`."""


class CustomerPage(Protocol):
    """A page of customers. `resume_from` begins after it; None at the end."""

    @property
    def rows(self) -> Sequence[SourceCustomer]:
        """What the page holds."""

    @property
    def resume_from(self) -> str | None:
        """Where to go on after it."""


class DiscountPage(Protocol):
    """A page of discounts. `resume_from` begins after it; None at the end."""

    @property
    def rows(self) -> Sequence[SourceDiscount]:
        """What the page holds."""

    @property
    def resume_from(self) -> str | None:
        """Where to go on after it."""


class CouponSource(Protocol):
    """Where coupons come from. Both streams may raise RemoteError at any page, and a row may come twice."""

    def customers_with_records(
        self, updated_since: datetime | None = None, *, resume_from: str | None = None
    ) -> Iterator[CustomerPage]:
        """Customers who have a record, changed since then (None: all)."""

    def discounts(self, updated_since: datetime | None = None, *, resume_from: str | None = None) -> Iterator[DiscountPage]:
        """Codes of discounts, changed since then (None: all)."""
