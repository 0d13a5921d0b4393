"""Signing in with the company's account: who the provider says it is becomes an operator, with the role that it tells today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from coupon_desk.people import register
from coupon_desk.people.changing import Change, last_admin, refused
from coupon_desk.people.operators import Operator, Source, fold_login
from coupon_desk.people.proving import SignInRefused
from coupon_desk.people.register import Kept
from coupon_desk.people.roles import Role
from coupon_desk.people.scope import checked_stores
from coupon_desk.words import Message, msg


@dataclass(frozen=True, slots=True)
class CompanyIdentity:
    """Somebody whom the company's provider has proved. `subject` is who they are there for ever; a login may change hands.

    `role` is None where none of their groups has a role at this desk. `stores` None: the provider says nothing of stores.
    """

    subject: str = field(repr=False)
    login: str
    name: str
    role: Role | None
    stores: tuple[str, ...] | None = None
    contacts: tuple[str, ...] = field(default=(), repr=False)

    def folded(self) -> CompanyIdentity:
        """With login and stores in their one form. Raises ConfigurationError."""
        stores = checked_stores(self.stores) if self.stores is not None else None
        return replace(self, login=fold_login(self.login), stores=stores)


def refuse_another(kept: Kept | None, identity: CompanyIdentity) -> None:
    """Raise SignInRefused where the login belongs to somebody else than the one whom the provider means."""
    if kept is None:
        return
    if kept.operator.source is not Source.COMPANY:
        raise _refused(
            msg("The login {login} belongs to an operator who signs in with a PIN.", login=identity.login),
            msg("Ask an administrator to link it with “coupon-desk people link”."),
        )
    if kept.subject and kept.subject != identity.subject:
        raise _refused(
            msg("The login {login} belongs to another company account.", login=identity.login), msg("Ask an administrator.")
        )


def refuse_without_role(identity: CompanyIdentity) -> Role:
    """The role of this identity. Raises SignInRefused where it has none at this desk."""
    if identity.role is None:
        raise _refused(
            msg("Your company account has no role in Coupon Desk."),
            msg("Ask whoever manages the company's accounts to put you into a group that has one."),
        )
    return identity.role


def change_for(kept: Kept | None, identity: CompanyIdentity, role: Role, now: datetime, store: str | None) -> Change | None:
    """What has to change so that the operator is what the provider says; None where they are already."""
    wanted = _operator(kept, identity, role, now)
    if kept is not None and kept.operator == wanted and kept.subject == identity.subject:
        return None

    def edit(before: Kept | None) -> Kept:
        return Kept(_operator(before, identity, role, now), before.pin_hash if before else "", identity.subject)

    def rules(connection: Connection) -> None:
        if register.is_empty(connection) and role is not Role.ADMIN:
            raise refused(msg("The first operator must be an administrator."))
        refuse_another(register.find(connection, identity.login), identity)
        if role is not Role.ADMIN and register.is_last_admin(connection, identity.login, store):
            raise last_admin()

    return Change(
        action=_action(kept, wanted),
        login=identity.login,
        edit=edit,
        rules=rules,
        by=identity.login,
        role=role.value,
        facts={"role": role.value, "source": Source.COMPANY.value},
        shown=_shown,
    )


def _operator(kept: Kept | None, identity: CompanyIdentity, role: Role, now: datetime) -> Operator:
    there = kept.operator if kept is not None else None
    return Operator(
        login=identity.login,
        name=identity.name,
        role=role,
        contacts=tuple(dict.fromkeys((*(there.contacts if there else ()), *identity.contacts))),
        disabled=there.disabled if there else False,
        created_at=there.created_at if there else now,
        stores=identity.stores if identity.stores is not None else (there.stores if there else ()),
        source=Source.COMPANY,
        version=there.version if there else 0,
    )


def _action(kept: Kept | None, wanted: Operator) -> str:
    if kept is None:
        return "operator_added"
    return "role_changed" if kept.operator.role is not wanted.role else "operator_updated"


def _shown(operator: Operator) -> Mapping[str, object]:
    return {"role": operator.role.value, "disabled": operator.disabled, "stores": list(operator.stores)}


def _refused(what: Message, todo: Message) -> SignInRefused:
    return SignInRefused(what, todo=todo)
