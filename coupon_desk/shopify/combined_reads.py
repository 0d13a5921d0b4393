"""Many discounts and records in one request each. A member that is not plainly there in the answer is asked by itself.

The selections are as lean as the evidence allows: what is free (scalars) is asked for, every object costs points.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec

from coupon_desk.errors import RemoteError
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.customers import PERSONAL_FIELDS, POS_ID_KEY, POS_ID_NAMESPACE, Customer
from coupon_desk.shopify.discounts import DiscountNode
from coupon_desk.shopify.operations import Operation
from coupon_desk.shopify.payloads import Id, Shape
from coupon_desk.shopify.rounds import ALONE, Alone, Told, meets_everybody
from coupon_desk.shopify.throttle import Price

MOST_CODES: Final = 50
MOST_DISCOUNTS: Final = 50
MOST_RECORDS: Final = 25

# What each member costs where a list is charged by its nodes: the dearest that is thinkable, until an answer tells.
_POINTS_OF_A_DISCOUNT: Final = 10
_POINTS_OF_A_RECORD: Final = 6


_NOTHING: Final = msgspec.Raw(b"")


class _Node(Shape, frozen=True):
    """Any thing by its id; `discount` is empty where it is no discount with codes."""

    id: str
    discount: msgspec.Raw = _NOTHING


class _Nodes(Shape, frozen=True):
    nodes: list[_Node | None]


class _Customers(Shape, frozen=True):
    nodes: list[Customer | None]


BY_IDS: Final = Operation("DiscountsById", _Nodes)
RECORDS: Final = Operation("CustomerRecords", _Customers, PERSONAL_FIELDS)


@lru_cache(maxsize=MOST_CODES)
def ids_by_code(number: int) -> Operation[dict[str, Id | None]]:
    """The look-up of so many codes in one request."""
    asked = ", ".join(f"${alias}: String!" for alias in _aliases(number))
    fields = "\n".join(f"  {alias}: codeDiscountNodeByCode(code: ${alias}) {{ id }}" for alias in _aliases(number))
    text = f"query DiscountIdsByCode({asked}) {{\n{fields}\n}}\n"
    return Operation("DiscountIdsByCode", dict[str, Id | None], text=text)


class IdsByCode:
    """The ids of the discounts that bear codes, by the look-up that is never a search: one point each."""

    def __init__(self, client: ShopifyClient) -> None:
        self._client = client

    def ask_all(self, codes: Sequence[str]) -> list[Told[str]]:
        """The id of each code's discount."""
        each = list(dict.fromkeys(codes))
        price = Price("DiscountIdsByCode", len(each), len(each))
        try:
            found = self._client.read(ids_by_code(len(each)), _variables(each), price=price).data
        except RemoteError as error:
            return [_instead(error)] * len(codes)
        ids = {code: node.id for code, node in zip(each, map(found.get, _aliases(len(each))), strict=True) if node}
        return [ids.get(code, ALONE) for code in codes]


class Discounts:
    """Discounts by their ids, with what a decision needs of a discount that bears one code."""

    def __init__(self, client: ShopifyClient) -> None:
        self._client = client

    def ask_all(self, ids: Sequence[str]) -> list[Told[DiscountNode]]:
        """Each discount."""
        each = list(dict.fromkeys(ids))
        price = Price(BY_IDS.name, len(each) * _POINTS_OF_A_DISCOUNT, len(each))
        try:
            nodes = self._client.read(BY_IDS, {"ids": each}, price=price).data.nodes
        except RemoteError as error:
            return [_instead(error)] * len(ids)
        found = {node.id: DiscountNode(node.id, node.discount) for node in nodes if node and bytes(node.discount)}
        return [found.get(discount_id, ALONE) for discount_id in ids]


class Records:
    """Customers and their records by the customers' ids."""

    def __init__(self, client: ShopifyClient, coupon_metafield: str) -> None:
        self._client = client
        namespace, _, key = coupon_metafield.rpartition(".")
        self._where = {
            "namespace": namespace,
            "key": key,
            "posNamespace": POS_ID_NAMESPACE,
            "posKey": POS_ID_KEY,
            "personal": True,
        }

    def ask_all(self, ids: Sequence[str]) -> list[Told[Customer]]:
        """Each customer with their record."""
        each = list(dict.fromkeys(ids))
        price = Price(RECORDS.name, len(each) * _POINTS_OF_A_RECORD, len(each))
        try:
            nodes = self._client.read(RECORDS, {"ids": each, **self._where}, price=price).data.nodes
        except RemoteError as error:
            return [_instead(error)] * len(ids)
        found = {customer.id: customer for customer in nodes if customer}
        return [found.get(customer_id, ALONE) for customer_id in ids]


def _instead(error: RemoteError) -> Alone | RemoteError:
    return error if meets_everybody(error) else ALONE


def _aliases(number: int) -> list[str]:
    return [f"code{place}" for place in range(number)]


def _variables(codes: Sequence[str]) -> dict[str, str]:
    return dict(zip(_aliases(len(codes)), codes, strict=True))
