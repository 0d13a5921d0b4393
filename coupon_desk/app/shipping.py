"""Ships an open home's trail into the central database: in the background while the program works there, and at its end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from coupon_desk.app.checks import Check
from coupon_desk.central.place import Central
from coupon_desk.central.shipped import ShippedTrail
from coupon_desk.clock import Clock
from coupon_desk.errors import StorageError
from coupon_desk.people.operators import Session
from coupon_desk.storage.database import Database
from coupon_desk.trail.checkpoints import Checkpoints, look
from coupon_desk.trail.shipped_verification import ShippedVerification, verify_shipped
from coupon_desk.trail.shipper import Shipper
from coupon_desk.trail.shipping import Shipment, Turn
from coupon_desk.trail.shipping_state import ShippingState, waiting
from coupon_desk.trail.signing import KeyStore
from coupon_desk.trail.trail import Trail
from coupon_desk.words import msg

_log = logging.getLogger("coupon_desk.shipping")

CLOSE_SECONDS: Final = 1.0
"""How long closing waits for the last batch."""
CUT_SECONDS: Final = 0.2
"""How long it waits for a try that most likely finds nobody."""


class Shipping:
    """The shipping of one open home. Safe to use from any thread; begins nothing by itself."""

    def __init__(
        self, database: Database, trail: Trail, central: Central, clock: Clock, checkpoints: Checkpoints, keys: KeyStore
    ) -> None:
        self._trail = trail
        self._shipped = ShippedTrail(central)
        self._shipment = Shipment(database, trail, self._shipped, clock, public_key=lambda: checkpoints.public_key)
        self._keys = keys
        self._shipper = Shipper(self._shipment)
        self._is_over = False
        trail.on_append = self._shipper.appended

    def begin(self) -> None:
        """Ship from now on, on a thread of its own; again is harmless."""
        self._shipper.start()

    def state(self) -> ShippingState:
        """How shipping stands; without asking the centre. Raises StorageError."""
        return self._shipper.state()

    def wake(self) -> None:
        """Try again at once; returns at once."""
        self._shipper.wake()

    def ship_now(self, on_change: Callable[[ShippingState], None]) -> ShippingState:
        """Send what waits, on this thread, until it is done or cannot go on. Raises StorageError."""
        while self._shipment.ship_once() is Turn.MORE:
            on_change(self._shipper.state())
        return self._shipper.state()

    def verify(self, session: Session | None) -> ShippedVerification:
        """Prove what the centre holds of this desk; who asked for it, and what was found, stands in the trail.

        Raises RemoteUnavailable, RemoteRefused, StorageError.
        """
        found = verify_shipped(self._shipped, self._trail, look(self._keys).key)
        head, bad = found.centre.head, found.centre.bad
        self._trail.record(
            "trail.shipped_verified",
            {
                "checked": found.centre.checked,
                "head": {"sequence": head.sequence, "hash": head.hash},
                "here": found.ours,
                "bad": bad.sequence if bad is not None else None,
                "differs_at": found.differs_at,
                "foreign_key": found.has_foreign_key,
            },
            actor=session.login if session else None,
            role=session.operator.role.value if session else None,
            result="intact" if found.is_intact else "broken",
        )
        return found

    def check(self) -> Check:
        """For `doctor`: whether the trail gets there. A centre that is away is another check's subject."""
        state = self.state()
        if state.alarm is not None:
            return Check(msg("Shipping"), False, state.alarm, state.todo)
        if state.behind:
            return Check(msg("Shipping"), True, waiting(state.behind))
        return Check(msg("Shipping"), True, msg("The whole trail is in the central database."))

    def end(self) -> None:
        """Stop after a last try, also where nothing was begun; without one where the centre was just out of reach.

        Again is harmless.
        """
        if self._is_over:
            return
        self._is_over = True
        seconds = CLOSE_SECONDS
        try:
            if self._shipment.seconds_to_be_patient() > 0.0:
                seconds = CUT_SECONDS
            elif self._shipment.has_waiting():
                self._shipper.start()
        except StorageError as wrong:
            _log.info("what waits to be shipped is not known: %s", wrong)
        self._shipper.stop(seconds)
