"""The trail: append-only, hash-chained, verifiable."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.errors import StorageError
from coupon_desk.storage.database import Database
from coupon_desk.trail.entry import NewEntry
from coupon_desk.trail.index import OperationIndex, OperationOpen, OperationRow
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.trail import Trail
from coupon_desk.trail.verification import GENESIS, Head
from tests.trail.conftest import CODE, NOW


def row(operation: str, code: CouponCode = CODE, *, is_open: bool = True, due_at: datetime | None = None) -> OperationRow:
    return OperationRow(operation, code, "cancel", "running", "manager", 500, NOW, NOW, due_at, is_open, is_open)


def test_an_empty_trail_is_intact(trail: Trail) -> None:
    assert trail.verify().is_intact
    assert trail.head() == Head(0, GENESIS)


def test_entries_stand_in_order_and_are_read_back_as_written(trail: Trail) -> None:
    trail.record("signed_in", {"role": "manager"}, actor="mika")
    trail.append(NewEntry("operation.opened", {"note": "間違い", "points": 500}, "mika", "op-1", None, CODE.text))
    (opened,) = trail.of_operation("op-1")
    assert (opened.sequence, opened.actor, opened.body) == (2, "mika", {"note": "間違い", "points": 500})
    assert trail.of_code(CODE) == (opened,)
    assert [entry.action for entry in trail.between()] == ["signed_in", "operation.opened"]
    assert trail.head() == Head(2, opened.hash)
    assert trail.verify().checked == 2


def test_a_time_span_is_closed_at_its_start_and_open_at_its_end(database: Database) -> None:
    clock = VirtualClock(NOW)
    trail = Trail(database, Surroundings("counter-1"), clock)
    for action in ("first", "second", "third"):
        trail.record(action, {})
        clock.advance(60)
    span = trail.between(NOW + timedelta(seconds=60), NOW + timedelta(seconds=120))
    assert [entry.action for entry in span] == ["second"]


@pytest.mark.parametrize("statement", ["UPDATE entries SET entry = 'x'", "DELETE FROM entries"])
def test_the_database_refuses_to_change_the_trail(database: Database, trail: Trail, statement: str) -> None:
    trail.record("signed_in", {})
    with pytest.raises(StorageError) as refused, database.write() as connection:
        connection.execute(text(statement))
    assert "append-only" in refused.value.detail
    assert trail.verify().is_intact


def test_postgresql_refuses_to_change_the_trail_too(postgres: str) -> None:
    database = Database.open(postgres)
    database.migrate()
    trail = Trail(database, Surroundings("counter-1"), VirtualClock(NOW))
    trail.record("signed_in", {"who": "Mika"})
    for statement in ("UPDATE entries SET entry = 'x'", "DELETE FROM entries", "TRUNCATE entries"):
        with pytest.raises(StorageError), database.write() as connection:
            connection.execute(text(statement))
    assert trail.verify().checked == 1
    database.close()


def test_several_appends_in_one_transaction_all_stand_or_none(trail: Trail) -> None:
    with pytest.raises(ZeroDivisionError), trail.writing() as pen:
        pen.append(NewEntry("first", {}))
        raise ZeroDivisionError
    assert trail.head().sequence == 0


def test_many_threads_write_one_chain(trail: Trail) -> None:
    def write(name: str) -> None:
        for number in range(25):
            trail.record("step.done", {"number": number}, actor=name)

    threads = [threading.Thread(target=write, args=(f"t{index}",)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = trail.verify()
    assert (found.checked, found.is_intact) == (100, True)


def test_only_one_open_operation_per_coupon(database: Database, trail: Trail) -> None:
    with trail.writing() as pen:
        pen.append(NewEntry("operation.opened", {}, "mika", "op-1", None, CODE.text))
        pen.index(row("op-1"))
    with pytest.raises(OperationOpen) as refused, trail.writing() as pen:
        pen.append(NewEntry("operation.opened", {}, "ken", "op-2", None, CODE.text))
        pen.index(row("op-2"))
    assert refused.value.operation == "op-1"
    assert trail.head().sequence == 1
    index = OperationIndex(database)
    assert [one.id for one in index.open_ones()] == ["op-1"]
    with trail.writing() as pen:
        pen.append(NewEntry("operation.completed", {}, "mika", "op-1", None, CODE.text))
        pen.index(row("op-1", is_open=False, due_at=NOW + timedelta(minutes=15)))
        pen.append(NewEntry("operation.opened", {}, "ken", "op-2", None, CODE.text))
        pen.index(row("op-2"))
    assert {one.id for one in index.of_code(CODE)} == {"op-1", "op-2"}
    assert index.due(NOW) == ()
    assert [one.id for one in index.due(NOW + timedelta(minutes=15))] == ["op-1"]
    assert index.next_due() == NOW + timedelta(minutes=15)


def test_the_index_can_be_rebuilt_from_the_trail(database: Database, trail: Trail) -> None:
    trail.append(NewEntry("operation.opened", {}, "mika", "op-1", None, CODE.text))
    index = OperationIndex(database)
    assert index.newest(10) == ()
    assert index.rebuild(row) == 1
    assert [one.id for one in index.newest(10)] == ["op-1"]
