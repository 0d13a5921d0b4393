"""The operators of all desks in PostgreSQL: who is disabled there is out everywhere, and two changes never undo each other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Final

from sqlalchemy import Row, TextClause, text

from coupon_desk.central.listed import Listed, Put, PutOutcome
from coupon_desk.central.place import Central

_FIND: Final = text("SELECT * FROM coupon_desk.find_person(:shop, :login)")
_EVERYBODY: Final = text("SELECT * FROM coupon_desk.people_since(:shop, 0) ORDER BY login")
_PUT: Final = text(
    "SELECT outcome, (there).* FROM coupon_desk.put_person(:shop, :login, :name, :role, :contacts, :stores, :pin_hash,"
    " :disabled, :source, :subject, :created_at, :version, :change, :by)"
)
_PUBLISH: Final = text("SELECT coupon_desk.publish_people(:shop, CAST(:people AS json)) AS is_published")


class PostgresDirectory:
    """`people.directory.Directory`: each call is one statement and so one transaction. Safe to use from any thread.

    All methods raise RemoteUnavailable and RemoteRefused; `seconds` is how long the answer may take.
    """

    def __init__(self, central: Central, shop: str) -> None:
        """`shop` is Shopify's domain of the shop: one database may serve several."""
        self._central = central
        self._shop = shop

    def find(self, login: str, *, seconds: float) -> Listed | None:
        """The operator with this login, disabled or not."""
        rows = self._ask(_FIND, {"login": login}, seconds)
        return _listed(rows[0]) if rows else None

    def everybody(self, *, seconds: float) -> tuple[Listed, ...]:
        """All operators by login, disabled ones too."""
        return tuple(_listed(row) for row in self._ask(_EVERYBODY, {}, seconds))

    def publish(self, people: Sequence[Listed], *, seconds: float) -> bool:
        """Add all of them, as version 1, where the directory has nobody yet; False, and nothing done, where it has somebody.

        After a lost answer that somebody may be these. Raises RemoteRefused where none of them is an enabled administrator.
        """
        told = json.dumps([{**_values(one), "created_at": one.created_at.isoformat()} for one in people])
        (row,) = self._ask(_PUBLISH, {"people": told}, seconds)
        return bool(row.is_published)

    def put(self, listed: Listed, *, change: str, by: str, seconds: float) -> Put:
        """Make the operator what `listed` says, where they stand at version `listed.version - 1` (0: not listed), or nothing.

        `change` is the id of this very change: asked again after a lost answer, what was done already is told as DONE. `by` is
        the login of who asks: an enabled administrator of the directory, or the operator themself, who changes only what is
        theirs (PIN, name, contacts; with the company's account also role and stores) and is never brought back that way.
        """
        values = {**_values(listed), "version": listed.version, "change": change, "by": by}
        (row,) = self._ask(_PUT, values, seconds)
        return Put(PutOutcome(row.outcome), _listed(row) if row.login is not None else None)

    def _ask(self, statement: TextClause, values: Mapping[str, object], seconds: float) -> tuple[Row[Any], ...]:
        with self._central.connection(seconds=seconds) as connection:
            return tuple(connection.execute(statement, {"shop": self._shop, **values}))


def _values(listed: Listed) -> dict[str, object]:
    return {
        "login": listed.login,
        "name": listed.name,
        "role": listed.role,
        "contacts": json.dumps(listed.contacts),
        "stores": json.dumps(listed.stores),
        "pin_hash": listed.pin_hash,
        "disabled": listed.disabled,
        "source": listed.source,
        "subject": listed.subject,
        "created_at": listed.created_at,
    }


def _listed(row: Row[Any]) -> Listed:
    return Listed(
        login=row.login,
        name=row.name,
        role=row.role,
        contacts=tuple(json.loads(row.contacts)),
        stores=tuple(json.loads(row.stores)),
        pin_hash=row.pin_hash,
        disabled=row.disabled,
        source=row.source,
        subject=row.subject,
        created_at=row.created_at.astimezone(UTC),
        version=row.version,
    )
