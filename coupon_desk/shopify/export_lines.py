"""The lines of a bulk operation's result: one object each, the codes of a discount in lines of their own.

A line of a nested connection names its parent in `__parentId` and comes after it, but not always directly (Shopify: without
`groupObjects`). Parents that still wait for codes are kept a while, then put on a shelf that the reader is given, so that
memory stays flat however far apart they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec

from coupon_desk.coupons.code import CouponCode, InvalidCode
from coupon_desk.errors import RemoteUnavailable
from coupon_desk.shopify.customers import Customer
from coupon_desk.shopify.discounts import Context, CustomerGets, Money
from coupon_desk.shopify.listing import ListedCustomer, listed_customer
from coupon_desk.shopify.payloads import Count, Moment, Shape
from coupon_desk.shopify.refusals import Purpose, unreadable

MOST_WAITING: Final = 2_000
"""So many discounts wait in memory for their codes; the longest waiting go to the shelf."""

FetchParked = Callable[[int], bytes | None]
"""Gives a parent back that was put on the shelf."""


class ExportedDiscount(msgspec.Struct, frozen=True, gc=False):
    """One coupon code of a discount; what each field means stands at `ListedDiscount`."""

    id: str
    code: CouponCode
    usage_count: int
    starts_at: datetime | None
    ends_at: datetime | None
    created_at: datetime | None
    updated_at: datetime
    customer_ids: tuple[str, ...]
    amount: Decimal | None
    currency: str | None


class _CodeDiscount(Shape, frozen=True):
    """A discount of any kind: an automatic one has nothing but its kind."""

    kind: str = msgspec.field(name="__typename")
    updated_at: Moment | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    created_at: Moment | None = None
    async_usage_count: int = 0
    codes_count: Count | None = None
    context: Context | None = None
    customer_gets: CustomerGets | None = None

    @property
    def worth(self) -> Money | None:
        return self.customer_gets.value.amount if self.customer_gets else None


class _Line(Shape, frozen=True):
    """A discount, or one of its codes."""

    id: str
    parent: str | None = msgspec.field(name="__parentId", default=None)
    code: str = ""
    async_usage_count: int = 0
    discount: _CodeDiscount | None = None


class _Waiting:
    """A discount and how many of its codes have come."""

    __slots__ = ("discount", "id", "line", "seen")

    def __init__(self, line: bytes, discount_id: str, discount: _CodeDiscount) -> None:
        self.line = line
        self.id = discount_id
        self.discount = discount
        self.seen = 0

    @property
    def is_complete(self) -> bool:
        told = self.discount.codes_count
        return told is not None and self.seen >= told.count


_LINES: Final = msgspec.json.Decoder(_Line)
_CUSTOMERS: Final = msgspec.json.Decoder(Customer)


def customers_in(lines: Iterable[bytes]) -> Iterator[ListedCustomer]:
    """The customers with a record. Raises RemoteUnavailable where a line is not what was asked for."""
    decode = _CUSTOMERS.decode
    for line in lines:
        try:
            customer = decode(line)
        except msgspec.DecodeError as wrong:
            raise _not_a_line(wrong) from wrong
        if customer.record is not None:
            yield listed_customer(customer)


class DiscountLines:
    """Joins discounts with their codes, in whatever distance they come. One reader of one result, on one thread."""

    def __init__(self, fetch_parked: FetchParked) -> None:
        self._fetch_parked = fetch_parked
        self._waiting: dict[int, _Waiting] = {}

    def discounts_in(self, lines: Iterable[bytes]) -> Iterator[ExportedDiscount]:
        """The coupon codes of these lines. Raises RemoteUnavailable where a line is not what was asked for."""
        decode, waiting = _LINES.decode, self._waiting
        for line in lines:
            try:
                told = decode(line)
                if told.parent is None:
                    discount = told.discount
                    if discount is not None and discount.updated_at is not None:
                        waiting[_number(told.id)] = _Waiting(line, told.id, discount)
                    continue
                number = _number(told.parent)
            except (msgspec.DecodeError, ValueError) as wrong:
                raise _not_a_line(wrong) from wrong
            parent = waiting.get(number) or self._unparked(number)
            if parent is None:
                continue
            parent.seen += 1
            if parent.is_complete:
                waiting.pop(number, None)
            code = _coupon_code(told.code)
            if code is not None:
                yield _exported(parent, code, told.async_usage_count)

    def parked(self) -> list[tuple[int, bytes]]:
        """The discounts that still wait, to be put on the shelf: from here on a reader could begin anew.

        Those that wait longest leave memory where there are too many.
        """
        waiting = self._waiting
        shelf = [(number, each.line) for number, each in waiting.items()]
        for number in list(waiting)[: max(0, len(waiting) - MOST_WAITING)]:
            del waiting[number]
        return shelf

    def _unparked(self, number: int) -> _Waiting | None:
        line = self._fetch_parked(number)
        if line is None:
            return None
        told = _LINES.decode(line)
        assert told.discount is not None
        found = self._waiting[number] = _Waiting(line, told.id, told.discount)
        return found


def _exported(parent: _Waiting, code: CouponCode, own_usage: int) -> ExportedDiscount:
    discount = parent.discount
    # With several codes the discount's count is the sum of all of them and proves nothing about this one.
    is_alone = discount.codes_count is None or discount.codes_count.count <= 1
    worth = discount.worth
    assert discount.updated_at is not None
    return ExportedDiscount(
        parent.id,
        code,
        max(discount.async_usage_count, own_usage) if is_alone else own_usage,
        discount.starts_at,
        discount.ends_at,
        discount.created_at,
        discount.updated_at,
        tuple([customer.id for customer in discount.context.customers]) if discount.context else (),
        worth.amount if worth else None,
        worth.currency_code if worth else None,
    )


def _number(global_id: str) -> int:
    """The number in an id: `DiscountNode` and `DiscountCodeNode` are two names of one thing."""
    return int(global_id.rsplit("/", 1)[-1])


def _coupon_code(text: str) -> CouponCode | None:
    try:
        return CouponCode.parse(text)
    except InvalidCode:
        return None


def _not_a_line(wrong: Exception) -> RemoteUnavailable:
    error = unreadable(Purpose.READ, detail=f"line of an export: {type(wrong).__name__}")
    assert isinstance(error, RemoteUnavailable)
    return error
