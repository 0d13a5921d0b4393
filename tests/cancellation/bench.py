"""The engine put together over the world in memory, with a real database that survives when the program is killed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from coupon_desk.cancellation.engine import Engine
from coupon_desk.cancellation.gathering import Gatherer
from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, Rules
from coupon_desk.cancellation.own_work import own_work, story_if_kept
from coupon_desk.cancellation.permission import Permission
from coupon_desk.cancellation.work import Centre, Systems
from coupon_desk.coupons.reasons import Reason
from coupon_desk.people.limits import HouseLimits
from coupon_desk.people.operators import NewOperator, Session
from coupon_desk.people.people import People
from coupon_desk.people.pins import PinCost, Pins
from coupon_desk.people.roles import Role
from coupon_desk.points.port import PointCapabilities
from coupon_desk.settings import Limits, Policy
from coupon_desk.storage.database import Database
from coupon_desk.trail.entry import Entry
from coupon_desk.trail.index import OperationIndex
from coupon_desk.trail.pen import Pen, Surroundings
from coupon_desk.trail.trail import Trail
from coupon_desk.words import Language
from tests.cancellation.world import (
    CODE,
    CUSTOMER_ID,
    PLAIN,
    Killed,
    MailerInMemory,
    PointsInMemory,
    ShopInMemory,
    World,
)

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
PIN = "482915"
SETTLE_SECONDS = 5.0


class AtOnce(Executor):
    """Runs what is submitted at once, on this thread: a broken run is the same each time it is replayed."""

    def submit(self, work: Callable[Arguments, Result], /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Future[Result]:
        future: Future[Result] = Future()
        future.set_result(work(*args, **kwargs))
        return future


class FragileTrail(Trail):
    """A trail that can be killed before or after any entry is on disk."""

    before_write: Callable[[], None] = staticmethod(lambda: None)
    after_write: Callable[[], None] = staticmethod(lambda: None)

    @contextmanager
    def writing(self) -> Iterator[Pen]:
        self.before_write()
        with super().writing() as pen:
            yield pen
        self.after_write()


class Bench:
    """One home on one world. `start_again` is the same home after a crash: only what is on disk is left."""

    def __init__(
        self,
        template: Path,
        folder: Path,
        world: World,
        capabilities: PointCapabilities = PLAIN,
        *,
        desk: str = "counter-1",
        centre: Centre | None = None,
    ) -> None:
        self.world = world
        self.desk = desk
        self.centre = centre
        self.points = PointsInMemory(world, capabilities)
        self.file = folder / f"{desk}.sqlite3"
        shutil.copy(template, self.file)
        self.policy = Policy(settle_seconds=SETTLE_SECONDS)
        self.limits = Limits()
        self.database = Database.open(self.file)
        self._assemble()

    def start_again(self) -> None:
        self.database.close()
        self.database = Database.open(self.file)
        self._assemble()

    def _assemble(self) -> None:
        self.trail = FragileTrail(self.database, Surroundings(self.desk), self.world.clock)
        self.index = OperationIndex(self.database)
        self.people = People(self.database, self.trail, self.world.clock, pins=cheap_pins())
        self.shop = shop = ShopInMemory(self.world)
        points = self.points
        self.gatherer = Gatherer(shop, points, self.world.clock, AtOnce(), lambda _: CUSTOMER_ID)
        systems = Systems(
            shop=shop,
            points=points,
            mailer=MailerInMemory(self.world),
            gatherer=self.gatherer,
            clock=self.world.clock,
            shop_language=Language.EN,
            contacts_of=self._contacts_of,
            own_work=lambda code, besides: own_work(self.trail, self.index, code, besides),
            story_of=lambda operation: story_if_kept(self.trail, operation),
            index=self.index,
            house=self.house,
            centre=self.centre,
        )
        rules = Rules(SETTLE_SECONDS, self.policy.retire, tuple(self.policy.recheck_minutes))
        permission = Permission(self.people, self.house, self.trail)
        self.engine = Engine(self.trail, self.index, systems, permission, rules)

    @property
    def house(self) -> HouseLimits:
        return HouseLimits(self.limits, self.policy, UTC)

    def _contacts_of(self, login: str) -> tuple[str, ...]:
        person = self.people.get(login)
        return person.contacts if person else ()

    def keep_discounts(self) -> None:
        """The house's policy is to keep what was switched off."""
        self.policy = Policy(settle_seconds=SETTLE_SECONDS, retire="keep")
        self.start_again()

    def sign_in(self, login: str = "mika") -> Session:
        return self.people.sign_in(login, PIN)

    def cancel(self, session: Session, kind: OperationKind = OperationKind.CANCEL, **changes: Any) -> Operation:
        request = CancelRequest(CODE, kind, Reason.CONVERTED_BY_MISTAKE, "Wrong customer at the till", **changes)
        return self.engine.submit(request, session, wait_seconds=600)

    def finish(self) -> None:
        """Nothing breaks any more; the program is started again and again over the next two days."""
        for pause in (90, 90, 600, 3600, 3600, 86400, 3600):
            self.engine.resume(wait_seconds=600)
            self.world.clock.advance(pause)
            self.world.catch_up()
        self.engine.resume(wait_seconds=600)

    @property
    def operations(self) -> list[Operation]:
        return [self.engine.operation(row.id) for row in self.index.newest(100)]

    def entries(self) -> list[Entry]:
        return list(self.trail.between())

    def close(self) -> None:
        self.database.close()


def cheap_pins() -> Pins:
    return Pins(PinCost(time_cost=1, memory_kib=8, lanes=1))


def make_template(file: Path) -> None:
    """A migrated home with its people, copied for each run."""
    world = World()
    database = Database.open(file)
    database.migrate()
    people = People(database, Trail(database, Surroundings("counter-1"), world.clock), world.clock, pins=cheap_pins())
    people.add(NewOperator("owner", "Kenji Watanabe", Role.ADMIN, PIN), None)
    owner = people.sign_in("owner", PIN)
    for login, name, role in (
        ("mika", "Mika Tanaka", Role.MANAGER),
        ("clerk", "Daniel Weber", Role.CLERK),
        ("viewer", "Eva Lind", Role.VIEWER),
    ):
        people.add(NewOperator(login, name, role, PIN), owner)
    database.close()


def killing(at: int) -> Callable[[], None]:
    """A moment that comes once, at the so-manieth call."""
    left = [at]

    def moment() -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    return moment
