"""Bulk operations of the training shop: each runs on a thread of its own and writes its lines into a file."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from graphql import GraphQLError

from coupon_desk.clock import Clock
from coupon_desk.training import dice
from coupon_desk.training.admin_context import AdminContext
from coupon_desk.training.bulk_query import BulkQuery
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.things import number_of, when, whole

KEPT: Final = timedelta(days=7)
"""So long the addresses of a result work (published schema: BulkOperation.url)."""

_FIRST: Final = 7_402_100_000


@dataclass(slots=True)
class BulkOperation:
    """One operation. `due_at` is when Shopify has finished it, however fast this computer is."""

    number: int
    query: str
    grouped: bool
    created_at: datetime
    due_at: datetime
    fails: str | None
    file: Path
    thread: threading.Thread = field(default_factory=threading.Thread)
    cancelled_at: datetime | None = None
    is_written: bool = False
    objects: int = 0
    roots: int = 0
    bytes_written: int = 0
    bytes_at_half: int = 0

    @property
    def id(self) -> str:
        """Shopify's global id."""
        return f"gid://shopify/BulkOperation/{self.number}"

    def is_over(self, now: datetime) -> bool:
        """Whether nothing happens any more."""
        return self.is_written and now >= self.due_at

    def status(self, now: datetime) -> str:
        """One of `BulkOperationStatus`."""
        if not self.is_over(now):
            return "RUNNING" if self.cancelled_at is None else "CANCELING"
        if self.cancelled_at is not None:
            return "CANCELED"
        if self.fails is not None:
            return "FAILED"
        return "COMPLETED" if now < self.due_at + KEPT else "EXPIRED"


class BulkOperations:
    """The operations of one shop. Safe to use from any thread. `address` is where results are fetched from."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self.address = ""
        self._clock = clock
        self._seed = seed
        self._lock = threading.Lock()
        self._known: dict[int, BulkOperation] = {}
        self._closed = threading.Event()
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def start(
        self,
        text: str,
        query: BulkQuery,
        context: AdminContext,
        holding: Callable[[], AbstractContextManager[Any]],
        *,
        grouped: bool,
        seconds: float,
        fault: Fault | None,
    ) -> BulkOperation:
        """Begin an operation."""
        now = self._clock.now()
        with self._lock:
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="training-bulk-")
            number = _FIRST + len(self._known) * 211
            slow = fault.seconds if fault is not None and fault.kind is FaultKind.SLOW else 0.0
            file = Path(self._folder.name) / f"bulk-{number}.jsonl"
            due_at = whole(now) + timedelta(seconds=seconds + slow)
            operation = BulkOperation(number, text, grouped, whole(now), due_at, _failure(fault), file)
            operation.thread = threading.Thread(
                target=self._write, args=(operation, query, context, holding), daemon=True, name="training-bulk"
            )
            self._known[number] = operation
        operation.thread.start()
        return operation

    def cancel(self, gid: str) -> BulkOperation | None:
        """Begin to cancel an operation; None for one that there is not."""
        operation = self.get(gid)
        if operation is not None and not operation.is_over(self._clock.now()):
            operation.cancelled_at = self._clock.now()
            operation.due_at = operation.created_at
        return operation

    def get(self, gid: str) -> BulkOperation | None:
        """The operation with a global id."""
        number = number_of(gid, "BulkOperation")
        with self._lock:
            return None if number is None else self._known.get(number)

    def newest_first(self) -> list[BulkOperation]:
        """All of them."""
        with self._lock:
            return sorted(self._known.values(), key=lambda one: one.number, reverse=True)

    def running(self) -> int:
        """How many are not over."""
        now = self._clock.now()
        return sum(not one.is_over(now) for one in self.newest_first())

    def url(self, operation: BulkOperation, *, partial: bool = False) -> str:
        """The signed address of a result."""
        expires = int((operation.due_at + KEPT).timestamp())
        part = "partial-" if partial else ""
        return f"{self.address}/results/{part}{operation.number}.jsonl?Expires={expires}&Signature={self._signature(operation)}"

    def fetched(self, path: str, signature: str) -> tuple[Path, int] | None:
        """The file of a result and how many bytes of it there are; None for a wrong or old address."""
        name = path.removeprefix("/results/").removesuffix(".jsonl")
        operation = self.get(f"gid://shopify/BulkOperation/{name.removeprefix('partial-')}")
        now = self._clock.now()
        if operation is None or signature != self._signature(operation) or now >= operation.due_at + KEPT:
            return None
        return operation.file, operation.bytes_at_half if name.startswith("partial-") else operation.bytes_written

    def forget(self) -> None:
        """End all operations and delete what they wrote."""
        self._closed.set()
        for operation in self.newest_first():
            operation.thread.join()
        with self._lock:
            self._known.clear()
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None
            self._closed = threading.Event()

    def _write(
        self,
        operation: BulkOperation,
        query: BulkQuery,
        context: AdminContext,
        holding: Callable[[], AbstractContextManager[Any]],
    ) -> None:
        closed = self._closed
        halves: list[int] = []
        try:
            with operation.file.open("wb") as out:
                for page in query.pages(context, holding):
                    if closed.is_set() or operation.cancelled_at is not None:
                        break
                    _put(out.write, page.texts(grouped=operation.grouped), operation)
                    operation.roots += len(page.nodes)
                    halves.append(operation.bytes_written)
        except GraphQLError:
            operation.fails = "ACCESS_DENIED"
        operation.bytes_at_half = halves[(len(halves) - 1) // 2] if halves else 0
        operation.is_written = True

    def _signature(self, operation: BulkOperation) -> str:
        return f"{dice.roll(self._seed, 81, operation.number):016x}"


def told(operation: BulkOperation, operations: BulkOperations, now: datetime) -> dict[str, Any]:
    """An operation as the Admin API tells it."""
    status = operation.status(now)
    is_partial = status == "FAILED" and operation.fails != "ACCESS_DENIED" and operation.bytes_at_half > 0
    return {
        "id": operation.id,
        "status": status,
        "type": "QUERY",
        "query": operation.query,
        "createdAt": when(operation.created_at),
        "completedAt": when(operation.due_at) if status in {"COMPLETED", "EXPIRED"} else None,
        "errorCode": operation.fails if status == "FAILED" else None,
        "objectCount": str(operation.objects),
        "rootObjectCount": str(operation.roots),
        "fileSize": str(operation.bytes_written) if status == "COMPLETED" else None,
        "url": operations.url(operation) if status == "COMPLETED" and operation.objects else None,
        "partialDataUrl": operations.url(operation, partial=True) if is_partial else None,
    }


def _put(write: Callable[[bytes], int], lines: Iterator[bytes], operation: BulkOperation) -> None:
    for line in lines:
        operation.bytes_written += write(line)
        operation.objects += 1


def _failure(fault: Fault | None) -> str | None:
    if fault is None:
        return None
    return {FaultKind.BULK_FAILED: "INTERNAL_SERVER_ERROR", FaultKind.FORBIDDEN: "ACCESS_DENIED"}.get(fault.kind)
