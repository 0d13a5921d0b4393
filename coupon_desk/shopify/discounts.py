"""Shopify's discounts: the one that bears a code, looked up by the code or by id, and never by search.

The search index lags and silently ignores filters (facts: search is an eventually consistent index); by code and by id the
answer is the present one.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, TypeVar

import msgspec

from coupon_desk.coupons.code import CouponCode, fold
from coupon_desk.coupons.evidence import Absent, DiscountKind, DiscountSeen, DiscountState
from coupon_desk.errors import System
from coupon_desk.shopify.answers import decoder
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.operations import Operation
from coupon_desk.shopify.payloads import Connection, Count, Id, Moment, Shape
from coupon_desk.shopify.refusals import Hopeless, Purpose, unreadable
from coupon_desk.words import msg

S = TypeVar("S", bound=Shape)

_PAGE_SIZES: Final = (50, *(250,) * 99)
"""Most discounts with several codes have few. Shopify pages no deeper than 25,000."""


class RedeemCode(Shape, frozen=True):
    """One code of a discount."""

    id: str
    code: str
    async_usage_count: int


class Money(Shape, frozen=True):
    """An amount of money."""

    amount: Decimal
    currency_code: str


class Context(Shape, frozen=True):
    """Who may use a discount; `customers` only where it is restricted to customers."""

    customers: list[Id] = msgspec.field(default_factory=list)


class Worth(Shape, frozen=True):
    """What a discount takes off; `amount` only where that is a fixed amount."""

    amount: Money | None = None


class CustomerGets(Shape, frozen=True):
    """What the customer gets."""

    value: Worth


class CodeDiscount(Shape, frozen=True):
    """A discount with codes, of any kind."""

    kind: DiscountKind = msgspec.field(name="__typename")
    title: str
    status: DiscountState
    starts_at: Moment
    ends_at: Moment | None
    created_at: Moment
    updated_at: Moment
    usage_limit: int | None
    async_usage_count: int
    codes: Connection[RedeemCode]
    context: Context
    codes_count: Count | None = None
    customer_gets: CustomerGets | None = None

    @property
    def customer_ids(self) -> tuple[str, ...]:
        """The customers that it is restricted to; empty where it is not."""
        return tuple(customer.id for customer in self.context.customers)

    @property
    def worth(self) -> Money | None:
        """The fixed amount, where it is one."""
        return self.customer_gets.value.amount if self.customer_gets else None


class DiscountNode(Shape, frozen=True):
    """A discount by its id. Undecoded, because automatic discounts are nodes too and have other fields."""

    id: str
    discount: msgspec.Raw

    def code_discount(self) -> CodeDiscount | None:
        """The discount, or None where it is one without codes. Raises RemoteUnavailable where it is of no known shape."""
        return _decoded(self.discount, CodeDiscount)

    def codes(self) -> Connection[RedeemCode] | None:
        """One page of its codes, where only those were asked for."""
        discount = _decoded(self.discount, _CodesOnly)
        return discount.codes if discount else None


class _CodesOnly(Shape, frozen=True):
    codes: Connection[RedeemCode]


class _Kind(Shape, frozen=True):
    kind: str = msgspec.field(name="__typename")


class _ByCode(Shape, frozen=True):
    code_discount_node_by_code: DiscountNode | None


class _ById(Shape, frozen=True):
    discount_node: DiscountNode | None


BY_CODE: Final = Operation("DiscountByCode", _ByCode)
BY_ID: Final = Operation("DiscountById", _ById)
CODES: Final = Operation("DiscountCodes", _ById)


def read_by_code(client: ShopifyClient, code: CouponCode) -> DiscountSeen | Absent:
    """The discount that bears the code. Raises RemoteUnavailable or RemoteRefused."""
    node = client.read(BY_CODE, {"code": code.text}).data.code_discount_node_by_code
    if node is None:
        return Absent()
    seen = _seen(client, node, code)
    if seen is None:
        raise Hopeless(
            System.SHOPIFY,
            msg("Shopify found a discount for the code, but the code is not among its codes."),
            todo=msg("Nothing was done. Try again in a moment."),
        )
    return seen


def read_by_id(client: ShopifyClient, discount_id: str, code: CouponCode) -> DiscountSeen | Absent:
    """The discount by id; Absent where it, or the code on it, is gone. Raises RemoteUnavailable or RemoteRefused."""
    node = client.read(BY_ID, {"id": discount_id}).data.discount_node
    seen = _seen(client, node, code) if node is not None else None
    return seen if seen is not None else Absent()


def seen_at_once(node: DiscountNode, code: CouponCode) -> DiscountSeen | None:
    """The discount that bears this code and no other, by one answer; None where more has to be asked or it bears another."""
    discount = node.code_discount()
    if discount is None or number_of_codes(discount) != 1:
        return None
    own = _own(discount.codes.nodes, code)
    return _told(node.id, discount, own, code) if own is not None else None


def further_codes(client: ShopifyClient, discount_id: str, after: str, *, background: bool = False) -> list[RedeemCode]:
    """The codes after a cursor, to the end. Raises RemoteUnavailable where there are more than Shopify pages through."""
    found: list[RedeemCode] = []
    cursor: str | None = after
    for size in _PAGE_SIZES:
        asked = {"id": discount_id, "first": size, "after": cursor}
        node = client.read(CODES, asked, background=background).data.discount_node
        page = node.codes() if node else None
        if page is None:
            return found
        found.extend(page.nodes)
        cursor = page.next_cursor
        if cursor is None:
            return found
    raise Hopeless(
        System.SHOPIFY,
        msg("The discount has too many codes to read them all."),
        todo=msg("Nothing was done. Cancel this coupon in the Shopify admin."),
    )


def _seen(client: ShopifyClient, node: DiscountNode, code: CouponCode) -> DiscountSeen | None:
    discount = node.code_discount()
    if discount is None:
        return None
    own = _own(discount.codes.nodes, code)
    if own is None and discount.codes.next_cursor is not None:
        own = _own(further_codes(client, node.id, discount.codes.next_cursor), code)
    return _told(node.id, discount, own, code) if own is not None else None


def _told(discount_id: str, discount: CodeDiscount, own: RedeemCode, code: CouponCode) -> DiscountSeen:
    return DiscountSeen(
        id=discount_id,
        kind=discount.kind,
        state=discount.status,
        title=discount.title,
        code=code,
        redeem_code_id=own.id,
        codes_count=number_of_codes(discount),
        usage_count=usage_of(discount, own),
        usage_limit=discount.usage_limit,
        starts_at=discount.starts_at,
        ends_at=discount.ends_at,
        created_at=discount.created_at,
        customer_ids=discount.customer_ids,
        amount=discount.worth.amount if discount.worth else None,
        currency=discount.worth.currency_code if discount.worth else None,
    )


def number_of_codes(discount: CodeDiscount) -> int:
    """How many codes the discount has: the higher of what Shopify counts and what it shows."""
    shown = len(discount.codes.nodes) + (1 if discount.codes.page_info.has_next_page else 0)
    return max(shown, discount.codes_count.count if discount.codes_count else 0)


def usage_of(discount: CodeDiscount, own: RedeemCode) -> int:
    """How often the code was used: the higher of the two counts, which lag each by itself.

    With several codes the discount's count is the sum of all of them and proves nothing about this one.
    """
    if number_of_codes(discount) > 1:
        return own.async_usage_count
    return max(discount.async_usage_count, own.async_usage_count)


def _own(codes: list[RedeemCode], code: CouponCode) -> RedeemCode | None:
    return next((each for each in codes if fold(each.code) == code.text), None)


def _decoded(raw: msgspec.Raw, shape: type[S]) -> S | None:
    try:
        if decoder(_Kind).decode(raw).kind not in set(DiscountKind):
            return None
        return decoder(shape).decode(raw)
    except msgspec.DecodeError as wrong:
        raise unreadable(Purpose.READ, detail=f"{shape.__name__}: {wrong}") from wrong
