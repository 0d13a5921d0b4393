"""A home on a training shop with many coupons, for bulk cancellations; what counts is the shop's own state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.training import training_config, training_vault
from coupon_desk.cancellation.bulk_job import BulkJob, BulkRequest, RowState
from coupon_desk.cancellation.bulk_list import BulkList
from coupon_desk.cancellation.operation import OperationKind
from coupon_desk.catalogue.query import CouponQuery, StatusFilter
from coupon_desk.clock import Clock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.people.operators import NewOperator, Session
from coupon_desk.people.people import People
from coupon_desk.people.pins import PinCost, Pins
from coupon_desk.people.roles import Role
from coupon_desk.storage.database import Database
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.trail import Trail
from coupon_desk.training.shop import TrainingShop
from coupon_desk.training.stories import record_entry

PIN = "meadow71"
NOTE = "Recalled: printed with the wrong date"
POLICY = 'settle_seconds = 0.2\nretire = "keep"\ndaily_points_per_operator = 1000000\ncustomer_cancellations_per_30_days = 0\n'
MOST_POINTS = 1000


@dataclass
class BulkBench:
    """An open home, who works in it, and coupons that nothing was done with."""

    desk: CouponDesk
    shop: TrainingShop
    free: tuple[str, ...]

    def sign_in(self, login: str = "manager") -> Session:
        return self.desk.people.sign_in(login, PIN)

    def open(self, rows: BulkList, session: Session | None = None, reason: Reason = Reason.CUSTOMER_REQUEST) -> BulkJob:
        request = BulkRequest(rows, OperationKind.CANCEL, reason, NOTE)
        return self.desk.bulks.open(request, session or self.sign_in())

    def states(self, job: BulkJob) -> dict[str, RowState]:
        """What became of each line, by what was typed."""
        return {row.typed: row.state for row in self.desk.bulks.rows(job.id)}

    def customer_of(self, code: str) -> str:
        known = self.desk.catalogue.get(CouponCode(code))
        assert known is not None
        assert known.customer_id is not None
        return known.customer_id

    def credits(self, code: str) -> list[int]:
        entries = self.shop.point_entries(self.customer_of(code), f"COUPON-{code}")
        return [entry.points for entry in entries if entry.points > 0]

    def is_cancelled(self, code: str) -> bool:
        """Dead, credited once with its points, and the record says so without a claim."""
        discount, entry = self.shop.discount(code), record_entry(self.shop.record(self.customer_of(code)), code)
        dead = discount is None or not discount.is_active(self.shop.clock.now())
        told = entry is not None and entry["status"] == "cancelled" and "cancellation" not in entry
        return dead and told and self.credits(code) == [int(code.rsplit("-", 1)[1])]

    def is_untouched(self, code: str) -> bool:
        """Alive, nothing credited, and the record without a claim."""
        discount, entry = self.shop.discount(code), record_entry(self.shop.record(self.customer_of(code)), code)
        alive = discount is not None and discount.is_active(self.shop.clock.now())
        return alive and self.credits(code) == [] and entry is not None and "cancellation" not in entry


def make_home(folder: Path, shop: TrainingShop, clock: Clock) -> Path:
    """A home with its people and a full catalogue, made once and copied."""
    (folder / "config.toml").write_text(training_config(shop.addresses).replace("settle_seconds = 1\n", POLICY), "utf-8")
    database = Database.open(folder / "desk.sqlite3")
    database.migrate()
    cheap = Pins(PinCost(time_cost=1, memory_kib=8, lanes=1))
    people = People(database, Trail(database, Surroundings("counter-1"), clock), clock, pins=cheap)
    people.add(NewOperator("owner", "Kenji Watanabe", Role.ADMIN, PIN), None)
    owner = people.sign_in("owner", PIN)
    for login in ("manager", "clerk", "viewer"):
        people.add(NewOperator(login, f"{login.title()} Tanaka", Role(login), PIN), owner)
    people.add(NewOperator("other", "Aiko Mori", Role.MANAGER, PIN), owner)
    database.close()
    desk = CouponDesk.open(folder, secrets=training_vault(shop.addresses), clock=clock)
    desk.sync(full=True)
    desk.close()
    return folder


def free_codes(desk: CouponDesk, shop: TrainingShop) -> tuple[str, ...]:
    """Coupons in order in every respect, the same ones in every shop of that size and seed."""
    special = {specimen.code for specimen in shop.showcase.all().values()}
    page = desk.catalogue.search(CouponQuery(statuses=frozenset({StatusFilter.UNUSED}), limit=300))
    found = (one.code for one in page.rows if one.code.text not in special and one.code.points <= MOST_POINTS)
    return tuple(sorted(code.text for code in found))
