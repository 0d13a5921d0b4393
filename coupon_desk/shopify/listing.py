"""All customers with a record and all discounts with coupon codes, page by page, for the catalogue.

Never the ground for a decision: a listing is a search, and lags. Pages are as large as Shopify's cost limit lets them be;
a part of the cost bucket is left to the counter.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Protocol, TypeVar

import msgspec

from coupon_desk.clock import to_text
from coupon_desk.coupons.code import CouponCode, InvalidCode
from coupon_desk.coupons.evidence import DiscountKind, DiscountState, RecordEntry
from coupon_desk.shopify.answers import TooCostly
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.customers import PERSONAL_FIELDS, Customer
from coupon_desk.shopify.discounts import DiscountNode, further_codes, number_of_codes, usage_of
from coupon_desk.shopify.operations import Operation
from coupon_desk.shopify.orders import quoted
from coupon_desk.shopify.payloads import Connection, Shape
from coupon_desk.shopify.record import MalformedRecord, entries_of
from coupon_desk.words import Message

LARGEST_PAGE: Final = 250
_SMALLEST_PAGE: Final = 5

_DEEPEST_ROWS: Final = 20_000
"""Shopify pages no deeper than 25,000 rows: before that a new listing begins after the last id."""


class _Row(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T")
R = TypeVar("R", bound=_Row)


@dataclass(frozen=True, slots=True)
class ListedCustomer:
    """A customer and the entries of their record. `problem` tells why a record could not be read. Personal data."""

    id: str
    name: str
    email: str | None
    phone: str | None
    locale: str | None
    updated_at: datetime | None
    entries: tuple[tuple[CouponCode, RecordEntry], ...]
    problem: Message | None = None


@dataclass(frozen=True, slots=True)
class ListedDiscount:
    """One coupon code of a discount. `amount` only where the discount is a fixed amount."""

    id: str
    code: CouponCode
    kind: DiscountKind
    state: DiscountState
    codes_count: int
    usage_count: int
    starts_at: datetime
    ends_at: datetime | None
    created_at: datetime
    updated_at: datetime
    customer_ids: tuple[str, ...]
    amount: Decimal | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """Customers, and where to go on after them; `resume_from` None at the end."""

    rows: tuple[ListedCustomer, ...]
    resume_from: str | None


@dataclass(frozen=True, slots=True)
class DiscountPage:
    """Coupon codes, and where to go on after them; `resume_from` None at the end."""

    rows: tuple[ListedDiscount, ...]
    resume_from: str | None


class _Customers(Shape, frozen=True):
    customers: Connection[Customer]


class _Discounts(Shape, frozen=True):
    discount_nodes: Connection[DiscountNode]


CUSTOMERS: Final = Operation("ListCustomers", _Customers, PERSONAL_FIELDS)
DISCOUNTS: Final = Operation("ListDiscounts", _Discounts)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a listing stands: after which id it began, how many rows it has seen, and Shopify's cursor."""

    after_id: int = 0
    seen: int = 0
    cursor: str | None = None

    @classmethod
    def of(cls, text: str | None) -> _Place:
        """The place that `text` wrote; a text of another make begins anew."""
        try:
            return cls(*msgspec.json.decode(text or "[]", type=tuple[int, int, str | None]))
        except msgspec.DecodeError:
            return cls()

    def text(self) -> str:
        return json.dumps([self.after_id, self.seen, self.cursor], separators=(",", ":"))

    def query(self, updated_since: datetime | None) -> str | None:
        filters = []
        if updated_since is not None:
            filters.append(f"updated_at:>={quoted(to_text(updated_since))}")
        if self.after_id:
            filters.append(f"id:>{self.after_id}")
        return " ".join(filters) or None

    def after(self, rows: int, last_id: str | None, cursor: str) -> _Place:
        if self.seen + rows < _DEEPEST_ROWS or last_id is None:
            return _Place(self.after_id, self.seen + rows, cursor)
        return _Place(int(last_id.rsplit("/", 1)[-1]))


class Listing:
    """Lists one shop. The generators may be left and begun again at any page's `resume_from`."""

    def __init__(self, client: ShopifyClient, coupon_metafield: str = "loyalty.coupons") -> None:
        self._client = client
        self._namespace, _, self._key = coupon_metafield.rpartition(".")

    def customers_with_records(
        self, updated_since: datetime | None = None, *, resume_from: str | None = None
    ) -> Iterator[CustomerPage]:
        """Every customer with a record, or those changed since. Raises RemoteUnavailable or RemoteRefused.

        A row can come twice where it changed meanwhile.
        """
        variables = {"namespace": self._namespace, "key": self._key, "personal": True}
        for nodes, place in self._pages(CUSTOMERS, lambda data: data.customers, variables, updated_since, resume_from):
            yield CustomerPage(tuple(listed_customer(node) for node in nodes if node.record), place)

    def discounts(self, updated_since: datetime | None = None, *, resume_from: str | None = None) -> Iterator[DiscountPage]:
        """Every coupon code of every discount, or of those changed since. Raises RemoteUnavailable or RemoteRefused.

        A row can come twice where it changed meanwhile.
        """
        for nodes, place in self._pages(DISCOUNTS, lambda data: data.discount_nodes, {}, updated_since, resume_from):
            yield DiscountPage(tuple(row for node in nodes for row in self._listed_discounts(node)), place)

    def _pages(
        self,
        operation: Operation[T],
        connection_of: Callable[[T], Connection[R]],
        variables: Mapping[str, Any],
        updated_since: datetime | None,
        resume_from: str | None,
    ) -> Iterator[tuple[list[R], str | None]]:
        place = _Place.of(resume_from)
        size = LARGEST_PAGE
        while True:
            asked = {**variables, "first": size, "after": place.cursor, "query": place.query(updated_since)}
            try:
                page = connection_of(self._client.read(operation, asked, background=True).data)
            except TooCostly as too_costly:
                if size == _SMALLEST_PAGE:
                    raise
                size = max(_SMALLEST_PAGE, int(size * too_costly.share_allowed))
                continue
            cursor = page.next_cursor
            if cursor is None:
                yield page.nodes, None
                return
            place = place.after(len(page.nodes), page.nodes[-1].id if page.nodes else None, cursor)
            yield page.nodes, place.text()

    def _listed_discounts(self, node: DiscountNode) -> Iterator[ListedDiscount]:
        discount = node.code_discount()
        if discount is None:
            return
        codes = list(discount.codes.nodes)
        # Only a discount whose first codes are coupons can be one of ours; another campaign's codes can be very many.
        if discount.codes.next_cursor is not None and any(_coupon_code(each.code) for each in codes):
            codes += further_codes(self._client, node.id, discount.codes.next_cursor, background=True)
        for each in codes:
            code = _coupon_code(each.code)
            if code is not None:
                yield ListedDiscount(
                    id=node.id,
                    code=code,
                    kind=discount.kind,
                    state=discount.status,
                    codes_count=max(number_of_codes(discount), len(codes)),
                    usage_count=usage_of(discount, each),
                    starts_at=discount.starts_at,
                    ends_at=discount.ends_at,
                    created_at=discount.created_at,
                    updated_at=discount.updated_at,
                    customer_ids=discount.customer_ids,
                    amount=discount.worth.amount if discount.worth else None,
                    currency=discount.worth.currency_code if discount.worth else None,
                )


def listed_customer(customer: Customer) -> ListedCustomer:
    """A customer and the entries of their record, or why there are none."""
    entries: tuple[tuple[CouponCode, RecordEntry], ...] = ()
    problem = None
    try:
        entries = entries_of(customer.record.text()) if customer.record else ()
    except MalformedRecord as malformed:
        problem = malformed.what
    return ListedCustomer(
        id=customer.id,
        name=customer.display_name or "",
        email=customer.email,
        phone=customer.phone,
        locale=customer.locale,
        updated_at=customer.updated_at,
        entries=entries,
        problem=problem,
    )


def _coupon_code(text: str) -> CouponCode | None:
    try:
        return CouponCode.parse(text)
    except InvalidCode:
        return None
