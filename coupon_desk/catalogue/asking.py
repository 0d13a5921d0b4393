"""Puts questions in SQL to the catalogue's database, with as little around them as the driver allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from coupon_desk.storage.database import Database


class Values:
    """The values of one question, each under a name of its own. Questions of the same form have the same text."""

    def __init__(self) -> None:
        self.named: dict[str, Any] = {}

    def bind(self, value: Any) -> str:
        """The name that stands for the value in the question."""
        name = f"v{len(self.named)}"
        self.named[name] = value
        return f":{name}"


def question(what: str, table: str, where: Sequence[str] = (), *, order: str = "", limit: str = "") -> str:
    """A question in SQL; all conditions hold together."""
    parts = ["SELECT", what, "FROM", table]
    if where:
        parts += ["WHERE", " AND ".join(where)]
    if order:
        parts += ["ORDER BY", order]
    if limit:
        parts += ["LIMIT", limit]
    return " ".join(parts)


class Asker:
    """Asks on one connection, which sees one state of the catalogue throughout. Raises StorageError."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._database = database
        self._connection = connection
        self.is_sqlite = database.dialect == "sqlite"
        connection.begin()

    def rows(self, asked: str, values: Values) -> Sequence[Any]:
        """All rows of the answer."""
        if self.is_sqlite:
            return self._database.bare_answer(self._connection, asked, values.named)
        return self._connection.execute(text(asked), values.named).all()

    def size(self, asked: str, values: Values) -> int:
        """How many rows the answer has."""
        counted = question("count(*)", f"({asked}) AS counted")
        return int(self.rows(counted, values)[0][0])

    def by(self, index: str) -> str:
        """Which index to go by.

        SQLite picks one by what it can see, and would often pick wrong without knowing how the rows are spread; PostgreSQL
        knows.
        """
        return f"coupons INDEXED BY {index}" if self.is_sqlite else "coupons"

    @property
    def hide(self) -> str:
        """Put before a column, keeps SQLite from going by it: the condition holds, and is only looked at."""
        return "+" if self.is_sqlite else ""
