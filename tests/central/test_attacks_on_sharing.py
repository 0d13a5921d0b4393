"""As the login role of one desk: no limit is raised, no request decided that is one's own, nobody brought back by themself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.central.attacks_on_sharing import (
    ATTACKS_ON_SHARING,
    EVER,
    HASH,
    LOOKING_THERE_FIRST,
    MORE_NAMES_IN_THE_WAY,
    PIN,
    SHARED,
    put,
)
from tests.surroundings.central_database import PASSWORD, CentralDatabase, central_database
from tests.surroundings.postgres_server import USER

STATE = (
    "SELECT * FROM coupon_desk.allowances ORDER BY serial",
    "SELECT * FROM coupon_desk.requests ORDER BY id",
    "SELECT * FROM coupon_desk.people ORDER BY number",
    "SELECT * FROM coupon_desk.people_changes ORDER BY number",
)


@pytest.fixture(scope="module")
def attacked(postgres_folder: Path) -> Iterator[CentralDatabase]:
    with central_database(postgres_folder) as database:
        _osaka, ginza = database.add_desk("Osaka"), database.add_desk("Ginza")
        database.ask(SHARED)
        database.ask(f'CREATE SCHEMA evil AUTHORIZATION "{ginza}"; SET search_path = evil, pg_catalog; {MORE_NAMES_IN_THE_WAY}')
        yield database


def as_desk(database: CentralDatabase, desk: str = "Ginza") -> psycopg.Connection[Any]:
    ((role,),) = database.ask("SELECT role FROM coupon_desk.desks WHERE desk = %s", desk)
    return psycopg.connect(
        host=str(database.folder), port=database.port, user=role, dbname=database.name, password=PASSWORD, autocommit=True
    )


def state(watching: psycopg.Connection[Any]) -> list[list[tuple[Any, ...]]]:
    return [watching.execute(query.encode()).fetchall() for query in STATE]


@pytest.mark.parametrize("before", ["", LOOKING_THERE_FIRST], ids=["plainly", "with names in the way"])
def test_every_attack_fails_or_has_no_effect(attacked: CentralDatabase, before: str) -> None:
    """All in one session: hundreds of sessions would take a minute."""
    with (
        as_desk(attacked) as connection,
        psycopg.connect(
            host=str(attacked.folder), port=attacked.port, user=USER, dbname=attacked.name, autocommit=True
        ) as watching,
    ):
        connection.execute(before.encode())
        unchanged = state(watching)
        for attack in ATTACKS_ON_SHARING:
            ended = None
            try:
                connection.execute(attack.sql.encode())
            except psycopg.Error as refused:
                ended = refused.sqlstate
            assert ended == attack.ends_with, attack.sql
            assert state(watching) == unchanged, attack.sql


def test_a_limit_is_not_raised_by_counting_another_desk_s_operation_as_one_s_own(attacked: CentralDatabase) -> None:
    counted = f"SELECT day_points FROM coupon_desk.count_allowance('s', %s, 'aiko', NULL, %s, {EVER})"
    with as_desk(attacked) as ginza, ginza.transaction(force_rollback=True):
        ginza.execute(counted.encode(), ("op-osaka", 1))
        ginza.execute(b"SELECT coupon_desk.release_allowance('s', 'op-osaka')")
        assert ginza.execute(counted.encode(), ("op-new", 1)).fetchone() == (1000,)


def test_only_sums_are_told_of_what_others_do(attacked: CentralDatabase) -> None:
    with as_desk(attacked) as ginza:
        own = ginza.execute(b"SELECT operation FROM coupon_desk.own_allowances('s', '-infinity')").fetchall()
        assert sorted(own) == [("op-ginza",), ("op-released",)]
        assert ginza.execute(b"SELECT operation, note FROM coupon_desk.waiting_requests('s')").fetchall() == [
            ("op-osaka", "theirs")
        ]
        assert ginza.execute(b"SELECT * FROM coupon_desk.decisions_for_me('s')").fetchall() == []


def test_a_disabled_desk_is_told_nothing_and_does_nothing(attacked: CentralDatabase) -> None:
    attacked.add_desk("Lost")
    with as_desk(attacked, "Lost") as lost:
        attacked.ask("UPDATE coupon_desk.desks SET disabled_at = now() WHERE desk = 'Lost'")
        for call in (
            f"count_allowance('s', 'op', 'aiko', NULL, 1, {EVER})",
            "release_allowance('s', 'op-osaka')",
            "approve_allowance('s', 'op-osaka', 'chie', 1, now(), NULL)",
            "own_allowances('s', now())",
            f"post_request('s', NULL, 'op', 'x', 'cancel', '{HASH}', 'x', 1, 'r', '[]', '', '{HASH}', 60)",
            "waiting_requests('s')",
            f"decide_request('s', 2, '{HASH}', 'chie', 'approve', '')",
            "decisions_for_me('s')",
            "own_requests('s')",
            "close_request('s', 'op-osaka')",
            "find_person('s', 'aiko')",
            "people_since('s', 0)",
            put("bunta", "aiko").removeprefix("SELECT * FROM coupon_desk."),
            "publish_people('t', '[]')",
            "standing('s')",
        ):
            with pytest.raises(psycopg.Error) as refused:
                lost.execute(f"SELECT coupon_desk.{call}".encode())
            assert refused.value.sqlstate == "CD001", call


def test_an_auditor_reads_what_was_done_but_neither_pins_nor_contacts_nor_notes(attacked: CentralDatabase) -> None:
    attacked.ask("CREATE ROLE a_reading_auditor LOGIN IN ROLE coupon_desk_auditor")
    try:
        for table, columns, rows in (
            ("allowances", "*", 3),
            ("requests", "desk, requester, verdict, approver, deciding_desk, decided_at", 3),
            ("people", "login, name, role, stores, disabled, changed_by, changed_at, desk", 4),
            ("people_changes", "*", 4),
        ):
            read = attacked.ask(f"SELECT {columns} FROM coupon_desk.{table}", user="a_reading_auditor")
            assert len(read) == rows
            assert PIN not in str(read)
        for hidden in (
            "SELECT pin_hash FROM coupon_desk.people",
            "SELECT login FROM coupon_desk.people WHERE pin_hash LIKE '$argon2id$%'",
            "SELECT login FROM coupon_desk.people ORDER BY contacts",
            "SELECT * FROM coupon_desk.people",
            "SELECT p FROM coupon_desk.people p",
            "SELECT subject FROM coupon_desk.people",
            "SELECT note FROM coupon_desk.requests",
            "SELECT decision_note FROM coupon_desk.requests",
            "SELECT * FROM coupon_desk.find_person('s', 'aiko')",
            "SELECT * FROM coupon_desk.people_since('s', 0)",
            "SELECT * FROM coupon_desk.waiting_requests('s')",
            "UPDATE coupon_desk.people SET disabled = true",
            "DELETE FROM coupon_desk.allowances",
            put("bunta", "aiko"),
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                attacked.ask(hidden, user="a_reading_auditor")
    finally:
        attacked.ask("DROP ROLE a_reading_auditor")


def test_what_a_desk_s_password_alone_still_lets_one_do_shows_with_the_desk_that_did_it(attacked: CentralDatabase) -> None:
    """The database knows desks and not persons: who has a desk's password can name an administrator, or an approver."""
    with as_desk(attacked) as ginza:
        ginza.execute(put("bunta", "aiko").encode())
        ginza.execute(f"SELECT coupon_desk.decide_request('s', 2, '{HASH}', 'chie', 'approve', '')".encode())
    shown = attacked.ask(
        "SELECT login, disabled, changed_by, desk FROM coupon_desk.people_changes ORDER BY number DESC LIMIT 1"
    )
    assert shown == [("bunta", False, "aiko", "Ginza")]
    assert attacked.ask("SELECT approver, deciding_desk FROM coupon_desk.requests WHERE id = 2") == [("chie", "Ginza")]
