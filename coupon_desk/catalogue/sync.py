"""Brings the catalogue up to date with Shopify: all of it, or what has changed since; in pages, and able to stop after each.

First the customers with their records, then the discounts. What was reached is kept page by page, so that a run that was
stopped, or killed, goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar

from coupon_desk.catalogue.catalogue import Catalogue
from coupon_desk.catalogue.exports import ExportSource
from coupon_desk.catalogue.full_load import SMALLEST_SHOP, FullLoad, Loaded, NoExports
from coupon_desk.catalogue.pace import Pace
from coupon_desk.catalogue.progress import SyncOutcome, SyncPhase, SyncProgress
from coupon_desk.catalogue.rows import CatalogueRow, Customer, DiscountFacts
from coupon_desk.catalogue.source import CouponSource, SourceCustomer, SourceDiscount
from coupon_desk.catalogue.state import LoadState, PhaseState, SyncState
from coupon_desk.clock import Clock
from coupon_desk.errors import RemoteRefused

__all__ = ["FULL_EVERY", "OVERLAP", "Stop", "SyncOutcome", "SyncPhase", "SyncProgress", "Synchroniser"]

Row = TypeVar("Row")

OVERLAP: Final = timedelta(minutes=10)
"""Shopify's search by `updated_at` lags behind; so much is read again each time."""

FULL_EVERY: Final = timedelta(hours=24)
"""Nothing promises that using a code moves its discount's `updated_at`: once a day everything is read."""


class Stop(Protocol):
    """Tells that the sync should end after this page; a `threading.Event` will do."""

    def is_set(self) -> bool:
        """Whether to stop."""


class Synchroniser:
    """One sync at a time; give it a thread of its own. `currency` is the shop's, for records that do not tell one."""

    def __init__(
        self,
        catalogue: Catalogue,
        source: CouponSource,
        clock: Clock,
        *,
        currency: str,
        exports: ExportSource | None = None,
        exports_from: int = SMALLEST_SHOP,
    ) -> None:
        self._catalogue = catalogue
        self._source = source
        self._clock = clock
        self._currency = currency
        self._exports = exports
        self._exports_from = exports_from

    def run(
        self,
        *,
        full: bool = False,
        stop: Stop | None = None,
        progress: Callable[[SyncProgress], None] | None = None,
    ) -> SyncOutcome:
        """Bring the catalogue up to date. The first run is always full, and one a day; a run that was interrupted goes on.

        Raises RemoteError, StorageError; what was read until then is kept.
        """
        run = _Run(self._begin(full=full), progress or _nobody, self._clock)
        loaded = self._load(run, stop)
        if loaded is not None and (loaded.is_whole or not loaded.is_finished):
            return run.outcome
        for phase, read in ((SyncPhase.CUSTOMERS, self._customers), (SyncPhase.DISCOUNTS, self._discounts)):
            if run.reached(phase).is_done:
                continue
            run.report(phase)
            for _page in read(run):
                self._catalogue.save_sync_state(run.state)
                run.report(phase)
                if stop is not None and stop.is_set():
                    return run.outcome
            run.keep(phase, replace(run.reached(phase), is_done=True, resume_from=None))
            self._catalogue.save_sync_state(run.state)
        self._tidy(run)
        self._catalogue.save_sync_state(_finished(run.state, self._clock.now()))
        return replace(run.outcome, is_finished=True)

    def _load(self, run: _Run, stop: Stop | None) -> Loaded | None:
        """A full run by exports, where the shop is big and makes some; None where it has to be read page by page."""
        if self._exports is None or not run.state.run_is_full or run.state.by_pages:
            return None

        def keep(load: LoadState | None) -> None:
            run.state = replace(run.state, load=load)
            self._catalogue.save_sync_state(run.state)

        def stopped() -> bool:
            return stop is not None and stop.is_set()

        full_load = FullLoad(
            self._catalogue, self._exports, self._clock, self._currency, keep, run.tell, stopped, self._exports_from
        )
        try:
            loaded = full_load.run(run.state.load)
        except NoExports:
            loaded = None
        if loaded is not None and not loaded.is_finished:
            return loaded
        if loaded is not None:
            run.loaded(loaded)
            run.outcome = replace(run.outcome, is_finished=loaded.is_whole)
        if loaded is not None and loaded.is_whole:
            self._catalogue.save_sync_state(_finished(run.state, self._clock.now()))
            self._catalogue.clear_home()
        else:
            run.state = replace(run.state, by_pages=True)
            self._catalogue.save_sync_state(run.state)
        return loaded

    def _begin(self, *, full: bool) -> SyncState:
        state = self._catalogue.sync_state()
        if state.run_started_at is not None and (state.run_is_full or not full):
            return state
        now = self._clock.now()
        is_due = state.full_finished_at is None or now - state.full_finished_at >= FULL_EVERY
        state = replace(
            state,
            customers=_afresh(state.customers),
            discounts=_afresh(state.discounts),
            run_started_at=now,
            run_is_full=full or is_due,
            by_pages=False,
        )
        self._catalogue.save_sync_state(state)
        return state

    def _customers(self, run: _Run) -> Iterator[None]:
        """The customers and their records; yields after each page, when it is safe to stop."""

        def read(resume_from: str | None) -> Iterable[tuple[Sequence[SourceCustomer], str | None]]:
            pages = self._source.customers_with_records(run.since(SyncPhase.CUSTOMERS), resume_from=resume_from)
            return ((page.rows, page.resume_from) for page in pages)

        for customers, resume_from in _resumed(read, run.reached(SyncPhase.CUSTOMERS).resume_from):
            rows = [row for customer in customers for row in self.rows_of(customer)]
            changed = self._catalogue.upsert(rows)
            changed += self._catalogue.keep_only(
                {customer.id: {code.text for code, _ in customer.entries} for customer in customers if not customer.problem}
            )
            unreadable = [customer.id for customer in customers if customer.problem]
            self._catalogue.touch_records(unreadable)
            changes = [customer.updated_at for customer in customers if customer.updated_at]
            run.took_in(SyncPhase.CUSTOMERS, len(customers), changes, resume_from, changed, len(unreadable))
            yield

    def _discounts(self, run: _Run) -> Iterator[None]:
        """The discounts; yields after each page, when it is safe to stop."""

        def read(resume_from: str | None) -> Iterable[tuple[Sequence[SourceDiscount], str | None]]:
            pages = self._source.discounts(run.since(SyncPhase.DISCOUNTS), resume_from=resume_from)
            return ((page.rows, page.resume_from) for page in pages)

        for discounts, resume_from in _resumed(read, run.reached(SyncPhase.DISCOUNTS).resume_from):
            changed = self._catalogue.upsert(self._row_of(discount) for discount in discounts)
            changes = [discount.updated_at for discount in discounts]
            run.took_in(SyncPhase.DISCOUNTS, len(discounts), changes, resume_from, changed)
            yield

    def _tidy(self, run: _Run) -> None:
        """After a full run: forget what it did not see. A source that suddenly has nothing has more likely lost a right."""
        state = run.state
        if not state.run_is_full or state.run_started_at is None:
            return
        run.report(SyncPhase.TIDYING)
        forgotten = self._catalogue.remove_missing(
            state.run_started_at, records=state.customers.seen > 0, discounts=state.discounts.seen > 0
        )
        run.outcome = replace(run.outcome, forgotten=forgotten)

    def rows_of(self, customer: SourceCustomer) -> Iterator[CatalogueRow]:
        """What a customer's record says of its coupons."""
        whose = Customer(customer.id, customer.name, customer.email, customer.phone)
        updated_at = customer.updated_at or self._clock.now()
        for code, entry in customer.entries:
            yield CatalogueRow(code, updated_at, customer=whose, record=entry, currency=self._currency)

    def _row_of(self, discount: SourceDiscount) -> CatalogueRow:
        facts = DiscountFacts(
            discount.id,
            discount.usage_count,
            discount.starts_at,
            discount.ends_at,
            discount.created_at,
            discount.customer_ids,
            discount.amount,
            discount.currency,
        )
        return CatalogueRow(discount.code, discount.updated_at, discount=facts, currency=self._currency)


class _Run:
    """What one run has reached so far."""

    def __init__(self, state: SyncState, progress: Callable[[SyncProgress], None], clock: Clock) -> None:
        self.state = state
        self.outcome = SyncOutcome(is_finished=False, is_full=state.run_is_full)
        self.tell = progress
        self._pace = Pace(clock)

    def loaded(self, loaded: Loaded) -> None:
        """What came by exports; what changed since these were begun is read by the next run."""
        self.outcome = replace(
            self.outcome,
            seen=loaded.customers + loaded.discounts,
            changed=loaded.changed,
            forgotten=loaded.forgotten,
            unreadable=loaded.unreadable,
        )
        if loaded.is_whole and loaded.state is not None:
            self.state = replace(
                self.state,
                customers=PhaseState(seen_newest=loaded.state.customers_at, seen=loaded.customers),
                discounts=PhaseState(seen_newest=loaded.state.discounts_at, seen=loaded.discounts),
            )

    def reached(self, phase: SyncPhase) -> PhaseState:
        return self.state.customers if phase is SyncPhase.CUSTOMERS else self.state.discounts

    def keep(self, phase: SyncPhase, reached: PhaseState) -> None:
        is_customers = phase is SyncPhase.CUSTOMERS
        self.state = replace(self.state, customers=reached) if is_customers else replace(self.state, discounts=reached)

    def since(self, phase: SyncPhase) -> datetime | None:
        newest = self.reached(phase).newest
        return None if self.state.run_is_full or newest is None else newest - OVERLAP

    def took_in(
        self,
        phase: SyncPhase,
        rows: int,
        changes: list[datetime],
        resume_from: str | None,
        changed: int,
        unreadable: int = 0,
    ) -> None:
        before = self.reached(phase)
        newest = max([*changes, *([before.seen_newest] if before.seen_newest else [])], default=None)
        self.keep(phase, replace(before, resume_from=resume_from, seen_newest=newest, seen=before.seen + rows))
        self.outcome = replace(
            self.outcome,
            seen=self.outcome.seen + rows,
            changed=self.outcome.changed + changed,
            unreadable=self.outcome.unreadable + unreadable,
        )

    def report(self, phase: SyncPhase) -> None:
        if phase is SyncPhase.TIDYING:
            self.tell(SyncProgress(phase, 0, None))
            return
        reached = self.reached(phase)
        expected = reached.rows_when_full if self.state.run_is_full else None
        total = max(expected, reached.seen) if expected else None
        later = (self.state.discounts.rows_when_full or 0) if phase is SyncPhase.CUSTOMERS else 0
        left = self._pace.remaining_seconds(phase, reached.seen, total, later)
        self.tell(SyncProgress(phase, reached.seen, total, left))


def _resumed(
    read: Callable[[str | None], Iterable[tuple[Sequence[Row], str | None]]], resume_from: str | None
) -> Iterator[tuple[Sequence[Row], str | None]]:
    """The pages from where the last run stopped; from the start where Shopify does not know that place any more."""
    is_first = True
    try:
        for page in read(resume_from):
            is_first = False
            yield page
    except RemoteRefused:
        if resume_from is None or not is_first:
            raise
        yield from read(None)


def _afresh(before: PhaseState) -> PhaseState:
    return PhaseState(newest=before.newest, rows_when_full=before.rows_when_full)


def _finished(state: SyncState, now: datetime) -> SyncState:
    def over(reached: PhaseState) -> PhaseState:
        return PhaseState(
            newest=reached.seen_newest or reached.newest,
            rows_when_full=reached.seen if state.run_is_full else reached.rows_when_full,
        )

    full_finished_at = now if state.run_is_full else state.full_finished_at
    return SyncState(over(state.customers), over(state.discounts), finished_at=now, full_finished_at=full_finished_at)


def _nobody(_progress: SyncProgress) -> None:
    """Told, and does nothing."""
