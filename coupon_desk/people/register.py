"""The register of operators in the database: rows in, frozen operators out. Knows no rights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from coupon_desk.clock import from_text, to_text
from coupon_desk.people.operators import Operator
from coupon_desk.people.roles import Role
from coupon_desk.storage.tables.people import operators


@dataclass(frozen=True, slots=True)
class Kept:
    """An operator together with the hash of their PIN, which never leaves this room."""

    operator: Operator
    pin_hash: str


def is_empty(connection: Connection) -> bool:
    """Whether there is no operator yet."""
    return connection.execute(select(operators.c.login).limit(1)).first() is None


def find(connection: Connection, login: str) -> Kept | None:
    """The operator with this login."""
    row = connection.execute(select(operators).where(operators.c.login == login)).first()
    return Kept(_operator(row), row.pin_hash) if row else None


def everybody(connection: Connection) -> tuple[Operator, ...]:
    """All operators by login, disabled ones too."""
    return tuple(_operator(row) for row in connection.execute(select(operators).order_by(operators.c.login)))


def is_last_admin(connection: Connection, login: str) -> bool:
    """Whether nobody could manage operators if this one could not; no administrator changes until the transaction ends."""
    admins = connection.scalars(
        select(operators.c.login)
        .where(operators.c.role == Role.ADMIN.value, operators.c.disabled.is_(False))
        .order_by(operators.c.login)
        .with_for_update()
    ).all()
    return list(admins) == [login]


def put(connection: Connection, operator: Operator, pin_hash: str) -> None:
    """Add an operator."""
    connection.execute(
        insert(operators).values(
            login=operator.login,
            name=operator.name,
            role=operator.role.value,
            contacts=json.dumps(operator.contacts, ensure_ascii=False),
            pin_hash=pin_hash,
            disabled=operator.disabled,
            created_at=to_text(operator.created_at),
        )
    )


def change(connection: Connection, login: str, **columns: Any) -> Operator:
    """Change columns of an operator, and return them as they are now."""
    connection.execute(update(operators).where(operators.c.login == login).values(**columns))
    return _operator(connection.execute(select(operators).where(operators.c.login == login)).one())


def renew_hash(connection: Connection, login: str, old: str, new: str) -> None:
    """Keep the same PIN at today's cost, unless it was changed meanwhile."""
    connection.execute(update(operators).where(operators.c.login == login, operators.c.pin_hash == old).values(pin_hash=new))


def _operator(row: Row[Any]) -> Operator:
    return Operator(
        row.login, row.name, Role(row.role), tuple(json.loads(row.contacts)), row.disabled, from_text(row.created_at)
    )
