"""Waits for exports: until the shop has room for one, and until it is made; never longer than somebody wants to wait."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

from coupon_desk.catalogue.exports import Export, ExportKind, ExportSource, ExportStage
from coupon_desk.catalogue.pace import Pace
from coupon_desk.catalogue.progress import SyncPhase, SyncProgress
from coupon_desk.clock import Clock
from coupon_desk.errors import RemoteError, RemoteRefused, System
from coupon_desk.words import msg

BUSY_SECONDS: Final = 120.0
"""So long we wait until the shop can make one more export."""

STUCK_SECONDS: Final = 1_800.0
"""So long an export may make no headway."""

_FIRST_LOOK_SECONDS: Final = 0.5
_LONGEST_LOOK_SECONDS: Final = 8.0
_SLICE_SECONDS: Final = 0.2

_log = logging.getLogger("coupon_desk.catalogue")


class Stopped(Exception):
    """Somebody wants the run to end; what was reached is kept."""


class Awaited:
    """The exports of one run. Everything may raise RemoteError and, between two looks, Stopped."""

    def __init__(
        self, exports: ExportSource, clock: Clock, tell: Callable[[SyncProgress], None], stopped: Callable[[], bool]
    ) -> None:
        self._exports = exports
        self._clock = clock
        self._tell = tell
        self._stopped = stopped
        self._pace = Pace(clock)
        self._objects: dict[str, int] = {}
        self._expected: int | None = None

    def begin(self, kind: ExportKind, since: datetime, *, patiently: bool) -> Export | None:
        """An export of a kind; None, where nobody has to be patient, while the shop has no room for one more.

        Raises RemoteRefused where there is no room for very long.
        """
        until = self._clock.monotonic() + BUSY_SECONDS
        while True:
            export = self._exports.begin(kind, since)
            if export is not None or not patiently:
                return export
            if self._clock.monotonic() >= until:
                raise RemoteRefused(System.SHOPIFY, msg("Shopify is preparing other lists."), detail="no room for an export")
            self._tell(SyncProgress(SyncPhase.PREPARING, 0, None))
            self._sleep(_LONGEST_LOOK_SECONDS)

    def wait(self, export_id: str) -> Export | None:
        """The export when it is made, or has failed; None where the shop does not know it any more."""
        pause = _FIRST_LOOK_SECONDS
        moved_at, objects = self._clock.monotonic(), -1
        while True:
            export = self._exports.look(export_id)
            if export is None:
                return None
            self._objects[export_id] = export.objects
            if export.stage != ExportStage.RUNNING:
                return export
            now = self._clock.monotonic()
            if export.objects != objects:
                moved_at, objects = now, export.objects
            if now - moved_at > STUCK_SECONDS:
                self.give_up(export_id)
                raise RemoteRefused(System.SHOPIFY, msg("Shopify does not finish preparing the list."), detail="stuck")
            self._say(export)
            self._sleep(pause)
            pause = min(_LONGEST_LOOK_SECONDS, pause * 1.5)

    def objects_of(self, export_id: str | None) -> int:
        """How many lines an export has, as far as it was looked at."""
        return self._objects.get(export_id or "", 0)

    def expect(self, objects: int) -> None:
        """So many lines an export will have, more or less."""
        self._expected = objects

    def give_up(self, *export_ids: str | None) -> None:
        """Nobody waits for these any more."""
        for export_id in export_ids:
            if export_id is not None:
                with suppress(RemoteError):
                    export = self._exports.look(export_id)
                    if export is not None and export.stage == ExportStage.RUNNING:
                        self._exports.give_up(export_id)

    def _say(self, export: Export) -> None:
        total = None if self._expected is None else max(self._expected, export.objects)
        left = self._pace.remaining_seconds(SyncPhase.PREPARING, export.objects, total, later=total or 0)
        self._tell(SyncProgress(SyncPhase.PREPARING, export.objects, total, left))

    def _sleep(self, seconds: float) -> None:
        until = self._clock.monotonic() + seconds
        while (left := until - self._clock.monotonic()) > 0:
            if self._stopped():
                raise Stopped
            self._clock.sleep(min(left, _SLICE_SECONDS))
