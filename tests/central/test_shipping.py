"""Shipping to a real PostgreSQL: as the desk's own role, over connections that break, from homes that were tampered with."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from coupon_desk.central.shipped import ShippedTrail
from coupon_desk.clock import SystemClock
from coupon_desk.errors import RemoteUnavailable
from coupon_desk.storage.database import Database
from coupon_desk.trail.entry import NewEntry
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.shipped_verification import ShippedVerification, verify_shipped
from coupon_desk.trail.shipper import Shipper
from coupon_desk.trail.shipping import Shipment, Turn
from coupon_desk.trail.shipping_state import ShippingState, ShippingStatus
from coupon_desk.trail.trail import Trail
from coupon_desk.trail.verification import Flaw
from tests.surroundings.central_database import CentralDatabase
from tests.surroundings.tool import wait_until
from tests.trail.written import write_many

OURS = "SELECT sequence, version, previous, entry, hash FROM coupon_desk.entries WHERE desk = 'Ginza' ORDER BY sequence"


class Home:
    """One home that ships as the desk Ginza."""

    def __init__(self, file: Path, centre: CentralDatabase) -> None:
        self.file, self.centre = file, centre
        self.database = Database.open(file)
        self.database.migrate()
        self.trail = Trail(self.database, Surroundings("till 3"), SystemClock())
        self.shipped = ShippedTrail(centre.open("Ginza"))
        self.shipment = Shipment(self.database, self.trail, self.shipped, SystemClock())

    def ship(self) -> Turn:
        while (turn := self.shipment.ship_once()) is Turn.MORE:
            pass
        return turn

    def tamper(self, statement: str, *values: object) -> None:
        with self.database.write() as connection:
            connection.exec_driver_sql("DROP TRIGGER IF EXISTS entries_refuse_update")
            connection.exec_driver_sql("DROP TRIGGER IF EXISTS entries_refuse_delete")
            connection.exec_driver_sql(statement, values)

    def verify(self) -> ShippedVerification:
        return verify_shipped(self.shipped, self.trail)

    @property
    def state(self) -> ShippingState:
        return self.shipment.state(is_running=True)

    @property
    def rows(self) -> list[tuple[object, ...]]:
        with self.trail.chain() as rows:
            return [(row[0], row[1], row[2].decode(), row[3].decode(), row[4].decode()) for row in rows]


@pytest.fixture
def homes(tmp_path: Path, centre: CentralDatabase) -> Iterator[Callable[[str], Home]]:
    """Opens homes by name, each on a file of its own."""
    opened: list[Home] = []

    def open_home(name: str) -> Home:
        opened.append(Home(tmp_path / f"{name}.sqlite3", centre))
        return opened[-1]

    yield open_home
    for home in opened:
        home.database.close()


@pytest.fixture
def home(homes: Callable[[str], Home]) -> Home:
    return homes("home")


@pytest.fixture
def alarmed(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.WARNING, logger="coupon_desk.shipping"):
        yield


def test_the_centre_holds_the_trail_byte_for_byte(home: Home, centre: CentralDatabase) -> None:
    with home.trail.writing() as pen:
        pen.append(
            NewEntry("step.done", {"note": "返品 “\\n\u0000” 🎟"}, "mika", "op-1", "claim", "70934-AB12CD-500", points=500)
        )
        pen.append(NewEntry("people.signed_in", {"login": "mika"}, "mika", role="manager"))
    write_many(home.database, 2_345)
    assert home.ship() is Turn.DONE
    assert centre.ask(OURS) == home.rows
    assert home.state.state is ShippingStatus.UP_TO_DATE
    [(action, coupon)] = centre.ask("SELECT action, coupon FROM coupon_desk.entries WHERE operation = 'op-1'")
    assert (action, len(coupon)) == ("step.done", 32)


def test_an_entry_larger_than_a_batch_is_shipped_too(home: Home, centre: CentralDatabase) -> None:
    write_many(home.database, 2, "x" * 3_000_000)
    assert home.ship() is Turn.DONE
    assert centre.ask(OURS) == home.rows


def test_a_session_that_is_ended_in_the_middle_costs_nothing(home: Home, centre: CentralDatabase) -> None:
    write_many(home.database, 20_000)
    over = threading.Event()

    def end_sessions() -> None:
        while not over.wait(0.05):
            centre.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'coupon-desk%'")

    enemy = threading.Thread(target=end_sessions)
    enemy.start()
    turns = [home.ship() for _ in range(5)]
    over.set()
    enemy.join()
    turns.append(home.ship())
    assert turns[-1] is Turn.DONE
    assert Turn.ALARM not in turns
    assert centre.ask(OURS) == home.rows


def test_programs_that_ship_one_home_at_once_do_no_harm(
    home: Home, homes: Callable[[str], Home], centre: CentralDatabase
) -> None:
    write_many(home.database, 8_000)
    others = [homes("home") for _ in range(2)]
    ended: list[Turn] = []
    threads = [threading.Thread(target=lambda one=one: ended.append(one.ship())) for one in (home, *others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended == [Turn.DONE] * 3
    assert centre.ask(OURS) == home.rows
    assert len(home.rows) == 8_000, "nobody raised an alarm"


@pytest.mark.usefixtures("alarmed")
def test_an_older_copy_a_replaced_database_and_a_second_computer_are_alarms(
    home: Home, homes: Callable[[str], Home], centre: CentralDatabase, tmp_path: Path
) -> None:
    write_many(home.database, 30)
    home.ship()
    with home.database.write() as connection:
        connection.exec_driver_sql("SELECT 1")
    home.database.close()
    shutil.copy(home.file, tmp_path / "older.sqlite3")
    write_many(home.database, 30)
    home.ship()

    older = homes("older")
    assert older.ship() is Turn.ALARM
    assert "60 entries" in str(older.state.alarm)
    write_many(older.database, 40, "on another computer")
    assert older.ship() is Turn.ALARM
    assert len([one for one in older.trail.between() if one.action == "trail.shipping_alarm"]) == 1, "it is the same alarm"
    replaced = homes("replaced")
    write_many(replaced.database, 61, "made anew")
    assert replaced.ship() is Turn.ALARM

    assert centre.ask(OURS) == home.rows
    assert home.ship() is Turn.DONE
    found = older.verify()
    assert (found.centre.is_intact, found.differs_at) == (True, 31)
    assert found.trouble is not None


@pytest.mark.usefixtures("alarmed")
@pytest.mark.parametrize("column", ["hash", "previous"])
def test_the_centre_refuses_an_entry_that_is_not_chained_any_more(home: Home, centre: CentralDatabase, column: str) -> None:
    write_many(home.database, 50)
    home.ship()
    write_many(home.database, 50)
    home.tamper(f"UPDATE entries SET {column} = ? WHERE sequence = 70", "ab" * 32)
    assert home.ship() is Turn.ALARM
    refused = 71 if column == "hash" else 70
    assert f"refuses entry {refused}" in str(home.state.alarm)
    assert "audit verify" in str(home.state.todo)
    assert centre.ask("SELECT max(sequence) FROM coupon_desk.entries") == [(refused - 1,)]
    assert home.ship() is Turn.ALARM
    assert len([entry for entry in home.trail.between() if entry.action == "trail.shipping_alarm"]) == 1


@pytest.mark.usefixtures("alarmed")
def test_a_gap_in_the_trail_here_is_refused(home: Home, centre: CentralDatabase) -> None:
    write_many(home.database, 50)
    home.tamper("DELETE FROM entries WHERE sequence = 20")
    assert home.ship() is Turn.ALARM
    assert "refuses entry 21" in str(home.state.alarm)
    assert centre.ask("SELECT max(sequence) FROM coupon_desk.entries") == [(19,)]


def test_a_text_that_was_changed_before_it_was_shipped_is_found_by_verifying(home: Home) -> None:
    write_many(home.database, 50)
    home.tamper("UPDATE entries SET entry = replace(entry, 'till 3', 'till 4') WHERE sequence = 20")
    assert home.ship() is Turn.DONE, "it must not keep the later ones from being shipped"
    found = home.verify()
    assert not found.is_intact
    assert found.centre.bad is not None
    assert (found.centre.bad.sequence, found.centre.bad.why) == (20, Flaw.CHANGED)
    assert "entry 20" in str(found.trouble)


def test_what_stands_in_the_centre_is_proved_and_compared(home: Home) -> None:
    write_many(home.database, 4_100)
    home.ship()
    write_many(home.database, 3)
    found = home.verify()
    assert found.is_intact
    assert (found.desk, found.centre.checked, found.ours, found.waiting, found.trouble) == ("Ginza", 4_100, 4_103, 3, None)
    home.tamper("UPDATE entries SET entry = replace(entry, 'till 3', 'till 4') WHERE sequence = 2500")
    found = home.verify()
    assert (found.centre.is_intact, found.differs_at, found.is_intact) == (True, 2_500, False)


def test_what_the_centre_lost_in_a_restore_is_shipped_again(home: Home, centre: CentralDatabase) -> None:
    write_many(home.database, 100)
    home.ship()
    for statement in (
        "ALTER TABLE coupon_desk.entries DISABLE TRIGGER entries_stay",
        "DELETE FROM coupon_desk.entries WHERE sequence > 60",
        "ALTER TABLE coupon_desk.entries ENABLE ALWAYS TRIGGER entries_stay",
    ):
        centre.ask(statement)
    write_many(home.database, 10)
    assert home.ship() is Turn.DONE
    assert centre.ask(OURS) == home.rows
    [noted] = [entry for entry in home.trail.between() if entry.action == "trail.shipping_repeated"]
    assert noted.body == {"confirmed": 100, "held": 60}


@pytest.mark.usefixtures("alarmed")
def test_a_desk_that_was_disabled_is_told_so_and_goes_on_when_it_is_let_in_again(home: Home, centre: CentralDatabase) -> None:
    write_many(home.database, 5)
    home.ship()
    centre.ask("UPDATE coupon_desk.desks SET disabled_at = now()")
    write_many(home.database, 5)
    assert home.ship() is Turn.ALARM
    assert "does not know this desk, or it was disabled" in str(home.state.alarm)
    centre.ask("UPDATE coupon_desk.desks SET disabled_at = NULL")
    assert home.ship() is Turn.DONE
    assert centre.ask(OURS) == home.rows


def test_stopping_cuts_a_round_that_the_server_does_not_answer(home: Home, centre: CentralDatabase) -> None:
    write_many(home.database, 5)
    home.ship()
    shipper = Shipper(home.shipment)
    with centre_locked(centre):
        write_many(home.database, 5)
        shipper.start()
        wait_until(lambda: is_waiting(centre), "the batch waits for the lock")
        began = time.perf_counter()
        shipper.stop(1.0)
        assert time.perf_counter() - began < 2.0
        wait_until(lambda: not is_at_work(), "the thread has ended, although the server did not answer", seconds=3.0)
    with pytest.raises(RemoteUnavailable):
        home.shipped.head("Ginza")
    # The server may have carried it out after all: then it is there, and the next program finds it.
    assert centre.ask(OURS) in (home.rows[:5], home.rows)


class centre_locked:  # noqa: N801
    """Nobody can write into the entries as long as the block lasts."""

    def __init__(self, centre: CentralDatabase) -> None:
        import psycopg

        self._connection = psycopg.connect(host=str(centre.folder), user="postgres", dbname=centre.name)

    def __enter__(self) -> None:
        self._connection.execute("LOCK TABLE coupon_desk.entries IN EXCLUSIVE MODE")

    def __exit__(self, *_: object) -> None:
        self._connection.rollback()
        self._connection.close()


def is_at_work() -> bool:
    """Whether a thread of this process ships."""
    return any(thread.name == "shipping" for thread in threading.enumerate())


def is_waiting(centre: CentralDatabase) -> bool:
    """Whether a session of the program waits for a lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name LIKE 'coupon-desk%'"
    return centre.ask(query) != [(0,)]
