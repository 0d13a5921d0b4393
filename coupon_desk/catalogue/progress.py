"""How a sync tells what it is doing, and what it has done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Final

from coupon_desk.words import Message, msg, msgn


class SyncPhase(StrEnum):
    """What the sync is doing."""

    PREPARING = "preparing"
    CUSTOMERS = "customers"
    DISCOUNTS = "discounts"
    INDEXING = "indexing"
    TIDYING = "tidying"

    @property
    def label(self) -> Message:
        """What a person reads while it runs."""
        return _LABELS[self]


_LABELS: Final = {
    SyncPhase.PREPARING: msg("Shopify is preparing the list"),
    SyncPhase.CUSTOMERS: msg("Reading the customers’ records"),
    SyncPhase.DISCOUNTS: msg("Reading the discounts"),
    SyncPhase.INDEXING: msg("Making the list searchable"),
    SyncPhase.TIDYING: msg("Tidying up"),
}


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """How far the run has come, in rows of this phase.

    `total` is what there is, or what the last full run saw; None where nobody knows. `remaining_seconds` is for the whole run,
    as far as it can be told.
    """

    phase: SyncPhase
    done: int
    total: int | None
    remaining_seconds: float | None = None

    @property
    def message(self) -> Message:
        """All of it, in a line."""
        label = self.phase.label
        if self.total is None or self.phase is SyncPhase.INDEXING:
            told = msg("{phase}: {count}", phase=label, count=self.done) if self.done else label
        else:
            told = msg("{phase}: {count} of {total}", phase=label, count=self.done, total=self.total)
        left = self.remaining_seconds
        if left is None or self.phase is SyncPhase.TIDYING:
            return told
        if left < 60:
            return msg("{progress} · less than a minute left", progress=told)
        return msgn(
            "{progress} · about {count} minute left",
            "{progress} · about {count} minutes left",
            count=ceil(left / 60),
            progress=told,
        )


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
