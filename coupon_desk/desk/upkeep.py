"""What the page does unasked: keeps the list fresh, proves the trail and watches over it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from coupon_desk.desk.stage import Stage
from coupon_desk.desk.trail_watch import TrailWatch
from coupon_desk.errors import DeskError
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.catalogue.sync import SyncOutcome, SyncProgress
    from coupon_desk.trail.proof import TrailProof

SYNC_EVERY_MS: Final = 5 * 60 * 1000
TOLD_EVERY_SECONDS: Final = 0.5


class Upkeep(QObject):
    """Tells what it found: `synced` that the list has changed, the others what to say of the list and of the trail."""

    synced = Signal()
    sync_told = Signal(object, bool, bool)
    trail_told = Signal(object, bool, bool)
    _progressed = Signal(object)

    def __init__(self, stage: Stage, desk: CouponDesk, parent: QObject) -> None:
        super().__init__(parent)
        self._stage = stage
        self._desk = desk
        self.watch = TrailWatch(stage, desk, self)
        self._stop = threading.Event()
        self._is_syncing = False
        self._is_proving = False
        self._is_stale = False
        self._progressed.connect(self._tell_progress, Qt.ConnectionType.QueuedConnection)
        self._every = QTimer(self)
        self._every.setInterval(SYNC_EVERY_MS)
        self._every.timeout.connect(self.sync)

    @property
    def is_syncing(self) -> bool:
        """Whether the list is being refreshed."""
        return self._is_syncing

    def begin(self) -> None:
        """Do everything once, then again from time to time."""
        self.sync()
        self.verify()
        self.watch.begin()
        self._every.start()

    def end(self) -> None:
        """Stop; a running sync ends after its page."""
        self._stop.set()
        self._every.stop()
        self.watch.end()

    def sync(self) -> None:
        """Bring the list up to date; asking while it runs is harmless."""
        if self._is_syncing:
            return
        self._is_syncing = True
        self.sync_told.emit(msg("Refreshing the list…"), True, False)
        desk, stop = self._desk, self._stop
        self._stage.runner.read(
            self, "sync", lambda: desk.sync(full=False, on_progress=self._teller(), stop=stop), self._synced, self._away
        )

    def _teller(self) -> Callable[[SyncProgress], None]:
        """Tells how far a sync has come, seldom enough to be read; on the sync's own thread."""
        told_at = time.monotonic()

        def tell(progress: SyncProgress) -> None:
            nonlocal told_at
            if time.monotonic() - told_at >= TOLD_EVERY_SECONDS:
                told_at = time.monotonic()
                self._progressed.emit(progress)

        return tell

    def _tell_progress(self, progress: SyncProgress) -> None:
        if self._is_syncing:
            self.sync_told.emit(progress.message, True, False)

    def verify(self) -> None:
        """Prove the trail; what is written while it is proved is proved right after, however often that is asked for."""
        if self._is_proving:
            self._is_stale = True
            return
        self._is_proving, self._is_stale = True, False
        self._stage.runner.read(self, "trail", self._desk.verify_trail, self._verified, self._not_verified)

    def _has_proved(self) -> None:
        self._is_proving = False
        if self._is_stale:
            self.verify()

    def _synced(self, outcome: SyncOutcome) -> None:
        self._is_syncing = False
        if outcome.is_finished:
            self.sync_told.emit(msg("List up to date, {at}", at=self._desk.clock.now()), False, False)
        self.synced.emit()

    def _away(self, error: DeskError) -> None:
        self._is_syncing = False
        self.sync_told.emit(msg("The list could not be refreshed: {why}", why=error.what), False, True)

    def _verified(self, proof: TrailProof) -> None:
        self.watch.take_proof(proof)
        if proof.open_questions:
            self.trail_told.emit(msg("Something in the trail has to be explained; tell the administrator."), False, True)
        elif proof.is_intact:
            count = proof.checked
            self.trail_told.emit(msg("The trail is intact: {count} entries", count=count), True, False)
        else:
            self.trail_told.emit(msg("The trail is broken. Cancel nothing; call the administrator."), False, True)
        self._has_proved()

    def _not_verified(self, error: DeskError) -> None:
        self.trail_told.emit(msg("The trail could not be read: {why}", why=error.what), False, True)
        self._has_proved()
