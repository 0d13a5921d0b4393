"""A shop that makes exports, and fails where it is told to; without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Generic, TypeVar

from coupon_desk.catalogue.exports import ExportStage
from coupon_desk.clock import Clock
from coupon_desk.errors import RemoteRefused, RemoteUnavailable, System
from coupon_desk.words import msg
from tests.catalogue.test_sync import ACustomer, ADiscount

Row = TypeVar("Row")


@dataclass(frozen=True)
class Made:
    id: str
    stage: str
    created_at: datetime
    objects: int
    bytes: int | None = None
    has_part: bool = False


@dataclass(frozen=True)
class Piece(Generic[Row]):
    rows: Sequence[Row]
    position: int
    lines: int
    parked: Sequence[tuple[int, bytes]] = ()


@dataclass(frozen=True)
class HowMany:
    customers: int
    discounts: int


@dataclass
class ExportShop:
    """Tells two rows in a piece. `stages` is what the next looks at an export find, then it is ready."""

    clock: Clock
    customers: list[ACustomer]
    codes: list[ADiscount]
    stages: list[ExportStage] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    read_from: list[tuple[str, int]] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    has_room: bool = True
    refuses: bool = False
    breaks_at: int | None = None
    leaves_part: bool = False

    def size(self) -> HowMany:
        return HowMany(len(self.customers), len(self.codes))

    def begin(self, kind: str, since: datetime) -> Made | None:
        if self.refuses:
            raise RemoteRefused(System.SHOPIFY, msg("Not for you."))
        if not self.has_room:
            return None
        self.begun.append(kind)
        return self._made(f"{kind} {len(self.begun)}")

    def look(self, export_id: str) -> Made | None:
        stage = self.stages.pop(0) if self.stages else ExportStage.READY
        return replace(self._made(export_id), stage=stage, has_part=self.leaves_part)

    def give_up(self, export_id: str) -> None:
        self.given_up.append(export_id)

    def customers_of(self, export_id: str, position: int) -> Iterator[Piece[ACustomer]]:
        return self._pieces(export_id, self.customers, position)

    def discounts_of(self, export_id: str, position: int, parked: Callable[[int], bytes | None]) -> Iterator[Piece[ADiscount]]:
        assert position == 0 or parked(position) == b"kept"
        return self._pieces(export_id, self.codes, position)

    def _made(self, export_id: str) -> Made:
        rows = len(self.customers if export_id.startswith("customers") else self.codes)
        return Made(export_id, ExportStage.RUNNING, self.clock.now(), rows)

    def _pieces(self, export_id: str, rows: Sequence[Row], position: int) -> Iterator[Piece[Row]]:
        self.read_from.append((export_id.split(maxsplit=1)[0], position))
        for start in range(position, len(rows), 2):
            if self.breaks_at == start:
                raise RemoteUnavailable(System.SHOPIFY, msg("The line is dead."))
            yield Piece(rows[start : start + 2], start + 2, 2, [(start + 2, b"kept")])
