"""The door of this room: adds and disables operators, signs them in, and says what each may do. Everything is in the trail.

Where several desks share a central database, its directory of operators is the truth and this desk's register a copy. Who signs
in, or is about to change something, is looked up there first, so that whoever was disabled is out everywhere at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from sqlalchemy import Connection

from coupon_desk.clock import Clock
from coupon_desk.errors import DeskError, NotPermitted, RemoteError
from coupon_desk.people import company, register
from coupon_desk.people.changing import Change, Changes, last_admin, refused
from coupon_desk.people.company import CompanyIdentity
from coupon_desk.people.directory import Directory
from coupon_desk.people.mirror import Mirror
from coupon_desk.people.operators import NewOperator, Operator, Session, Source, checked, fold_login, is_login
from coupon_desk.people.pins import Pins, refuse_weak
from coupon_desk.people.proving import Proof, SignInRefused
from coupon_desk.people.register import Kept
from coupon_desk.people.roles import Right, Role, refusal
from coupon_desk.people.scope import checked_stores, may_work_in
from coupon_desk.people.standing import Standing
from coupon_desk.people.witness import Witness
from coupon_desk.storage.database import Database
from coupon_desk.words import Message, msg

__all__ = ["People", "SignInRefused"]


class People:
    """Everybody who may work at this desk. Safe to use from any thread; signing in takes a tenth of a second.

    `store` is the one that this desk belongs to. With `centre_required` nobody signs in or changes anything while the
    directory is silent; otherwise what this desk knows holds meanwhile.
    """

    def __init__(
        self,
        database: Database,
        witness: Witness,
        clock: Clock,
        *,
        pins: Pins | None = None,
        store: str | None = None,
        directory: Directory | None = None,
        centre_required: bool = False,
    ) -> None:
        self._database = database
        self._witness = witness
        self._clock = clock
        self._pins = pins or Pins()
        self._store = store
        self._mirror = Mirror(database, witness, clock, directory)
        self._standing = Standing(database, witness, self._mirror, store, centre_required=centre_required)
        self._proof = Proof(database, witness, clock, self._pins, store)
        self._changes = Changes(database, witness, self._mirror)

    def is_empty(self) -> bool:
        """Whether nobody was added yet, in the centre either; then anybody may add the first administrator."""
        if not self._is_empty_here():
            return False
        self._mirror.refresh_all()
        return self._is_empty_here()

    def list(self) -> tuple[Operator, ...]:
        """All operators by login, disabled ones too, as this desk knows them."""
        with self._database.read() as connection:
            return tuple(kept.operator for kept in register.everybody(connection))

    def get(self, login: str) -> Operator | None:
        """The operator with this login, as this desk knows them."""
        kept = self._find(fold_login(login))
        return kept.operator if kept else None

    def refresh(self, login: str | None = None) -> RemoteError | None:
        """Bring one operator, or everybody, up to date from the centre. Tells why that could not be; None where it was."""
        return self._mirror.refresh_all() if login is None else self._mirror.refresh(fold_login(login))

    def may_work_here(self, operator: Operator) -> bool:
        """Whether this desk's store is one of the operator's."""
        return may_work_in(operator.stores, self._store)

    def add(self, new: NewOperator, by: Session | None) -> Operator:
        """Add an operator: the first may be added by anybody and must be an administrator, then it takes MANAGE_PEOPLE.

        Raises ConfigurationError for a login, name, store or PIN that will not do, NotPermitted and RemoteError otherwise.
        """
        new = checked(new)
        if by is not None:
            self.authorise(by, Right.MANAGE_PEOPLE, new.login)
        elif self._is_empty_here():
            self._mirror.refresh_all()
        refuse_weak(new.pin, new.login)
        operator = Operator(new.login, new.name, new.role, new.contacts, False, self._clock.now(), new.stores)
        pin_hash = self._pins.hash(new.pin)

        def rules(connection: Connection) -> None:
            if register.is_empty(connection):
                if new.role is not Role.ADMIN:
                    raise refused(msg("The first operator must be an administrator."))
                if not may_work_in(new.stores, self._store):
                    raise refused(msg("The first operator must be an administrator of this desk's store."))
            elif by is None:
                raise refused(msg("Only an administrator may add operators."), todo=msg("Sign in and try again."))
            if register.find(connection, new.login):
                raise refused(msg("There is already an operator “{login}”.", login=new.login))

        facts = {"role": new.role.value, **({"stores": list(new.stores)} if new.stores else {})}
        return self._make(
            "operator_added",
            new.login,
            by,
            lambda _: Kept(operator, pin_hash),
            rules,
            facts=facts,
            shown=lambda one: {"role": one.role.value, "disabled": one.disabled},
        )

    def disable(self, login: str, by: Session) -> Operator:
        """Nobody signs in with this login any more, and who is signed in may do nothing more; never the last administrator."""
        return self._edit(
            "operator_disabled",
            login,
            by,
            lambda there: replace(there, disabled=True),
            ["disabled"],
            takes_admin=lambda _: True,
        )

    def enable(self, login: str, by: Session) -> Operator:
        """A disabled operator may sign in again."""
        return self._edit("operator_enabled", login, by, lambda there: replace(there, disabled=False), ["disabled"])

    def change_role(self, login: str, role: Role, by: Session) -> Operator:
        """Give another role, at once; whoever is signed in has to sign in again. Never takes away the last administrator."""
        return self._edit(
            "role_changed",
            login,
            by,
            lambda there: replace(there, role=role),
            ["role"],
            facts={"role": role.value},
            takes_admin=lambda _: role is not Role.ADMIN,
        )

    def change_stores(self, login: str, stores: tuple[str, ...], by: Session) -> Operator:
        """Say in which stores an operator may work, at once; none: all. Never takes away this store's last administrator."""
        stores = checked_stores(stores)
        return self._edit(
            "stores_changed",
            login,
            by,
            lambda there: replace(there, stores=stores),
            ["stores"],
            facts={"stores": list(stores)},
            takes_admin=lambda _: not may_work_in(stores, self._store),
        )

    def link(self, login: str, by: Session) -> Operator:
        """Let the company account of this name sign in as this operator from now on; a PIN that they have stays good."""
        return self._edit("operator_linked", login, by, lambda there: replace(there, source=Source.COMPANY), ["source"])

    def share(self, login: str, by: Session) -> Operator:
        """Put an operator who is known at this desk only into the directory of all desks. NotPermitted where there is none."""
        login = fold_login(login)
        self.authorise(by, Right.MANAGE_PEOPLE, login)
        if self._mirror.directory is None:
            raise refused(msg("There is no central database that operators could be shared through."))

        def rules(connection: Connection) -> None:
            if _known(connection, login).operator.version:
                raise refused(msg("All desks know {login} already.", login=login))

        return self._make("operator_shared", login, by, _as_is, rules, shares=True)

    def change_pin(self, login: str, pin: str, by: Session, *, current_pin: str | None = None) -> None:
        """Set a new PIN: one's own with the current one, another's with MANAGE_PEOPLE, which also ends their lock at this desk.

        Raises ConfigurationError for a weak PIN, SignInRefused where the current PIN is wrong, NotPermitted, RemoteError.
        """
        login = fold_login(login)
        if login == by.login:
            self._standing.require(by, "own PIN")
            self._proof.of_pin(login, current_pin or "")
        else:
            self.authorise(by, Right.MANAGE_PEOPLE, login)
        refuse_weak(pin, login)
        pin_hash = self._pins.hash(pin)
        self._make(
            "pin_changed",
            login,
            by,
            lambda kept: replace(_there(kept, login), pin_hash=pin_hash),
            lambda connection: _check_known(connection, login),
            ends_lock=True,
        )

    def sign_in(self, login: str, pin: str) -> Session:
        """Who this is, from now on. Raises SignInRefused with one sentence for a wrong PIN and an unknown login alike."""
        login = fold_login(login)
        self._look_up(login)
        return self._begin_session(self._proof.of_pin(login, pin), "pin")

    def sign_in_from_company(self, identity: CompanyIdentity) -> Session:
        """Sign in whom the company's provider has proved; who is new here is added, and their role is what it tells today.

        Raises SignInRefused, ConfigurationError for a login or store that will not do, RemoteError, StorageError.
        """
        identity = identity.folded()
        if not is_login(identity.login):
            self._proof.note_refusal("login", None)
            raise SignInRefused(
                msg("The login of your company account cannot be used here."),
                todo=msg("Ask an administrator which claim is taken for it (sign_in.login_claim)."),
            )
        self._look_up(identity.login)
        kept = self._find(identity.login)
        try:
            role = company.refuse_without_role(identity)
            company.refuse_another(kept, identity)
            if kept is not None:
                self._proof.refuse_elsewhere(replace(kept.operator, stores=()))
            change = company.change_for(kept, identity, role, self._clock.now(), self._store)
            operator = self._changes.make(change) if change is not None else _there(kept, identity.login).operator
        except DeskError as wrong:
            if not (kept is not None and kept.operator.disabled):
                self._proof.note_refusal("company", kept.operator if kept else None, login=identity.login)
            if isinstance(wrong, NotPermitted) and not isinstance(wrong, SignInRefused):
                raise SignInRefused(wrong.what, todo=wrong.todo or msg("Ask an administrator.")) from wrong
            raise
        self._proof.refuse_elsewhere(operator)
        return self._begin_session(operator, "company")

    def note_company_refusal(self, why: str) -> None:
        """Write down that the company's provider did not prove who somebody is."""
        self._proof.note_refusal(why, None, how="company")

    def sign_out(self, session: Session) -> None:
        """Write down that this operator left the desk, or that the desk locked itself."""
        self._witness.record("signed_out", {}, actor=session.login, role=session.operator.role.value, result="done")

    def authorise(self, session: Session, right: Right, about: str) -> Operator:
        """The operator as they are now, if they may do this; `about` names the coupon, login or thing concerned.

        Raises NotPermitted, after the refusal was written to the trail: for a missing right, outside their stores, and where
        the operator was disabled or given another role since they signed in.
        """
        operator = self._standing.require(session, about, right)
        if not operator.role.may(right):
            self._standing.note_refusal(operator, right, about, "missing")
            raise refusal(operator.role, right)
        return operator

    def why_out(self, session: Session) -> Message | None:
        """Why somebody who is signed in may work no longer; None while they may. Asks the centre, and decides nothing."""
        return self._standing.why_out(session)

    def _look_up(self, login: str) -> None:
        silent = self._standing.look_up(login)
        if silent is not None:
            self._proof.note_refusal("centre_silent", None)
            raise SignInRefused(silent.what, todo=silent.todo or msg("Try again later."))

    def _begin_session(self, operator: Operator, how: str) -> Session:
        session, role = Session(operator, self._clock.now()), operator.role.value
        body = {"role": role} if how == "pin" else {"role": role, "how": how}
        self._witness.record("signed_in", body, actor=operator.login, role=role, result="done")
        return session

    def _edit(
        self,
        action: str,
        login: str,
        by: Session,
        changed: Callable[[Operator], Operator],
        fields: Collection[str],
        *,
        facts: Mapping[str, object] | None = None,
        takes_admin: Callable[[Operator], bool] = lambda _: False,
    ) -> Operator:
        """Change these fields of an operator who is there, as somebody with MANAGE_PEOPLE."""
        login = fold_login(login)
        self.authorise(by, Right.MANAGE_PEOPLE, login)

        def rules(connection: Connection) -> None:
            there = _known(connection, login).operator
            if takes_admin(there) and register.is_last_admin(connection, login, self._store):
                raise last_admin()

        def edit(kept: Kept | None) -> Kept:
            there = _there(kept, login)
            return replace(there, operator=changed(there.operator))

        def shown(operator: Operator) -> Mapping[str, object]:
            return {name: _plain(getattr(operator, name)) for name in fields}

        return self._make(action, login, by, edit, rules, facts=facts, shown=shown)

    def _make(
        self,
        action: str,
        login: str,
        by: Session | None,
        edit: Callable[[Kept | None], Kept],
        rules: Callable[[Connection], None],
        *,
        facts: Mapping[str, object] | None = None,
        shown: Callable[[Operator], Mapping[str, object]] | None = None,
        ends_lock: bool = False,
        shares: bool = False,
    ) -> Operator:
        actor, role = (by.login, by.operator.role.value) if by else (None, None)
        change = Change(action, login, edit, rules, actor, role, facts or {}, shown, ends_lock, shares)
        return self._changes.make(change)

    def _find(self, login: str) -> Kept | None:
        with self._database.read() as connection:
            return register.find(connection, login)

    def _is_empty_here(self) -> bool:
        with self._database.read() as connection:
            return register.is_empty(connection)


def _known(connection: Connection, login: str) -> Kept:
    return _there(register.find(connection, login), login)


def _check_known(connection: Connection, login: str) -> None:
    _known(connection, login)


def _there(kept: Kept | None, login: str) -> Kept:
    if kept is None:
        raise refused(msg("There is no operator “{login}”.", login=login))
    return kept


def _as_is(kept: Kept | None) -> Kept:
    assert kept is not None
    return kept


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else str(value) if isinstance(value, (Role, Source)) else value
