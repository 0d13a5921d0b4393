"""A full run of a big shop: exports instead of thousands of pages, built into a file of its own, then taken for the catalogue.

Every step is kept before the next begins, so that a run that was stopped or killed at any moment goes on where it was: with the
same exports, from the same byte of their results. A shop that makes no exports, or whose exports fail, is read page by page.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from coupon_desk.catalogue.awaiting import Awaited, Stopped
from coupon_desk.catalogue.catalogue import Catalogue
from coupon_desk.catalogue.exports import Export, ExportKind, ExportSource, ExportStage
from coupon_desk.catalogue.loading import Loading, loading_numbers
from coupon_desk.catalogue.pace import Pace
from coupon_desk.catalogue.progress import SyncPhase, SyncProgress
from coupon_desk.catalogue.state import LoadState
from coupon_desk.clock import Clock
from coupon_desk.errors import RemoteRefused, RemoteUnavailable, StorageError, System
from coupon_desk.words import msg

SMALLEST_SHOP: Final = 5_000
"""With fewer discounts pages are read sooner than Shopify has made an export."""

AS_OLD: Final = timedelta(hours=1)
"""An export that somebody else began so long ago will do: what changed since is read afterwards."""

TOO_OLD: Final = timedelta(hours=20)
"""A load that has not come to its end by then is begun anew."""

MOST_FAILED: Final = 3
"""So often something may go wrong before the shop is read page by page."""

_log = logging.getLogger("coupon_desk.catalogue")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did. Not `is_finished`: it was stopped and goes on. Not `is_whole`: the rest has to be read page by page."""

    is_finished: bool
    is_whole: bool = True
    state: LoadState | None = None
    customers: int = 0
    discounts: int = 0
    changed: int = 0
    forgotten: int = 0
    unreadable: int = 0


class NoExports(Exception):
    """Nothing comes of exports this time: the shop is read page by page."""


class FullLoad:
    """One full run. `keep` keeps how far it has come, `tell` is told; fewer than `smallest` discounts are left to pages."""

    def __init__(
        self,
        catalogue: Catalogue,
        exports: ExportSource,
        clock: Clock,
        currency: str,
        keep: Callable[[LoadState | None], None],
        tell: Callable[[SyncProgress], None],
        stopped: Callable[[], bool],
        smallest: int = SMALLEST_SHOP,
    ) -> None:
        self._catalogue = catalogue
        self._smallest = smallest
        self._awaited = Awaited(exports, clock, tell, stopped)
        self._exports = exports
        self._clock = clock
        self._currency = currency
        self._keep_state = keep
        self._tell = tell
        self._stopped = stopped
        self._pace = Pace(clock)

    def run(self, state: LoadState | None) -> Loaded:
        """Load everything, or go on loading. Raises NoExports; RemoteUnavailable or StorageError: the next run goes on."""
        place = self._catalogue.place
        if place.folder is None:
            raise NoExports
        if state is not None and self._clock.now() - state.began_at > TOO_OLD:
            self._give_up(state)
            state = None
        self._state = state
        try:
            if state is None:
                size = self._exports.size()
                if size.discounts < self._smallest:
                    raise NoExports
                self._awaited.expect(size.customers + 2 * size.discounts)
                place.clear()
                self._keep(LoadState(place.fresh_name(), self._clock.now()))
            return self._go_on()
        except Stopped:
            return Loaded(is_finished=False)
        except RemoteRefused as refused:
            _log.info("nothing comes of exports: %s (%s)", refused, refused.detail)
            self._give_up(self._state)
            raise NoExports from refused
        except RemoteUnavailable as unavailable:
            if self._stopped():
                return Loaded(is_finished=False)
            failed = self._state
            if failed is not None and failed.failed + 1 >= MOST_FAILED:
                _log.info("exports could not be fetched: %s (%s)", unavailable, unavailable.detail)
                self._give_up(failed)
                raise NoExports from unavailable
            if failed is not None:
                self._keep(replace(failed, failed=failed.failed + 1))
            raise

    @property
    def _now(self) -> LoadState:
        if self._state is None:
            raise NoExports
        return self._state

    def _keep(self, state: LoadState | None) -> None:
        self._state = state
        self._keep_state(state)

    def _give_up(self, state: LoadState | None) -> None:
        """Leave nothing behind, at the shop neither."""
        if state is None:
            return
        self._awaited.give_up(state.customers, state.discounts)
        self._keep(None)
        self._catalogue.place.clear()

    def _go_on(self) -> Loaded:
        place = self._catalogue.place
        assert place.folder is not None
        if place.name == self._now.file:  # the program ended just after the new file was taken for the catalogue
            return self._loaded(loading_numbers(place.folder / self._now.file))
        loading = Loading(place.folder / self._now.file, place.schema(), self._now.began_at, self._currency)
        loading.interrupt_when(self._stopped)
        try:
            is_whole = self._take(loading, ExportKind.CUSTOMERS)
            is_whole = self._take(loading, ExportKind.DISCOUNTS) and is_whole
            self._refuse_emptiness(loading)
            self._index(loading, is_whole=is_whole)
            return self._succeed(loading, is_whole=is_whole)
        except StorageError:
            if self._stopped():
                raise Stopped from None
            raise
        finally:
            loading.close()

    def _take(self, loading: Loading, kind: ExportKind) -> bool:
        """Take in one export to its end; whether it was a whole one."""
        if loading[f"{kind}_done"]:
            return loading[f"{kind}_done"] == _WHOLE
        export = self._export(loading, kind)
        is_whole = export.stage == ExportStage.READY
        self._tell_how_far(loading, kind, export)
        read = self._customers if kind is ExportKind.CUSTOMERS else self._discounts
        for position, lines in read(loading, export.id, loading[f"{kind}_position"]):
            loading.tell(f"{kind}_position", position)
            loading.tell(f"{kind}_lines", loading[f"{kind}_lines"] + lines)
            loading.commit_if_due()
            self._tell_how_far(loading, kind, export)
            if self._stopped():
                loading.commit()
                raise Stopped
        if kind is ExportKind.CUSTOMERS:
            loading.end_customers()
        loading.tell(f"{kind}_done", _WHOLE if is_whole else _PART)
        loading.commit()
        return is_whole

    def _customers(self, loading: Loading, export_id: str, position: int) -> Iterator[tuple[int, int]]:
        for piece in self._exports.customers_of(export_id, position):
            loading.take_customers(piece.rows)
            yield piece.position, piece.lines

    def _discounts(self, loading: Loading, export_id: str, position: int) -> Iterator[tuple[int, int]]:
        for piece in self._exports.discounts_of(export_id, position, loading.parked):
            loading.take_discounts(piece.rows, piece.parked)
            yield piece.position, piece.lines

    def _export(self, loading: Loading, kind: ExportKind) -> Export:
        """The export of a kind, ready to be read; the one that was begun before, if it is still kept."""
        if self._now.customers is None or self._now.discounts is None:
            self._begin(ExportKind.CUSTOMERS)
            self._begin(ExportKind.DISCOUNTS, patiently=kind is ExportKind.DISCOUNTS)
        began = self._id_of(kind)
        export = None if began is None else self._awaited.wait(began)
        if export is not None and export.stage == ExportStage.READY:
            return export
        if loading[f"{kind}_position"]:
            raise _nothing_kept(kind)
        if export is not None and self._now.failed and export.has_part and self._catalogue.is_empty():
            return export
        if self._now.failed + 1 >= MOST_FAILED:
            raise _nothing_kept(kind)
        self._keep(replace(self._with_export(kind, None), failed=self._now.failed + 1))
        return self._export(loading, kind)

    def _begin(self, kind: ExportKind, *, patiently: bool = True) -> None:
        if self._id_of(kind) is None:
            export = self._awaited.begin(kind, self._clock.now() - AS_OLD, patiently=patiently)
            if export is not None:
                self._keep(self._with_export(kind, export))

    def _id_of(self, kind: ExportKind) -> str | None:
        return self._now.customers if kind is ExportKind.CUSTOMERS else self._now.discounts

    def _with_export(self, kind: ExportKind, export: Export | None) -> LoadState:
        export_id, at = (None, None) if export is None else (export.id, export.created_at)
        if kind is ExportKind.CUSTOMERS:
            return replace(self._now, customers=export_id, customers_at=at)
        return replace(self._now, discounts=export_id, discounts_at=at)

    def _refuse_emptiness(self, loading: Loading) -> None:
        """A shop that suddenly has nothing has more likely taken a right away: read by pages, nothing is forgotten for that."""
        if not (loading["customers"] and loading["coupons"]) and not self._catalogue.is_empty():
            raise _nothing_kept(ExportKind.DISCOUNTS)

    def _index(self, loading: Loading, *, is_whole: bool) -> None:
        while not loading["joined"]:
            self._tell(SyncProgress(SyncPhase.INDEXING, 0, None))
            if not loading.take_records_left(discounts_are_complete=is_whole and loading["coupons"] > 0):
                loading.tell("joined", 1)
            loading.commit_if_due()
            if self._stopped():
                loading.commit()
                raise Stopped
        loading.end_discounts()
        steps = list(loading.index_steps())
        for done, step in enumerate(steps):
            left = self._pace.remaining_seconds(SyncPhase.INDEXING, done, len(steps))
            self._tell(SyncProgress(SyncPhase.INDEXING, done, len(steps), left))
            step()

    def _succeed(self, loading: Loading, *, is_whole: bool) -> Loaded:
        self._tell(SyncProgress(SyncPhase.TIDYING, 0, None))
        changed, forgotten = loading.compare(self._catalogue.own_file())
        unreadable = loading.unreadable()
        for name, number in (("changed", changed), ("forgotten", forgotten), ("whole", is_whole)):
            loading.tell(name, int(number))
        loading.finish()
        if not self._catalogue.succeed(self._now.file, self._now.began_at, unreadable, self._stopped):
            raise Stopped
        return self._loaded(loading.numbers)

    def _loaded(self, numbers: Mapping[str, int]) -> Loaded:
        loaded = Loaded(
            is_finished=True,
            is_whole=bool(numbers.get("whole")),
            state=self._now,
            customers=numbers.get("customers", 0),
            discounts=numbers.get("coupons", 0),
            changed=numbers.get("changed", 0),
            forgotten=numbers.get("forgotten", 0),
            unreadable=numbers.get("unreadable", 0),
        )
        self._keep(None)
        return loaded

    def _tell_how_far(self, loading: Loading, kind: ExportKind, export: Export) -> None:
        phase = SyncPhase.CUSTOMERS if kind is ExportKind.CUSTOMERS else SyncPhase.DISCOUNTS
        done, total = loading[f"{kind}_lines"], export.objects
        other = self._awaited.objects_of(self._now.discounts) if kind is ExportKind.CUSTOMERS else 0
        left = self._pace.remaining_seconds(phase, done, total, later=other + total // 4)
        self._tell(SyncProgress(phase, done, total, left))


_WHOLE: Final = 1
_PART: Final = 2


def _nothing_kept(kind: ExportKind) -> RemoteRefused:
    return RemoteRefused(System.SHOPIFY, msg("Shopify could not prepare the list."), detail=f"export of {kind}")
