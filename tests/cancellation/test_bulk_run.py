"""A bulk cancellation that is killed at each of its durable writes: taken up again, every coupon is cancelled exactly once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Connection

from coupon_desk.cancellation.bulk_job import BulkJob, BulkRequest, JobState, RowState
from coupon_desk.cancellation.bulk_list import list_of
from coupon_desk.cancellation.bulk_run import BulkRun, Watching
from coupon_desk.cancellation.bulk_store import BulkStore
from coupon_desk.cancellation.engine import ignore
from coupon_desk.cancellation.operation import OperationKind
from coupon_desk.clock import ClockOffset
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import Absent, DiscountSeen, DiscountState
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import StorageError
from coupon_desk.people.limits import HouseLimits
from coupon_desk.points.port import PointsAdded
from coupon_desk.settings import Limits, Policy
from coupon_desk.storage.database import Database, DatabaseBusy
from coupon_desk.wire import Answer, PreparedRequest
from coupon_desk.words import msg
from tests.cancellation.limited_shop import Desk, make_template
from tests.cancellation.many_coupons import ManyCoupons, PointSystem, Shop
from tests.cancellation.world import Killed

POLICY = Policy(settle_seconds=0, retire="keep", daily_points_per_operator=10**6, customer_cancellations_per_30_days=0)
EVERY = int(os.environ.get("BULK_CRASH_EVERY", "9"))
"""Every so-manieth write is the last of a program; 1 tries each of them, which takes a minute."""

PLACES = ("before", "inside", "after")


@dataclass
class Fate:
    """At which durable write the program dies, and whether it is dead."""

    dies_at: int = 0
    place: str = "before"
    writes: int = 0
    is_dead: bool = False
    fails: int = 0

    def look(self, place: str, write: int = -1) -> None:
        if (write, place) == (self.dies_at, self.place):
            self.is_dead = True
        if self.is_dead:
            raise Killed


class FragileDatabase(Database):
    """Every durable write may be the last; nothing is written, and nobody is asked, by a program that is dead."""

    fate: Fate = Fate()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        self.fate.writes = number = self.fate.writes + 1
        if self.fate.fails and self.fate.writes >= self.fate.fails:
            self.fate.fails = 0
            raise DatabaseBusy(msg("Another program is using this home's database."))
        self.fate.look("before", number)
        with super().write() as connection:
            yield connection
            self.fate.look("inside", number)
        self.fate.look("after", number)


class MortalShop(Shop):
    def send(self, prepared: PreparedRequest) -> Answer:
        FragileDatabase.fate.look("remote")
        return super().send(prepared)

    def read_discount(self, code: CouponCode) -> DiscountSeen | Absent:
        FragileDatabase.fate.look("remote")
        return super().read_discount(code)


class MortalPoints(PointSystem):
    def send(self, prepared: PreparedRequest) -> PointsAdded:
        FragileDatabase.fate.look("remote")
        return super().send(prepared)


class Home(Desk):
    """A desk without limits, whose program may die at any write."""

    house = HouseLimits(Limits(), POLICY, UTC)
    database_type = FragileDatabase

    def _remote(self, offset: ClockOffset) -> tuple[Shop, PointSystem]:
        return MortalShop(self.world, offset), MortalPoints(self.world)

    @property
    def store(self) -> BulkStore:
        return BulkStore(self.database, self.trail)

    def open(self, codes: list[CouponCode]) -> BulkJob:
        rows = list_of(code.text for code in codes)
        request = BulkRequest(rows, OperationKind.CANCEL, Reason.OTHER, "Recalled by the printer")
        return self.store.job(self.store.open(request, self.sessions["mika"]))

    def run(self, job: BulkJob, workers: int = 2) -> BulkJob:
        told = Watching(ignore, lambda _line: None, lambda: None)
        run = BulkRun(
            job, self.store, self.engine, lambda: self.sessions["mika"], lambda: None, self.clock, told, workers=workers
        )
        run.work()
        return self.store.job(job.id)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("bulk") / "desk.sqlite3"
    make_template(file)
    return file


@pytest.fixture
def made(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Home]]:
    """Homes of a test; each `make` is another."""
    homes: list[Home] = []
    monkeypatch.setattr(FragileDatabase, "fate", Fate())
    yield homes
    for home in homes:
        home.database.close()


def make(template: Path, folder: Path, homes: list[Home], fate: Fate) -> tuple[Home, list[CouponCode]]:
    world = ManyCoupons()
    FragileDatabase.fate = Fate()
    home = Home(f"home-{len(homes)}", template, folder, world, None)
    homes.append(home)
    codes = [world.issue(0, 500), world.issue(1, 300)]
    FragileDatabase.fate = fate
    return home, codes


def assert_cancelled_once(home: Home, job: BulkJob, codes: list[CouponCode]) -> None:
    ended = home.store.job(job.id)
    assert (ended.state, ended.counts[RowState.DONE]) == (JobState.ENDED, len(codes))
    for code in codes:
        coupon = home.world.coupons[code.text]
        assert coupon.returned == [code.points]
        assert (coupon.state, coupon.entry.claim) == (DiscountState.EXPIRED, None)
        assert len(home.index.of_code(code)) == 1
    assert home.trail.verify().is_intact
    assert [entry.action for entry in home.trail.of_actions("bulk.opened", "bulk.ended")] == ["bulk.opened", "bulk.ended"]


def test_killed_at_any_durable_write_it_is_taken_up_and_no_coupon_is_begun_or_credited_twice(
    template: Path, tmp_path: Path, made: list[Home]
) -> None:
    for number in count(1, EVERY):
        fate = Fate(number, PLACES[number % 3])
        home, codes = make(template, tmp_path, made, fate)
        try:
            job = home.open(codes)
            home.run(job)
        except Killed:
            pass
        was_killed, fate.dies_at, fate.is_dead = fate.is_dead, 0, False
        home.restart()
        left = home.store.in_state(JobState.RUNNING)
        if was_killed and not left and not home.store.jobs(1):
            continue  # it was killed before anybody had asked for anything
        (job,) = home.store.jobs(1)
        home.run(job)
        home.engine.resume(wait_seconds=600)
        assert_cancelled_once(home, job, codes)
        home.database.close()
        if not was_killed:
            break
    assert number > 20


@pytest.mark.parametrize("at", [8, 15, 22])
def test_a_database_that_is_held_for_a_moment_delays_and_loses_nothing(
    template: Path, tmp_path: Path, made: list[Home], at: int
) -> None:
    home, codes = make(template, tmp_path, made, Fate(fails=at))
    job = home.open(codes)
    home.run(job, workers=1)
    assert_cancelled_once(home, job, codes)


def test_the_same_coupon_cannot_be_begun_twice_in_one_job(template: Path, tmp_path: Path, made: list[Home]) -> None:
    home, codes = make(template, tmp_path, made, Fate())
    job = home.open(codes[:1])
    home.run(job)
    with home.database.read() as connection:
        row = connection.exec_driver_sql("SELECT * FROM operations").mappings().one()
    columns = ", ".join(row.keys())
    values = ", ".join("'another'" if name == "id" else f'"{name}"' for name in row)
    with pytest.raises(StorageError), home.database.write() as connection:
        connection.exec_driver_sql(f"INSERT INTO operations ({columns}) SELECT {values} FROM operations")
