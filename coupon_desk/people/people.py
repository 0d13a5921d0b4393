"""The door of this room: adds and disables operators, signs them in, and says what each may do. Everything is in the trail.

The trail is written first and the change is made second, as everywhere: a crash between the two leaves an entry for something
that did not happen, never a change that nobody can see. A change that then fails is followed by `people_change_failed`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection

from coupon_desk.clock import Clock, to_text
from coupon_desk.errors import NotPermitted
from coupon_desk.people import lockout, register
from coupon_desk.people.operators import NewOperator, Operator, Session, checked, fold_login
from coupon_desk.people.pins import Pins, refuse_weak
from coupon_desk.people.roles import Right, Role, refusal
from coupon_desk.storage.database import Database
from coupon_desk.words import Message, msg


class Witness(Protocol):
    """Writes down what happened, for good. May open a transaction of its own."""

    def record(
        self,
        action: str,
        body: Mapping[str, object],
        *,
        actor: str | None = None,
        role: str | None = None,
        result: str | None = None,
        reason: str | None = None,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
    ) -> None:
        """Record one thing that `actor` (a login, or nobody known) did: with which result and why, and what it changed."""


class SignInRefused(NotPermitted):
    """Nobody was signed in. `locked_until` is when the next try may be made, where tries are locked."""

    def __init__(self, what: Message, *, todo: Message, locked_until: datetime | None = None) -> None:
        super().__init__(what, todo=todo)
        self.locked_until = locked_until


class People:
    """Everybody who may work at this desk. Safe to use from any thread; signing in takes a tenth of a second."""

    def __init__(self, database: Database, witness: Witness, clock: Clock, *, pins: Pins | None = None) -> None:
        self._database = database
        self._witness = witness
        self._clock = clock
        self._pins = pins or Pins()

    def is_empty(self) -> bool:
        """Whether nobody was added yet; then anybody may add the first administrator."""
        with self._database.read() as connection:
            return register.is_empty(connection)

    def list(self) -> tuple[Operator, ...]:
        """All operators by login, disabled ones too."""
        with self._database.read() as connection:
            return register.everybody(connection)

    def get(self, login: str) -> Operator | None:
        """The operator with this login."""
        with self._database.read() as connection:
            kept = register.find(connection, fold_login(login))
        return kept.operator if kept else None

    def add(self, new: NewOperator, by: Session | None) -> Operator:
        """Add an operator: the first may be added by anybody and must be an administrator, then it takes MANAGE_PEOPLE.

        Raises ConfigurationError for a login, name or PIN that will not do, NotPermitted otherwise.
        """
        new = checked(new)
        if by is not None:
            self.authorise(by, Right.MANAGE_PEOPLE, new.login)
        refuse_weak(new.pin, new.login)
        operator = Operator(new.login, new.name, new.role, new.contacts, disabled=False, created_at=self._clock.now())
        pin_hash = self._pins.hash(new.pin)

        def rules(connection: Connection) -> None:
            if register.is_empty(connection):
                if new.role is not Role.ADMIN:
                    raise _refused(msg("The first operator must be an administrator."))
            elif by is None:
                raise _refused(msg("Only an administrator may add operators."), todo=msg("Sign in and try again."))
            if register.find(connection, new.login):
                raise _refused(msg("There is already an operator “{login}”.", login=new.login))

        body, after = {"login": new.login, "role": new.role.value}, {"role": new.role.value, "disabled": False}
        with self._changing("operator_added", body, by, rules, after=after) as connection:
            register.put(connection, operator, pin_hash)
        return operator

    def disable(self, login: str, by: Session) -> Operator:
        """Nobody signs in with this login any more, and who is signed in may do nothing more; never the last administrator."""
        return self._change(login, by, "operator_disabled", {}, {"disabled": True}, takes_admin=True)

    def enable(self, login: str, by: Session) -> Operator:
        """A disabled operator may sign in again."""
        return self._change(login, by, "operator_enabled", {}, {"disabled": False}, takes_admin=False)

    def change_role(self, login: str, role: Role, by: Session) -> Operator:
        """Give another role, at once; whoever is signed in has to sign in again. Never takes away the last administrator."""
        facts = {"role": role.value}
        return self._change(login, by, "role_changed", facts, facts, takes_admin=role is not Role.ADMIN)

    def change_pin(self, login: str, pin: str, by: Session, *, current_pin: str | None = None) -> None:
        """Set a new PIN: one's own with the current one, another's with MANAGE_PEOPLE, which also ends their lock.

        Raises ConfigurationError for a weak PIN, SignInRefused where the current PIN is wrong, NotPermitted.
        """
        login = fold_login(login)
        if login == by.login:
            self._still_there(by, "own PIN")
            self._prove(login, current_pin or "")
        else:
            self.authorise(by, Right.MANAGE_PEOPLE, login)
        refuse_weak(pin, login)
        pin_hash = self._pins.hash(pin)
        with self._changing("pin_changed", {"login": login}, by, lambda connection: _known(connection, login)) as connection:
            register.change(connection, login, pin_hash=pin_hash)
            lockout.forget_tries(connection, login)

    def sign_in(self, login: str, pin: str) -> Session:
        """Who this is, from now on. Raises SignInRefused with one sentence for a wrong PIN and an unknown login alike."""
        operator = self._prove(fold_login(login), pin)
        session = Session(operator, self._clock.now())
        role = operator.role.value
        self._witness.record("signed_in", {"role": role}, actor=operator.login, role=role, result="done")
        return session

    def sign_out(self, session: Session) -> None:
        """Write down that this operator left the desk, or that the desk locked itself."""
        self._witness.record("signed_out", {}, actor=session.login, role=session.operator.role.value, result="done")

    def authorise(self, session: Session, right: Right, about: str) -> Operator:
        """The operator as they are now, if they may do this; `about` names the coupon, login or thing concerned.

        Raises NotPermitted, after the refusal was written to the trail: for a missing right, and where the operator was
        disabled or given another role since they signed in.
        """
        operator = self._still_there(session, about, right)
        if not operator.role.may(right):
            self._refuse_right(operator, right, about, "missing")
            raise refusal(operator.role, right)
        return operator

    def _still_there(self, session: Session, about: str, right: Right | None = None) -> Operator:
        operator = self.get(session.login)
        if operator is None or operator.disabled:
            self._refuse_right(session.operator, right, about, "disabled")
            raise _refused(msg("Your login was disabled."), todo=msg("Ask an administrator."))
        if operator.role is not session.operator.role:
            self._refuse_right(operator, right, about, "role_changed")
            raise _refused(msg("Your role was changed to {role}.", role=operator.role.label), todo=msg("Sign in again."))
        return operator

    def _refuse_right(self, operator: Operator, right: Right | None, about: str, why: str) -> None:
        body = {"about": about, "right": right.value if right else "", "role": operator.role.value, "why": why}
        role = operator.role.value
        self._witness.record("right_refused", body, actor=operator.login, role=role, result="refused", reason=why)

    def _prove(self, login: str, pin: str) -> Operator:
        """The operator whose PIN this is. The try is counted before the PIN is looked at."""
        now = self._clock.now()
        with self._database.write() as connection:
            kept = register.find(connection, login)
            key = lockout.key_of(login, is_known=kept is not None)
            counted = lockout.count_try(connection, key, now)
        if counted.is_refused:
            raise self._refuse_sign_in(kept, "locked", counted)
        if not self._pins.verify(kept.pin_hash if kept else None, pin) or kept is None:
            raise self._refuse_sign_in(kept, "wrong_pin" if kept else "unknown_login", counted)
        renewed = self._pins.hash(pin) if self._pins.is_outdated(kept.pin_hash) else None
        with self._database.write() as connection:
            lockout.forget_tries(connection, key)
            if renewed:
                register.renew_hash(connection, login, kept.pin_hash, renewed)
        if kept.operator.disabled:
            role, why = kept.operator.role.value, "disabled"
            self._witness.record("sign_in_refused", {"why": why}, actor=login, role=role, result="refused", reason=why)
            raise SignInRefused(msg("This login was disabled."), todo=msg("Ask an administrator."))
        return kept.operator

    def _refuse_sign_in(self, kept: register.Kept | None, why: str, counted: lockout.Try) -> SignInRefused:
        until = counted.locked_until
        body: dict[str, object] = {"why": why, "failures": counted.failures}
        if until is not None:
            body["locked_until"] = to_text(until)
        actor, role = (kept.operator.login, kept.operator.role.value) if kept else (None, None)
        self._witness.record("sign_in_refused", body, actor=actor, role=role, result="refused", reason=why)
        if until is not None:
            return SignInRefused(
                msg("Too many wrong PINs. Signing in is locked until {until}.", until=until),
                todo=msg("Wait, or ask an administrator for a new PIN."),
                locked_until=until,
            )
        return SignInRefused(msg("The login or the PIN is wrong."), todo=msg("Check both and try again."))

    def _change(
        self,
        login: str,
        by: Session,
        action: str,
        facts: Mapping[str, object],
        columns: Mapping[str, Any],
        *,
        takes_admin: bool,
    ) -> Operator:
        login = fold_login(login)
        self.authorise(by, Right.MANAGE_PEOPLE, login)

        def rules(connection: Connection) -> None:
            _known(connection, login)
            if takes_admin and register.is_last_admin(connection, login):
                raise _refused(msg("This is the last administrator."), todo=msg("Add another administrator first."))

        there = self.get(login)
        before = {column: getattr(there, column) for column in columns} if there is not None else None
        with self._changing(action, {"login": login, **facts}, by, rules, before=before, after=columns) as connection:
            return register.change(connection, login, **columns)

    @contextmanager
    def _changing(
        self,
        action: str,
        body: Mapping[str, object],
        by: Session | None,
        rules: Callable[[Connection], None],
        *,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
    ) -> Iterator[Connection]:
        """Look at the rules, write to the trail, then change: the rules are looked at again where the change is made."""
        actor, role = (by.login, by.operator.role.value) if by else (None, None)
        with self._database.read() as connection:
            rules(connection)
        self._witness.record(action, body, actor=actor, role=role, result="done", before=before, after=after)
        try:
            with self._database.write() as connection:
                rules(connection)
                yield connection
        except BaseException:
            self._witness.record("people_change_failed", {"action": action, **body}, actor=actor, role=role, result="failed")
            raise


def _known(connection: Connection, login: str) -> None:
    if register.find(connection, login) is None:
        raise _refused(msg("There is no operator “{login}”.", login=login))


def _refused(what: Message, *, todo: Message | None = None) -> NotPermitted:
    return NotPermitted(what, done=msg("Nothing was done."), todo=todo)
