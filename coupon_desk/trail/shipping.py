"""Ships the trail into the central database: in order, whole, as often as it takes, and never what does not fit.

The outbox is the trail itself. The centre's own head says what is there; what comes after it is sent. So a process that is
killed anywhere, an answer that is lost, or two programs that ship the same home repeat harmlessly. An entry of the centre's
that we do not have, or have otherwise, is an alarm: then nothing is sent any more.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from coupon_desk.central.shipped import ShippedRow
from coupon_desk.clock import Clock
from coupon_desk.errors import DeskError, RemoteRefused, RemoteUnavailable, StorageError
from coupon_desk.storage.database import Database
from coupon_desk.trail.centre import Centre
from coupon_desk.trail.entry import NewEntry
from coupon_desk.trail.shipping_batch import BATCH_ROWS, Unreadable, batch_after
from coupon_desk.trail.shipping_ledger import Ledger, confirmed_of, put
from coupon_desk.trail.shipping_state import (
    Alarm,
    ShippingState,
    ShippingStatus,
    centre_ahead,
    entry_refused,
    fork,
    not_let_in,
)
from coupon_desk.trail.trail import Trail
from coupon_desk.words import pack

_log = logging.getLogger("coupon_desk.shipping")

JUST_SECONDS: Final = 60.0
"""A centre that did not answer so recently is not asked again by a program that is about to end."""


class Turn(StrEnum):
    """How one round of shipping ended."""

    MORE = "more"
    DONE = "done"
    OUT_OF_REACH = "out of reach"
    ALARM = "alarm"


class Shipment:
    """The shipping of one home. Safe to use from any thread; rounds wait for each other."""

    def __init__(
        self,
        database: Database,
        trail: Trail,
        centre: Centre,
        clock: Clock,
        *,
        public_key: Callable[[], str | None] = lambda: None,
    ) -> None:
        """`public_key` is that of the desk, which the centre keeps from the first contact on; None while it is not known."""
        self._ledger = Ledger(database)
        self._trail = trail
        self._centre = centre
        self._clock = clock
        self._public_key = public_key
        self._shown_key: str | None = None
        self._round = threading.Lock()
        self._desk = ""
        self._head: tuple[int, str] | None = None
        self._rows = BATCH_ROWS
        self._last_contact: tuple[datetime, float] | None = None
        self._is_aborted = False

    def ship_once(self) -> Turn:
        """Compare heads where that is due, and send one batch. Raises StorageError for the home's own database."""
        with self._round:
            try:
                return self._ship()
            except _Stopped as stopped:
                return self._stop(stopped.alarm)
            except RemoteUnavailable as away:
                return self._wait(away)
            except StorageError:
                raise
            except DeskError as refused:
                # The centre's own refusal, or no password for it in the keyring.
                return self._stop(not_let_in(refused.what, refused.todo, self._clock.now()))

    def has_waiting(self) -> bool:
        """Whether entries wait; a look into the home's own database alone. Raises StorageError."""
        confirmed, newest = self._ledger.standing()
        return newest > confirmed.sequence

    def seconds_since_contact(self) -> float | None:
        """How long ago the centre answered this program; None where it did not yet."""
        return self._clock.monotonic() - self._last_contact[1] if self._last_contact else None

    def seconds_to_be_patient(self) -> float:
        """How long the centre had better be left alone, because it just did not answer this program or another one."""
        at = self._ledger.confirmed().unreachable_at
        if at is None:
            return 0.0
        passed = (self._clock.now() - at).total_seconds()
        return JUST_SECONDS - passed if 0.0 <= passed < JUST_SECONDS else 0.0

    def state(self, *, is_running: bool) -> ShippingState:
        """How shipping stands; `is_running` tells whether somebody is at it. Raises StorageError."""
        confirmed, newest = self._ledger.standing()
        behind = max(0, newest - confirmed.sequence)
        if confirmed.alarm is not None:
            status = ShippingStatus.ALARM
        elif confirmed.unreachable_at is not None:
            status = ShippingStatus.OUT_OF_REACH
        elif not behind:
            status = ShippingStatus.UP_TO_DATE
        else:
            status = ShippingStatus.SENDING if is_running else ShippingStatus.WAITING
        return ShippingState(
            state=status,
            shipped=confirmed.sequence,
            behind=behind,
            oldest_unshipped_at=self._ledger.written_at(confirmed.sequence + 1) if behind else None,
            last_contact_at=self._last_contact[0] if self._last_contact else None,
            alarm=confirmed.alarm.what if confirmed.alarm else None,
            todo=confirmed.alarm.todo if confirmed.alarm else None,
        )

    def abort(self) -> None:
        """Give up: the round that is under way ends at once."""
        self._is_aborted = True
        self._centre.abort()

    def _ship(self) -> Turn:
        head = self._head or self._look()
        batch = self._next(head[0])
        if batch:
            added = self._add(batch)
            if added is None:
                return Turn.MORE
            head = added
        self._head = head
        if batch or self._ledger.confirmed().sequence != head[0]:
            self._ledger.confirm(self._desk, *head)
        self._end_alarm()
        return Turn.MORE if self._trail.head().sequence > head[0] else Turn.DONE

    def _look(self) -> tuple[int, str]:
        """Ask who we are there, and for the centre's head, which must be ours."""
        desk = self._desk = self._centre.desk()
        # Read before the head: another program that ships this home may confirm more meanwhile.
        confirmed = self._ledger.confirmed()
        head = self._compared(self._centre.head(desk))
        if desk == confirmed.desk and head[0] < confirmed.sequence:
            self._note_lost(head, confirmed.sequence)
        elif confirmed.desk != desk or confirmed.unreachable_at is not None:
            self._ledger.confirm(desk, *head)
        self._show_key()
        return head

    def _show_key(self) -> None:
        key = self._public_key()
        if key is not None and key != self._shown_key:
            if self._centre.show_key(key) != key:
                _log.info("the centre keeps another key of this desk than the one that signs here")
            self._shown_key = key

    def _next(self, place: int) -> Sequence[ShippedRow]:
        try:
            return batch_after(self._trail, place, self._rows)
        except Unreadable as unreadable:
            raise _Stopped(entry_refused(unreadable.place, unreadable.what, self._clock.now())) from unreadable

    def _add(self, batch: Sequence[ShippedRow]) -> tuple[int, str] | None:
        """Add a batch; None where a smaller one has to be tried: sizes follow what the line and the centre bear."""
        try:
            head = self._centre.add(self._desk, batch)
        except RemoteUnavailable:
            self._rows = max(1, len(batch) // 4)
            raise
        except RemoteRefused as refused:
            self._head = None
            self._rows = max(1, len(batch) // 2)
            if len(batch) > 1:
                return None
            raise _Stopped(entry_refused(batch[0][0], refused.what, self._clock.now())) from refused
        self._rows = min(BATCH_ROWS, self._rows * 2)
        return self._compared(head)

    def _compared(self, head: tuple[int, str] | None) -> tuple[int, str]:
        self._last_contact = self._clock.now(), self._clock.monotonic()
        if head is None:
            return 0, ""
        place, digest = head
        ours = self._ledger.hash_at(place)
        if ours is None:
            raise _Stopped(centre_ahead(place, self._trail.head().sequence, self._clock.now()))
        if ours != digest:
            raise _Stopped(fork(place, self._clock.now()))
        return head

    def _note_lost(self, head: tuple[int, str], confirmed: int) -> None:
        """The centre has lost what it had confirmed: we have it still, and send it again."""
        _log.info("the centre has lost entries %d to %d of this desk; they are sent again", head[0] + 1, confirmed)
        with self._trail.writing() as pen:
            if confirmed_of(pen.connection).sequence == confirmed:
                put(pen.connection, sequence=head[0], hash=head[1], unreachable_at=None)
                pen.append(NewEntry("trail.shipping_repeated", {"confirmed": confirmed, "held": head[0]}))

    def _wait(self, away: RemoteUnavailable) -> Turn:
        self._head = None
        if not self._is_aborted or self._last_contact is None:
            if self._ledger.confirmed().unreachable_at is None:
                _log.info("the central database is out of reach: %s", away, extra={"detail": away.detail})
            self._ledger.out_of_reach(self._clock.now())
        return Turn.OUT_OF_REACH

    def _stop(self, alarm: Alarm) -> Turn:
        """Raise an alarm: once in the trail, and in what is shown until its cause is gone."""
        self._head = None
        with self._trail.writing() as pen:
            if alarm.is_same(confirmed_of(pen.connection).alarm):
                return Turn.ALARM
            put(pen.connection, alarm=alarm.to_json(), unreachable_at=None)
            pen.append(NewEntry("trail.shipping_alarm", {"kind": alarm.kind, "place": alarm.place, "text": pack(alarm.what)}))
        _log.warning("shipping of the trail stops: %s", alarm.what)
        return Turn.ALARM

    def _end_alarm(self) -> None:
        if self._ledger.confirmed().alarm is None:
            return
        with self._trail.writing() as pen:
            over = confirmed_of(pen.connection).alarm
            if over is not None:
                put(pen.connection, alarm=None)
                pen.append(NewEntry("trail.shipping_resumed", {"after": over.kind}))


class _Stopped(Exception):
    """What is there is not ours, or ours is not taken."""

    def __init__(self, alarm: Alarm) -> None:
        super().__init__(str(alarm.what))
        self.alarm = alarm
