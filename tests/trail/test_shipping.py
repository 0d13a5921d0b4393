"""Shipping the trail: everything once and in order, whatever is away, lost or wrong; and what it says while it waits."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coupon_desk.central.refusals import UnknownDesk, out_of_reach
from coupon_desk.clock import VirtualClock, to_text
from coupon_desk.errors import ExitStatus
from coupon_desk.storage.database import Database
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.shipper import LONGEST_PAUSE_SECONDS, LOOK_SECONDS, Shipper
from coupon_desk.trail.shipping import JUST_SECONDS, Shipment, Turn
from coupon_desk.trail.shipping_batch import BATCH_BYTES, BATCH_ROWS
from coupon_desk.trail.shipping_ledger import Ledger, put
from coupon_desk.trail.shipping_state import Alarm, AlarmKind, ShippingStatus
from coupon_desk.trail.trail import Trail
from coupon_desk.vault.errors import KeyringIsLocked
from tests.surroundings.tool import wait_until
from tests.trail.centre import CentreInMemory
from tests.trail.written import write_many

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class Home:
    """One home with its trail and its shipping; `again` is the same home in a new process."""

    def __init__(self, file: Path, centre: CentreInMemory, clock: VirtualClock) -> None:
        self.file, self.centre, self.clock = file, centre, clock
        self.database = Database.open(file)
        self.database.migrate()
        self.trail = Trail(self.database, Surroundings("till 3"), clock)
        self.shipment = Shipment(self.database, self.trail, centre, clock)

    def again(self) -> Home:
        self.database.close()
        return Home(self.file, self.centre, self.clock)

    def write(self, count: int, text: str = "") -> None:
        write_many(self.database, count, text, to_text(self.clock.now()))
        self.trail.on_append()

    def ship(self) -> Turn:
        """All that waits, as far as it goes."""
        while (turn := self.shipment.ship_once()) is Turn.MORE:
            pass
        return turn

    @property
    def actions(self) -> list[str]:
        return [entry.action for entry in self.trail.between() if entry.action != "test.written"]

    @property
    def status(self) -> ShippingStatus:
        return self.shipment.state(is_running=True).state

    def stands_in_the_centre(self) -> bool:
        with self.trail.chain() as rows:
            ours = [(row[0], row[4].decode()) for row in rows]
        return [(row[0], row[4]) for row in self.centre.rows] == ours


@pytest.fixture
def centre() -> CentreInMemory:
    return CentreInMemory()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
def home(tmp_path: Path, centre: CentreInMemory, clock: VirtualClock) -> Iterator[Home]:
    opened = Home(tmp_path / "desk.sqlite3", centre, clock)
    yield opened
    opened.database.close()


@pytest.fixture
def alarmed(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """An alarm is also told in the log."""
    with caplog.at_level(logging.WARNING, logger="coupon_desk.shipping"):
        yield


def test_what_was_written_arrives_whole_and_in_order(home: Home, centre: CentreInMemory) -> None:
    home.write(BATCH_ROWS * 2 + 7)
    assert home.ship() is Turn.DONE
    assert home.stands_in_the_centre()
    assert centre.batches == [BATCH_ROWS, BATCH_ROWS, 7]
    with home.trail.chain() as rows:
        assert [row[3].decode() for row in rows] == [row[3] for row in centre.rows]
    state = home.shipment.state(is_running=True)
    assert (state.state, state.shipped, state.behind) == (ShippingStatus.UP_TO_DATE, BATCH_ROWS * 2 + 7, 0)
    assert (state.oldest_unshipped_at, state.last_contact_at) == (None, START)


def test_a_batch_ends_with_the_entry_that_makes_it_too_large(home: Home, centre: CentreInMemory) -> None:
    home.write(7, "x" * (BATCH_BYTES // 3))
    home.write(1, "x" * (BATCH_BYTES * 2))
    home.write(1)
    assert home.ship() is Turn.DONE
    assert centre.batches == [3, 3, 2, 1]
    assert home.stands_in_the_centre()


def test_what_waits_is_told_without_asking_the_centre(home: Home, centre: CentreInMemory, clock: VirtualClock) -> None:
    home.write(2)
    home.ship()
    asked = centre.asked
    clock.advance(60)
    home.write(1)
    clock.advance(60)
    home.write(3)
    state = home.shipment.state(is_running=False)
    assert (state.state, state.shipped, state.behind) == (ShippingStatus.WAITING, 2, 4)
    assert state.oldest_unshipped_at == START + timedelta(seconds=60)
    assert home.status is ShippingStatus.SENDING
    assert centre.asked == asked


def test_an_answer_that_was_lost_is_no_reason_to_send_twice(home: Home, centre: CentreInMemory) -> None:
    home.write(10)
    centre.loses_answers = 1
    assert home.ship() is Turn.OUT_OF_REACH
    assert home.status is ShippingStatus.OUT_OF_REACH
    assert home.ship() is Turn.DONE
    assert home.stands_in_the_centre()
    assert centre.batches == [10]


def test_a_line_that_bears_little_gets_little_and_then_more_again(home: Home, centre: CentreInMemory) -> None:
    home.write(400)
    centre.loses_answers = 1
    home.ship()
    home.write(400)
    assert home.ship() is Turn.DONE
    assert centre.batches == [400, 100, 200, 100]
    assert home.stands_in_the_centre()


def test_a_week_out_of_reach_loses_nothing(home: Home, centre: CentreInMemory, clock: VirtualClock) -> None:
    shipper = Shipper(home.shipment, chance=lambda: 1.0)
    home.write(5)
    while shipper.turn() == 0.0:
        pass
    centre.trouble = out_of_reach("no route")
    week, written, tries = START + timedelta(days=7), 5, 0
    next_writing = START
    while clock.now() < week:
        if clock.now() >= next_writing:
            next_writing += timedelta(hours=2)
            home.write(30)
            written += 30
            shipper.appended()
        clock.advance(shipper.turn())
        tries += 1
    assert len(centre.rows) == 5
    assert tries < 4_000, "a centre that is away is not asked all the time"
    state = home.shipment.state(is_running=True)
    assert (state.state, state.shipped, state.behind) == (ShippingStatus.OUT_OF_REACH, 5, written - 5)
    assert state.oldest_unshipped_at == START
    assert state.last_contact_at == START
    assert state.alarm is None
    centre.trouble = None
    while shipper.turn() == 0.0:
        pass
    assert home.status is ShippingStatus.UP_TO_DATE
    assert home.stands_in_the_centre()
    assert len(centre.rows) == written
    assert home.actions == []


def test_pauses_grow_to_a_limit_and_no_two_desks_come_back_together(home: Home, centre: CentreInMemory) -> None:
    centre.trouble = out_of_reach("no route")
    home.write(1)
    early, late = Shipper(home.shipment, chance=lambda: 0.0), Shipper(home.shipment, chance=lambda: 1.0)
    assert [early.turn() for _ in range(11)] == [0.5, 1, 2, 4, 8, 16, 32, 64, 128, 150, 150]
    assert [late.turn() for _ in range(11)][-2:] == [LONGEST_PAUSE_SECONDS] * 2
    late.wake()
    assert late.turn() == 1.0, "from the beginning, where somebody asked for it"


def test_a_centre_that_just_did_not_answer_is_left_alone_by_the_next_program(
    home: Home, centre: CentreInMemory, clock: VirtualClock
) -> None:
    centre.trouble = out_of_reach("no route")
    home.write(1)
    home.ship()
    home = home.again()
    clock.advance(20)
    assert home.shipment.seconds_to_be_patient() == JUST_SECONDS - 20
    clock.advance(JUST_SECONDS)
    assert home.shipment.seconds_to_be_patient() == 0
    centre.trouble = None
    home.ship()
    assert home.shipment.seconds_to_be_patient() == 0
    assert home.status is ShippingStatus.UP_TO_DATE


@pytest.mark.usefixtures("alarmed")
def test_an_older_copy_of_the_database_is_an_alarm_until_the_newest_is_back(
    home: Home, centre: CentreInMemory, tmp_path: Path
) -> None:
    home.write(10)
    home.ship()
    home.database.close()
    shutil.copy(home.file, tmp_path / "older")
    home = home.again()
    home.write(10)
    home.ship()
    home.database.close()
    shutil.copy(home.file, tmp_path / "newest")
    shutil.copy(tmp_path / "older", home.file)

    home = Home(home.file, centre, home.clock)
    assert home.ship() is Turn.ALARM
    assert home.ship() is Turn.ALARM
    state = home.shipment.state(is_running=True)
    assert state.state is ShippingStatus.ALARM
    assert state.state.exit_status is ExitStatus.NEEDS_A_PERSON
    assert "restored from an older copy" in str(state.alarm)
    assert "20 entries" in str(state.alarm)
    assert "newest copy" in str(state.todo)
    assert home.actions == ["trail.shipping_alarm"], "once, not each time"
    home = home.again()
    assert home.ship() is Turn.ALARM
    assert home.actions == ["trail.shipping_alarm"], "not by the next program either"
    assert len(centre.rows) == 20

    home.database.close()
    shutil.copy(tmp_path / "newest", home.file)
    home = Home(home.file, centre, home.clock)
    home.write(1)
    assert home.ship() is Turn.DONE
    assert home.stands_in_the_centre()


@pytest.mark.usefixtures("alarmed")
def test_an_older_copy_that_was_worked_in_is_a_fork(home: Home, centre: CentreInMemory, tmp_path: Path) -> None:
    home.write(5)
    home.ship()
    home.database.close()
    shutil.copy(home.file, tmp_path / "older")
    home = home.again()
    home.write(1)
    home.ship()
    home.database.close()
    shutil.copy(tmp_path / "older", home.file)
    home = Home(home.file, centre, home.clock)
    home.write(40, "afterwards")
    assert home.ship() is Turn.ALARM
    [alarm] = [entry for entry in home.trail.between() if entry.action == "trail.shipping_alarm"]
    assert (alarm.body["kind"], alarm.body["place"]) == ("fork", 6)
    assert len(centre.rows) == 6
    home.write(3)
    assert home.ship() is Turn.ALARM
    assert len(centre.rows) == 6


@pytest.mark.usefixtures("alarmed")
def test_a_replaced_database_is_a_fork(home: Home, centre: CentreInMemory, tmp_path: Path) -> None:
    home.write(5)
    home.ship()
    other = Home(tmp_path / "other.sqlite3", centre, home.clock)
    other.write(9, "elsewhere")
    assert other.ship() is Turn.ALARM
    assert "replaced" in str(other.shipment.state(is_running=True).alarm)
    other.database.close()
    assert len(centre.rows) == 5


@pytest.mark.usefixtures("alarmed")
def test_an_alarm_is_over_when_its_cause_is_gone_and_the_trail_says_so(home: Home, centre: CentreInMemory) -> None:
    home.write(3)
    centre.trouble = UnknownDesk()
    assert home.ship() is Turn.ALARM
    state = home.shipment.state(is_running=True)
    assert "add-desk" in str(state.todo)
    assert state.behind == 4
    centre.trouble = None
    assert home.ship() is Turn.DONE
    assert home.actions == ["trail.shipping_alarm", "trail.shipping_resumed"]
    assert home.status is ShippingStatus.UP_TO_DATE
    assert home.shipment.state(is_running=True).alarm is None
    assert home.stands_in_the_centre()


@pytest.mark.usefixtures("alarmed")
def test_an_entry_that_is_refused_stops_it_and_everything_before_it(home: Home, centre: CentreInMemory) -> None:
    home.write(100)
    centre.refuses = lambda row: row[0] == 38
    assert home.ship() is Turn.ALARM
    assert len(centre.rows) == 37
    state = home.shipment.state(is_running=True)
    assert "entry 38" in str(state.alarm)
    assert "Not this one." in str(state.alarm)
    assert home.ship() is Turn.ALARM
    assert home.actions == ["trail.shipping_alarm"]
    centre.refuses = lambda row: False
    assert home.ship() is Turn.DONE
    assert home.actions == ["trail.shipping_alarm", "trail.shipping_resumed"]
    assert home.stands_in_the_centre()


@pytest.mark.usefixtures("alarmed")
@pytest.mark.parametrize("bytes_written", [b"\xff\xfe", b"a\x00b"])
def test_an_entry_that_is_no_text_any_more_is_an_alarm(home: Home, centre: CentreInMemory, bytes_written: bytes) -> None:
    home.write(5)
    with home.database.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER entries_refuse_update")
        connection.exec_driver_sql("UPDATE entries SET entry = CAST(? AS TEXT) WHERE sequence = 4", (bytes_written,))
    assert home.ship() is Turn.ALARM
    assert len(centre.rows) == 3
    assert "entry 4" in str(home.shipment.state(is_running=True).alarm)


@pytest.mark.usefixtures("alarmed")
def test_a_keyring_that_gives_no_password_is_told_as_what_it_is(home: Home, centre: CentreInMemory) -> None:
    home.write(1)
    centre.trouble = KeyringIsLocked("")
    assert home.ship() is Turn.ALARM
    assert home.shipment.state(is_running=True).alarm == KeyringIsLocked("").what


def test_what_the_centre_has_lost_is_sent_again(home: Home, centre: CentreInMemory) -> None:
    home.write(20)
    home.ship()
    del centre.rows[12:]
    home.write(5)
    assert home.ship() is Turn.DONE
    assert home.stands_in_the_centre()
    [noted] = [entry for entry in home.trail.between() if entry.action == "trail.shipping_repeated"]
    assert noted.body == {"confirmed": 20, "held": 12}


def test_under_a_new_name_the_whole_trail_is_shipped(home: Home, centre: CentreInMemory) -> None:
    home.write(20)
    home.ship()
    centre.name = "ginza 2"
    home = home.again()
    home.write(1)
    assert home.ship() is Turn.DONE
    assert home.stands_in_the_centre()
    assert {name: len(rows) for name, rows in centre.kept.items()} == {"ginza": 20, "ginza 2": 21}
    assert home.actions == []


def test_programs_that_ship_one_home_at_once_do_no_harm(home: Home, centre: CentreInMemory) -> None:
    home.write(3_000)
    others = [Home(home.file, centre, home.clock) for _ in range(3)]
    threads = [threading.Thread(target=one.ship) for one in (home, *others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in others:
        one.database.close()
    assert home.stands_in_the_centre()
    assert home.actions == []
    assert home.status is ShippingStatus.UP_TO_DATE


def test_a_cursor_that_was_tampered_with_is_corrected_by_the_centre(home: Home, centre: CentreInMemory) -> None:
    home.write(5)
    home.ship()
    with home.database.write() as connection:
        put(connection, sequence=2, hash="f" * 64, alarm="{}")
    home = home.again()
    assert home.ship() is Turn.DONE
    assert Ledger(home.database).confirmed().sequence == 5
    assert home.status is ShippingStatus.UP_TO_DATE
    assert home.actions == []


def test_an_alarm_reads_back_as_it_was_kept() -> None:
    refused = UnknownDesk()
    alarm = Alarm(AlarmKind.NOT_LET_IN, 0, refused.what, refused.todo, START)
    assert Alarm.from_json(alarm.to_json()) == alarm
    assert Alarm.from_json("[]") is None


def test_the_desk_s_key_is_shown_at_the_first_contact_after_it_is_known(home: Home, centre: CentreInMemory) -> None:
    keys: list[str | None] = [None]
    home.shipment = Shipment(home.database, home.trail, centre, home.clock, public_key=lambda: keys[-1])
    home.write(1)
    assert home.ship() is Turn.DONE
    assert centre.keys == {}
    keys.append("ab" * 32)
    home = home.again()
    home.shipment = Shipment(home.database, home.trail, centre, home.clock, public_key=lambda: keys[-1])
    home.ship()
    assert centre.keys == {"ginza": "ab" * 32}
    keys.append("cd" * 32)
    home.shipment = Shipment(home.database, home.trail, centre, home.clock, public_key=lambda: keys[-1])
    assert home.ship() is Turn.DONE, "another key is for who verifies; entries go on"
    assert centre.keys == {"ginza": "ab" * 32}


# The thread


def test_the_thread_sends_what_is_written_while_it_runs(home: Home, centre: CentreInMemory) -> None:
    shipper = Shipper(home.shipment)
    home.trail.on_append = shipper.appended
    shipper.start()
    home.write(1)
    wait_until(lambda: len(centre.rows) == 1, "the first entry arrives")
    home.write(2)
    wait_until(lambda: len(centre.rows) == 3, "the next ones arrive", seconds=LOOK_SECONDS - 1)
    wait_until(lambda: shipper.state().state is ShippingStatus.UP_TO_DATE, "that they did is kept")
    assert shipper.is_running
    shipper.stop(2.0)
    assert not shipper.is_running


def test_stopping_sends_what_was_written_last(home: Home, centre: CentreInMemory) -> None:
    shipper = Shipper(home.shipment)
    shipper.start()
    home.write(2_500)
    shipper.stop(2.0)
    assert home.stands_in_the_centre()
    shipper.stop(2.0)


def test_stopping_does_not_wait_for_a_centre_that_is_silent(home: Home, centre: CentreInMemory) -> None:
    centre.is_silent = True
    shipper = Shipper(home.shipment)
    home.write(1)
    shipper.start()
    wait_until(lambda: centre.asked > 0, "the centre is asked")
    start = time.perf_counter()
    home.write(1)
    assert time.perf_counter() - start < 0.5, "nobody who writes waits for the centre"
    shipper.stop(1.0)
    assert time.perf_counter() - start < 2.0
    assert home.status is ShippingStatus.OUT_OF_REACH


def test_a_round_that_was_cut_off_by_us_says_nothing_of_a_centre_that_answered(home: Home, centre: CentreInMemory) -> None:
    home.write(1)
    home.ship()
    home.write(1)
    centre.is_silent = True
    home.shipment.abort()
    assert home.shipment.ship_once() is Turn.OUT_OF_REACH
    assert home.status is ShippingStatus.SENDING


def test_a_centre_that_is_away_is_not_asked_again_for_each_entry(home: Home, centre: CentreInMemory) -> None:
    centre.trouble = out_of_reach("no route")
    home.write(1)
    shipper = Shipper(home.shipment, chance=lambda: 1.0)
    for _ in range(12):
        shipper.turn()
    home.trail.on_append = shipper.appended
    asked = centre.asked
    shipper.start()
    wait_until(lambda: centre.asked == asked + 1, "a program that begins tries once")
    for _ in range(20):
        home.write(1)
    assert centre.asked == asked + 1
    centre.trouble = None
    shipper.wake()
    wait_until(home.stands_in_the_centre, "waking it tries at once")
    shipper.stop(2.0)


def test_a_fault_in_shipping_is_logged_and_tried_again(
    home: Home, centre: CentreInMemory, caplog: pytest.LogCaptureFixture
) -> None:
    home.write(1)
    shipper = Shipper(home.shipment, chance=lambda: 1.0)

    def fail(row: object) -> bool:
        raise ZeroDivisionError

    centre.refuses = fail
    with caplog.at_level(logging.ERROR, logger="coupon_desk.shipping"):
        assert shipper.turn() == 1.0
    assert "ZeroDivisionError" in caplog.text
    centre.refuses = lambda row: False
    shipper.turn()
    assert home.stands_in_the_centre()


def test_a_program_that_is_closed_at_the_very_moment_it_begins_to_ship_ends_quietly(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipper = Shipper(home.shipment)
    begin = threading.Thread.start

    def close_and_begin(thread: threading.Thread) -> None:
        shipper.stop(1.0)
        begin(thread)

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", close_and_begin)
        shipper.start()
    shipper.stop(1.0)
    assert not shipper.is_running
