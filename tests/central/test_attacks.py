"""As the login role of one desk: nothing that was stored can be changed, nothing of others read, no right gained."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from coupon_desk.central.claims import PostgresClaims
from tests.central.attacks import ATTACKS, CHAIN, FORK, GENESIS, LOOKING_THERE_FIRST, NAMES_IN_THE_WAY, OTHER, Attack, entry
from tests.surroundings.central_database import PASSWORD, CentralDatabase, central_database
from tests.surroundings.postgres_server import USER

STATE = (
    "SELECT * FROM coupon_desk.entries ORDER BY desk, sequence",
    "SELECT * FROM coupon_desk.claims ORDER BY id",
    "SELECT * FROM coupon_desk.desks ORDER BY desk",
    "SELECT * FROM coupon_desk.schema_version ORDER BY version",
    "SELECT nspname, nspowner, nspacl::text FROM pg_namespace WHERE nspname = 'coupon_desk'",
    "SELECT oid, relname, relowner, relkind, relacl::text, relrowsecurity, relhasrules, relfilenode, relpersistence "
    "FROM pg_class WHERE relnamespace = 'coupon_desk'::regnamespace ORDER BY oid",
    "SELECT attrelid, attnum, attname, attacl::text FROM pg_attribute WHERE attrelid IN "
    "(SELECT oid FROM pg_class WHERE relnamespace = 'coupon_desk'::regnamespace) ORDER BY attrelid, attnum",
    "SELECT oid, proname, proowner, proacl::text, prosecdef, proconfig::text, prosrc FROM pg_proc "
    "WHERE pronamespace = 'coupon_desk'::regnamespace ORDER BY oid",
    "SELECT oid, tgname, tgenabled FROM pg_trigger ORDER BY oid",
    "SELECT polname, polroles::text, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid) "
    "FROM pg_policy ORDER BY 1",
    "SELECT oid, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE connamespace = 'coupon_desk'::regnamespace ORDER BY oid",
    "SELECT * FROM pg_authid ORDER BY oid",
    "SELECT * FROM pg_auth_members ORDER BY 1, 2",
    "SELECT * FROM pg_db_role_setting",
    "SELECT * FROM pg_default_acl",
    "SELECT extname FROM pg_extension",
)


@pytest.fixture(scope="module")
def attacked(postgres_folder: Path) -> Iterator[CentralDatabase]:
    """A central database with entries and a claim of two desks, in which Ginza may create objects of its own."""
    with central_database(postgres_folder) as database:
        # Osaka first: who finds just any desk finds that one.
        _osaka, ginza = database.add_desk("Osaka"), database.add_desk("Ginza")
        for desk, count in (("Ginza", 3), ("Osaka", 2)):
            for sequence in range(1, count + 1):
                database.ask(entry(sequence, CHAIN.get(sequence - 1, GENESIS), CHAIN[sequence], desk))
        database.ask("UPDATE coupon_desk.desks SET public_key = 'the first key'")
        database.ask(
            "INSERT INTO coupon_desk.claims (shop, coupon, shown_as, operation, desk, operator, state) "
            f"VALUES ('s', '{'a' * 64}', '70934-******-500', 'op-osaka', 'Osaka', 'bunta', 'claimed')"
        )
        database.ask(f'GRANT CREATE ON DATABASE "{database.name}" TO "{ginza}"')
        database.ask(NAMES_IN_THE_WAY, user=ginza)
        yield database


def state(database: CentralDatabase) -> list[list[tuple[Any, ...]]]:
    """Everything that an attack could want to change."""
    with psycopg.connect(host=str(database.folder), port=database.port, user=USER, dbname=database.name) as connection:
        return [connection.execute(query.encode()).fetchall() for query in STATE]


def end_of(connection: psycopg.Connection[Any], sql: str) -> str | None:
    """The SQLSTATE of the error that SQL ends with; None where it is carried out."""
    try:
        connection.execute(sql.encode())
    except psycopg.Error as refused:
        return refused.sqlstate
    return None


def as_ginza(database: CentralDatabase) -> psycopg.Connection[Any]:
    ((role,),) = database.ask("SELECT role FROM coupon_desk.desks WHERE desk = 'Ginza'")
    return psycopg.connect(
        host=str(database.folder), port=database.port, user=role, dbname=database.name, password=PASSWORD, autocommit=True
    )


@pytest.mark.parametrize("before", ["", LOOKING_THERE_FIRST], ids=["plainly", "with names in the way"])
@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.sql[:90] for attack in ATTACKS])
def test_every_attack_fails_or_has_no_effect(attacked: CentralDatabase, attack: Attack, before: str) -> None:
    unchanged = state(attacked)
    with as_ginza(attacked) as connection:
        connection.execute(before.encode())
        assert end_of(connection, attack.sql) == attack.ends_with
    assert state(attacked) == unchanged


@pytest.mark.parametrize("before", ["", LOOKING_THERE_FIRST], ids=["plainly", "with names in the way"])
@pytest.mark.parametrize(
    "reading",
    [
        "SELECT desk, sequence FROM coupon_desk.entries",
        "SELECT desk, sequence FROM coupon_desk.entries WHERE desk OPERATOR(pg_catalog.=) 'Osaka'",
        "SELECT desk, sequence FROM coupon_desk.entries WHERE pg_temp.leak(desk)",
        "SELECT (SELECT max(desk) FROM coupon_desk.entries), 0",
        "TABLE coupon_desk.entries",
        "SET ROLE coupon_desk_desk; SELECT desk, sequence FROM coupon_desk.entries",
        "SELECT desk, 0 FROM coupon_desk.entries UNION SELECT coupon_desk.own_desk(), 0",
    ],
)
def test_nothing_of_another_desk_is_read(attacked: CentralDatabase, reading: str, before: str) -> None:
    heard: list[str] = []
    with as_ginza(attacked) as connection:
        connection.add_notice_handler(lambda notice: heard.append(notice.message_primary or ""))
        connection.execute(before.encode())
        connection.execute(
            "CREATE FUNCTION pg_temp.leak(pg_catalog.text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 "
            "AS $$ BEGIN RAISE NOTICE 'read %', $1; RETURN true; END $$"
        )
        cursor = connection.execute(reading.encode())
        while cursor.nextset():
            pass
        rows = cursor.fetchall()
    assert not [row for row in rows if "Osaka" in row]
    assert not [text for text in heard if "Osaka" in text]


@pytest.mark.parametrize("before", ["", LOOKING_THERE_FIRST], ids=["plainly", "with names in the way"])
def test_whether_another_desk_has_an_entry_cannot_be_found_out_by_forging_one(attacked: CentralDatabase, before: str) -> None:
    told = set()
    for forged in (entry(1, GENESIS, desk="Osaka"), entry(3, CHAIN[2], desk="Osaka"), entry(9, OTHER, desk="Osaka")):
        with as_ginza(attacked) as connection, pytest.raises(psycopg.Error) as refused:
            connection.execute(before.encode())
            connection.execute(forged.encode())
        told.add((refused.value.sqlstate, refused.value.diag.message_primary))
    assert len(told) == 1


def test_with_names_in_the_way_a_desk_is_still_itself_and_the_chain_still_holds(attacked: CentralDatabase) -> None:
    with as_ginza(attacked) as connection:
        connection.execute(LOOKING_THERE_FIRST.encode())
        assert connection.execute("SELECT coupon_desk.own_desk()").fetchone() == ("Ginza",)
        with pytest.raises(psycopg.Error) as refused:
            connection.execute(entry(4, OTHER).encode())
        assert refused.value.sqlstate == FORK
        with connection.transaction(force_rollback=True):
            connection.execute(entry(4, CHAIN[3]).encode())
            row = connection.execute("SELECT received_at > '2020-01-01' FROM coupon_desk.entries WHERE sequence = 4").fetchone()
    assert row == (True,)


def test_a_disabled_desk_is_stopped_in_the_session_that_it_has(attacked: CentralDatabase) -> None:
    with central_database(attacked.folder) as database:
        database.add_desk("Ginza")
        with as_ginza(database) as connection:
            connection.execute(entry(1, GENESIS, CHAIN[1]).encode())
            database.ask("UPDATE coupon_desk.desks SET disabled_at = now()")
            for sql in (entry(2, CHAIN[1], CHAIN[2]), "SELECT * FROM coupon_desk.own_claims()"):
                with pytest.raises(psycopg.Error) as refused:
                    connection.execute(sql.encode())
                assert refused.value.sqlstate in {"42501", "CD001"}
            assert connection.execute("SELECT * FROM coupon_desk.entries").fetchall() == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE coupon_desk.entries SET entry = '{}'",
        "DELETE FROM coupon_desk.entries",
        "TRUNCATE coupon_desk.entries",
        "DELETE FROM coupon_desk.desks",
        entry(4, OTHER),
        entry(6, OTHER),
    ],
)
def test_not_even_the_administrator_changes_it_by_mistake_or_in_replica_mode(attacked: CentralDatabase, change: str) -> None:
    unchanged = state(attacked)
    with pytest.raises(psycopg.Error) as refused:
        attacked.ask(f"SET session_replication_role = replica; {change}")
    assert refused.value.sqlstate in {"CD002", "CD003", "CD004"}
    assert state(attacked) == unchanged


def test_an_auditor_reads_everything_and_writes_nothing(attacked: CentralDatabase) -> None:
    attacked.ask("CREATE ROLE a_real_auditor LOGIN IN ROLE coupon_desk_auditor")
    unchanged = state(attacked)
    try:
        assert attacked.ask("SELECT DISTINCT desk FROM coupon_desk.entries ORDER BY 1", user="a_real_auditor") == [
            ("Ginza",),
            ("Osaka",),
        ]
        assert attacked.ask("SELECT operation FROM coupon_desk.claims", user="a_real_auditor") == [("op-osaka",)]
        assert len(attacked.ask("SELECT * FROM coupon_desk.desks", user="a_real_auditor")) == 2
        for sql in (
            entry(4, CHAIN[3], OTHER),
            "UPDATE coupon_desk.entries SET entry = '{}'",
            "DELETE FROM coupon_desk.claims",
            "SELECT coupon_desk.register_key('x')",
            "SELECT * FROM coupon_desk.own_claims()",
            "CREATE TABLE coupon_desk.mine (x text)",
            f"SELECT coupon_desk.release_claim('s', '{'a' * 64}', 'op-osaka')",
            "DROP OWNED BY coupon_desk_auditor",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                attacked.ask(sql, user="a_real_auditor")
        assert state(attacked) == unchanged
    finally:
        attacked.ask("DROP ROLE a_real_auditor")


def test_what_a_desk_is_there_for_it_can_do(attacked: CentralDatabase) -> None:
    """Otherwise all the attacks would fail for nothing."""
    with central_database(attacked.folder) as database:
        database.add_desk("Ginza")
        with as_ginza(database) as connection:
            for sequence in (1, 2, 3):
                connection.execute(entry(sequence, CHAIN.get(sequence - 1, GENESIS), CHAIN[sequence]).encode())
            connection.execute(entry(3, CHAIN[2], CHAIN[3], more="ON CONFLICT (desk, sequence) DO NOTHING").encode())
            rows = connection.execute("SELECT sequence, action, coupon FROM coupon_desk.entries ORDER BY sequence").fetchall()
            assert rows == [(1, "forged", None), (2, "forged", None), (3, "forged", None)]
            assert connection.execute("SELECT coupon_desk.register_key('mine')").fetchone() == ("mine",)
            assert connection.execute("SELECT coupon_desk.register_key('another')").fetchone() == ("mine",)
        assert PostgresClaims(database.open("Ginza"), "s").open_ones() == ()
