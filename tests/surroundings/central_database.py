"""A central database on a real PostgreSQL server, prepared as an administrator prepares it, and desks that work with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from coupon_desk import settings
from coupon_desk.address import PostgresAddress
from coupon_desk.central.administration import as_administrator
from coupon_desk.central.desks import add_desk
from coupon_desk.central.place import Central, open_central
from coupon_desk.central.schema import prepare
from coupon_desk.clock import SystemClock
from tests.surroundings.postgres_server import USER, drop_database, new_database

PASSWORD = "correct horse battery staple"


@dataclass(slots=True)
class CentralDatabase:
    """One database of its own. `folder` is the server's socket folder, `port` its port there."""

    folder: Path
    name: str
    port: int = 5432
    _opened: ExitStack = field(default_factory=ExitStack)

    def url(self, user: str = USER, place: str | None = None, **options: str) -> str:
        """The URL for a user: over the socket, or over `place` (host:port)."""
        words = {**options} if place else {"host": str(self.folder), "port": str(self.port), **options}
        query = "&".join(f"{name}={value}" for name, value in words.items())
        return f"postgresql+psycopg://{user}@{place or ''}/{self.name}" + (f"?{query}" if query else "")

    @property
    def administrator(self) -> PostgresAddress:
        """The superuser's address."""
        return PostgresAddress.parse(self.url())

    def prepare(self) -> None:
        """What `coupon-desk central init` does."""
        with as_administrator(self.administrator, lambda: None) as connection:
            prepare(connection)

    def add_desk(self, desk: str) -> str:
        """What `coupon-desk central add-desk` does; returns the login role, whose password is PASSWORD.

        Roles belong to the whole server: each database has its own.
        """
        role = f"desk_{desk.lower()}_{self.name.removeprefix('test_')[:24]}"
        with as_administrator(self.administrator, lambda: None) as connection:
            add_desk(connection, desk, role, PASSWORD)
        return role

    def open(self, desk: str, place: str | None = None, password: str | None = PASSWORD, **options: str) -> Central:
        """The central database as a desk has it, which is added where it is not there yet. Closed at the end."""
        return self.open_as(self.add_desk(desk), place, password, **options)

    def open_as(self, role: str, place: str | None = None, password: str | None = PASSWORD, **options: str) -> Central:
        """The central database as a login role has it. Closed at the end."""
        central = open_central(settings.Central(url=self.url(role, place, **options)), lambda: password, SystemClock())
        self._opened.callback(central.close)
        return central

    def connect(self, user: str = USER) -> psycopg.Connection[Any]:
        """A connection of the superuser, or of another user, to be closed by whoever asks."""
        return psycopg.connect(
            host=str(self.folder), port=self.port, user=user, dbname=self.name, password=PASSWORD, autocommit=True
        )

    def ask(self, query: str, *values: object, user: str = USER) -> list[tuple[Any, ...]]:
        """What the database says to the superuser, or to another user, in a connection of its own."""
        with self.connect(user) as connection:
            cursor = connection.execute(query.encode(), values or None)
            return cursor.fetchall() if cursor.description else []


@contextmanager
def central_database(folder: Path, port: int = 5432, *, prepared: bool = True) -> Iterator[CentralDatabase]:
    """A fresh database on a running server, gone with its roles at the end."""
    name = f"test_{uuid4().hex}"
    new_database(folder, name, port)
    database = CentralDatabase(folder, name, port)
    try:
        if prepared:
            database.prepare()
        yield database
    finally:
        database._opened.close()
        roles = _roles(database)
        drop_database(folder, name, port)
        for role in roles:
            with psycopg.connect(host=str(folder), port=port, user=USER, dbname="postgres", autocommit=True) as connection:
                connection.execute(f'DROP ROLE IF EXISTS "{role}"'.encode())


def _roles(database: CentralDatabase) -> list[str]:
    if database.ask("SELECT to_regclass('coupon_desk.desks')") == [(None,)]:
        return []
    return [role for (role,) in database.ask("SELECT role FROM coupon_desk.desks")]
