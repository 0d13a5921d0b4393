"""People at two desks that share a real central database: what the directory in memory shows, once through the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from coupon_desk.central.directory import PostgresDirectory
from coupon_desk.errors import NotPermitted
from coupon_desk.people.operators import NewOperator
from coupon_desk.people.people import People, SignInRefused
from coupon_desk.people.roles import Right, Role
from tests.people.conftest import Shop, cheap, open_shop
from tests.surroundings.central_database import CentralDatabase


def test_people_of_two_desks_are_the_same_people(centre: CentralDatabase, tmp_path: Path) -> None:
    ginza, osaka = open_shop(tmp_path / "ginza.sqlite3"), open_shop(tmp_path / "osaka.sqlite3")

    def join(desk: Shop, name: str) -> None:
        directory = PostgresDirectory(centre.open(name), "example.myshopify.com")
        desk.people = People(desk.database, desk.witness, desk.clock, pins=cheap(), directory=directory)

    ginza.boss()
    join(ginza, "Ginza")
    join(osaka, "Osaka")
    boss = ginza.boss()
    ginza.people.add(NewOperator("mei", "芽衣", Role.MANAGER, ginza.pin, contacts=("mei@example.com",)), boss)
    mei = osaka.people.sign_in("mei", osaka.pin)
    assert (mei.operator.name, mei.operator.contacts) == ("芽衣", ("mei@example.com",))

    osaka.people.change_pin("mei", "new-secret", mei, current_pin=osaka.pin)
    with pytest.raises(SignInRefused):
        ginza.people.sign_in("mei", ginza.pin)
    assert ginza.people.sign_in("mei", "new-secret")

    ginza.people.disable("mei", ginza.people.sign_in("boss", ginza.pin))
    with pytest.raises(NotPermitted, match="login was disabled"):
        osaka.people.authorise(mei, Right.CANCEL, "x")
    with pytest.raises(NotPermitted, match="last administrator"):
        osaka.people.disable("boss", osaka.people.sign_in("boss", osaka.pin))
    assert centre.ask("SELECT login, version, changed_by, desk FROM coupon_desk.people_changes ORDER BY number") == [
        ("boss", 1, "", "Ginza"),
        ("mei", 1, "boss", "Ginza"),
        ("mei", 2, "mei", "Osaka"),
        ("mei", 3, "boss", "Ginza"),
    ]
    for desk in (ginza, osaka):
        desk.database.close()
