"""What people can do at one desk, or at two, in any order: a state machine for Hypothesis, judged after each step."""

from __future__ import annotations

import itertools
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, OperationState
from coupon_desk.central.allowances import PostgresAllowances
from coupon_desk.central.place import Central
from coupon_desk.central.requests import PostgresRequests
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import Held
from coupon_desk.coupons.reasons import Reason
from coupon_desk.coupons.shared_request import Verdict
from coupon_desk.errors import DeskError
from tests.cancellation.bench import PIN
from tests.cancellation.centre_in_memory import AllowancesInMemory, RequestsInMemory, SharedTables
from tests.cancellation.limited_shop import ROLES, Desk, Judge, Shared
from tests.cancellation.many_coupons import Claims, ManyCoupons

WHO = st.sampled_from(sorted(ROLES))
APPROVERS = st.sampled_from(["owner", "mika", "mika", "ken", "clerk", "who asked"])
WHERE = st.integers(0, 1)
CUSTOMER = st.integers(0, 2)
POINTS = st.sampled_from([500, 1000, 1500, 2500])
REASONS = st.sampled_from([Reason.CUSTOMER_REQUEST, Reason.CUSTOMER_REQUEST, Reason.GOODWILL])
NOTE = "Asked at the counter"
TEMPLATE: list[Path] = []
"""The home that each run copies; whoever runs the machine makes it."""


class People(RuleBasedStateMachine):
    """Everything that people can do, in any order. What is refused changes nothing; the judge looks after each step."""

    names: tuple[str, ...] = ("Ginza",)

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.world = ManyCoupons()
        self.desks: list[Desk] = []
        self.invalidated: list[tuple[Desk, str, CouponCode]] = []

    @initialize()
    def open(self) -> None:
        for name, shared in zip(self.names, self.shared(), strict=True):
            self.desks.append(Desk(name, TEMPLATE[0], Path(self.folder.name), self.world, shared))
        self.judge = Judge(self.world, self.desks)
        self.judge.look()

    def shared(self) -> list[Shared | None]:
        return [None]

    def desk(self, where: int) -> Desk:
        return self.desks[where % len(self.desks)]

    def submit(self, desk: Desk, who: str, request: CancelRequest, race: tuple[Desk, str, CancelRequest] | None = None) -> None:
        def at_once(_: Operation) -> None:
            rest, pending[:] = list(pending), []
            for other in rest:
                self.submit(*other)

        pending = [race] if race else []
        try:
            done = desk.engine.submit(request, desk.sessions[who], at_once, wait_seconds=60)
        except DeskError:
            return
        if request.kind is OperationKind.INVALIDATE and done.state is OperationState.COMPLETED:
            self.invalidated.append((desk, done.id, request.code))

    def cancellation(self, customer: int, points: int, reason: Reason) -> CancelRequest:
        return CancelRequest(self.world.issue(customer, points), OperationKind.CANCEL, reason, NOTE)

    @rule(where=WHERE, who=WHO, customer=CUSTOMER, points=POINTS, reason=REASONS)
    def ask(self, where: int, who: str, customer: int, points: int, reason: Reason) -> None:
        self.submit(self.desk(where), who, self.cancellation(customer, points, reason))

    @rule(where=WHERE, who=WHO, other=WHO, customer=CUSTOMER, points=POINTS, same=st.booleans())
    def race(self, where: int, who: str, other: str, customer: int, points: int, same: bool) -> None:
        """A second one is opened, and decided, while the first one is not decided yet."""
        first, second = (self.cancellation(customer, points, Reason.CUSTOMER_REQUEST) for _ in range(2))
        self.submit(self.desk(where), who, first, (self.desk(where + 1), who if same else other, second))

    @rule(where=WHERE, who=WHO, customer=CUSTOMER, points=POINTS)
    def ask_for_an_orders_refund(self, where: int, who: str, customer: int, points: int) -> None:
        code = self.world.issue(customer, points)
        order = self.world.use_and_cancel_the_order(code)
        request = CancelRequest(code, OperationKind.ORDER_REFUND, Reason.CUSTOMER_REQUEST, NOTE, order)
        self.submit(self.desk(where), who, request)

    @rule(where=WHERE, who=WHO, customer=CUSTOMER, points=POINTS)
    def suspect(self, where: int, who: str, customer: int, points: int) -> None:
        code = self.world.issue(customer, points)
        request = CancelRequest(code, OperationKind.INVALIDATE, Reason.SUSPECTED_FRAUD, NOTE)
        self.submit(self.desk(where), who, request)

    @precondition(lambda self: self.invalidated)
    @rule(which=st.integers(0, 9), who=WHO)
    def ask_for_what_is_withheld(self, which: int, who: str) -> None:
        desk, operation, code = self.invalidated[which % len(self.invalidated)]
        request = CancelRequest(code, OperationKind.RELEASE, Reason.RELEASED, NOTE, releases=operation)
        self.submit(desk, who, request)

    @precondition(lambda self: any(desk.awaiting() for desk in self.desks))
    @rule(where=WHERE, which=st.integers(0, 9), who=APPROVERS)
    def approve(self, where: int, which: int, who: str) -> None:
        desk = self.desk(where)
        waiting = desk.awaiting()
        if waiting:
            asked = waiting[which % len(waiting)]
            session = desk.sessions[asked.operator.login if who == "who asked" else who]
            try:
                desk.engine.approve(asked.id, session, "Seen", wait_seconds=60)
            except DeskError:
                return

    @rule(where=WHERE, count=st.integers(2, 4), who=APPROVERS, customer=CUSTOMER, points=POINTS)
    def approve_one_after_the_other(self, where: int, count: int, who: str, customer: int, points: int) -> None:
        """What a clerk asks for and what waits already, as long as it is let."""
        for number in range(count):
            self.submit(self.desk(where), "clerk", self.cancellation((customer + number) % 3, points, Reason.CUSTOMER_REQUEST))
        for number in range(len(self.desk(where).awaiting())):
            self.approve(where, number, who)

    @precondition(lambda self: any(desk.awaiting() for desk in self.desks))
    @rule(where=WHERE, which=st.integers(0, 9), who=WHO, withdraws=st.booleans())
    def end(self, where: int, which: int, who: str, withdraws: bool) -> None:
        desk = self.desk(where)
        waiting = desk.awaiting()
        if waiting:
            try:
                act = desk.engine.withdraw if withdraws else desk.engine.reject
                act(waiting[which % len(waiting)].id, desk.sessions[who], "Not now")
            except DeskError:
                return

    @precondition(lambda self: len(self.desks) > 1 and any(desk.awaiting() for desk in self.desks))
    @rule(where=WHERE, which=st.integers(0, 9), who=WHO, at_once=st.booleans())
    def approve_at_the_other_desk(self, where: int, which: int, who: str, at_once: bool) -> None:
        """Whatever that desk lets pass: the one that asks has to look itself."""
        desk = self.desk(where)
        assert desk.shared is not None
        waiting = desk.shared.requests.waiting()
        if waiting:
            try:
                desk.shared.requests.decide(waiting[which % len(waiting)], who, Verdict.APPROVE, "Seen")
            except DeskError:
                return
        if at_once:
            self.go_on(where + 1, on_demand=False)

    @rule(where=WHERE, on_demand=st.booleans())
    def go_on(self, where: int, on_demand: bool) -> None:
        engine = self.desk(where).engine
        if on_demand:
            engine.resume(wait_seconds=60)
        else:
            engine.run_due()

    @rule(hours=st.sampled_from([1, 9, 15, 25, 8 * 24, 31 * 24]))
    def let_time_pass(self, hours: int) -> None:
        self.world.clock.advance(hours * 3600)

    @rule(where=WHERE, hours=st.sampled_from([-48, -24, -3, 0, 24, 48]))
    def set_the_clock(self, where: int, hours: int) -> None:
        self.desk(where).clock.set_by = timedelta(hours=hours)

    @rule(where=WHERE)
    def crash(self, where: int) -> None:
        self.desk(where).restart()

    @rule(who=st.sampled_from(["mika", "ken", "clerk"]))
    def disable_or_enable(self, who: str) -> None:
        was_disabled = who in self.judge.disabled
        for desk in self.desks:
            change = desk.people.enable if was_disabled else desk.people.disable
            change(who, desk.people.sign_in("owner", PIN))
        self.judge.disabled ^= {who}

    @invariant()
    def nothing_is_granted_that_must_not_be(self) -> None:
        if self.desks:
            self.judge.look()

    def teardown(self) -> None:
        for desk in self.desks:
            desk.database.close()
        self.folder.cleanup()


class PeopleOfTwoDesks(People):
    """The same at two desks that share a centre."""

    names = ("Ginza", "Osaka")

    def shared(self) -> list[Shared | None]:
        tables = SharedTables(self.world.clock)
        claims: dict[str, Held] = {}
        return [
            Shared(Claims(self.world.clock, name, claims), AllowancesInMemory(tables, name), RequestsInMemory(tables, name))
            for name in self.names
        ]


class PeopleOverPostgres(PeopleOfTwoDesks):
    """The same over a real PostgreSQL, whose own clock stands still where ours leaps: it counts too much at most.

    Each run is a shop of its own in the one database that `centrals` of the two desks lead to.
    """

    centrals: tuple[Central, ...] = ()
    shops = itertools.count()

    def shared(self) -> list[Shared | None]:
        shop, claims = f"run-{next(self.shops)}.myshopify.com", dict[str, Held]()
        made: list[Shared | None] = []
        for name, central in zip(self.names, self.centrals, strict=True):
            central.clock = self.world.clock
            allowances, requests = PostgresAllowances(central, shop), PostgresRequests(central, shop)
            made.append(Shared(Claims(self.world.clock, name, claims), allowances, requests))
        return made
