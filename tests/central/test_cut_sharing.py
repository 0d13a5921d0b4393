"""An answer that is lost after the commit, of what the desks share: asked again it tells what was done, and does no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from coupon_desk.central.allowances import PostgresAllowances
from coupon_desk.central.directory import PostgresDirectory
from coupon_desk.central.listed import Listed, Put, PutOutcome
from coupon_desk.central.place import Central
from coupon_desk.central.requests import PostgresRequests
from coupon_desk.coupons.allowance import Spent, Sum, Windows
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.shared_request import RequestToShare, Verdict
from coupon_desk.errors import RemoteUnavailable
from tests.central.proxy import Network, network
from tests.surroundings.central_database import CentralDatabase, central_database

LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)
EVER: Final = Windows(LONG_AGO, LONG_AGO, LONG_AGO, LONG_AGO)
BEFORE: Final = Sum(300, 1)
REQUEST: Final = RequestToShare(
    operation="op-1",
    requester="aiko",
    kind="cancel",
    code=CouponCode.parse("70934-AB12CD-500"),
    points=500,
    reason="goodwill",
    why=("Goodwill always needs a second person.",),
    note="for her",
    request_hash="a" * 64,
    store=None,
    expires_at=datetime.now(UTC) + timedelta(hours=72),
)
ADMIN: Final = Listed("aiko", "Aiko", "admin", (), (), "", False, "pin", "", LONG_AGO, 1)
RENAMED: Final = replace(ADMIN, name="Aiko Y", version=2)
SECONDS: Final = 8.0

Asked = Callable[[], object]


@dataclass(frozen=True)
class Desk:
    """What one desk has of the centre."""

    allowances: PostgresAllowances
    requests: PostgresRequests
    people: PostgresDirectory


def counting(ginza: Desk, osaka: Desk) -> Asked:
    osaka.allowances.count("op-0", "aiko", "c1", 300, EVER)
    return lambda: ginza.allowances.count("op-1", "aiko", "c1", 500, EVER)


def counting_more(ginza: Desk, osaka: Desk) -> Asked:
    ginza.allowances.count("op-1", "aiko", "c1", 100, EVER)
    return counting(ginza, osaka)


def releasing(ginza: Desk, _osaka: Desk) -> Asked:
    ginza.allowances.count("op-1", "aiko", "c1", 500, EVER)
    return lambda: ginza.allowances.release("op-1")


def approving(ginza: Desk, osaka: Desk) -> Asked:
    osaka.allowances.count("op-0", "aiko", None, 300, EVER)
    osaka.allowances.approve("op-0", "chie", 300, LONG_AGO)
    ginza.allowances.count("op-1", "aiko", None, 500, EVER)
    return lambda: ginza.allowances.approve("op-1", "chie", 500, LONG_AGO, at_most=800)


def posting(ginza: Desk, _osaka: Desk) -> Asked:
    return lambda: ginza.requests.post(REQUEST)


def deciding(ginza: Desk, osaka: Desk) -> Asked:
    osaka.requests.post(REQUEST)
    (seen,) = ginza.requests.waiting()
    return lambda: ginza.requests.decide(seen, "chie", Verdict.APPROVE, "").approver


def closing(ginza: Desk, _osaka: Desk) -> Asked:
    ginza.requests.post(REQUEST)
    return lambda: ginza.requests.close("op-1")


def publishing(ginza: Desk, _osaka: Desk) -> Asked:
    return lambda: ginza.people.publish([ADMIN], seconds=SECONDS)


def changing(ginza: Desk, osaka: Desk) -> Asked:
    osaka.people.publish([ADMIN], seconds=SECONDS)
    return lambda: ginza.people.put(RENAMED, change="this very one", by="aiko", seconds=SECONDS)


CALLS: Final = {
    "count": (counting, b"count_allowance", Spent(BEFORE, BEFORE, BEFORE, 1)),
    "count more": (counting_more, b"count_allowance", Spent(BEFORE, BEFORE, BEFORE, 1)),
    "release": (releasing, b"release_allowance", None),
    "approve": (approving, b"approve_allowance", 300),
    "post": (posting, b"post_request", None),
    "decide": (deciding, b"decide_request", "chie"),
    "close": (closing, b"close_request", None),
    "publish": (publishing, b"publish_people", False),
    "put": (changing, b"put_person", Put(PutOutcome.DONE, RENAMED)),
}
"""Each call with what it is known by on its way, and what it answers when it is asked again."""


@pytest.fixture(scope="module")
def database(postgres_folder: Path) -> Iterator[CentralDatabase]:
    with central_database(postgres_folder) as prepared:
        yield prepared


@pytest.fixture
def between(postgres_folder: Path) -> Iterator[Network]:
    with network(postgres_folder / ".s.PGSQL.5432") as passing_on:
        yield passing_on


@pytest.fixture
def centrals(database: CentralDatabase, between: Network) -> tuple[Central, Central]:
    """Ginza's way to the database loses answers, Osaka's does not."""
    return database.open("Ginza", f"127.0.0.1:{between.port}", sslmode="disable"), database.open("Osaka")


def stored(database: CentralDatabase, shop: str) -> list[tuple[object, ...]]:
    return [
        row
        for table in ("allowances", "requests", "people", "people_changes")
        for row in database.ask(f"SELECT to_json(t)::text FROM coupon_desk.{table} t WHERE shop = %s ORDER BY 1", shop)
    ]


@pytest.mark.parametrize("name", CALLS)
def test_an_answer_that_is_lost_is_told_by_asking_again(
    database: CentralDatabase, between: Network, centrals: tuple[Central, Central], name: str
) -> None:
    ginza, osaka = (
        Desk(PostgresAllowances(one, name), PostgresRequests(one, name), PostgresDirectory(one, name)) for one in centrals
    )
    prepare, function, answer = CALLS[name]
    ask = prepare(ginza, osaka)
    before = stored(database, name)
    between.lose_the_answer_to(function)
    with pytest.raises(RemoteUnavailable):
        ask()
    assert between.lost.is_set()
    once = stored(database, name)
    assert once != before, "it had been done"
    assert ask() == answer
    assert stored(database, name) == once
