"""The PointSystem port: what the cancellation needs of a point system, and what each system declares of itself.

The capabilities model the seven flavours of duplicate protection that real systems have; the engine decides by them and never
by a system's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from coupon_desk.coupons.evidence import Absent, HistorySeen
from coupon_desk.coupons.points import PointEntry, Points
from coupon_desk.wire import PreparedRequest


class DuplicateGuard(StrEnum):
    """How the system itself guards against adding the same points twice."""

    REPLAY = "replay"
    ERROR_ON_REUSE = "error_on_reuse"
    BUSINESS_REFERENCE = "business_reference"
    REVISION = "revision"
    NONE = "none"


class HistorySearch(StrEnum):
    """How an entry can be found again."""

    BY_REFERENCE = "by_reference"
    BY_MEMBER = "by_member"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PointCapabilities:
    """What a point system can do. `key_retention` None means unknown: the key is never trusted alone."""

    duplicate_guard: DuplicateGuard
    history: HistorySearch
    key_retention: timedelta | None
    reference_max_length: int
    reference_shown_to_customer: bool
    returns_entry_id: bool


@dataclass(frozen=True, slots=True)
class AddPoints:
    """Points to be given back. `points` is positive; `key` is one UUIDv4 per operation, the same for all attempts."""

    customer_id: str
    points: Points
    reason: str
    reference: str
    key: str


@dataclass(frozen=True, slots=True)
class PointsAdded:
    """Points that surely were added. None where the system does not tell."""

    entry_id: str | None
    balance_before: int | None
    balance_after: int | None
    request_id: str | None = None
    server_time: datetime | None = None


class PointSystem(Protocol):
    """One customer's points at the POS. Every method raises `RemoteError`; safe to use from several threads."""

    @property
    def capabilities(self) -> PointCapabilities:
        """What this system declares of itself."""

    def check(self) -> None:
        """Ask whether the system is there and lets us in; changes nothing."""

    def read_balance(self, customer_id: str) -> int | Absent:
        """The balance in points; Absent where the system does not know the customer."""

    def read_history(self, customer_id: str, reference: str) -> HistorySeen | Absent:
        """The balance and every entry under one reference, newest first."""

    def read_recent(self, customer_id: str, limit: int) -> tuple[PointEntry, ...]:
        """The newest entries, whatever their reference; empty for an unknown customer."""

    def prepare(self, add: AddPoints) -> PreparedRequest:
        """The exact request that would add the points. No I/O."""

    def send(self, prepared: PreparedRequest) -> PointsAdded:
        """Send it once, unchanged.

        Raises RemoteRefused (surely not added), RemoteUnavailable (surely not executed), OutcomeUnknown (look first).
        """
