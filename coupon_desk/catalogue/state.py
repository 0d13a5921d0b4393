"""How far the sync has come, so that it can go on after any stop."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PhaseState:
    """One source of the sync. `newest` is the newest change seen in a finished run, by the source's own clock.

    `rows_when_full` is how many rows the last full run saw: what the next one may expect. While a run is under way:
    `resume_from` continues it, `seen_newest` is the newest change of this run so far, `seen` the number of rows, and `is_done`
    tells that the source was read to its end.
    """

    newest: datetime | None = None
    rows_when_full: int | None = None
    resume_from: str | None = None
    seen_newest: datetime | None = None
    seen: int = 0
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class LoadState:
    """A catalogue that is being built in a file of its own, from exports of the shop.

    The exports' ids are None until they were begun, `*_at` is when Shopify began them: what changed later is not in them.
    `failed` counts what went wrong in a row.
    """

    file: str
    began_at: datetime
    customers: str | None = None
    discounts: str | None = None
    customers_at: datetime | None = None
    discounts_at: datetime | None = None
    failed: int = 0


@dataclass(frozen=True, slots=True)
class SyncState:
    """The state of both phases. `run_started_at` is None while no run is under way, `load` while nothing is being built.

    `by_pages`: this run was begun from exports, which came to nothing.
    """

    customers: PhaseState = field(default_factory=PhaseState)
    discounts: PhaseState = field(default_factory=PhaseState)
    run_started_at: datetime | None = None
    run_is_full: bool = False
    finished_at: datetime | None = None
    full_finished_at: datetime | None = None
    load: LoadState | None = None
    by_pages: bool = False
