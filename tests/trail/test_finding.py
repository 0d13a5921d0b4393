"""Finding entries: newest first, page by page, by everything that an auditor may ask for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.storage.database import Database
from coupon_desk.trail import finding
from coupon_desk.trail.entry import NewEntry
from coupon_desk.trail.finding import TrailQuery
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.trail import Trail
from tests.trail.conftest import CODE, NOW

OTHER = CouponCode("70934-XY99ZZ-300")
STRANGER = CouponCode("70934-QQ11QQ-100")
MANY = 250


def step(name: str, operation: str, code: CouponCode, verb: str = "done", **clear: str) -> NewEntry:
    return NewEntry(
        f"step.{verb}", {}, actor="manager", operation=operation, step=name, code=code.text, customer="gid://x/7", result=verb
    )


@pytest.fixture(params=[finding.WALKED, 3], ids=["walked", "by index"])
def filled(trail: Trail, clock: VirtualClock, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Trail:
    """Read the short way, and then the long way."""
    monkeypatch.setattr(finding, "WALKED", request.param)
    return fill(trail, clock)


def fill(trail: Trail, clock: VirtualClock) -> Trail:
    """Two operations and some entries about people, a minute apart."""
    for new in (
        NewEntry("signed_in", {}, actor="manager"),
        NewEntry("operation.opened", {}, actor="manager", operation="op-a", code=CODE.text, result="opened"),
        step("verify", "op-a", CODE),
        step("return_points", "op-a", CODE),
        NewEntry("right_refused", {}, actor="clerk"),
        NewEntry("operation.opened", {}, actor="clerk", operation="op-b", code=OTHER.text, result="opened"),
        step("verify", "op-b", OTHER, "unknown"),
        NewEntry("program.stopped", {}),
    ):
        clock.advance(60)
        trail.append(new)
    return trail


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (TrailQuery(), [8, 7, 6, 5, 4, 3, 2, 1]),
        (TrailQuery(codes=(CODE,)), [4, 3, 2]),
        (TrailQuery(codes=(CODE, OTHER)), [7, 6, 4, 3, 2]),
        (TrailQuery(codes=(STRANGER,)), []),
        (TrailQuery(codes=()), []),
        (TrailQuery(customers=("7",)), [7, 4, 3]),
        (TrailQuery(customers=("8",)), []),
        (TrailQuery(operator="clerk"), [6, 5]),
        (TrailQuery(operator=""), [8]),
        (TrailQuery(operation="op-a"), [4, 3, 2]),
        (TrailQuery(operation="op-"), [7, 6, 4, 3, 2]),
        (TrailQuery(actions=("operation.", "right_")), [6, 5, 2]),
        (TrailQuery(actions=("step.",), step="verify"), [7, 3]),
        (TrailQuery(result="unknown"), [7]),
        (TrailQuery(since=NOW + timedelta(minutes=7)), [8, 7]),
        (TrailQuery(since=NOW + timedelta(minutes=2), until=NOW + timedelta(minutes=4)), [3, 2]),
        (TrailQuery(operator="manager", result="done", codes=(CODE,)), [4, 3]),
        (TrailQuery(operator="clerk", result="done"), []),
    ],
)
def test_what_fits_everything_that_is_asked_is_found_newest_first(
    filled: Trail, query: TrailQuery, expected: list[int]
) -> None:
    assert [entry.sequence for entry in filled.find(query)] == expected
    assert filled.count(query) == len(expected)
    before = [entry.sequence for entry in filled.find(query, before=5)]
    assert before == [sequence for sequence in expected if sequence < 5]


def test_a_customer_is_found_by_the_beginning_of_what_stands_for_them(filled: Trail) -> None:
    stands_for = filled.find(TrailQuery(customers=("7",)))[0].fields.customer
    assert stands_for is not None
    found = filled.find(TrailQuery(customer_hash=stands_for[:8]))
    assert [entry.sequence for entry in found] == [7, 4, 3]


@pytest.mark.parametrize("query", [TrailQuery(), TrailQuery(operator="clerk"), TrailQuery(operator="clerk", result="done")])
def test_page_by_page_every_entry_comes_once(trail: Trail, monkeypatch: pytest.MonkeyPatch, query: TrailQuery) -> None:
    monkeypatch.setattr(finding, "WALKED", 40)
    with trail.writing() as pen:
        for number in range(MANY):
            actor = "clerk" if number < 60 or number % 7 == 0 else "manager"
            pen.append(NewEntry("looked", {"number": number}, actor=actor, result="done"))
    whole = [entry.sequence for entry in trail.find(query, limit=MANY)]
    paged: list[int] = []
    while page := trail.find(query, before=paged[-1] if paged else None, limit=13):
        assert len(page) <= 13
        paged.extend(entry.sequence for entry in page)
    assert paged == whole == sorted(whole, reverse=True)
    assert len(paged) == trail.count(query)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (TrailQuery(codes=(CODE,)), "coupon"),
        (TrailQuery(customers=("7",)), "customer"),
        (TrailQuery(customer_hash="ab"), "customer"),
        (TrailQuery(operator="clerk"), "actor"),
        (TrailQuery(operation="op-a"), "operation"),
        (TrailQuery(actions=("step.",)), "action"),
        (TrailQuery(step="verify"), "step"),
        (TrailQuery(result="done"), "result"),
        (TrailQuery(since=NOW, until=NOW + timedelta(minutes=1)), "at"),
    ],
)
def test_no_entry_is_read_to_find_what_lies_far_back(
    trail: Trail, database: Database, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, query: TrailQuery, index: str
) -> None:
    """Read one by one, a million entries take ten seconds and more."""
    monkeypatch.setattr(finding, "WALKED", 1)
    fill(trail, clock)
    asked: list[tuple[str, Any]] = []
    event.listen(
        database.engine, "before_cursor_execute", lambda _c, _k, statement, values, *_more: asked.append((statement, values))
    )
    trail.find(query)
    statement, values = next((statement, values) for statement, values in asked if " IN (SELECT" in statement)
    with database.read() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert any(f"USING INDEX ix_entries_{index} (" in step or f"COVERING INDEX ix_entries_{index} (" in step for step in plan)
    assert not any("rowid<?" in step for step in plan)


def test_a_home_on_postgresql_finds_the_same(postgres: str, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "WALKED", 3)
    database = Database.open(postgres)
    database.migrate()
    trail = fill(Trail(database, Surroundings("counter-1"), clock), clock)
    for query, expected in (
        (TrailQuery(codes=(CODE,), actions=("step.",)), [4, 3]),
        (TrailQuery(operation="op-", operator="clerk"), [6]),
        (TrailQuery(operator=""), [8]),
        (TrailQuery(since=NOW + timedelta(minutes=2), until=NOW + timedelta(minutes=4)), [3, 2]),
    ):
        assert [entry.sequence for entry in trail.find(query)] == expected
        assert trail.count(query) == len(expected)
    database.close()


def test_what_is_read_is_opened(trail: Trail) -> None:
    trail.append(NewEntry("operation.opened", {"note": "asked at the counter"}, operation="op-a", code=CODE.text))
    (entry,) = trail.find(TrailQuery(codes=(CODE,)))
    assert entry.body == {"note": "asked at the counter"}
    assert entry.code == CODE.masked
