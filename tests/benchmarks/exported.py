"""A shop's exports as files of lines, as Shopify writes them, and a shop that has them ready."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from coupon_desk.catalogue.rows import CatalogueRow
from coupon_desk.clock import to_text
from coupon_desk.shopify.export_lines import DiscountLines, customers_in
from coupon_desk.shopify.exports import CustomerPiece, DiscountPiece, Export, ShopSize, Stage
from tests.benchmarks.population import population
from tests.benchmarks.scale import Scale

PIECE_BYTES = 1 << 18


def bulk_file(scale: Scale) -> tuple[Path, Path]:
    """All customers with their records, and all discounts with their codes, of `scale.coupons` coupons. Don't write to them."""
    customers = scale.kept("customers-1.jsonl", lambda file: _write(file, scale, customers=True))
    return customers, scale.kept("discounts-1.jsonl", lambda file: _write(file, scale, customers=False))


@dataclass
class ReadyExports:
    """A shop whose exports are made already, and lie in files."""

    customers: Path
    discounts: Path
    lines: int

    def size(self) -> ShopSize:
        return ShopSize(10**6, 10**6)

    def begin(self, kind: str, since: datetime) -> Export:
        return Export(kind, Stage.READY, datetime.now(UTC), self.lines, None, has_part=False, was_denied=False)

    def look(self, export_id: str) -> Export:
        return self.begin(export_id, datetime.now(UTC))

    def give_up(self, export_id: str) -> None:
        raise AssertionError(export_id)

    def customers_of(self, export_id: str, position: int) -> Iterator[CustomerPiece]:
        for lines, end in _pieces(self.customers, position):
            yield CustomerPiece(tuple(customers_in(lines)), end, len(lines))

    def discounts_of(self, export_id: str, position: int, parked: Callable[[int], bytes | None]) -> Iterator[DiscountPiece]:
        joined = DiscountLines(parked)
        for lines, end in _pieces(self.discounts, position):
            yield DiscountPiece(tuple(joined.discounts_in(lines)), end, len(lines), joined.parked())


def _pieces(file: Path, position: int) -> Iterator[tuple[list[bytes], int]]:
    with file.open("rb") as source:
        source.seek(position)
        rest = b""
        while data := source.read(PIECE_BYTES):
            *lines, rest = (rest + data).split(b"\n")
            position += sum(map(len, lines)) + len(lines)
            yield lines, position


def _write(file: Path, scale: Scale, *, customers: bool) -> None:
    rows = population(scale.coupons, scale.customers, datetime.now(UTC).replace(microsecond=0))
    with file.open("w", encoding="utf-8") as out:
        for told in _customers(rows) if customers else _discounts(rows):
            out.write(json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n")


def _customers(rows: Iterator[CatalogueRow]) -> Iterator[dict[str, Any]]:
    records: dict[str, list[dict[str, Any]]] = {}
    people = {}
    for row in rows:
        assert row.customer is not None
        people[row.customer.id] = row.customer
        records.setdefault(row.customer.id, []).append(_entry(row))
    for number, whose in people.items():
        yield {
            "id": number,
            "displayName": whose.name,
            "defaultEmailAddress": {"emailAddress": whose.email},
            "defaultPhoneNumber": {"phoneNumber": whose.phone},
            "locale": "ja",
            "updatedAt": "2026-11-01T00:00:00Z",
            "record": {"type": "json", "value": json.dumps(records[number], separators=(",", ":"))},
        }


def _entry(row: CatalogueRow) -> dict[str, Any]:
    assert row.record is not None
    told: dict[str, Any] = {"code": row.code.text, "points": int(row.code.points), "amount": int(row.code.points)}
    told["status"] = row.record.status.value
    told["issued_at"] = _when(row.record.issued_at)
    told["expires_at"] = _when(row.record.expires_at)
    return told


def _discounts(rows: Iterator[CatalogueRow]) -> Iterator[dict[str, Any]]:
    for row in rows:
        discount = row.discount
        assert discount is not None
        yield {
            "id": discount.id,
            "discount": {
                "__typename": "DiscountCodeBasic",
                "title": row.code.text,
                "status": "ACTIVE",
                "startsAt": _when(discount.starts_at),
                "endsAt": _when(discount.ends_at),
                "createdAt": _when(discount.created_at),
                "updatedAt": _when(row.updated_at),
                "usageLimit": 1,
                "asyncUsageCount": discount.usage_count,
                "codesCount": {"count": 1},
                "context": {"__typename": "DiscountCustomers", "customers": [{"id": discount.customer_ids[0]}]},
                "customerGets": {
                    "value": {
                        "__typename": "DiscountAmount",
                        "amount": {"amount": f"{discount.amount}.0", "currencyCode": "JPY"},
                    }
                },
            },
        }
        yield {
            "id": discount.id.replace("CodeNode", "RedeemCode"),
            "code": row.code.text,
            "asyncUsageCount": discount.usage_count,
            "__parentId": discount.id,
        }


def _when(at: datetime | None) -> str | None:
    return None if at is None else to_text(at)
