"""What many runs need in common: a broken shop, a process that forks desks, a keyring, and a home to copy."""

from __future__ import annotations

import gc
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.training import training_config, training_vault
from coupon_desk.errors import ExitStatus
from coupon_desk.people.operators import NewOperator
from coupon_desk.people.people import People
from coupon_desk.people.pins import PinCost, Pins
from coupon_desk.people.roles import Role
from coupon_desk.storage.database import Database
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.trail import Trail
from tests.faults.broken_shop import BrokenShop
from tests.faults.centre import Centre
from tests.faults.command_line import CommandLine
from tests.faults.errand import CLERK, MANAGER, OWNER, PINS, Errand
from tests.faults.plan import CentreUse, Plan
from tests.faults.shared_time import SharedTime
from tests.faults.zygote import Zygote

START: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MEMORY: Final = Path("/dev/shm")
MOST_DESKS: Final = 2
WARM_UPS: Final = 2


class Bench:
    """A broken shop, a zygote and a template of a home, for many runs one after the other."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="campaign-", dir=MEMORY if MEMORY.is_dir() else None)
        self.folder = Path(self._folder.name)
        self.true_time = SharedTime(self.folder / "time")
        self.true_time.begin(START)
        self.zygote = Zygote(self.folder / "time")
        self.shop = BrokenShop(self.true_time)
        self.addresses = self.shop.addresses.to_json()
        self._databases: dict[Path, Database] = {}
        self.centre = Centre(self.folder, self.shop)
        self.command_line = CommandLine(self.folder, self.shop.addresses)
        self._make_template()
        self._warm_up()
        gc.collect()
        gc.freeze()  # the shop's world is large, stays, and need not be looked through again and again

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.command_line.close()
        self.zygote.close()
        self.centre.close()
        self.shop.stop()
        self._folder.cleanup()

    def make_home(self, desk: int, plan: Plan) -> Path:
        """A home like the template, with the plan's policy."""
        name = f"desk{desk}"
        home = self.folder / name
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(mode=0o700)
        shutil.copy(self.folder / "template" / "desk.sqlite3", home)
        config = training_config(self.shop.addresses).replace("settle_seconds = 1", f"settle_seconds = {plan.settle_seconds:g}")
        policy = f'retire = "{plan.retire}"\nrecheck_minutes = {list(plan.recheck_minutes)}\n'
        policy += f"approval_above_points = {plan.approval_above_points}\n"
        policy += f"[limits.everybody]\npoints_per_day = {plan.points_per_day}\n"
        if plan.centre is not CentreUse.NONE:
            required = str(plan.centre is CentreUse.REQUIRED).lower()
            policy += f'[central]\nurl = "{self.centre.url(desk)}"\nrequired = {required}\n'
        (home / "config.toml").write_text(config + policy, encoding="utf-8")
        return home

    def database_of(self, home: Path) -> Database:
        """The database of a home, with what SQLAlchemy has learnt of the last home in that place."""
        if home not in self._databases:
            self._databases[home] = Database.open(home / "desk.sqlite3")
        return self._databases[home]

    def _make_template(self) -> None:
        """A home with its people, whose PINs are cheap to look at, and a full catalogue."""
        home = self.folder / "template"
        home.mkdir()
        (home / "config.toml").write_text(training_config(self.shop.addresses), encoding="utf-8")
        database = Database.open(home / "desk.sqlite3")
        database.migrate()
        trail = Trail(database, Surroundings("counter-1"), self.true_time)
        people = People(database, trail, self.true_time, pins=Pins(PinCost(time_cost=1, memory_kib=8, lanes=1)))
        people.add(NewOperator(OWNER, "Kenji Watanabe", Role.ADMIN, PINS[OWNER]), None)
        owner = people.sign_in(OWNER, PINS[OWNER])
        people.add(NewOperator(MANAGER, "Mika Tanaka", Role.MANAGER, PINS[MANAGER]), owner)
        people.add(NewOperator(CLERK, "Daniel Weber", Role.CLERK, PINS[CLERK]), owner)
        database.close()
        desk = CouponDesk.open(home, secrets=training_vault(self.shop.addresses), clock=self.true_time)
        try:
            desk.sync(full=True)
        finally:
            desk.close()

    def _warm_up(self) -> None:
        """Cancellations in each place where a desk will be, in the process that all desks are forked from."""
        plan = Plan(0)
        specimens = self.shop.showcase.example, self.shop.showcase.english_customer
        for number in range(WARM_UPS * MOST_DESKS):
            self.shop.prepare(plan)
            home = self.make_home(number % MOST_DESKS, plan)
            code = specimens[number % len(specimens)].code
            errand = Errand(str(home), 0, 0, code, self.addresses, plan, in_trouble=False, may_cancel=True)
            status = self.zygote.warm_up(errand)
            if status != ExitStatus.DONE:
                raise ChildProcessError(f"the first cancellation ended with {status}")
