"""Exports of a whole shop by Shopify's bulk operations: all customers with their records, all discounts with their codes.

Begun by a mutation that changes nothing in the shop, made in the background, fetched as a stream from a storage server that
knows signed addresses and is never shown our token. Up to five run at the same time for one app and shop (API 2026-01 and
later; one before), so another desk's may stand in the way: one with the same query is as good as our own and is taken.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from coupon_desk.clock import Clock, to_text
from coupon_desk.errors import OutcomeUnknown, RemoteUnavailable, System
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.customers import Customer
from coupon_desk.shopify.discounts import DiscountNode
from coupon_desk.shopify.download import Download, Piece
from coupon_desk.shopify.export_lines import DiscountLines, ExportedDiscount, customers_in
from coupon_desk.shopify.listing import ListedCustomer
from coupon_desk.shopify.operations import Operation, document
from coupon_desk.shopify.orders import quoted
from coupon_desk.shopify.payloads import Connection, Count, Moment, Shape
from coupon_desk.shopify.refusals import NOTHING_DONE, Purpose, hopeless, refused
from coupon_desk.shopify.writes import UserError
from coupon_desk.words import msg

LOOK_BACK: Final = 20
"""So many of the newest bulk operations are looked through for one that will do."""


class Stage(StrEnum):
    """How far Shopify is with an export."""

    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    GONE = "gone"


_STAGES: Final = {
    "CREATED": Stage.RUNNING,
    "RUNNING": Stage.RUNNING,
    "COMPLETED": Stage.READY,
    "FAILED": Stage.FAILED,
    "CANCELING": Stage.GONE,
    "CANCELED": Stage.GONE,
    "EXPIRED": Stage.GONE,
}


class BulkOperation(Shape, frozen=True):
    """A bulk operation as Shopify tells it; numbers come as text (UnsignedInt64)."""

    id: str
    status: str
    created_at: Moment | None = None
    error_code: str | None = None
    object_count: int | str = 0
    root_object_count: int | str = 0
    file_size: int | str | None = None
    url: str | None = None
    partial_data_url: str | None = None
    query: str = ""


@dataclass(frozen=True, slots=True)
class Export:
    """One export; see `catalogue.exports` for what each means. The addresses are secrets of a week."""

    id: str
    stage: Stage
    created_at: datetime
    objects: int
    bytes: int | None
    has_part: bool
    was_denied: bool

    @classmethod
    def of(cls, told: BulkOperation, now: datetime) -> Export:
        """What Shopify's answer says."""
        stage = _STAGES.get(told.status, Stage.GONE)
        size = None if told.file_size is None else int(told.file_size)
        is_empty = stage is Stage.READY and told.url is None
        return cls(
            told.id,
            stage,
            told.created_at or now,
            int(told.object_count),
            0 if is_empty else size,
            told.partial_data_url is not None,
            told.error_code == "ACCESS_DENIED",
        )


@dataclass(frozen=True, slots=True)
class ShopSize:
    """How much there is to read."""

    customers: int
    discounts: int


@dataclass(frozen=True, slots=True)
class CustomerPiece:
    """A piece of the customers, and where it ends in the result."""

    rows: tuple[ListedCustomer, ...]
    position: int
    lines: int


@dataclass(frozen=True, slots=True)
class DiscountPiece:
    """A piece of the discounts, where it ends, and what waits for later lines."""

    rows: tuple[ExportedDiscount, ...]
    position: int
    lines: int
    parked: list[tuple[int, bytes]]


class _Begun(Shape, frozen=True):
    user_errors: list[UserError]
    bulk_operation: BulkOperation | None = None


class _BeginAnswer(Shape, frozen=True):
    payload: _Begun | None


class _StateAnswer(Shape, frozen=True):
    bulk_operation: BulkOperation | None


class _ListAnswer(Shape, frozen=True):
    bulk_operations: Connection[BulkOperation]


class _SizeAnswer(Shape, frozen=True):
    customers_count: Count | None
    discount_nodes_count: Count | None


BEGIN: Final = Operation("BeginExport", _BeginAnswer)
STATE: Final = Operation("ExportState", _StateAnswer)
LIST: Final = Operation("ListExports", _ListAnswer)
CANCEL: Final = Operation("CancelExport", _BeginAnswer)
SIZE: Final = Operation("ShopSize", _SizeAnswer)
CUSTOMERS: Final = Operation("ExportCustomers", Customer)
RECORDS: Final = Operation("ExportRecords", Customer)
"""The same without personal data, for a shop whose plan does not give it to us."""
DISCOUNTS: Final = Operation("ExportDiscounts", DiscountNode)

_BUSY: Final = frozenset({"OPERATION_IN_PROGRESS", "LIMIT_REACHED"})


class Exports:
    """The exports of one shop. Use one object on one thread."""

    def __init__(self, client: ShopifyClient, clock: Clock, coupon_metafield: str = "loyalty.coupons") -> None:
        self._client = client
        self._clock = clock
        self._namespace, _, self._key = coupon_metafield.rpartition(".")
        self._denied = False

    def size(self) -> ShopSize:
        """How many customers and discounts there are. Raises RemoteUnavailable or RemoteRefused."""
        told = self._client.read(SIZE, {"limit": None}, background=True).data
        counts = told.customers_count, told.discount_nodes_count
        return ShopSize(*(0 if count is None else count.count for count in counts))

    def begin(self, kind: str, since: datetime) -> Export | None:
        """Have an export made, or take one of the same that was begun since then; None while too many are being made.

        Raises RemoteRefused where Shopify makes none for us, or RemoteUnavailable.
        """
        found = self._find(kind, since)
        if found is not None:
            return found
        try:
            answer = self._client.follow(BEGIN, {"query": self._query(kind)})
        except OutcomeUnknown as unknown:
            found = self._find(kind, since)
            if found is not None:
                return found
            raise RemoteUnavailable(System.SHOPIFY, unknown.what, todo=NOTHING_DONE, detail=unknown.detail) from unknown
        payload = answer.data.payload
        if payload is not None and payload.bulk_operation is not None:
            return Export.of(payload.bulk_operation, self._clock.now())
        errors = payload.user_errors if payload else []
        if any(error.code in _BUSY or "already in progress" in error.message for error in errors):
            return None
        why = errors[0].message[:200] if errors else ""
        raise refused(msg("Shopify prepares no list for Coupon Desk."), detail=why, request_id=answer.request_id)

    def look(self, export_id: str) -> Export | None:
        """How far an export is; None where Shopify knows no such export. Raises RemoteUnavailable or RemoteRefused."""
        told = self._state(export_id)
        if told is None:
            return None
        export = Export.of(told, self._clock.now())
        # Without personal data the rest may well be ours to read: next time it is left out.
        self._denied = self._denied or export.was_denied
        return export

    def give_up(self, export_id: str) -> None:
        """Have an export ended. Raises RemoteError."""
        self._client.follow(CANCEL, {"id": export_id})

    def customers_of(self, export_id: str, position: int) -> Iterator[CustomerPiece]:
        """The customers with a record from a position on. Raises RemoteUnavailable or RemoteRefused."""
        for piece in self._pieces(export_id, position):
            yield CustomerPiece(tuple(customers_in(piece.lines)), piece.end, len(piece.lines))

    def discounts_of(self, export_id: str, position: int, parked: Callable[[int], bytes | None]) -> Iterator[DiscountPiece]:
        """The coupon codes from a position on. Raises RemoteUnavailable or RemoteRefused."""
        lines = DiscountLines(parked)
        for piece in self._pieces(export_id, position):
            rows = tuple(lines.discounts_in(piece.lines))
            yield DiscountPiece(rows, piece.end, len(piece.lines), lines.parked())

    def _pieces(self, export_id: str, position: int) -> Iterator[Piece]:
        def address() -> tuple[str | None, int | None]:
            told = self._state(export_id)
            if told is None or (told.url is None and told.partial_data_url is None and told.status != "COMPLETED"):
                raise hopeless(Purpose.READ, msg("Shopify no longer keeps the list that it prepared."), detail="no address")
            return told.url or told.partial_data_url, int(told.file_size) if told.file_size is not None else None

        return Download(self._client, self._clock, address).pieces(position)

    def _state(self, export_id: str) -> BulkOperation | None:
        return self._client.read(STATE, {"id": export_id}, background=True).data.bulk_operation

    def _find(self, kind: str, since: datetime) -> Export | None:
        """An export of the same query, as fresh as we need it: ours, whose answer was lost, or another desk's."""
        query = f"operation_type:query created_at:>={quoted(to_text(since))}"
        told = self._client.read(LIST, {"first": LOOK_BACK, "query": query}, background=True).data.bulk_operations
        wanted = self._query(kind)
        for one in told.nodes:
            export = Export.of(one, self._clock.now())
            if one.query.strip() == wanted and export.stage in {Stage.RUNNING, Stage.READY} and export.created_at >= since:
                return export
        return None

    def _query(self, kind: str) -> str:
        if kind == "discounts":
            return document(DISCOUNTS.name).strip()
        text = document((RECORDS if self._denied else CUSTOMERS).name).strip()
        return text.replace('"NAMESPACE"', json.dumps(self._namespace)).replace('"KEY"', json.dumps(self._key))
