"""A shop with an administrator, on a real database, with a witness that remembers and PIN hashes that cost little."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection

from coupon_desk.clock import VirtualClock
from coupon_desk.people.operators import NewOperator, Session
from coupon_desk.people.people import People
from coupon_desk.people.pins import PinCost, Pins
from coupon_desk.people.roles import Role
from coupon_desk.storage.database import Database
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.trail import Trail
from tests.surroundings.migrated import migrated


@dataclass
class Memory:
    """A witness in memory, of the people in one database; what is not committed is not remembered."""

    database: Database
    entries: list[tuple[str, dict[str, object], str | None]] = field(default_factory=list)
    fields: list[dict[str, object]] = field(default_factory=list)

    def record(self, action: str, body: Mapping[str, object], *, actor: str | None = None, **fields: object) -> None:
        self.entries.append((action, dict(body), actor))
        self.fields.append({name: value for name, value in fields.items() if value is not None})

    @contextmanager
    def writing(self) -> Iterator[Saying]:
        saying = Saying()
        with self.database.write() as connection:
            saying.connection = connection
            yield saying
        for action, body, actor, fields in saying.said:
            self.record(action, body, actor=actor, **fields)

    @property
    def actions(self) -> list[str]:
        return [action for action, _, _ in self.entries]

    @property
    def last(self) -> tuple[str, dict[str, object], str | None]:
        return self.entries[-1]


class Saying:
    """One transaction of the witness."""

    connection: Connection

    def __init__(self) -> None:
        self.said: list[tuple[str, Mapping[str, object], str | None, dict[str, object]]] = []

    def record(self, action: str, body: Mapping[str, object], *, actor: str | None = None, **fields: object) -> None:
        self.said.append((action, body, actor, fields))


@dataclass
class Shop:
    """People at work; `pin` is everybody's."""

    database: Database
    witness: Memory
    clock: VirtualClock
    people: People
    pin: str = "meadow71"

    def boss(self) -> Session:
        """The administrator, signed in; added first where the home is empty."""
        if self.people.is_empty():
            self.people.add(NewOperator("boss", "Aiko Mori", Role.ADMIN, self.pin), None)
        return self.people.sign_in("boss", self.pin)

    def with_role(self, role: Role) -> Session:
        """Somebody new with this role, signed in."""
        self.people.add(NewOperator(f"the-{role}", f"Some {role}", role, self.pin), self.boss())
        return self.people.sign_in(f"the-{role}", self.pin)

    def restarted(self) -> Shop:
        """The same home in another process."""
        return Shop(self.database, self.witness, self.clock, People(self.database, self.witness, self.clock, pins=cheap()))


def cheap() -> Pins:
    return Pins(PinCost(time_cost=1, memory_kib=8, lanes=1))


def open_shop(where: Path | str) -> Shop:
    database = Database.open(migrated(where) if isinstance(where, Path) else where)
    witness, clock = Memory(database), VirtualClock(datetime(2026, 11, 2, 9, 0, tzinfo=UTC))
    return Shop(database, witness, clock, People(database, witness, clock, pins=cheap()))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = open_shop(tmp_path / "desk.sqlite3")
    yield shop
    shop.database.close()


@pytest.fixture
def postgres_shop(migrated_postgres: str) -> Iterator[Shop]:
    shop = open_shop(migrated_postgres)
    yield shop
    shop.database.close()


@pytest.fixture
def trail(shop: Shop) -> Trail:
    """The real trail of the same home."""
    return Trail(shop.database, Surroundings("desk-1"), shop.clock)
