"""How a sync tells what it is doing, and what it has done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from coupon_desk.words import Message, msg


class SyncPhase(StrEnum):
    """What the sync is doing."""

    CUSTOMERS = "customers"
    DISCOUNTS = "discounts"
    TIDYING = "tidying"

    @property
    def label(self) -> Message:
        """What a person reads while it runs."""
        return _LABELS[self]


_LABELS: Final = {
    SyncPhase.CUSTOMERS: msg("Reading the customers’ records"),
    SyncPhase.DISCOUNTS: msg("Reading the discounts"),
    SyncPhase.TIDYING: msg("Tidying up"),
}


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """How far the run has come, in rows of this phase. `total` is what the last full run saw; None where nobody knows."""

    phase: SyncPhase
    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class SyncOutcome:
    """What a run did. Not `is_finished`: it was stopped, and the next run goes on.

    `seen` counts the rows that the source sent, `changed` the coupons that are different now, `forgotten` those of which a
    full run no longer found a source, `unreadable` the customers whose record could not be read and stays as it was.
    """

    is_finished: bool
    is_full: bool
    seen: int = 0
    changed: int = 0
    forgotten: int = 0
    unreadable: int = 0
