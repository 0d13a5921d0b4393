"""Where work runs and how its results come back."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest
import shiboken6
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from coupon_desk.desk.inline_runner import InlineRunner
from coupon_desk.desk.threads import READERS, PoolRunner
from coupon_desk.errors import DeskError
from coupon_desk.words import msg


@pytest.fixture
def pool(qapp: QApplication) -> Iterator[PoolRunner]:
    runner = PoolRunner()
    yield runner
    runner.finish(lambda: None)


def fail(error: DeskError) -> None:
    raise AssertionError(str(error.what))


def test_a_result_comes_back_on_the_thread_of_the_window(pool: PoolRunner, qtbot: QtBot) -> None:
    ran: list[str] = []
    arrived: list[str] = []
    owner = QObject()

    def job() -> str:
        ran.append(threading.current_thread().name)
        return "done"

    pool.read(owner, "a", job, lambda _result: arrived.append(threading.current_thread().name), fail)
    qtbot.waitUntil(lambda: bool(arrived))
    assert ran[0].startswith("desk-read")
    assert arrived == [threading.main_thread().name]


def test_only_the_newest_read_of_a_kind_is_delivered(pool: PoolRunner, qtbot: QtBot) -> None:
    owner, go, arrived = QObject(), threading.Event(), list[str]()

    def slow() -> str:
        go.wait(5)
        return "old"

    pool.read(owner, "search", slow, arrived.append, fail)
    pool.read(owner, "search", lambda: "new", arrived.append, fail)
    qtbot.waitUntil(lambda: arrived == ["new"])
    go.set()
    pool.read(owner, "other", lambda: "last", arrived.append, fail)
    qtbot.waitUntil(lambda: "last" in arrived)
    assert "old" not in arrived


def test_a_read_that_is_superseded_before_it_begins_never_begins(pool: PoolRunner, qtbot: QtBot) -> None:
    owner, go, ran, arrived = QObject(), threading.Event(), list[int](), list[int]()
    for place in range(READERS):
        pool.read(owner, f"slow {place}", lambda: go.wait(5), lambda _result: None, fail)
    for number in range(20):
        pool.read(owner, "search", partial(ran.append, number), lambda _result: arrived.append(len(ran)), fail)
    go.set()
    qtbot.waitUntil(lambda: bool(arrived))
    assert (ran, arrived) == ([19], [1])


def test_nothing_is_delivered_to_a_widget_that_has_gone(pool: PoolRunner, qtbot: QtBot) -> None:
    owner, other, go, arrived = QObject(), QObject(), threading.Event(), list[str]()

    def slow() -> str:
        go.wait(5)
        return "late"

    pool.read(owner, "a", slow, arrived.append, fail)
    shiboken6.delete(owner)
    go.set()
    pool.read(other, "a", lambda: "there", arrived.append, fail)
    qtbot.waitUntil(lambda: "there" in arrived)
    assert arrived == ["there"]


def test_writes_run_one_after_the_other_and_none_is_superseded(pool: PoolRunner, qtbot: QtBot) -> None:
    owner, order = QObject(), list[int]()

    def write(number: int) -> Callable[[Callable[[object], None]], int]:
        def job(tell: Callable[[object], None]) -> int:
            tell(number)
            return number

        return job

    told: list[int] = []
    for number in range(20):
        pool.write(owner, write(number), order.append, fail, told.append)
    qtbot.waitUntil(lambda: len(order) == 20)
    assert order == told == list(range(20))


def test_finishing_waits_for_writes_and_drops_reads(pool: PoolRunner, qtbot: QtBot) -> None:
    owner, go, events = QObject(), threading.Event(), list[str]()

    def write(_tell: Callable[[object], None]) -> str:
        go.wait(5)
        return "written"

    pool.write(owner, write, events.append, fail)
    pool.read(owner, "a", lambda: "read", events.append, fail)
    pool.abort_reads_with(lambda: events.append("aborted"))
    pool.finish(lambda: events.append("finished"))
    assert events == []
    assert pool.is_writing
    go.set()
    qtbot.waitUntil(lambda: "finished" in events)
    assert events == ["written", "aborted", "finished"]


def test_after_the_end_nothing_new_is_begun(pool: PoolRunner, qtbot: QtBot) -> None:
    pool.finish(lambda: None)
    ran, refused = list[int](), list[str]()
    pool.read(QObject(), "a", lambda: ran.append(1), lambda _done: None, fail)
    pool.write(QObject(), lambda _tell: ran.append(2), lambda _done: None, lambda error: refused.append(str(error.what)))
    assert ran == []
    assert refused == ["Coupon Desk is closing; this was not begun."]


@pytest.mark.parametrize("make", [PoolRunner, InlineRunner])
def test_a_failure_is_told_in_sentences_and_a_mistake_goes_to_the_log(
    make: type[PoolRunner] | type[InlineRunner], qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    runner, owner, failures = make(), QObject(), list[str]()

    def refuse() -> None:
        raise DeskError(msg("The shop is closed."))

    def stumble() -> None:
        raise ZeroDivisionError

    runner.read(owner, "a", refuse, lambda _done: None, lambda error: failures.append(str(error.what)))
    qtbot.waitUntil(lambda: len(failures) == 1)
    with caplog.at_level(logging.ERROR, logger="coupon_desk.desk"):
        runner.read(owner, "b", stumble, lambda _done: None, lambda error: failures.append(str(error.what)))
        qtbot.waitUntil(lambda: len(failures) == 2)
    assert failures == ["The shop is closed.", "Something unexpected went wrong (ZeroDivisionError)."]
    assert any(record.exc_info for record in caplog.records)
    runner.finish(lambda: None)
