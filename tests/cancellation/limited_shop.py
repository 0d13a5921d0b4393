"""One or two desks under low limits on a shop of many coupons, and the judge: what may have been granted, by its own reckoning.

The judge reads the entries of the trail as they come, and the true time; it knows nothing of how the engine counts.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from coupon_desk.cancellation.engine import Engine
from coupon_desk.cancellation.gathering import Gatherer
from coupon_desk.cancellation.operation import Operation, OperationState, Rules
from coupon_desk.cancellation.own_work import own_work, story_if_kept
from coupon_desk.cancellation.permission import Permission
from coupon_desk.cancellation.ports import CentralAllowances, CentralRequests
from coupon_desk.cancellation.work import Centre, Systems
from coupon_desk.clock import ClockOffset
from coupon_desk.people.limits import HouseLimits
from coupon_desk.people.operators import NewOperator, Session
from coupon_desk.people.people import People
from coupon_desk.people.roles import Right, Role
from coupon_desk.settings import Limits, Policy, RoleLimits
from coupon_desk.storage.database import Database
from coupon_desk.trail.entry import Entry
from coupon_desk.trail.index import OperationIndex
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.trail import Trail
from coupon_desk.words import Language
from tests.cancellation.bench import PIN, AtOnce, cheap_pins
from tests.cancellation.many_coupons import CUSTOMERS, Claims, DeskClock, ManyCoupons, PointSystem, Post, Shop, email_of

ROLES = {"owner": Role.ADMIN, "mika": Role.MANAGER, "ken": Role.MANAGER, "clerk": Role.CLERK, "viewer": Role.VIEWER}
IS_CUSTOMER = {"ken": CUSTOMERS[1]}
"""Ken is a customer of the shop, too; his e-mail stands in the register as he typed it."""

POLICY = Policy(
    settle_seconds=0,
    retire="keep",
    approval_above_points=2000,
    approval_hours=24,
    daily_points_per_operator=3000,
    customer_cancellations_per_30_days=2,
)
LIMITS = Limits(
    everybody=RoleLimits(cancellations_per_day=4, points_per_week=5000, cancellations_per_month=9),
    manager=RoleLimits(approvable_points=2400, approved_points_per_day=4000),
    admin=RoleLimits(points_per_day=2000, approvable_points=9000, approved_points_per_day=9000),
)
HOUSE = HouseLimits(LIMITS, POLICY, UTC)
RIGHTS = {
    "cancel": Right.CANCEL,
    "invalidate": Right.INVALIDATE,
    "order_refund": Right.REFUND_ORDER,
    "release": Right.INVESTIGATE,
}


def make_template(file: Path) -> None:
    """A migrated home with its people, copied for each run."""
    world = ManyCoupons()
    database = Database.open(file)
    database.migrate()
    people = People(database, Trail(database, Surroundings("one"), world.clock), world.clock, pins=cheap_pins())
    people.add(NewOperator("owner", "owner", Role.ADMIN, PIN), None)
    owner = people.sign_in("owner", PIN)
    for login, role in ROLES.items():
        if login != "owner":
            contacts = (email_of(IS_CUSTOMER[login]).upper(),) if login in IS_CUSTOMER else ()
            people.add(NewOperator(login, login, role, PIN, contacts), owner)
    database.close()


@dataclass
class Shared:
    """What a desk has of the centre."""

    claims: Claims
    allowances: CentralAllowances
    requests: CentralRequests


class Desk:
    """One home. `restart` is the same home after a crash."""

    house = HOUSE
    database_type = Database

    def __init__(self, name: str, template: Path, folder: Path, world: ManyCoupons, shared: Shared | None) -> None:
        self.name = name
        self.world = world
        self.clock = DeskClock(world.clock)
        self.shared = shared
        self.file = folder / f"{name}.sqlite3"
        shutil.copy(template, self.file)
        self.read_up_to = 0
        self._assemble()
        self.sessions: dict[str, Session] = {login: self.people.sign_in(login, PIN) for login in ROLES}

    def restart(self) -> None:
        self.database.close()
        self._assemble()

    def _assemble(self) -> None:
        self.database = self.database_type.open(self.file)
        offset = ClockOffset(self.clock)
        self.trail = Trail(self.database, Surroundings(self.name, clock_offset=lambda: offset.seconds), self.clock)
        self.index = OperationIndex(self.database)
        self.people = People(self.database, self.trail, self.clock, pins=cheap_pins())
        shop, points = self._remote(offset)
        shared = self.shared
        systems = Systems(
            shop=shop,
            points=points,
            mailer=Post(self.world),
            gatherer=Gatherer(shop, points, self.clock, AtOnce(), lambda code: self.world.coupons[code.text].customer_id),
            clock=self.clock,
            shop_language=Language.EN,
            contacts_of=self._contacts_of,
            own_work=lambda code, besides: own_work(self.trail, self.index, code, besides),
            story_of=lambda operation: story_if_kept(self.trail, operation),
            index=self.index,
            house=self.house,
            centre=Centre(shared.claims, False, shared.allowances, shared.requests) if shared else None,
        )
        permission = Permission(self.people, self.house, self.trail)
        self.engine = Engine(self.trail, self.index, systems, permission, Rules(0.0, "keep", (15,)))

    def _remote(self, offset: ClockOffset) -> tuple[Shop, PointSystem]:
        return Shop(self.world, offset), PointSystem(self.world)

    def _contacts_of(self, login: str) -> tuple[str, ...]:
        person = self.people.get(login)
        return person.contacts if person else ()

    def awaiting(self) -> list[Operation]:
        """What waits, in the order in which it was opened: ids are different in each run."""
        stories = [self.engine.story(row.id) for row in self.index.open_ones()]
        waiting = [story for story in stories if story.operation.state is OperationState.AWAITING_APPROVAL]
        return [story.operation for story in sorted(waiting, key=lambda story: story.opened_sequence)]

    def new_entries(self) -> Iterable[Entry]:
        for entry in self.trail.between():
            if entry.sequence > self.read_up_to:
                self.read_up_to = entry.sequence
                yield entry


@dataclass
class Asked:
    """One operation, as the judge has noted it down."""

    operation: str
    desk: str
    sequence: int
    requester: str
    role: Role
    kind: str
    reason: str
    customer: str
    code: str
    at: datetime
    points: int
    waits_since: datetime | None = None
    approver: str | None = None
    approved_points: int = 0
    approved_at: datetime | None = None
    is_refused: bool = False
    is_granted: bool = False


class Judge:
    """Follows the trails and says what must not be."""

    def __init__(self, world: ManyCoupons, desks: list[Desk]) -> None:
        self.world = world
        self.desks = desks
        self.asked: dict[str, Asked] = {}
        self.disabled: set[str] = set()

    def look(self) -> None:
        """Note what has come, and judge it. Raises AssertionError."""
        now = self.world.clock.now()
        for desk in self.desks:
            for entry in desk.new_entries():
                self._note(desk, entry, now)
        for coupon in self.world.coupons.values():
            assert len(coupon.returned) <= 1, "points were returned twice"
            assert all(points <= coupon.code.points for points in coupon.returned), "more was returned than deducted"
            granted = [one for one in self.asked.values() if one.code == coupon.code.text and one.is_granted]
            assert len(granted) == len(coupon.returned), "points came from nowhere"
        for operator in ROLES:
            self._judge_limits_of(operator)

    def _note(self, desk: Desk, entry: Entry, now: datetime) -> None:
        if entry.operation is None:
            return
        if entry.action == "operation.opened":
            self._opened(desk, entry, now)
            return
        one = self.asked[entry.operation]
        match entry.action, entry.step:
            case "operation.approval_needed", _:
                one.approver, one.waits_since, one.points = None, now, entry.body["points"]
            case "operation.approved", _:
                self._approved(one, entry, now)
            case "operation.refused", _:
                one.is_refused = True
            case "step.done", "return_points" if entry.body["points"]:
                one.is_granted, one.points = True, entry.body["points"]
                self._judge(one)
            case _:
                pass

    def _opened(self, desk: Desk, entry: Entry, now: datetime) -> None:
        body = entry.body
        requester, coupon = body["operator"]["login"], self.world.coupons[body["code"]]
        assert requester not in self.disabled, "somebody who was disabled may ask"
        self.asked[entry.operation or ""] = Asked(
            operation=entry.operation or "",
            desk=desk.name,
            sequence=entry.sequence,
            requester=requester,
            role=ROLES[requester],
            kind=body["kind"],
            reason=body["reason"],
            customer=coupon.customer_id,
            code=body["code"],
            at=now,
            points=coupon.code.points,
        )

    def _approved(self, one: Asked, entry: Entry, now: datetime) -> None:
        approver = entry.actor or ""
        role, points = ROLES[approver], one.points if one.kind != "invalidate" else 0
        limits = HOUSE.of(role)
        assert one.waits_since is not None, "what did not wait was approved"
        assert not one.is_refused, "what was over was approved"
        assert now < one.waits_since + timedelta(hours=POLICY.approval_hours, minutes=1), "approved after its time"
        assert approver not in self.disabled, "approved by somebody who was disabled"
        assert approver != one.requester, "approved by who asked"
        assert role.may(Right.APPROVE), "approved without the right"
        assert role.may(RIGHTS[one.kind]), "approved without the right to have it done"
        assert IS_CUSTOMER.get(approver) != one.customer, "approved by the customer"
        assert points <= (limits.approvable_points or 0), "approved more than the role may"
        one.approver, one.approved_points, one.approved_at = approver, points, now
        of_today = [
            other.approved_points
            for other in self.asked.values()
            if other.approver == approver
            and not other.is_refused
            and other.approved_at
            and other.approved_at.date() == now.date()
        ]
        assert sum(of_today) <= (limits.approved_points_per_day or 0), "approved more than allowed in a day"

    def _judge(self, one: Asked) -> None:
        assert not one.is_refused, "points after a refusal"
        reasons = [
            not one.role.may(RIGHTS[one.kind]),
            one.kind in {"order_refund", "release"},
            one.reason == "goodwill",
            one.points > POLICY.approval_above_points,
            IS_CUSTOMER.get(one.requester) == one.customer,
        ]
        assert one.approver is not None or not any(reasons), "points without a second person"

    def _judge_limits_of(self, operator: str) -> None:
        """Whoever was not approved stands within the limits, with all that stands before them.

        Which desk was first nobody can tell from here: with two of them, only what was not approved is added up.
        """
        granted = [one for one in self.asked.values() if one.is_granted and one.requester == operator]
        for one in granted:
            if one.approver is not None:
                continue
            before = [other for other in granted if self._is_before(other, one)]
            limits = HOUSE.of(one.role)
            day = [other for other in before if other.at.date() == one.at.date()]
            week = [other for other in before if other.at.isocalendar()[:2] == one.at.isocalendar()[:2]]
            month = [other for other in before if (other.at.year, other.at.month) == (one.at.year, one.at.month)]
            assert sum(other.points for other in day) <= (limits.points_per_day or 0), "more points than allowed in a day"
            assert len(day) <= (limits.cancellations_per_day or 0), "more cancellations than allowed in a day"
            assert sum(other.points for other in week) <= (limits.points_per_week or 0), "more points than allowed in a week"
            assert len(month) <= (limits.cancellations_per_month or 0), "more cancellations than allowed in a month"
        for one in (one for one in self.asked.values() if one.is_granted and one.approver is None):
            since = one.at - timedelta(days=30) + timedelta(minutes=1)
            of_customer = [
                other
                for other in self.asked.values()
                if other.is_granted and other.customer == one.customer and other.at >= since and self._is_before(other, one)
            ]
            assert len(of_customer) <= POLICY.customer_cancellations_per_30_days, "more of one customer than allowed"

    def _is_before(self, other: Asked, one: Asked) -> bool:
        if len(self.desks) == 1:
            return other.sequence <= one.sequence
        return other.approver is None and other.at <= one.at + timedelta(minutes=1)
