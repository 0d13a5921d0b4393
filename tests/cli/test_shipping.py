"""`central ship` and `central verify`: how they end, and what a script is told."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing

import pytest

from tests.app.test_central_claims import out_of_reach
from tests.cli.conftest import CommandLine
from tests.cli.test_central import share
from tests.surroundings.central_database import CentralDatabase

COUNT = "SELECT count(*) FROM coupon_desk.entries"


@pytest.fixture
def desk(cli: CommandLine, centre: CentralDatabase) -> CommandLine:
    """The command line on a home that ships as the desk Ginza."""
    share(cli, centre.url(centre.add_desk("Ginza")))
    return cli


def tamper(desk: CommandLine, *statements: str) -> None:
    with closing(sqlite3.connect(desk.home / "desk.sqlite3")) as connection, connection:
        for trigger in ("entries_refuse_update", "entries_refuse_delete"):
            connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        for statement in statements:
            connection.execute(statement)


def test_what_waits_is_sent_and_what_stands_there_is_proved(desk: CommandLine, centre: CentralDatabase) -> None:
    shipped = desk("central", "ship", "--json")
    assert shipped.status == 0, shipped.err
    told = shipped.document
    [(count,)] = centre.ask(COUNT)
    assert (told["state"], told["shipped"], told["behind"], told["alarm"]) == ("up_to_date", count, 0, None)
    assert told["last_contact_at"] is not None
    again = desk.here("central", "ship")
    assert (again.status, "holds the whole trail" in again.out) == (0, True)

    verified = desk("central", "verify", "--json")
    assert verified.status == 0, verified.err
    told = verified.document
    assert (told["intact"], told["desk"], told["bad"], told["differs_at"], told["trouble"]) == (True, "Ginza", None, None, None)
    assert told["here"] == told["entries"] + told["waiting"]
    by_a_person = desk.here("central", "verify", operator="auditor")
    assert by_a_person.status == 0
    assert "each is what was written, in its place" in by_a_person.out
    assert "They are the same as entries 1 to" in by_a_person.out
    assert desk.here("central", "verify", operator="clerk").status == 3
    status = desk.here("central", "status", "--json").document["central"]
    assert status["shipping"]["state"] in {"up_to_date", "waiting"}


def test_the_key_that_signs_here_is_the_one_that_the_centre_keeps(desk: CommandLine, centre: CentralDatabase) -> None:
    assert desk.here("sync").status == 0, "a command that works in the home signs"
    [(kept,)] = centre.ask("SELECT public_key FROM coupon_desk.desks")
    verified = desk.here("central", "verify", "--json")
    assert verified.status == 0, verified.err
    assert verified.document["key"] == {"here": kept, "there": kept}
    assert "It keeps the key that signs here:" in desk.here("central", "verify").out
    centre.ask("UPDATE coupon_desk.desks SET public_key = repeat('ab', 32)")
    foreign = desk.here("central", "verify", "--json")
    assert (foreign.status, foreign.document["intact"]) == (5, True)
    assert "another key of this desk" in foreign.document["trouble"]


def test_every_call_ships_a_moment_what_it_wrote(desk: CommandLine, centre: CentralDatabase) -> None:
    assert desk("search", "70934").status == 0
    [(count,)] = centre.ask(COUNT)
    assert count > 0
    [(action,)] = centre.ask("SELECT action FROM coupon_desk.entries ORDER BY sequence DESC LIMIT 1")
    with closing(sqlite3.connect(desk.home / "desk.sqlite3")) as connection:
        newest = connection.execute("SELECT sequence, action FROM entries ORDER BY sequence DESC LIMIT 1").fetchone()
    assert newest == (count, action)


def test_a_centre_that_is_out_of_reach_is_told_and_nothing_is_lost(desk: CommandLine, centre: CentralDatabase) -> None:
    with out_of_reach(centre):
        ended = desk.here("central", "ship", "--json")
        assert (ended.status, ended.document["state"]) == (4, "out_of_reach")
        assert ended.document["behind"] > 0
        said = desk.here("central", "ship")
        assert (said.status, "nothing is lost" in said.out) == (4, True)
        assert desk.here("central", "verify").status == 4
    assert desk.here("central", "ship").status == 0


def test_a_trail_that_does_not_fit_is_an_alarm_for_a_person(
    desk: CommandLine, centre: CentralDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    assert desk.here("central", "ship").status == 0
    tamper(desk, "DELETE FROM entries WHERE sequence > 3")
    with caplog.at_level(logging.WARNING, logger="coupon_desk.shipping"):
        ended = desk.here("central", "ship", "--json")
    assert (ended.status, ended.document["state"]) == (5, "alarm")
    assert "another entry" in ended.document["alarm"] or "ends at entry" in ended.document["alarm"]
    said = desk.here("central", "ship")
    assert said.status == 5
    assert "Nothing more is shipped." in said.out
    assert "newest copy of its database" in said.out
    doctor = desk.here("doctor", "--json", operator="owner").document
    [check] = [one for one in doctor["checks"] if one["name"] == "Shipping"]
    assert (check["ok"], "newest copy" in check["mend"]) == (False, True)
    verified = desk.here("central", "verify", "--json")
    assert (verified.status, verified.document["intact"], verified.document["differs_at"]) == (5, False, 4)


def test_without_a_central_database_the_commands_say_so(cli: CommandLine) -> None:
    for command in ("ship", "verify"):
        ended = cli.here("central", command)
        assert ended.status == 2
        assert "No central database is configured." in ended.err
