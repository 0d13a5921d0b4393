"""Two desks and their people on a real PostgreSQL: what one changes, the other knows at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from coupon_desk.central.directory import PostgresDirectory
from coupon_desk.clock import SystemClock
from coupon_desk.errors import NotPermitted
from coupon_desk.people.operators import NewOperator, Session
from coupon_desk.people.people import People, SignInRefused
from coupon_desk.people.pins import PinCost, Pins
from coupon_desk.people.roles import Right, Role
from coupon_desk.storage.database import Database
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.trail import Trail
from tests.surroundings.central_database import CentralDatabase

PIN = "meadow71"


@dataclass
class OneDesk:
    database: Database
    trail: Trail
    people: People


@pytest.fixture
def desks(centre: CentralDatabase, tmp_path: Path) -> Iterator[tuple[OneDesk, OneDesk]]:
    opened = []
    for name in ("Ginza", "Ueno"):
        database = Database.open(tmp_path / f"{name}.sqlite3")
        database.migrate()
        trail = Trail(database, Surroundings(name), SystemClock())
        directory = PostgresDirectory(centre.open(name), "example.myshopify.com")
        pins = Pins(PinCost(time_cost=1, memory_kib=8, lanes=1))
        opened.append(OneDesk(database, trail, People(database, trail, SystemClock(), pins=pins, directory=directory)))
    ginza, ueno = opened
    ginza.people.add(NewOperator("boss", "Aiko Mori", Role.ADMIN, PIN, ("aiko@example.com",)), None)
    yield ginza, ueno
    for desk in opened:
        desk.database.close()


def test_an_operator_lives_at_all_desks_and_is_out_at_all_of_them_at_once(desks: tuple[OneDesk, OneDesk]) -> None:
    ginza, ueno = desks
    boss = ueno.people.sign_in("boss", PIN)
    assert boss.operator.contacts == ("aiko@example.com",)
    ueno.people.add(NewOperator("mei", "Mei", Role.MANAGER, PIN, stores=("Ginza",)), boss)
    mei = ginza.people.sign_in
    with pytest.raises(SignInRefused, match="does not say which store"):
        mei("mei", PIN)
    ueno.people.change_stores("mei", (), boss)
    session = mei("mei", PIN)
    assert ginza.people.authorise(session, Right.CANCEL, "x").version == 2
    ueno.people.change_pin("mei", "another-one", boss)
    ueno.people.disable("mei", boss)
    with pytest.raises(NotPermitted, match="login was disabled"):
        ginza.people.authorise(session, Right.CANCEL, "x")
    ueno.people.enable("mei", boss)
    assert ginza.people.sign_in("mei", "another-one").operator.version == 5
    assert ginza.trail.verify().is_intact
    assert ueno.trail.verify().is_intact


def test_of_two_administrators_who_disable_each_other_at_the_same_moment_one_remains(desks: tuple[OneDesk, OneDesk]) -> None:
    ginza, ueno = desks
    boss = ginza.people.sign_in("boss", PIN)
    ginza.people.add(NewOperator("second", "Second", Role.ADMIN, PIN), boss)
    second = ueno.people.sign_in("second", PIN)
    ueno.people.sign_in("boss", PIN)
    start = threading.Barrier(2)

    def disable(desk: OneDesk, login: str, by: Session) -> None:
        start.wait()
        with suppress(NotPermitted):
            desk.people.disable(login, by)

    both = [
        threading.Thread(target=disable, args=(ginza, "second", boss)),
        threading.Thread(target=disable, args=(ueno, "boss", second)),
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()
    ginza.people.refresh()
    assert sum(not one.disabled for one in ginza.people.list()) == 1
