"""Reaching the central database: what is demanded of the connection, and how each way of not getting there is told."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import trustme
from sqlalchemy import text

from coupon_desk import settings
from coupon_desk.central.place import Central, open_central
from coupon_desk.central.refusals import SchemaMismatch, UnknownDesk, WrongPassword
from coupon_desk.central.version import KNOWN
from coupon_desk.clock import SystemClock
from coupon_desk.errors import ConfigurationError, RemoteError, RemoteRefused, RemoteUnavailable, System
from coupon_desk.words import Language
from tests.central.server import Server, free_port
from tests.surroundings.central_database import PASSWORD, CentralDatabase, central_database
from tests.surroundings.tool import wait_until


def refused(kind: type[RemoteError], ask: Callable[[], object]) -> str:
    """What a person is told; it says what to do, and never the password."""
    with pytest.raises(kind) as told:
        ask()
    assert type(told.value) is kind
    assert told.value.system is System.CENTRAL
    assert told.value.todo is not None
    assert told.value.done is not None or kind is RemoteUnavailable, "a cut connection does not tell what was done"
    sentences = told.value.sentences(Language.EN)
    assert PASSWORD not in sentences + told.value.detail + repr(told.value)
    return sentences


def the_only_backend(company: CentralDatabase) -> int:
    ((process,),) = company.ask(
        "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'coupon-desk%%' AND datname = %s", company.name
    )
    assert isinstance(process, int)
    return process


def test_over_the_network_the_server_s_certificate_is_verified(server: Server, company: CentralDatabase) -> None:
    verified = company.open("Ginza", server.place, sslmode="verify-full", sslrootcert=str(server.authority))
    assert verified.own_desk() == "Ginza"
    with verified.connection() as connection:
        assert connection.execute(text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")).scalar_one() is True


def test_a_server_that_nobody_vouches_for_is_not_talked_to(server: Server, company: CentralDatabase, tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "somebody-else.pem")
    for options in ({"sslrootcert": str(tmp_path / "somebody-else.pem")}, {}):
        central = company.open("Ginza", server.place, sslmode="verify-full", **options)
        assert "sslrootcert" in refused(RemoteRefused, central.own_desk)
    by_number = f"127.0.0.1:{server.port}"
    wrong_name = company.open("Ginza", by_number, sslmode="verify-full", sslrootcert=str(server.authority))
    assert "not safe" in refused(RemoteRefused, wrong_name.own_desk)


def test_a_server_without_tls_is_not_talked_to_where_it_is_demanded(company: CentralDatabase, server: Server) -> None:
    def tls(switch: str) -> None:
        company.ask(f"ALTER SYSTEM SET ssl = {switch}")
        company.ask("SELECT pg_reload_conf()")
        wait_until(lambda: company.ask("SHOW ssl") == [(switch,)], f"TLS is {switch}")

    central = company.open("Ginza", server.place, sslmode="require")
    assert central.own_desk() == "Ginza"
    tls("off")
    try:
        demanding = company.open("Ginza", server.place, sslmode="require")
        assert "not safe" in refused(RemoteRefused, demanding.own_desk)
    finally:
        tls("on")


@pytest.mark.parametrize("password", ["wrong horse battery", None])
def test_a_wrong_password_and_none_are_told_and_say_where_it_is_stored(
    server: Server, company: CentralDatabase, password: str | None
) -> None:
    central = company.open("Ginza", server.place, password=password)
    assert "secrets set central.password" in refused(WrongPassword, central.own_desk)


def test_a_password_that_was_stored_anew_is_used_for_the_next_connection(server: Server, company: CentralDatabase) -> None:
    role = company.add_desk("Ginza")
    stored = ["wrong horse battery"]
    central = open_central(settings.Central(url=company.url(role, server.place)), lambda: stored[0], SystemClock())
    refused(WrongPassword, central.own_desk)
    stored[0] = PASSWORD
    assert central.own_desk() == "Ginza"
    central.close()


def test_a_user_or_database_that_is_not_there_is_told(server: Server, company: CentralDatabase) -> None:
    def asking(url: str) -> Callable[[], object]:
        central = open_central(settings.Central(url=url), lambda: PASSWORD, SystemClock())

        def ask() -> None:
            try:
                central.own_desk()
            finally:
                central.close()

        return ask

    role = company.add_desk("Ginza")
    assert "add-desk" in refused(RemoteRefused, asking(company.url("nobody", server.place)))
    elsewhere = company.url(role, server.place).replace(company.name, "no_such_database")
    assert "no database of that name" in refused(RemoteRefused, asking(elsewhere))


def test_a_database_that_was_not_prepared_says_that_init_is_missing(server: Server) -> None:
    with central_database(server.folder, server.port, prepared=False) as company:
        central = open_central(settings.Central(url=company.url()), lambda: None, SystemClock())
        assert "central init" in refused(SchemaMismatch, central.own_desk)
        company.prepare()
        assert "add-desk" in refused(UnknownDesk, central.own_desk), "the superuser is no desk"
        central.close()


def test_an_older_schema_asks_for_init_and_a_newer_one_for_a_newer_program(company: CentralDatabase, server: Server) -> None:
    company.ask("DELETE FROM coupon_desk.schema_version WHERE version = %s", KNOWN)
    assert "central init" in refused(SchemaMismatch, company.open("Ginza", server.place).own_desk)
    company.ask("INSERT INTO coupon_desk.schema_version VALUES (%s, 1, now(), 'x'), (9, 2, now(), 'x')", KNOWN)
    assert company.open("Osaka", server.place).own_desk() == "Osaka", "newer, but it still serves this program"
    company.ask("UPDATE coupon_desk.schema_version SET serves_since = 9 WHERE version = 9")
    assert "newest version" in refused(SchemaMismatch, company.open("Kobe", server.place).own_desk)


def test_missing_rights_are_told_as_such(company: CentralDatabase, server: Server) -> None:
    central = company.open("Ginza", server.place)
    assert central.own_desk() == "Ginza"
    company.ask("REVOKE EXECUTE ON FUNCTION coupon_desk.own_desk() FROM coupon_desk_desk")
    assert "rights" in refused(RemoteRefused, central.own_desk)
    company.prepare()
    assert central.own_desk() == "Ginza", "init has mended it"


def test_nobody_listening_is_out_of_reach(company: CentralDatabase) -> None:
    central = company.open("Ginza", f"127.0.0.1:{free_port()}")
    assert "out of reach" in refused(RemoteUnavailable, central.own_desk)


def test_a_server_that_was_restarted_is_talked_to_again_by_itself(server: Server, company: CentralDatabase) -> None:
    central = company.open("Ginza", server.place)
    assert central.own_desk() == "Ginza"
    server.stop()
    refused(RemoteUnavailable, central.own_desk)
    server.start()
    assert central.own_desk() == "Ginza"
    server.stop()
    server.start()
    assert central.own_desk() == "Ginza", "the pool's connections had all died, and nobody was told"


def test_connections_that_were_cut_while_nobody_used_them_are_replaced(server: Server, company: CentralDatabase) -> None:
    central = company.open("Ginza", server.place)
    for _ in range(5):
        assert central.own_desk() == "Ginza"
        company.ask("SELECT pg_terminate_backend(%s)", the_only_backend(company))


def test_a_connection_that_is_cut_in_a_transaction_is_told_and_nothing_of_it_stays(
    server: Server, company: CentralDatabase
) -> None:
    central = company.open("Ginza", server.place)

    def cut_inside() -> None:
        with central.transaction() as connection:
            connection.execute(text("SELECT coupon_desk.register_key('key')"))
            company.ask("SELECT pg_terminate_backend(%s)", the_only_backend(company))
            connection.execute(text("SELECT coupon_desk.own_desk()"))

    refused(RemoteUnavailable, cut_inside)
    assert company.ask("SELECT public_key FROM coupon_desk.desks") == [(None,)]
    assert central.own_desk() == "Ginza"


def test_a_frozen_server_is_not_waited_for(server: Server, company: CentralDatabase) -> None:
    central = company.open("Ginza", server.place)
    assert central.own_desk() == "Ginza"

    def ask() -> None:
        with central.connection(seconds=0.5) as connection, server.frozen():
            connection.execute(text("SELECT 1"))

    began = time.monotonic()
    refused(RemoteUnavailable, ask)
    assert time.monotonic() - began < 3
    assert central.own_desk() == "Ginza"


def test_a_statement_that_takes_too_long_is_out_of_reach_and_the_desk_goes_on(server: Server, company: CentralDatabase) -> None:
    central = company.open("Ginza", server.place)

    def slow() -> None:
        with central.connection() as connection:
            connection.execute(text("SET statement_timeout = 50; SELECT pg_sleep(60)"))

    refused(RemoteUnavailable, slow)
    assert central.own_desk() == "Ginza"


def test_many_threads_share_it_and_more_than_there_are_connections_wait_for_each_other(
    server: Server, company: CentralDatabase
) -> None:
    central = company.open("Ginza", server.place)
    start = threading.Barrier(12)

    def ask(_: int) -> list[str]:
        start.wait(timeout=30)
        return [central.own_desk() for _ in range(5)]

    with ThreadPoolExecutor(12) as pool:
        assert {name for names in pool.map(ask, range(12)) for name in names} == {"Ginza"}


def test_the_password_is_in_no_text_of_the_place(company: CentralDatabase, server: Server) -> None:
    central = company.open("Ginza", server.place)
    central.own_desk()
    assert PASSWORD not in repr(vars(central)) + repr(central.address) + str(central._engine.url)


def test_without_the_driver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigurationError) as missing:
        open_central(settings.Central(url="postgresql://desk@127.0.0.1/coupons"), lambda: None, SystemClock())
    assert 'pip install "coupon-desk[central]"' in missing.value.sentences(Language.EN)


def test_a_wrong_address_names_its_key() -> None:
    with pytest.raises(ConfigurationError) as wrong:
        open_central(settings.Central(url="postgresql://desk@db.example.com/x?sslmode=allow"), lambda: None, SystemClock())
    assert "central.url" in str(wrong.value)


def test_opening_it_does_no_network() -> None:
    central: Central = open_central(settings.Central(url="postgresql://desk@db.invalid/coupons"), lambda: None, SystemClock())
    central.close()
