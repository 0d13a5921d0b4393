"""The operators of all desks: who changes whom, exactly once, and never so that nobody could manage operators any more."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from coupon_desk.central.directory import PostgresDirectory
from coupon_desk.central.listed import Listed, Put, PutOutcome
from coupon_desk.central.place import Central
from coupon_desk.errors import RemoteRefused
from coupon_desk.people.directory import Directory
from coupon_desk.people.pins import PinCost, Pins
from tests.people.shared_directory import Line, SharedDirectory
from tests.surroundings.central_database import CentralDatabase, central_database

HASH = Pins(PinCost(time_cost=1, memory_kib=8)).hash("correct horse")
OTHER_HASH = Pins(PinCost(time_cost=1, memory_kib=8)).hash("battery staple")
SECONDS = 8.0


def listed(login: str, role: str = "manager", *, source: str = "pin", subject: str = "") -> Listed:
    return Listed(
        login=login,
        name=f"{login.title()} 山田",
        role=role,
        contacts=(f"{login}@example.com", "+81 90 1234 5678"),
        stores=("ginza",),
        pin_hash=HASH if source == "pin" else "",
        disabled=False,
        source=source,
        subject=subject,
        created_at=datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
        version=1,
    )


ADMIN = listed("aiko", "admin")
CLERK = listed("bunta", "clerk")


def later(person: Listed) -> Listed:
    return replace(person, version=person.version + 1)


@pytest.fixture(scope="module")
def database(postgres_folder: Path) -> Iterator[CentralDatabase]:
    """One for all: each test is a shop of its own in it."""
    with central_database(postgres_folder) as prepared:
        yield prepared


@pytest.fixture(scope="module")
def desks(database: CentralDatabase) -> Mapping[str, Central]:
    return {desk: database.open(desk) for desk in ("Ginza", "Osaka")}


@pytest.fixture
def shop(request: pytest.FixtureRequest) -> str:
    return str(request.node.name)


@pytest.fixture
def ginza(desks: Mapping[str, Central], shop: str) -> Directory:
    """A directory that lists an administrator and a clerk."""
    directory = PostgresDirectory(desks["Ginza"], shop)
    assert directory.publish([ADMIN, CLERK], seconds=SECONDS)
    return directory


@pytest.fixture
def osaka(desks: Mapping[str, Central], shop: str) -> Directory:
    return PostgresDirectory(desks["Osaka"], shop)


def put(directory: Directory, person: Listed, by: str = "aiko", change: str = "") -> Put:
    return directory.put(person, change=change or f"{person.login} {person.version} {by}", by=by, seconds=SECONDS)


def test_what_one_desk_lists_every_desk_finds_as_it_was(ginza: Directory, osaka: Directory) -> None:
    assert osaka.everybody(seconds=SECONDS) == (ADMIN, CLERK)
    assert osaka.find("bunta", seconds=SECONDS) == CLERK
    assert osaka.find("nobody", seconds=SECONDS) is None
    assert "example.com" not in repr(osaka.find("bunta", seconds=SECONDS))


def test_only_an_empty_directory_is_published_and_it_needs_an_administrator(
    desks: Mapping[str, Central], shop: str, osaka: Directory
) -> None:
    directory = PostgresDirectory(desks["Ginza"], shop)
    with pytest.raises(RemoteRefused, match="one must be an administrator"):
        directory.publish([CLERK, replace(ADMIN, disabled=True)], seconds=SECONDS)
    assert directory.everybody(seconds=SECONDS) == ()
    assert osaka.publish([ADMIN], seconds=SECONDS)
    for _ in range(2):
        assert not directory.publish([ADMIN, CLERK], seconds=SECONDS)
    assert directory.everybody(seconds=SECONDS) == (ADMIN,)


def test_a_change_is_made_once_also_when_it_is_asked_for_again(ginza: Directory, osaka: Directory) -> None:
    disabled = replace(later(CLERK), disabled=True)
    done = Put(PutOutcome.DONE, disabled)
    assert put(osaka, disabled, change="x") == done
    assert put(osaka, disabled, change="x") == done
    assert ginza.find("bunta", seconds=SECONDS) == disabled
    assert put(ginza, replace(later(CLERK), role="manager"), change="y") == Put(PutOutcome.CHANGED, disabled)
    assert put(ginza, listed("chie"), change="z").outcome is PutOutcome.DONE
    assert put(osaka, listed("chie"), change="another").outcome is PutOutcome.CHANGED
    assert put(osaka, replace(listed("daigo"), version=2)) == Put(PutOutcome.CHANGED, None)


def test_the_first_operator_lists_themself_and_must_be_an_administrator(osaka: Directory) -> None:
    assert put(osaka, listed("chie"), by="chie") == Put(PutOutcome.LAST_ADMIN, None)
    assert put(osaka, ADMIN, by="nobody").outcome is PutOutcome.NOT_PERMITTED
    assert put(osaka, ADMIN, by="aiko") == Put(PutOutcome.DONE, ADMIN)
    assert put(osaka, listed("chie"), by="chie") == Put(PutOutcome.NOT_PERMITTED, None)


def test_the_last_administrator_stays(ginza: Directory, osaka: Directory) -> None:
    for gone in (replace(later(ADMIN), disabled=True), replace(later(ADMIN), role="manager")):
        assert put(osaka, gone) == Put(PutOutcome.LAST_ADMIN, ADMIN)
    assert put(ginza, listed("chie", "admin")).outcome is PutOutcome.DONE
    assert put(osaka, replace(later(ADMIN), disabled=True)).outcome is PutOutcome.DONE
    chie = listed("chie", "admin")
    assert put(osaka, replace(later(chie), disabled=True), by="chie") == Put(PutOutcome.LAST_ADMIN, chie)
    assert put(osaka, later(CLERK), by="aiko").outcome is PutOutcome.NOT_PERMITTED, "a disabled administrator is none"


def test_of_two_administrators_who_disable_each_other_at_once_one_stays(ginza: Directory, osaka: Directory) -> None:
    start = threading.Barrier(2)
    for number in range(6):
        one, two = listed(f"one{number}", "admin"), listed(f"two{number}", "admin")
        if number == 0:
            put(ginza, one)
            put(ginza, two)
            put(ginza, replace(later(ADMIN), disabled=True))
        else:
            survivor = next(p for p in ginza.everybody(seconds=SECONDS) if p.role == "admin" and not p.disabled)
            put(ginza, one, by=survivor.login)
            put(ginza, two, by=survivor.login)
            assert put(ginza, replace(later(survivor), disabled=True), by=one.login).outcome is PutOutcome.DONE

        def disable(directory: Directory, whom: Listed, by: Listed) -> Put:
            start.wait(timeout=30)
            return put(directory, replace(later(whom), disabled=True), by=by.login)

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.submit(disable, ginza, one, two), pool.submit(disable, osaka, two, one)
            outcomes = {first.result(timeout=30).outcome, second.result(timeout=30).outcome}
        assert outcomes == {PutOutcome.DONE, PutOutcome.NOT_PERMITTED}


def test_of_many_who_change_the_same_operator_at_once_one_does(ginza: Directory, osaka: Directory) -> None:
    start = threading.Barrier(4)

    def change(directory: Directory, name: str) -> Put:
        start.wait(timeout=30)
        return put(directory, replace(later(CLERK), name=name), change=name)

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(change, (ginza, osaka, ginza, osaka), ("a", "b", "c", "d"), timeout=60))
    assert sorted(one.outcome for one in told) == [PutOutcome.CHANGED] * 3 + [PutOutcome.DONE]
    assert {one.there for one in told} == {ginza.find("bunta", seconds=SECONDS)}


def test_for_themself_an_operator_changes_what_is_theirs_and_nothing_else(ginza: Directory) -> None:
    for more in ({"role": "admin"}, {"stores": ()}, {"disabled": True}, {"source": "oidc", "role": "admin"}, {"subject": "x"}):
        assert put(ginza, replace(later(CLERK), **more), by="bunta") == Put(PutOutcome.NOT_PERMITTED, CLERK)
    assert put(ginza, later(CLERK), by="nobody").outcome is PutOutcome.NOT_PERMITTED
    own = replace(later(CLERK), pin_hash=OTHER_HASH, name="Bunta", contacts=())
    assert put(ginza, own, by="bunta") == Put(PutOutcome.DONE, own)
    gone = replace(later(own), disabled=True)
    assert put(ginza, gone).outcome is PutOutcome.DONE
    for back in (replace(later(gone), disabled=False), replace(later(gone), disabled=False, source="oidc")):
        assert put(ginza, back, by="bunta") == Put(PutOutcome.NOT_PERMITTED, gone)


def test_the_company_s_account_brings_role_and_stores_but_nobody_back_and_nobody_else(ginza: Directory) -> None:
    daigo = listed("daigo", "clerk", source="oidc", subject="d-1")
    assert put(ginza, daigo, by="daigo").outcome is PutOutcome.DONE
    manager = replace(later(daigo), role="manager", stores=())
    assert put(ginza, manager, by="daigo").outcome is PutOutcome.DONE
    assert put(ginza, replace(later(manager), subject="e-1"), by="daigo").outcome is PutOutcome.NOT_PERMITTED
    assert put(ginza, replace(later(manager), source="pin"), by="daigo").outcome is PutOutcome.NOT_PERMITTED
    gone = replace(later(manager), disabled=True)
    assert put(ginza, gone).outcome is PutOutcome.DONE
    assert put(ginza, replace(later(gone), disabled=False), by="daigo") == Put(PutOutcome.NOT_PERMITTED, gone)


def test_every_change_stays_written_down_with_who_asked_and_which_desk_said_so(
    ginza: Directory, osaka: Directory, database: CentralDatabase, shop: str
) -> None:
    put(osaka, replace(later(CLERK), pin_hash=OTHER_HASH))
    put(osaka, replace(later(CLERK), disabled=True), by="nobody")
    told = database.ask(
        "SELECT login, version, disabled, has_new_pin, has_new_contacts, changed_by, desk FROM coupon_desk.people_changes "
        "WHERE shop = %s ORDER BY number",
        shop,
    )
    assert told == [
        ("aiko", 1, False, True, True, "", "Ginza"),
        ("bunta", 1, False, True, True, "", "Ginza"),
        ("bunta", 2, False, True, False, "aiko", "Osaka"),
    ]
    ((kept,),) = database.ask("SELECT json_agg(c)::text FROM coupon_desk.people_changes c WHERE shop = %s", shop)
    assert "argon2id" not in kept
    assert "example.com" not in kept


def test_the_directory_in_memory_by_which_people_are_tested_has_the_same_rules(
    osaka: Directory,
) -> None:
    twin, draw = Line(SharedDirectory()), random.Random(5)
    logins = ("aiko", "bunta", "chie", "")
    for number in range(250):
        person = listed(draw.choice(logins[:3]), draw.choice(("admin", "admin", "clerk")), source=draw.choice(("pin", "oidc")))
        there = osaka.find(person.login, seconds=SECONDS)
        if there is not None and draw.random() < 0.5:
            person = replace(there, **draw.choice(({"name": "X"}, {"disabled": not there.disabled}, {"subject": "x"})))
        version = (there.version if there else 0) + draw.choice((1, 1, 1, 1, 0, 2))
        person = replace(person, disabled=person.disabled or draw.random() < 0.2, version=max(1, version))
        change, by = f"change {number - draw.choice((0, 0, 0, 1))}", draw.choice((*logins, person.login))
        assert put(osaka, person, by, change) == put(twin, person, by, change), (person, by, there)
    assert osaka.everybody(seconds=SECONDS) == twin.everybody(seconds=SECONDS)
    assert len(osaka.everybody(seconds=SECONDS)) == 3


def test_a_desk_may_ask_for_what_changed_since_it_last_looked(
    ginza: Directory, database: CentralDatabase, shop: str, desks: Mapping[str, Central]
) -> None:
    ((role,),) = database.ask("SELECT role FROM coupon_desk.desks WHERE desk = 'Osaka'")
    since = "SELECT login, number FROM coupon_desk.people_since(%s, %s)"
    before = database.ask(since, shop, 0, user=role)
    assert [login for login, _ in before] == ["aiko", "bunta"]
    assert database.ask(since, shop, before[-1][1], user=role) == []
    put(ginza, replace(later(ADMIN), name="Aiko"))
    assert [login for login, _ in database.ask(since, shop, before[-1][1], user=role)] == ["aiko"]


WRONG = (
    replace(listed("chie"), pin_hash="123456"),
    replace(listed("chie"), pin_hash="$2b$12$abcdefghijklmnopqrstuv"),
    replace(listed("chie"), login="Chie X"),
    replace(listed("chie"), role="boss of all"),
    replace(listed("chie"), name=""),
)


def test_what_no_operator_can_be_is_refused(ginza: Directory) -> None:
    for wrong in WRONG:
        with pytest.raises(RemoteRefused, match="23514"):
            put(ginza, wrong)
    assert ginza.everybody(seconds=SECONDS) == (ADMIN, CLERK)


CHANGES = (
    "DELETE FROM coupon_desk.people",
    "TRUNCATE coupon_desk.people",
    "DELETE FROM coupon_desk.people_changes",
    "TRUNCATE coupon_desk.people_changes",
    "UPDATE coupon_desk.people_changes SET changed_by = 'nobody'",
    "UPDATE coupon_desk.people SET role = 'admin' WHERE login = 'bunta'",
    "UPDATE coupon_desk.people SET login = 'x', version = version + 1 WHERE login = 'bunta'",
)


def test_not_even_the_administrator_changes_operators_by_mistake(ginza: Directory, database: CentralDatabase) -> None:
    before = database.ask("SELECT * FROM coupon_desk.people ORDER BY number")
    for change in CHANGES:
        with pytest.raises(psycopg.Error) as refused:
            database.ask(f"SET session_replication_role = replica; {change}")
        assert refused.value.sqlstate == "CD004", change
    assert database.ask("SELECT * FROM coupon_desk.people ORDER BY number") == before
