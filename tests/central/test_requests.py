"""Requests for a second person: another desk decides, once, about exactly what was asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from coupon_desk.cancellation.ports import CentralRequests
from coupon_desk.central.administration import as_administrator
from coupon_desk.central.desks import disable_desk
from coupon_desk.central.place import Central
from coupon_desk.central.requests import PostgresRequests
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.shared_request import Decision, RequestToShare, SharedRequest, Verdict
from coupon_desk.errors import ExitStatus, NotPermitted
from tests.surroundings.central_database import CentralDatabase, central_database

CODE = CouponCode.parse("70934-AB12CD-500")
NOTE = "The customer wants the points of 山田花子 back."


def asked() -> RequestToShare:
    return RequestToShare(
        operation="op-1",
        requester="aiko",
        kind="cancel",
        code=CODE,
        points=500,
        reason="goodwill",
        why=("Goodwill always needs a second person.", "“500” is much."),
        note=NOTE,
        request_hash="a" * 64,
        store="ginza",
        expires_at=datetime.now(UTC) + timedelta(hours=72),
    )


@pytest.fixture(scope="module")
def database(postgres_folder: Path) -> Iterator[CentralDatabase]:
    """One for all: each test is a shop of its own in it."""
    with central_database(postgres_folder) as prepared:
        yield prepared


@pytest.fixture(scope="module")
def desks(database: CentralDatabase) -> Mapping[str, Central]:
    return {desk: database.open(desk) for desk in ("Ginza", "Osaka", "Kobe")}


@pytest.fixture
def shop(request: pytest.FixtureRequest) -> str:
    return str(request.node.name)


@pytest.fixture
def ginza(desks: Mapping[str, Central], shop: str) -> CentralRequests:
    return PostgresRequests(desks["Ginza"], shop)


@pytest.fixture
def osaka(desks: Mapping[str, Central], shop: str) -> CentralRequests:
    return PostgresRequests(desks["Osaka"], shop)


@pytest.fixture
def kobe(desks: Mapping[str, Central], shop: str) -> CentralRequests:
    return PostgresRequests(desks["Kobe"], shop)


def notes(database: CentralDatabase, shop: str) -> list[tuple[object, ...]]:
    return database.ask("SELECT note, decision_note FROM coupon_desk.requests WHERE shop = %s ORDER BY id", shop)


def expire(database: CentralDatabase, shop: str) -> None:
    database.ask(
        "ALTER TABLE coupon_desk.requests DISABLE TRIGGER requests_only_go_on; "
        f"UPDATE coupon_desk.requests SET expires_at = clock_timestamp() WHERE shop = '{shop}'; "
        "ALTER TABLE coupon_desk.requests ENABLE ALWAYS TRIGGER requests_only_go_on"
    )


def test_another_desk_sees_what_waits_and_knows_the_coupon_by_its_digest(
    ginza: CentralRequests, osaka: CentralRequests, database: CentralDatabase, shop: str
) -> None:
    ginza.post(asked())
    (seen,) = osaka.waiting()
    assert ginza.waiting() == ()
    assert (seen.desk, seen.store, seen.operation, seen.requester, seen.kind) == ("Ginza", "ginza", "op-1", "aiko", "cancel")
    assert (seen.points, seen.reason, seen.why, seen.note) == (500, "goodwill", asked().why, NOTE)
    assert timedelta(hours=71) < seen.expires_at - seen.posted_at < timedelta(hours=73)
    assert seen.is_of(shop, CODE)
    assert not seen.is_of(shop, CouponCode.parse("70934-AB12CE-500"))
    ((stored,),) = database.ask("SELECT to_json(r)::text FROM coupon_desk.requests r WHERE shop = %s", shop)
    assert seen.shown_as == "70934-******-500"
    assert "AB12CD" not in stored
    assert "花子" not in repr(seen)


def test_the_decision_comes_back_once_and_closing_wipes_what_was_written(
    ginza: CentralRequests, osaka: CentralRequests, database: CentralDatabase, shop: str
) -> None:
    ginza.post(asked())
    assert ginza.decisions() == ()
    (seen,) = osaka.waiting()
    decided = osaka.decide(seen, "chie", Verdict.REJECT, "ask her first\0")
    assert (decided.operation, decided.request_hash, decided.verdict) == ("op-1", "a" * 64, Verdict.REJECT)
    assert (decided.approver, decided.desk, decided.note) == ("chie", "Osaka", "ask her first\ufffd")
    assert osaka.waiting() == ()
    assert notes(database, shop) == [(None, "ask her first\ufffd")], "nobody has to read the request's any more"
    ginza.post(asked())
    assert ginza.decisions() == (decided,)
    assert (ginza.open_ones(), osaka.decisions(), osaka.open_ones()) == (("op-1",), (), ())
    osaka.close("op-1")
    assert ginza.decisions() == (decided,)
    for _ in range(2):
        ginza.close("op-1")
        assert (ginza.decisions(), ginza.open_ones()) == ((), ())
    assert notes(database, shop) == [(None, None)]


def test_posting_again_changes_nothing_and_another_request_takes_the_place(
    ginza: CentralRequests, osaka: CentralRequests, database: CentralDatabase, shop: str
) -> None:
    ginza.post(asked())
    (first,) = osaka.waiting()
    ginza.post(asked())
    assert osaka.waiting() == (first,)
    ginza.post(replace(asked(), request_hash="b" * 64))
    (second,) = osaka.waiting()
    assert (second.request_hash, second.id != first.id) == ("b" * 64, True)
    assert notes(database, shop) == [(None, None), (NOTE, None)]
    for stale in (first, replace(second, request_hash="a" * 64)):
        with pytest.raises(NotPermitted, match="not open any more"):
            osaka.decide(stale, "chie", Verdict.APPROVE, "")


def test_a_decision_is_made_once_and_whoever_comes_later_is_told_whose_it_is(
    ginza: CentralRequests, osaka: CentralRequests, kobe: CentralRequests
) -> None:
    ginza.post(asked())
    (seen,) = osaka.waiting()
    first = osaka.decide(seen, "chie", Verdict.APPROVE, "")
    assert osaka.decide(seen, "chie", Verdict.APPROVE, "") == first
    assert kobe.decide(seen, "daigo", Verdict.REJECT, "") == first
    ginza.close("op-1")
    assert osaka.decide(seen, "chie", Verdict.APPROVE, "") == first, "also when it was taken and closed already"


def test_not_by_the_requester_not_by_the_asking_desk_not_when_it_has_expired_or_was_closed(
    ginza: CentralRequests, osaka: CentralRequests, database: CentralDatabase, shop: str
) -> None:
    ginza.post(asked())
    (seen,) = osaka.waiting()
    with pytest.raises(NotPermitted, match="their own") as refused:
        osaka.decide(seen, "aiko", Verdict.APPROVE, "")
    assert refused.value.exit_status is ExitStatus.REFUSED
    with pytest.raises(NotPermitted, match="is not decided through"):
        ginza.decide(seen, "chie", Verdict.APPROVE, "")
    expire(database, shop)
    assert osaka.waiting() == ()
    assert notes(database, shop) == [(None, None)], "an expired note is wiped by whoever looks next"
    with pytest.raises(NotPermitted, match="has expired"):
        osaka.decide(seen, "chie", Verdict.APPROVE, "")
    ginza.post(asked())
    (again,) = osaka.waiting()
    ginza.close("op-1")
    with pytest.raises(NotPermitted, match="was closed"):
        osaka.decide(again, "chie", Verdict.APPROVE, "")
    assert ginza.decisions() == ()


def test_what_a_disabled_desk_asked_for_is_not_shown_and_it_decides_nothing(
    ginza: CentralRequests, shop: str, database: CentralDatabase
) -> None:
    lost = PostgresRequests(database.open("Lost"), shop)
    lost.post(asked())
    assert len(ginza.waiting()) == 1
    with as_administrator(database.administrator, lambda: None) as connection:
        disable_desk(connection, "Lost")
    assert ginza.waiting() == ()


def test_of_many_who_decide_at_once_one_does_and_all_are_told_the_same(
    ginza: CentralRequests, osaka: CentralRequests, kobe: CentralRequests
) -> None:
    start = threading.Barrier(4)
    for number in range(8):
        ginza.post(replace(asked(), operation=f"op-{number}"))

    def decider(requests: CentralRequests, name: str, verdict: Verdict) -> list[Decision]:
        seen: tuple[SharedRequest, ...] = requests.waiting()
        start.wait(timeout=30)
        return [requests.decide(one, name, verdict, name) for one in seen]

    each = (
        (osaka, "chie", Verdict.APPROVE),
        (kobe, "daigo", Verdict.REJECT),
        (osaka, "emi", Verdict.REJECT),
        (kobe, "fumi", Verdict.APPROVE),
    )
    with ThreadPoolExecutor(4) as pool:
        told = [one.result(timeout=60) for one in [pool.submit(decider, *one) for one in each]]
    assert all(one == told[0] for one in told)
    assert sorted(ginza.decisions(), key=lambda one: one.operation) == sorted(told[0], key=lambda one: one.operation)


CHANGES = (
    "DELETE FROM coupon_desk.requests",
    "TRUNCATE coupon_desk.requests",
    "UPDATE coupon_desk.requests SET verdict = 'approve'",
    "UPDATE coupon_desk.requests SET approver = 'bunta'",
    "UPDATE coupon_desk.requests SET points = 5",
    "UPDATE coupon_desk.requests SET expires_at = expires_at + interval '1 day'",
    "UPDATE coupon_desk.requests SET request_hash = repeat('b', 64)",
    "UPDATE coupon_desk.requests SET verdict = NULL, approver = NULL, deciding_desk = NULL, decided_at = NULL",
)


def test_what_was_decided_is_not_changed_even_by_the_administrator(
    ginza: CentralRequests, osaka: CentralRequests, database: CentralDatabase, shop: str
) -> None:
    ginza.post(asked())
    (seen,) = osaka.waiting()
    osaka.decide(seen, "chie", Verdict.REJECT, "no")
    before = database.ask("SELECT * FROM coupon_desk.requests ORDER BY id")
    for change in CHANGES:
        narrowed = f"{change} WHERE shop = '{shop}'" if "UPDATE" in change else change
        with pytest.raises(psycopg.Error, match="refused") as refused:
            database.ask(f"SET session_replication_role = replica; {narrowed}")
        assert refused.value.sqlstate == "CD004", change
    assert database.ask("SELECT * FROM coupon_desk.requests ORDER BY id") == before
