"""Proves by the PIN who somebody is. A try is counted before its PIN is looked at; each refusal is in the trail."""

from __future__ import annotations

from datetime import datetime

from coupon_desk.clock import Clock, to_text
from coupon_desk.errors import NotPermitted
from coupon_desk.people import lockout, register
from coupon_desk.people.operators import Operator
from coupon_desk.people.pins import Pins
from coupon_desk.people.scope import may_work_in, why_not_here
from coupon_desk.people.witness import Witness
from coupon_desk.storage.database import Database
from coupon_desk.words import Message, msg


class SignInRefused(NotPermitted):
    """Nobody was signed in. `locked_until` is when the next try may be made, where tries are locked."""

    def __init__(self, what: Message, *, todo: Message, locked_until: datetime | None = None) -> None:
        super().__init__(what, todo=todo)
        self.locked_until = locked_until


class Proof:
    """Looks at PINs, and at whether somebody who is who they say may work at this desk. Safe to use from any thread."""

    def __init__(self, database: Database, witness: Witness, clock: Clock, pins: Pins, store: str | None) -> None:
        self._database = database
        self._witness = witness
        self._clock = clock
        self._pins = pins
        self._store = store

    def of_pin(self, login: str, pin: str) -> Operator:
        """The operator whose PIN this is, if they may work here. Raises SignInRefused."""
        now = self._clock.now()
        with self._database.write() as connection:
            kept = register.find(connection, login)
            key = lockout.key_of(login, is_known=kept is not None)
            counted = lockout.count_try(connection, key, now)
        if counted.is_refused:
            raise self._refuse_try(kept, "locked", counted)
        if not self._pins.verify(kept.pin_hash if kept else None, pin) or kept is None:
            raise self._refuse_try(kept, "wrong_pin" if kept else "unknown_login", counted)
        renewed = self._pins.hash(pin) if self._pins.is_outdated(kept.pin_hash) else None
        with self._database.write() as connection:
            lockout.forget_tries(connection, key)
            if renewed:
                register.renew_hash(connection, login, kept.pin_hash, renewed)
        self.refuse_elsewhere(kept.operator)
        return kept.operator

    def refuse_elsewhere(self, operator: Operator) -> None:
        """Raise SignInRefused where the operator was disabled, or belongs to other stores."""
        if operator.disabled:
            self.note_refusal("disabled", operator)
            raise SignInRefused(msg("This login was disabled."), todo=msg("Ask an administrator."))
        if not may_work_in(operator.stores, self._store):
            self.note_refusal("store", operator)
            raise SignInRefused(why_not_here(operator.stores, self._store), todo=msg("Ask an administrator."))

    def note_refusal(self, why: str, operator: Operator | None, **facts: object) -> None:
        """Write down that somebody was not signed in, and why."""
        actor, role = (operator.login, operator.role.value) if operator else (None, None)
        body = {"why": why, **facts}
        self._witness.record("sign_in_refused", body, actor=actor, role=role, result="refused", reason=why)

    def _refuse_try(self, kept: register.Kept | None, why: str, counted: lockout.Try) -> SignInRefused:
        until = counted.locked_until
        facts: dict[str, object] = {"failures": counted.failures}
        if until is not None:
            facts["locked_until"] = to_text(until)
        self.note_refusal(why, kept.operator if kept else None, **facts)
        if until is not None:
            return SignInRefused(
                msg("Too many wrong PINs. Signing in is locked until {until}.", until=until),
                todo=msg("Wait, or ask an administrator for a new PIN."),
                locked_until=until,
            )
        return SignInRefused(msg("The login or the PIN is wrong."), todo=msg("Check both and try again."))
