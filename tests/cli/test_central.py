"""`central`: an administrator prepares the shared database and lets desks in; a desk sees how it stands there."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest

from coupon_desk.central.claims import PostgresClaims
from coupon_desk.central.version import KNOWN
from coupon_desk.coupons.code import CouponCode
from coupon_desk.training.shop import TrainingShop
from tests.central.server import Server, company_server
from tests.cli.conftest import CommandLine
from tests.cli.test_asking import at_a_terminal
from tests.surroundings.central_database import PASSWORD, CentralDatabase, central_database

ADMINISTRATORS_PASSWORD = "the administrator's own"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with company_server(tmp_path_factory.mktemp("authority")) as running:
        yield running


@pytest.fixture
def alarmed(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A trail that cannot be shipped is also told in the log."""
    with caplog.at_level(logging.WARNING, logger="coupon_desk.shipping"):
        yield


@pytest.fixture
def company(server: Server) -> Iterator[CentralDatabase]:
    """An empty database, and an administrator `boss` who needs a password over the network."""
    with central_database(server.folder, server.port, prepared=False) as database:
        database.ask(f"CREATE ROLE boss SUPERUSER LOGIN PASSWORD '{ADMINISTRATORS_PASSWORD.replace(chr(39), chr(39) * 2)}'")
        yield database
        database.ask("DROP ROLE boss")


def share(cli: CommandLine, url: str) -> None:
    """Write the central database into the home's configuration."""
    config = cli.home / "config.toml"
    config.write_text(config.read_text(encoding="utf-8") + f'\n[central]\nurl = "{url}"\n', encoding="utf-8")


@pytest.mark.usefixtures("alarmed")
def test_from_an_empty_database_to_a_desk_that_works_with_it(
    cli: CommandLine, empty_cli: CommandLine, company: CentralDatabase, server: Server, shop: TrainingShop
) -> None:
    administrator, url = empty_cli, f"postgresql://boss@{server.place}/{company.name}"
    administrator.extra["PGPASSWORD"] = ADMINISTRATORS_PASSWORD
    made = administrator("central", "init", "--url", url, "--json")
    assert made.status == 0, made.err
    assert made.document["central"] == {"server": f"localhost/{company.name}", "before": None, "version": KNOWN}
    again = administrator.here("central", "init", "--url", url)
    assert (again.status, "up to date" in again.out) == (0, True)

    role = f"ginza_{company.name[-12:]}"
    added = administrator.here("central", "add-desk", "Ginza", "--role", role, "--url", url, "--json", stdin=f"{PASSWORD}\n")
    assert added.status == 0, added.err
    theirs = f"postgresql://{role}@{server.place}/{company.name}"
    assert added.document["desk"] == {"name": "Ginza", "role": role, "is_new": True, "url": theirs}
    assert PASSWORD not in added.out + added.err
    assert not administrator.home.exists(), "the administrator needs no home"

    share(cli, f"{theirs}?sslmode=verify-full&sslrootcert={server.authority}")
    no_password = cli.here("central", "status", "--json")
    assert (no_password.status, "central.password" in no_password.document["error"]["todo"]) == (5, True)
    assert cli.here("secrets", "set", "central.password", operator="owner", stdin=PASSWORD).status == 0
    status = cli.here("central", "status", "--json")
    assert status.status == 0, status.err
    found = status.document["central"]
    assert (found["desk"], found["encrypted"], found["version"], found["claims"]) == ("Ginza", True, KNOWN, [])
    assert found["entries"]["here"] > 0
    assert (found["requests"], found["allowances"]) == ({"here": 0, "elsewhere": 0}, 0)
    doctor = cli.here("doctor", "--json", operator="owner")
    (check,) = [one for one in doctor.document["checks"] if one["name"] == "Central database"]
    assert check["ok"], check
    assert "encrypted, and knows this desk as Ginza" in check["found"]

    code = CouponCode.parse(str(shop.showcase.example.code))
    PostgresClaims(company.open_as(role), "s").take(code, "op-1", "manager")
    held = cli.here("central", "status")
    assert held.status == 0
    assert code.masked in held.out
    assert "op-1" in held.out
    assert "0 of this desk, 0 of others" in held.out

    disabled = administrator.here("central", "disable-desk", "Ginza", "--url", url)
    assert (disabled.status, "leaves 1 claim open" in disabled.out) == (0, True)
    locked_out = cli.here("central", "status", "--json")
    assert locked_out.status == 5
    assert "add-desk" in locked_out.document["error"]["todo"]
    company.ask("UPDATE coupon_desk.claims SET ended_at = now(), ending = 'released'")


def test_the_administrator_s_password_is_read_from_standard_input_where_the_server_wants_one(
    empty_cli: CommandLine, company: CentralDatabase, server: Server
) -> None:
    url = f"postgresql://boss@{server.place}/{company.name}"
    assert empty_cli.here("central", "init", "--url", url, stdin=f"{ADMINISTRATORS_PASSWORD}\n").status == 0
    wrong = empty_cli.here("central", "init", "--url", url, "--json", stdin="guessed\n")
    assert wrong.status == 5
    assert "administrator's password" in wrong.document["error"]["what"]
    no_terminal = empty_cli("central", "add-desk", "Ginza", "--url", url, "--json", stdin=f"{PASSWORD}\n")
    assert no_terminal.status == 2
    assert "PGPASSWORD" in no_terminal.document["error"]["todo"]
    assert company.ask("SELECT count(*) FROM coupon_desk.desks") == [(0,)]


def test_at_a_terminal_passwords_are_asked_for_and_never_shown(
    empty_cli: CommandLine, company: CentralDatabase, server: Server
) -> None:
    url, role = f"postgresql://boss@{server.place}/{company.name}", f"ginza_{company.name[-12:]}"
    company.prepare()
    words = ("central", "add-desk", "Ginza", "--role", role, "--url", url)
    with at_a_terminal(empty_cli, *words) as (person, process):
        person.answer("New password of the desk Ginza", PASSWORD)
        person.answer("The same password again", PASSWORD)
        person.answer("Administrator's password for localhost", ADMINISTRATORS_PASSWORD)
        rest = person.rest()
        assert process.wait(timeout=30) == 0, rest
    assert "may work with" in rest
    assert PASSWORD not in rest
    assert ADMINISTRATORS_PASSWORD not in rest
    with at_a_terminal(empty_cli, *words) as (person, process):
        person.answer("New password", PASSWORD)
        person.answer("The same password again", "something else")
        assert "differ" in person.rest()
        assert process.wait(timeout=30) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("init", "--url", "postgresql://boss:hunter2@db.example.com/x"), "no password in the URL"),
        (("init", "--url", "postgresql://boss@db.example.com/x?sslmode=disable"), "verify-full"),
        (("add-desk", "Ginza", "--url", "postgresql://boss@/x"), "?host=/FOLDER"),
        (("init",), "no configuration yet"),
        (("disable-desk", "Ginza"), "no configuration yet"),
    ],
)
def test_a_wrong_address_is_refused_before_anything_is_asked(empty_cli: CommandLine, words: tuple[str, ...], told: str) -> None:
    ended = empty_cli.here("central", *words, "--json", stdin=f"{PASSWORD}\n")
    assert ended.status == 2
    assert told in ended.document["error"]["what"]
    assert "hunter2" not in ended.out + ended.err


def test_a_home_without_a_central_database_says_so(cli: CommandLine) -> None:
    for words in (("central", "status"), ("central", "init")):
        ended = cli.here(*words, "--json")
        assert ended.status == 2
        assert "No central database is configured" in ended.document["error"]["what"]
    checks = cli.here("doctor", "--json", operator="owner").document["checks"]
    assert "Central database" not in {check["name"] for check in checks}


@pytest.mark.usefixtures("alarmed")
def test_the_doctor_tells_what_is_wrong_with_the_central_database(cli: CommandLine, centre: CentralDatabase) -> None:
    def central_check() -> tuple[bool, str, str | None]:
        document = cli.here("doctor", "--json", operator="owner").document
        (check,) = [one for one in document["checks"] if one["name"] == "Central database"]
        return check["ok"], check["found"], check["mend"]

    share(cli, centre.url(centre.add_desk("Ginza")))
    ok, found, _ = central_check()
    assert (ok, "on this computer" in found) == (True, True)
    centre.ask("GRANT UPDATE ON coupon_desk.entries TO coupon_desk_desk")
    ok, found, mend = central_check()
    assert not ok
    assert "entries: UPDATE" in found
    assert mend is not None
    assert "central init" in mend
    centre.prepare()
    centre.ask("DELETE FROM coupon_desk.schema_version WHERE version = %s", KNOWN)
    ok, found, mend = central_check()
    assert not ok
    assert "older version" in found
    config = cli.home / "config.toml"
    config.write_text(re.sub(r'url = "postgresql.*', 'url = "postgresql://x@127.0.0.1:1/x"', config.read_text()))
    ok, found, mend = central_check()
    assert (ok, found) == (False, "The central database is out of reach.")
