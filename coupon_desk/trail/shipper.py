"""The thread that ships the trail while the program works: woken by appends, patient with a centre that is away."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from typing import Final

from coupon_desk.errors import StorageError
from coupon_desk.trail.shipping import Shipment, Turn
from coupon_desk.trail.shipping_state import ShippingState

_log = logging.getLogger("coupon_desk.shipping")

GATHER_SECONDS: Final = 0.25
"""A cancellation writes many entries at once; they go out together."""
LOOK_SECONDS: Final = 5.0
"""Between two looks into the home's database: another program may have written into the trail."""
CONTACT_SECONDS: Final = 300.0
"""Between two looks at a centre to which nothing has to be sent."""
FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 300.0
"""Between two tries to reach a centre that is away, and between two looks whether an alarm's cause is gone."""


class Shipper:
    """Ships one home's trail on a thread of its own. Its methods may be called from any thread and return at once."""

    def __init__(self, shipment: Shipment, chance: Callable[[], float] = random.random) -> None:
        self._shipment = shipment
        self._chance = chance
        self._signal = threading.Event()
        self._ending = threading.Event()
        self._give_up = threading.Event()
        self._thread: threading.Thread | None = None
        self._failures = 0
        self._is_patient = False

    @property
    def is_running(self) -> bool:
        """Whether the thread is at work."""
        return self._thread is not None and self._thread.is_alive() and not self._ending.is_set()

    def start(self) -> None:
        """Begin to ship; again is harmless."""
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="shipping", daemon=True)
            thread.start()
            self._thread = thread  # only now: whoever closes at this very moment can join what runs alone

    def appended(self) -> None:
        """Something was written into the trail. A centre that is away, or an alarm, is left alone until its time has come."""
        if not self._is_patient:
            self._signal.set()

    def wake(self) -> None:
        """Try at once, whatever was before."""
        self._failures = 0
        self._signal.set()

    def stop(self, seconds: float) -> None:
        """End after a last try, within so many seconds. Again is harmless."""
        self._ending.set()
        self._signal.set()
        if self._thread is None:
            return
        self._thread.join(seconds * 0.75)
        if self._thread.is_alive():
            self._give_up.set()
            self._shipment.abort()
            self._thread.join(seconds * 0.25)

    def state(self) -> ShippingState:
        """How shipping stands. Raises StorageError."""
        return self._shipment.state(is_running=self.is_running)

    def turn(self) -> float:
        """One round; how many seconds to wait before the next one, unless something happens."""
        try:
            ended = self._look_or_ship()
        except StorageError as wrong:
            _log.info("the trail could not be read for shipping: %s", wrong, extra={"detail": wrong.detail})
            ended = Turn.OUT_OF_REACH
        except Exception:
            _log.exception("shipping the trail failed")
            ended = Turn.OUT_OF_REACH
        self._is_patient = ended in {Turn.OUT_OF_REACH, Turn.ALARM}
        self._failures = self._failures + 1 if ended is Turn.OUT_OF_REACH else 0
        match ended:
            case Turn.MORE:
                return 0.0
            case Turn.DONE:
                return LOOK_SECONDS
            case Turn.ALARM:
                return LONGEST_PAUSE_SECONDS
            case Turn.OUT_OF_REACH:
                longest = min(FIRST_PAUSE_SECONDS * 2.0 ** min(self._failures - 1, 16), LONGEST_PAUSE_SECONDS)
                # Half of it is chance: a hundred desks must not come back at the same moment.
                return longest * (0.5 + 0.5 * self._chance())

    def _run(self) -> None:
        pause = 0.0
        while not self._ending.is_set():
            if self._signal.wait(pause) and pause > 0.0 and not self._is_patient:
                self._ending.wait(GATHER_SECONDS)
            self._signal.clear()
            if not self._ending.is_set():
                pause = self.turn()
        while self._has_last_try():
            self.turn()

    def _has_last_try(self) -> bool:
        if self._is_patient or self._give_up.is_set():
            return False
        try:
            return self._shipment.has_waiting()
        except StorageError:
            return False

    def _look_or_ship(self) -> Turn:
        since = self._shipment.seconds_since_contact()
        if since is not None and 0.0 <= since < CONTACT_SECONDS and not self._is_patient and not self._shipment.has_waiting():
            return Turn.DONE
        return self._shipment.ship_once()
