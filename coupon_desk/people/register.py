"""The register of operators in the database: rows in, frozen operators out. Knows no rights."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from coupon_desk.central.listed import Listed
from coupon_desk.clock import from_text, to_text
from coupon_desk.people.operators import Operator, Source
from coupon_desk.people.roles import Role
from coupon_desk.people.scope import may_work_in
from coupon_desk.storage.tables.people import operators


@dataclass(frozen=True, slots=True)
class Kept:
    """An operator together with what never leaves this room: the hash of their PIN, and who they are at the company's provider.

    Empty where there is none.
    """

    operator: Operator
    pin_hash: str = field(repr=False)
    subject: str = field(default="", repr=False)


def is_empty(connection: Connection) -> bool:
    """Whether there is no operator yet."""
    return connection.execute(select(operators.c.login).limit(1)).first() is None


def find(connection: Connection, login: str) -> Kept | None:
    """The operator with this login."""
    row = connection.execute(select(operators).where(operators.c.login == login)).first()
    return _kept(row) if row else None


def everybody(connection: Connection) -> tuple[Kept, ...]:
    """All operators by login, disabled ones too."""
    return tuple(_kept(row) for row in connection.execute(select(operators).order_by(operators.c.login)))


def is_last_admin(connection: Connection, login: str, store: str | None) -> bool:
    """Whether nobody could manage operators at a desk of this store if this one could not.

    No administrator changes until the transaction ends.
    """
    admins = connection.execute(
        select(operators.c.login, operators.c.stores)
        .where(operators.c.role == Role.ADMIN.value, operators.c.disabled.is_(False))
        .order_by(operators.c.login)
        .with_for_update()
    ).all()
    return [row.login for row in admins if may_work_in(tuple(json.loads(row.stores)), store)] == [login]


def put(connection: Connection, kept: Kept) -> None:
    """Keep an operator as they are now, whether they were here before or not."""
    values = _values(kept)
    login = values.pop("login")
    if connection.execute(update(operators).where(operators.c.login == login).values(**values)).rowcount == 0:
        connection.execute(insert(operators).values(login=login, **values))


def renew_hash(connection: Connection, login: str, old: str, new: str) -> None:
    """Keep the same PIN at today's cost, unless it was changed meanwhile."""
    connection.execute(update(operators).where(operators.c.login == login, operators.c.pin_hash == old).values(pin_hash=new))


def listed_of(kept: Kept, version: int) -> Listed:
    """The operator as the directory of all desks is to have them."""
    operator = kept.operator
    return Listed(
        login=operator.login,
        name=operator.name,
        role=operator.role.value,
        contacts=operator.contacts,
        stores=operator.stores,
        pin_hash=kept.pin_hash,
        disabled=operator.disabled,
        source=operator.source.value,
        subject=kept.subject,
        created_at=operator.created_at,
        version=version,
    )


def kept_of(listed: Listed) -> Kept:
    """The operator as the directory has them. One whose role or source only a newer program knows may do nothing here."""
    is_known = listed.role in set(Role) and listed.source in set(Source)
    operator = Operator(
        login=listed.login,
        name=listed.name,
        role=Role(listed.role) if is_known else Role.VIEWER,
        contacts=listed.contacts,
        disabled=listed.disabled or not is_known,
        created_at=listed.created_at,
        stores=listed.stores,
        source=Source(listed.source) if is_known else Source.PIN,
        version=listed.version,
    )
    return Kept(operator, listed.pin_hash, listed.subject)


def at_version(kept: Kept, version: int) -> Kept:
    """The same operator at another version of the directory."""
    return replace(kept, operator=replace(kept.operator, version=version))


def _kept(row: Row[Any]) -> Kept:
    operator = Operator(
        login=row.login,
        name=row.name,
        role=Role(row.role),
        contacts=tuple(json.loads(row.contacts)),
        disabled=row.disabled,
        created_at=from_text(row.created_at),
        stores=tuple(json.loads(row.stores)),
        source=Source(row.source),
        version=row.version,
    )
    return Kept(operator, row.pin_hash, row.subject)


def _values(kept: Kept) -> dict[str, Any]:
    operator = kept.operator
    return {
        "login": operator.login,
        "name": operator.name,
        "role": operator.role.value,
        "contacts": json.dumps(operator.contacts, ensure_ascii=False),
        "pin_hash": kept.pin_hash,
        "disabled": operator.disabled,
        "created_at": to_text(operator.created_at),
        "stores": json.dumps(operator.stores, ensure_ascii=False),
        "source": operator.source.value,
        "subject": kept.subject,
        "version": operator.version,
    }
