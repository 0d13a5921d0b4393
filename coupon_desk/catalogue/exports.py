"""What the sync needs of a shop that can make exports: begin one, look how far it is, and read its result as a stream.

An export is Shopify's bulk operation. It is made in the background and told by a file; a reader may stop after any piece of it
and go on from there another day, as long as Shopify keeps the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from coupon_desk.catalogue.source import SourceCustomer, SourceDiscount


class ExportKind(StrEnum):
    """What is exported."""

    CUSTOMERS = "customers"
    DISCOUNTS = "discounts"


class ExportStage(StrEnum):
    """How far the shop is with an export. GONE: nobody keeps it any more."""

    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    GONE = "gone"


class Export(Protocol):
    """One export. `objects` counts the lines so far; all of them when it is READY. `has_part`: a failed one left a part."""

    @property
    def id(self) -> str:
        """Shopify’s id."""

    @property
    def stage(self) -> str:
        """How far it is, one of `ExportStage`."""

    @property
    def created_at(self) -> datetime:
        """When it began, by Shopify’s clock: what changed later is not in it."""

    @property
    def objects(self) -> int:
        """Lines."""

    @property
    def bytes(self) -> int | None:
        """How large the result is, where that is known."""

    @property
    def has_part(self) -> bool:
        """Whether a failed export can be read as far as it came."""


class Size(Protocol):
    """How much there is to read."""

    @property
    def customers(self) -> int:
        """All customers, with a record or without."""

    @property
    def discounts(self) -> int:
        """All discounts, ours and others."""


class CustomerPiece(Protocol):
    """A piece of the customers. `position` is where a reader goes on after it, `lines` how many lines it held."""

    @property
    def rows(self) -> Sequence[SourceCustomer]:
        """Customers with a record."""

    @property
    def position(self) -> int:
        """Bytes from the beginning."""

    @property
    def lines(self) -> int:
        """Lines of this piece."""


class DiscountPiece(Protocol):
    """A piece of the discounts. `parked` has to be kept until the end, and given back to whoever goes on from `position`."""

    @property
    def rows(self) -> Sequence[SourceDiscount]:
        """Coupon codes."""

    @property
    def position(self) -> int:
        """Bytes from the beginning."""

    @property
    def lines(self) -> int:
        """Lines of this piece."""

    @property
    def parked(self) -> Sequence[tuple[int, bytes]]:
        """What waits for later lines, by number."""


class ExportSource(Protocol):
    """A shop that makes exports. Everything may raise RemoteError."""

    def size(self) -> Size:
        """How much there is to read."""

    def begin(self, kind: str, since: datetime) -> Export | None:
        """Have an export of a kind made; one of the same kind that was begun `since`, here or at another desk, will do.

        None: the shop makes no further one at this moment. RemoteRefused: it makes none for us.
        """

    def look(self, export_id: str) -> Export | None:
        """How far an export is; None where the shop knows no such export."""

    def give_up(self, export_id: str) -> None:
        """Have an export ended that nobody waits for any more."""

    def customers_of(self, export_id: str, position: int) -> Iterator[CustomerPiece]:
        """The customers of an export from a position on. Ends only at the true end; raises RemoteUnavailable otherwise."""

    def discounts_of(self, export_id: str, position: int, parked: Callable[[int], bytes | None]) -> Iterator[DiscountPiece]:
        """The coupon codes of an export from a position on; `parked` gives back what was kept."""
