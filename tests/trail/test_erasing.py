"""Erasing: what was said of a customer is gone for good, and the chain proves every entry all the same."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.errors import ExitStatus
from coupon_desk.storage import database as database_module
from coupon_desk.storage.database import Database, DatabaseBusy
from coupon_desk.trail.entry import NewEntry
from coupon_desk.trail.erasing import StillAtWork
from coupon_desk.trail.index import OperationIndex, OperationRow
from coupon_desk.trail.trail import Trail
from tests.trail.conftest import CODE, NOW, tamper
from tests.trail.old_trails import make_old_home
from tests.trail.test_old_trails import TOLD

CUSTOMER = "gid://shopify/Customer/7170934"
OTHER = CouponCode("70934-ZZ99ZZ-300")
THIRD = CouponCode("11111-CCCCCC-100")
NOTE = "Taro Yamada, taro@example.com"


def work_on(trail: Trail, code: CouponCode, operation: str, customer: str | None, *, is_open: bool = False) -> None:
    with trail.writing() as pen:
        for action in ("operation.opened", "operation.completed"):
            pen.append(
                NewEntry(action, {"note": NOTE, "code": code.text}, "mika", operation, None, code.text, customer=customer)
            )
        state = "running" if is_open else "completed"
        pen.index(OperationRow(operation, code, "cancel", state, "mika", code.points, NOW, NOW, None, is_open, is_open))


def keys(file: Path) -> list[bytes]:
    with closing(sqlite3.connect(file)) as connection:
        return [key for (key,) in connection.execute("SELECT key FROM subject_keys")]


def on_disk(file: Path) -> bytes:
    """Everything that the database's files hold, its log included."""
    return b"".join(one.read_bytes() for one in sorted(file.parent.glob(f"{file.name}*")))


def test_an_erased_customer_is_unreadable_everywhere_and_the_chain_proves_it(
    database: Database, trail: Trail, file: Path
) -> None:
    for number in range(40):
        work_on(trail, CouponCode(f"1{number:04d}-AAAAAA-100"), f"before-{number}", "1")
    work_on(trail, CODE, "op-1", CUSTOMER)
    work_on(trail, OTHER, "op-2", CUSTOMER)
    for number in range(40):
        work_on(trail, CouponCode(f"2{number:04d}-BBBBBB-100"), f"after-{number}", "2")
    theirs = keys(file)[40:42]
    assert all(key in on_disk(file) for key in theirs)
    head = trail.head()

    erased = trail.erase_customer("7170934", "owner", role="admin")

    assert (erased.keys, erased.operations, erased.codes, erased.kept_entries) == (2, 2, (CODE, OTHER), 0)
    left = on_disk(file)
    assert not any(key in left for key in theirs)
    assert not any(text.encode() in left for text in (CODE.text, OTHER.text, NOTE, "7170934"))
    assert file.with_name(f"{file.name}-wal").stat().st_size == 0
    found = trail.verify()
    assert (found.is_intact, found.checked) == (True, head.sequence + 1)
    assert {entry.is_erased for entry in trail.of_code(CODE)} == {True}
    assert [(entry.actor, entry.action, entry.code) for entry in trail.of_operation("op-1")] == [
        ("mika", "operation.opened", CODE.masked),
        ("mika", "operation.completed", CODE.masked),
    ]
    assert {entry.body["note"] for entry in trail.between() if entry.operation and not entry.is_erased} == {NOTE}
    assert len(OperationIndex(database).newest(100)) == 80
    last = list(trail.between())[-1]
    assert (last.action, last.actor, last.fields.role, last.body) == (
        "trail.erased",
        "owner",
        "admin",
        {"keys": 2, "operations": 2},
    )
    assert last.fields.customer == trail.of_code(CODE)[0].fields.customer


def test_erasing_again_finds_nothing_more_and_what_comes_later_has_a_new_key(trail: Trail, file: Path) -> None:
    work_on(trail, CODE, "op-1", CUSTOMER)
    assert trail.erase_customer(CUSTOMER, "owner").keys == 1
    head = trail.head()
    assert trail.erase_customer(CUSTOMER, "owner").keys == 0
    assert trail.head() == head
    work_on(trail, CODE, "op-9", CUSTOMER)
    assert [entry.is_erased for entry in trail.of_code(CODE)] == [True, True, False, False]
    assert trail.erase_customer(CUSTOMER, "owner").operations == 1
    assert keys(file) == []
    assert trail.verify().is_intact


def test_nothing_is_erased_while_an_operation_on_one_of_their_coupons_is_not_finished(
    database: Database, trail: Trail, file: Path
) -> None:
    work_on(trail, CODE, "op-1", CUSTOMER)
    work_on(trail, OTHER, "op-2", CUSTOMER, is_open=True)
    before, head = keys(file), trail.head()
    with pytest.raises(StillAtWork) as refused:
        trail.erase_customer(CUSTOMER, "owner")
    assert refused.value.operations == ("op-2",)
    assert refused.value.exit_status is ExitStatus.REFUSED
    assert "op-2" in str(refused.value)
    assert (keys(file), trail.head()) == (before, head)
    assert len(OperationIndex(database).newest(10)) == 2


def test_a_coupon_that_never_told_whose_it_is_is_erased_where_it_is_known_otherwise(trail: Trail, file: Path) -> None:
    work_on(trail, CODE, "op-1", None)
    work_on(trail, OTHER, "op-2", CUSTOMER, is_open=False)
    assert trail.erase_customer(CUSTOMER, "owner", codes=[CODE]).operations == 2
    assert keys(file) == []
    work_on(trail, THIRD, "op-3", None, is_open=True)
    with pytest.raises(StillAtWork):
        trail.erase_customer("99", "owner", codes=[THIRD])


def test_an_unknown_customer_leaves_no_trace(trail: Trail) -> None:
    assert trail.erase_customer("123", "owner").keys == 0
    assert trail.head().sequence == 0


def test_entries_of_version_1_stay_and_are_told(file: Path, trail: Trail) -> None:
    trail_file = file.parent / "old" / "desk.sqlite3"
    trail_file.parent.mkdir()
    make_old_home(trail_file, "0003", TOLD)
    database = Database.open(trail_file)
    database.migrate()
    old = Trail(database, trail._surroundings, VirtualClock(NOW))
    work_on(old, CODE, "op-2", CUSTOMER)
    assert old.erase_customer(CUSTOMER, "owner").kept_entries == 4
    assert old.verify().is_intact
    database.close()


def test_what_was_long_silent_is_erased_and_nothing_else(trail: Trail, clock: VirtualClock, file: Path) -> None:
    work_on(trail, CODE, "op-1", CUSTOMER)
    work_on(trail, OTHER, "op-2", CUSTOMER, is_open=True)
    work_on(trail, THIRD, "op-3", "3")
    clock.advance(timedelta(days=30).total_seconds())
    trail.append(NewEntry("receipt.issued", {"how": "pdf"}, "mika", "op-3", None, THIRD.text))
    clock.advance(timedelta(days=1).total_seconds())

    assert trail.erase_older(NOW - timedelta(days=1)).keys == 0
    erased = trail.erase_older(clock.now() - timedelta(days=10))

    assert (erased.keys, erased.codes) == (1, (CODE,))
    assert [len(keys(file)), CODE.text.encode() in on_disk(file)] == [2, False]
    assert [entry.is_erased for code in (CODE, OTHER, THIRD) for entry in trail.of_code(code)] == [
        *(True, True, False, False, False, False, False)
    ]
    last = list(trail.between())[-1]
    assert (last.action, last.actor, last.fields.customer, last.fields.reason) == ("trail.erased", None, None, "time_is_over")
    head = trail.head()
    assert trail.erase_older(clock.now() - timedelta(days=10)).keys == 0
    assert trail.head() == head
    assert trail.verify().is_intact


def test_somebody_who_still_reads_is_named_as_the_reason_why_the_log_stays(
    database: Database, trail: Trail, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_SECONDS", 0.1)
    work_on(trail, CODE, "op-1", CUSTOMER)
    impatient = Database.open(file)
    mine = Trail(impatient, trail._surroundings, VirtualClock(NOW))
    with closing(sqlite3.connect(file)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entries").fetchone()
        with pytest.raises(DatabaseBusy):
            mine.erase_customer(CUSTOMER, "owner")
    assert keys(file) == []
    assert mine.erase_customer(CUSTOMER, "owner").keys == 0
    assert file.with_name(f"{file.name}-wal").stat().st_size == 0
    impatient.close()


def test_whoever_writes_while_a_customer_is_erased_is_neither_lost_nor_erased(trail: Trail) -> None:
    work_on(trail, CODE, "op-1", CUSTOMER)
    writer = threading.Thread(target=lambda: work_on(trail, THIRD, "op-3", "3"))
    writer.start()
    trail.erase_customer(CUSTOMER, "owner")
    writer.join()
    assert [entry.is_erased for entry in trail.of_operation("op-3")] == [False, False]
    assert trail.verify().is_intact


def test_a_tampered_entry_is_found_after_erasing_too(trail: Trail, file: Path) -> None:
    work_on(trail, CODE, "op-1", CUSTOMER)
    trail.erase_customer(CUSTOMER, "owner")
    sealed = json.loads(trail.of_code(CODE)[0].text)["sealed"]["data"]
    tamper(file, f"UPDATE entries SET entry = replace(entry, '{sealed[:20]}', '{sealed[:19]}.') WHERE sequence = 1")
    found = trail.verify().bad
    assert found is not None
    assert found.sequence == 1
