"""Allowances: each operation sees what all desks counted before it, and nobody gets past the last of a limit twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from coupon_desk.cancellation.ports import CentralAllowances
from coupon_desk.central.allowances import PostgresAllowances
from coupon_desk.central.place import Central
from coupon_desk.coupons.allowance import Spent, Sum, Windows
from coupon_desk.errors import NotPermitted, RemoteRefused
from tests.surroundings.central_database import CentralDatabase, central_database

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
EVER = Windows(LONG_AGO, LONG_AGO, LONG_AGO, LONG_AGO)
CHANGES = (
    "DELETE FROM coupon_desk.allowances",
    "TRUNCATE coupon_desk.allowances",
    "UPDATE coupon_desk.allowances SET points = points + 1",
    "UPDATE coupon_desk.allowances SET operator = 'nobody'",
    "UPDATE coupon_desk.allowances SET made_at = made_at - interval '1 day'",
    "UPDATE coupon_desk.allowances SET desk = 'Osaka'",
    "UPDATE coupon_desk.allowances SET approver = 'bunta'",
    "UPDATE coupon_desk.allowances SET approver = NULL, approved_points = NULL, approved_at = NULL, approval_serial = NULL",
    "UPDATE coupon_desk.allowances SET released_at = NULL",
)
NOTHING = Spent(Sum(), Sum(), Sum(), 0)


@pytest.fixture(scope="module")
def database(postgres_folder: Path) -> Iterator[CentralDatabase]:
    """One for all: each test is a shop of its own in it."""
    with central_database(postgres_folder) as prepared:
        yield prepared


@pytest.fixture(scope="module")
def desks(database: CentralDatabase) -> Mapping[str, Central]:
    return {desk: database.open(desk) for desk in ("Ginza", "Osaka")}


@pytest.fixture
def shop(request: pytest.FixtureRequest) -> str:
    return str(request.node.name)


@pytest.fixture
def ginza(desks: Mapping[str, Central], shop: str) -> CentralAllowances:
    return PostgresAllowances(desks["Ginza"], shop)


@pytest.fixture
def osaka(desks: Mapping[str, Central], shop: str) -> CentralAllowances:
    return PostgresAllowances(desks["Osaka"], shop)


def everywhere(points: int, cancellations: int, of_customer: int = 0) -> Spent:
    before = Sum(points, cancellations)
    return Spent(before, before, before, of_customer)


def test_an_operation_is_told_what_its_operator_and_its_customer_had_before_at_every_desk(
    ginza: CentralAllowances, osaka: CentralAllowances
) -> None:
    assert ginza.count("op-1", "aiko", "c1", 500, EVER) == NOTHING
    assert osaka.count("op-2", "aiko", "c1", 300, EVER) == everywhere(500, 1, 1)
    assert osaka.count("op-3", "bunta", "c1", 200, EVER) == everywhere(0, 0, 2)
    assert ginza.count("op-4", "aiko", None, 100, EVER) == everywhere(800, 2)
    assert ginza.count("op-5", "aiko", "c2", 0, EVER) == everywhere(900, 3)


def test_counting_again_gives_the_same_answer_and_moves_nothing(ginza: CentralAllowances, osaka: CentralAllowances) -> None:
    ginza.count("op-1", "aiko", "c1", 500, EVER)
    assert osaka.count("op-2", "aiko", "c1", 300, EVER) == everywhere(500, 1, 1)
    for _ in range(2):
        assert ginza.count("op-1", "aiko", "c1", 500, EVER) == NOTHING
        assert osaka.count("op-2", "aiko", "c1", 300, EVER) == everywhere(500, 1, 1)


def test_what_is_refused_counts_no_more_and_does_not_come_back(ginza: CentralAllowances, osaka: CentralAllowances) -> None:
    ginza.count("op-1", "aiko", "c1", 500, EVER)
    osaka.release("op-1")
    assert osaka.count("op-2", "aiko", "c1", 300, EVER) == everywhere(500, 1, 1)
    for _ in range(2):
        ginza.release("op-1")
        assert osaka.count("op-2", "aiko", "c1", 300, EVER) == NOTHING
    ginza.release("op-never-counted")
    assert ginza.count("op-1", "aiko", "c1", 900, EVER) == NOTHING, "late news of what is over"
    assert ginza.approve("op-1", "chie", 900, LONG_AGO) == 0
    assert [(one.points, one.is_released, one.approver) for one in ginza.own_since(LONG_AGO)] == [(500, True, None)]
    assert osaka.count("op-2", "aiko", "c1", 300, EVER) == NOTHING


def test_who_asks_for_more_than_before_goes_behind_those_who_counted_meanwhile(
    ginza: CentralAllowances, osaka: CentralAllowances
) -> None:
    ginza.count("op-1", "aiko", "c1", 100, EVER)
    assert osaka.count("op-2", "aiko", "c1", 300, EVER) == everywhere(100, 1, 1)
    assert ginza.count("op-1", "aiko", "c1", 400, EVER) == everywhere(300, 1, 1)
    assert osaka.count("op-2", "aiko", "c1", 300, EVER) == NOTHING
    assert ginza.count("op-1", "aiko", "c1", 50, EVER) == everywhere(300, 1, 1), "with fewer it keeps its place"


def test_only_what_was_counted_in_a_window_counts_there_and_a_clock_that_runs_ahead_hides_nothing(
    ginza: CentralAllowances, database: CentralDatabase, shop: str
) -> None:
    for days in (40, 20, 5, 0):
        ginza.count(f"op-{days}", "aiko", "c1", 100, EVER)
        database.ask(
            "ALTER TABLE coupon_desk.allowances DISABLE TRIGGER allowances_only_go_on; "
            f"UPDATE coupon_desk.allowances SET made_at = made_at - interval '{days} days' "
            f"WHERE operation = 'op-{days}' AND shop = '{shop}'; "
            "ALTER TABLE coupon_desk.allowances ENABLE ALWAYS TRIGGER allowances_only_go_on"
        )
    now = datetime.now(UTC)
    day, week, month, thirty_days = (now - timedelta(days=days) for days in (1, 7, 31, 30))
    later = now + timedelta(days=400)
    expected = Spent(Sum(100, 1), Sum(200, 2), Sum(300, 3), 3)
    assert ginza.count("op-now", "aiko", "c1", 100, Windows(day, week, month, thirty_days)) == expected
    assert ginza.count("op-now", "aiko", "c1", 100, Windows(later, later, later, later)) == expected


def test_two_shops_and_two_desks_with_the_same_operation_do_not_get_into_each_other_s_way(
    ginza: CentralAllowances, osaka: CentralAllowances, desks: Mapping[str, Central]
) -> None:
    other = PostgresAllowances(desks["Ginza"], "other.myshopify.com")
    ginza.count("op-1", "aiko", "c1", 500, EVER)
    assert other.count("op-1", "aiko", "c1", 500, EVER) == NOTHING
    assert osaka.count("op-1", "aiko", "c1", 500, EVER) == everywhere(500, 1, 1)
    with pytest.raises(RemoteRefused, match="for somebody else"):
        ginza.count("op-1", "bunta", "c1", 500, EVER)


def test_the_customer_is_not_in_the_central_database(ginza: CentralAllowances, database: CentralDatabase, shop: str) -> None:
    ginza.count("op-1", "aiko", "gid://shopify/Customer/70934", 500, EVER)
    ((stored,),) = database.ask("SELECT to_json(a)::text FROM coupon_desk.allowances a WHERE shop = %s", shop)
    assert "aiko" in stored
    assert "70934" not in stored


def test_a_desk_reads_back_its_own_and_nobody_else_s(ginza: CentralAllowances, osaka: CentralAllowances) -> None:
    began = datetime.now(UTC) - timedelta(minutes=1)
    ginza.count("op-1", "aiko", "c1", 500, EVER)
    ginza.count("op-2", "bunta", None, 300, EVER)
    ginza.approve("op-2", "chie", 300, LONG_AGO)
    ginza.release("op-1")
    osaka.count("op-3", "aiko", "c1", 100, EVER)
    told = [(one.operation, one.operator, one.points, one.is_released, one.approver) for one in ginza.own_since(began)]
    assert told == [("op-1", "aiko", 500, True, None), ("op-2", "bunta", 300, False, "chie")]
    assert ginza.own_since(datetime.now(UTC) + timedelta(minutes=1)) == ()


def test_what_an_approver_approved_adds_up_over_the_desks_and_the_same_again_changes_nothing(
    ginza: CentralAllowances, osaka: CentralAllowances
) -> None:
    ginza.count("op-1", "aiko", "c1", 500, EVER)
    osaka.count("op-2", "bunta", "c2", 300, EVER)
    for _ in range(2):
        assert ginza.approve("op-1", "chie", 500, LONG_AGO) == 0
        assert osaka.approve("op-2", "chie", 300, LONG_AGO) == 500
    assert ginza.approve("op-1", "daigo", 500, LONG_AGO) == 0, "another approver later takes the place of the first"
    assert osaka.approve("op-2", "chie", 300, LONG_AGO) == 0
    assert ginza.approve("op-1", "chie", 500, LONG_AGO) == 300
    osaka.release("op-2")
    assert ginza.approve("op-1", "chie", 500, LONG_AGO) == 0


def test_an_approval_over_the_limit_is_not_written_and_uses_nothing_up(ginza: CentralAllowances) -> None:
    for name in ("op-1", "op-2", "op-3"):
        ginza.count(name, "aiko", None, 500, EVER)
    assert ginza.approve("op-1", "chie", 500, LONG_AGO, at_most=1000) == 0
    assert ginza.approve("op-2", "chie", 501, LONG_AGO, at_most=1000) == 500
    assert [one.approver for one in ginza.own_since(LONG_AGO)] == ["chie", None, None]
    assert ginza.approve("op-3", "chie", 500, LONG_AGO, at_most=1000) == 500


def test_nobody_approves_their_own_or_what_does_not_count(ginza: CentralAllowances, osaka: CentralAllowances) -> None:
    ginza.count("op-1", "aiko", "c1", 500, EVER)
    with pytest.raises(NotPermitted, match="their own"):
        ginza.approve("op-1", "aiko", 500, LONG_AGO)
    for desk, operation in ((osaka, "op-1"), (ginza, "op-0")):
        with pytest.raises(RemoteRefused, match="did not count"):
            desk.approve(operation, "chie", 500, LONG_AGO)


def test_of_many_who_race_for_the_last_of_a_limit_each_sees_those_before(
    ginza: CentralAllowances, osaka: CentralAllowances
) -> None:
    rounds, start = 12, threading.Barrier(4)

    def counter(allowances: CentralAllowances, name: str) -> list[Spent]:
        seen = []
        for number in range(rounds):
            start.wait(timeout=30)
            seen.append(allowances.count(f"op-{name}-{number}", "aiko", f"c{number}", 100, EVER))
        return seen

    def approver(allowances: CentralAllowances, name: str) -> list[int]:
        start.wait(timeout=30)
        return [allowances.approve(f"op-{name}-{number}", "chie", 100, LONG_AGO, at_most=3000) for number in range(rounds)]

    desks, names = (ginza, osaka, ginza, osaka), "abcd"
    with ThreadPoolExecutor(4) as pool:
        counted = list(pool.map(counter, desks, names, timeout=60))
        approved = list(pool.map(approver, desks, names, timeout=60))
    every = sorted((spent.day for seen in counted for spent in seen), key=lambda day: day.points)
    assert every == [Sum(100 * before, before) for before in range(4 * rounds)], "each had a place of its own"
    for at_once in zip(*counted, strict=True):
        assert sorted(spent.customer_cancellations for spent in at_once) == [0, 1, 2, 3]
    within = sorted(before for seen in approved for before in seen if before + 100 <= 3000)
    assert within == [100 * before for before in range(30)]


def test_what_was_counted_is_not_changed_even_by_the_administrator(
    ginza: CentralAllowances, database: CentralDatabase, shop: str
) -> None:
    for name in ("op-1", "op-2"):
        ginza.count(name, "aiko", "c1", 500, EVER)
        ginza.approve(name, "chie", 500, LONG_AGO)
    ginza.release("op-2")
    before = database.ask("SELECT * FROM coupon_desk.allowances ORDER BY serial")
    for change in CHANGES:
        narrowed = f"{change} WHERE shop = '{shop}'" if "UPDATE" in change else change
        with pytest.raises(psycopg.Error, match="refused") as refused:
            database.ask(f"SET session_replication_role = replica; {narrowed}")
        assert refused.value.sqlstate == "CD004", change
    assert database.ask("SELECT * FROM coupon_desk.allowances ORDER BY serial") == before
