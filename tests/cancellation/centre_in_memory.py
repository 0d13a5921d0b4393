"""The centre's allowances and requests in memory, as the SQL functions of the central database do it, for many short runs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.allowance import Allowance, Spent, Sum, Windows
from coupon_desk.coupons.shared_request import Decision, RequestToShare, SharedRequest, Verdict, coupon_digest
from coupon_desk.errors import NotPermitted, RemoteRefused, System
from coupon_desk.words import msg

SHOP = "test.myshopify.com"


@dataclass
class Counted:
    """One operation; `place` is where it stands in the row of all."""

    allowance: Allowance
    customer: str | None
    desk: str
    place: int
    approved_at: datetime | None = None


@dataclass
class Asked:
    """One request; over when it was closed."""

    request: SharedRequest
    decision: Decision | None = None
    is_closed: bool = False


@dataclass
class SharedTables:
    """What all desks see."""

    clock: VirtualClock
    counted: dict[str, Counted] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    places: int = 0


@dataclass
class AllowancesInMemory:
    """The CentralAllowances port, as one desk sees it."""

    tables: SharedTables
    desk: str

    def count(self, operation: str, operator: str, customer: str | None, points: int, windows: Windows) -> Spent:
        tables, old = self.tables, self.tables.counted.get(operation)
        if old is not None and old.allowance.is_released:
            raise RemoteRefused(System.CENTRAL, msg("The operation is over."))
        if old is None or points > old.allowance.points:
            tables.places += 1
        place = tables.places if old is None or points > old.allowance.points else old.place
        known = Allowance(operation, operator, points, tables.clock.now(), False, None, None)
        made = replace(old.allowance, points=points) if old else known
        tables.counted[operation] = Counted(made, customer, self.desk, place, old.approved_at if old else None)
        before = [one for one in tables.counted.values() if one.place < place and not one.allowance.is_released]
        own = [one for one in before if one.allowance.operator == operator]
        day, week, month = (_sum(own, since) for since in (windows.day, windows.week, windows.month))
        theirs = [one for one in before if one.customer == customer and one.allowance.at >= windows.customer]
        return Spent(day, week, month, len(theirs))

    def release(self, operation: str) -> None:
        if operation in self.tables.counted:
            one = self.tables.counted[operation]
            one.allowance = replace(one.allowance, is_released=True)

    def approve(self, operation: str, approver: str, points: int, day_start: datetime, *, at_most: int | None = None) -> int:
        one = self.tables.counted.get(operation)
        if one is None or one.allowance.is_released:
            raise RemoteRefused(System.CENTRAL, msg("The operation does not count."))
        if approver == one.allowance.operator:
            raise NotPermitted(msg("You cannot approve your own request."))
        before = sum(
            other.allowance.approved_points or 0
            for other in self.tables.counted.values()
            if other is not one
            and other.allowance.approver == approver
            and not other.allowance.is_released
            and other.approved_at is not None
            and other.approved_at >= day_start
        )
        if at_most is None or before + points <= at_most:
            is_again = one.allowance.approver == approver
            one.approved_at = one.approved_at if is_again else self.tables.clock.now()
            one.allowance = replace(one.allowance, approver=approver, approved_points=points)
        return before

    def own_since(self, moment: datetime) -> tuple[Allowance, ...]:
        return tuple(
            one.allowance for one in self.tables.counted.values() if one.desk == self.desk and one.allowance.at >= moment
        )


def _sum(counted: list[Counted], since: datetime) -> Sum:
    there = [one for one in counted if one.allowance.at >= since]
    return Sum(sum(one.allowance.points for one in there), len(there))


@dataclass
class RequestsInMemory:
    """The CentralRequests port, as one desk sees it."""

    tables: SharedTables
    desk: str

    def post(self, request: RequestToShare) -> None:
        for asked in self._open():
            if asked.request.operation == request.operation:
                if asked.request.request_hash == request.request_hash:
                    return
                asked.is_closed = True
        shared = SharedRequest(
            id=len(self.tables.asked),
            operation=request.operation,
            desk=self.desk,
            store=request.store,
            requester=request.requester,
            kind=request.kind,
            shown_as=request.code.masked,
            coupon_hash=coupon_digest(SHOP, request.code),
            points=request.points,
            reason=request.reason,
            why=request.why,
            note=request.note,
            request_hash=request.request_hash,
            posted_at=self.tables.clock.now(),
            expires_at=request.expires_at,
        )
        self.tables.asked.append(Asked(shared))

    def waiting(self) -> tuple[SharedRequest, ...]:
        now = self.tables.clock.now()
        return tuple(
            asked.request
            for asked in self.tables.asked
            if not asked.is_closed and asked.decision is None and asked.request.desk != self.desk
            if asked.request.expires_at > now
        )

    def decide(self, request: SharedRequest, approver: str, verdict: Verdict, note: str) -> Decision:
        asked = self.tables.asked[request.id]
        if asked.is_closed or approver == request.requester or self.desk == request.desk:
            raise NotPermitted(msg("This request cannot be decided here."))
        if asked.decision is None:
            now = self.tables.clock.now()
            asked.decision = Decision(request.operation, request.request_hash, verdict, approver, self.desk, note, now)
        return asked.decision

    def decisions(self) -> tuple[Decision, ...]:
        return tuple(asked.decision for asked in self._open() if asked.decision is not None)

    def open_ones(self) -> tuple[str, ...]:
        return tuple(asked.request.operation for asked in self._open())

    def close(self, operation: str) -> None:
        for asked in self._open():
            if asked.request.operation == operation:
                asked.is_closed = True

    def _open(self) -> list[Asked]:
        return [asked for asked in self.tables.asked if not asked.is_closed and asked.request.desk == self.desk]
