"""Shopify, point system and mail server in memory, behind the engine's ports: every call can be broken in every way.

Small and fast, so that thousands of broken runs shrink to the one that matters. The same promises are tested over real HTTP
against the training shop elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum, auto

from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import (
    Absent,
    Claim,
    CustomerSeen,
    DiscountKind,
    DiscountSeen,
    DiscountState,
    Held,
    HistorySeen,
    OrderPayment,
    OrderSeen,
    OrdersSeen,
    RecordEntry,
    RecordSeen,
    RecordStatus,
)
from coupon_desk.coupons.notice import CancellationNotice
from coupon_desk.coupons.points import EntryType, PointEntry, Points
from coupon_desk.coupons.record import (
    DropClaim,
    MarkCancelled,
    MarkRefunded,
    MarkReleased,
    MarkUsed,
    PutClaim,
    RecordChange,
)
from coupon_desk.errors import OutcomeUnknown, RemoteRefused, RemoteUnavailable, StaleRecord, System
from coupon_desk.points.port import AddPoints, DuplicateGuard, HistorySearch, PointCapabilities, PointsAdded
from coupon_desk.wire import Answer, PreparedRequest
from coupon_desk.words import msg

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CODE = CouponCode("70934-AB12CD-500")
CUSTOMER_ID = "gid://shopify/Customer/6201170934"
BALANCE = 1500
REFUNDED = OrderPayment("REFUNDED", Decimal(6800), Decimal(6800), "JPY")


class Fault(Enum):
    """How one call breaks."""

    NONE = auto()
    UNAVAILABLE = auto()
    UNKNOWN_NOT_DONE = auto()
    UNKNOWN_DONE = auto()
    UNKNOWN_DONE_LATER = auto()
    REFUSED = auto()


class Killed(BaseException):
    """The program was killed at this very moment."""


@dataclass
class CentralClaim:
    """One row of the central claims; `ending` is empty while it is open."""

    held: Held
    ending: str = ""
    proof: str = ""


@dataclass
class World:
    """The remote systems' own state, and what breaks. `fault` is asked at every call; `moment` happens before every call."""

    clock: VirtualClock = field(default_factory=lambda: VirtualClock(START))
    fault: Callable[[str], Fault] = lambda _: Fault.NONE
    moment: Callable[[], None] = lambda: None
    state: DiscountState = DiscountState.ACTIVE
    exists: bool = True
    dead_at: datetime | None = None
    orders: list[OrderSeen] = field(default_factory=list)
    record: dict[str, object] = field(
        default_factory=lambda: {"code": CODE.text, "points": 500, "status": "active", "campaign": "autumn"}
    )
    entries: list[PointEntry] = field(default_factory=list)
    mails: list[CancellationNotice] = field(default_factory=list)
    later: list[tuple[datetime, Callable[[], object]]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    skew: timedelta = timedelta(0)
    usage_limit: int | None = 1
    codes_count: int = 1
    central: list[CentralClaim] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.entries.append(
            PointEntry("1", EntryType.DEDUCT, -500, "Converted", CODE.reference, START - timedelta(days=3), BALANCE)
        )

    @property
    def balance(self) -> int:
        return BALANCE + sum(entry.points for entry in self.returns)

    @property
    def returns(self) -> list[PointEntry]:
        return [entry for entry in self.entries if entry.is_return]

    def redeem(self) -> bool:
        """A customer at the checkout; refused once the code is dead."""
        if self.orders or not self.exists or self.state is not DiscountState.ACTIVE:
            return False
        self.orders.append(OrderSeen("gid://shopify/Order/1", "#1001", self.clock.now(), None, (CODE.text,), CUSTOMER_ID))
        return True

    def call(self, name: str, system: System, act: Callable[[], object] | None = None) -> None:
        """One remote call: what was late arrives, the world moves on, and the call works or breaks."""
        self.calls.append(name)
        self.clock.advance(0.05)
        self.catch_up()
        self.moment()
        fault = self.fault(name)
        is_read = act is None
        if fault is Fault.NONE:
            if act:
                act()
        elif fault is Fault.UNAVAILABLE or is_read:
            raise RemoteUnavailable(system, msg("The system is away."))
        elif fault is Fault.REFUSED:
            raise RemoteRefused(system, msg("The system says no."))
        else:
            if fault is Fault.UNKNOWN_DONE and act:
                act()
            if fault is Fault.UNKNOWN_DONE_LATER and act:
                self.later.append((self.clock.now() + timedelta(seconds=40), act))
            raise OutcomeUnknown(system, msg("No answer came."))

    def catch_up(self) -> None:
        """What was applied late is applied now, whether anybody still wants it or not."""
        due = [act for at, act in self.later if at <= self.clock.now()]
        self.later = [(at, act) for at, act in self.later if at > self.clock.now()]
        for act in due:
            try:
                act()
            except StaleRecord:
                continue


def digest_of(record: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


class ShopInMemory:
    """The engine's Shop port on the world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def read_discount(self, code: CouponCode) -> DiscountSeen | Absent:
        self.world.call("read_discount", System.SHOPIFY)
        return self._seen(code)

    def read_discount_by_id(self, discount_id: str, code: CouponCode) -> DiscountSeen | Absent:
        self.world.call("read_discount_by_id", System.SHOPIFY)
        return self._seen(code)

    def read_record(self, customer_id: str, code: CouponCode) -> RecordSeen | Absent:
        self.world.call("read_record", System.SHOPIFY)
        customer = CustomerSeen(CUSTOMER_ID, "Hanako Sato", "hanako@example.com", None, "ja", "6201170934")
        return RecordSeen(customer, self._entry(), json.dumps(self.world.record), digest_of(self.world.record))

    def find_orders(self, code: CouponCode, customer_id: str | None, since: datetime | None) -> OrdersSeen:
        self.world.call("find_orders", System.SHOPIFY)
        return OrdersSeen(tuple(self.world.orders))

    def read_order(self, order: str) -> OrderSeen | Absent:
        self.world.call("read_order", System.SHOPIFY)
        return next((one for one in self.world.orders if one.name == order), Absent())

    def prepare_deactivation(self, discount: DiscountSeen) -> PreparedRequest:
        return PreparedRequest(System.SHOPIFY, "deactivate", discount.id, "{}")

    def prepare_code_removal(self, discount: DiscountSeen) -> PreparedRequest:
        return PreparedRequest(System.SHOPIFY, "remove_code", discount.id, "{}")

    def prepare_window(self, discount: DiscountSeen) -> PreparedRequest:
        return PreparedRequest(System.SHOPIFY, "window", discount.id, "{}")

    def prepare_deletion(self, discount: DiscountSeen) -> PreparedRequest:
        return PreparedRequest(System.SHOPIFY, "delete", discount.id, "{}")

    def prepare_record(self, seen: RecordSeen, code: CouponCode, change: RecordChange) -> PreparedRequest:
        record: dict[str, object] = json.loads(seen.raw or "{}")
        match change:
            case PutClaim(claim, _):
                record["cancellation"] = {"operation": claim.operation, "by": claim.by, "at": claim.at.isoformat()}
            case DropClaim(operation):
                mark = record.get("cancellation")
                if isinstance(mark, dict) and mark["operation"] == operation:
                    del record["cancellation"]
            case MarkCancelled(by=by, taken_over_by=operation):
                record.pop("cancellation", None)
                record |= {"status": "cancelled", "cancelled_by": by} | ({"taken_over_by": operation} if operation else {})
            case MarkUsed():
                record.pop("cancellation", None)
                record["status"] = "used"
            case MarkRefunded(at, taken_over_by=operation) | MarkReleased(at, taken_over_by=operation):
                record.pop("cancellation", None)
                status = "used" if isinstance(change, MarkRefunded) else "cancelled"
                record |= {"status": status, "refunded_at": at.isoformat()}
                record |= {"taken_over_by": operation} if operation else {}
        return PreparedRequest(System.SHOPIFY, "record", seen.digest or "", json.dumps(record))

    def send(self, prepared: PreparedRequest) -> Answer:
        self.world.call(prepared.call, System.SHOPIFY, lambda: self._apply(prepared))
        return Answer("{}")

    def _apply(self, prepared: PreparedRequest) -> None:
        world = self.world
        match prepared.call:
            case "deactivate":
                world.state = DiscountState.EXPIRED
                world.dead_at = world.dead_at or world.clock.now()
            case "window":
                world.state, world.dead_at = DiscountState.ACTIVE, None
            case "delete":
                world.exists = False
            case "remove_code":
                world.exists, world.state = False, DiscountState.EXPIRED
            case "record":
                if prepared.target != digest_of(world.record):
                    raise StaleRecord(System.SHOPIFY, msg("Somebody changed the record."))
                world.record = json.loads(prepared.body)

    def _seen(self, code: CouponCode) -> DiscountSeen | Absent:
        world = self.world
        if not world.exists:
            return Absent()
        return DiscountSeen(
            id="gid://shopify/DiscountCodeNode/1",
            kind=DiscountKind.BASIC,
            state=world.state,
            title="500 points",
            code=code,
            redeem_code_id="gid://shopify/DiscountRedeemCode/1",
            codes_count=self.world.codes_count,
            usage_count=len(world.orders),
            usage_limit=world.usage_limit,
            starts_at=START - timedelta(days=3),
            ends_at=world.dead_at or START + timedelta(days=30),
            created_at=START - timedelta(days=3),
            customer_ids=(CUSTOMER_ID,),
            amount=Decimal(500),
            currency="JPY",
        )

    def _entry(self) -> RecordEntry:
        record = self.world.record
        mark = record.get("cancellation")
        claim = Claim(mark["operation"], mark["by"], datetime.fromisoformat(mark["at"])) if isinstance(mark, dict) else None
        refunded_at = datetime.fromisoformat(str(record["refunded_at"])) if "refunded_at" in record else None
        status = RecordStatus(str(record["status"]))
        taken_over_by = record.get("taken_over_by")
        by = taken_over_by if isinstance(taken_over_by, str) else None
        cancelled_by = str(record["cancelled_by"]) if "cancelled_by" in record else None
        return RecordEntry(status, Points(500), Decimal(500), None, None, None, None, claim, refunded_at, by, cancelled_by)


PLAIN = PointCapabilities(DuplicateGuard.NONE, HistorySearch.BY_REFERENCE, None, 200, False, True)


class PointsInMemory:
    """The PointSystem port on the world, in any flavour of duplicate protection that real systems have."""

    def __init__(self, world: World, capabilities: PointCapabilities = PLAIN) -> None:
        self.world = world
        self.capabilities = capabilities
        self._keys: set[str] = set()

    def check(self) -> None:
        self.world.call("check", System.POINTS)

    def read_balance(self, customer_id: str) -> int | Absent:
        self.world.call("read_balance", System.POINTS)
        return self.world.balance

    def read_history(self, customer_id: str, reference: str) -> HistorySeen | Absent:
        self.world.call("read_history", System.POINTS)
        newest_first, now = tuple(reversed(self.world.entries)), self.world.clock.now() + self.world.skew
        match self.capabilities.history:
            case HistorySearch.BY_REFERENCE:
                return HistorySeen(self.world.balance, newest_first, server_time=now)
            case HistorySearch.BY_MEMBER:
                conversions = tuple(entry for entry in newest_first if entry.is_conversion)
                unreferenced = tuple(entry for entry in newest_first if entry.is_return)
                return HistorySeen(self.world.balance, conversions, unreferenced=unreferenced, server_time=now)
            case HistorySearch.NONE:
                return HistorySeen(self.world.balance, ())

    def read_recent(self, customer_id: str, limit: int) -> tuple[PointEntry, ...]:
        self.world.call("read_recent", System.POINTS)
        return tuple(reversed(self.world.entries))[:limit]

    def prepare(self, add: AddPoints) -> PreparedRequest:
        body = json.dumps({"amount": add.points, "reference": add.reference})
        return PreparedRequest(System.POINTS, "add", add.customer_id, body, add.key)

    def send(self, prepared: PreparedRequest) -> PointsAdded:
        before = self.world.balance
        self.world.call("add", System.POINTS, lambda: self._add(prepared))
        return PointsAdded(self.world.entries[-1].id, before, self.world.balance)

    def _add(self, prepared: PreparedRequest) -> None:
        world, body, key = self.world, json.loads(prepared.body), prepared.key or ""
        if key in self._keys:
            if self.capabilities.duplicate_guard in {DuplicateGuard.REPLAY, DuplicateGuard.BUSINESS_REFERENCE}:
                return
            if self.capabilities.duplicate_guard is DuplicateGuard.ERROR_ON_REUSE:
                raise OutcomeUnknown(System.POINTS, msg("This key was used before."))
        self._keys.add(key)
        world.entries.append(
            PointEntry(
                str(len(world.entries) + 1),
                EntryType.ADD,
                body["amount"],
                "Coupon cancelled",
                body["reference"],
                world.clock.now() + world.skew,
                world.balance + body["amount"],
            )
        )


class ClaimsInMemory:
    """The CentralClaims port on the world, as one desk sees it."""

    def __init__(self, world: World, desk: str) -> None:
        self.world = world
        self.desk = desk

    def take(
        self,
        code: CouponCode,
        operation: str,
        by: str,
        *,
        returning: bool = False,
        replaces: str | None = None,
        proof: str = "",
    ) -> Held | None:
        answer: list[Held | None] = []
        ours = Held(operation, self.desk, by, self.world.clock.now(), returning)
        self._call("fence" if returning else "take", lambda: answer.append(self._take(ours, replaces, proof)))
        return answer[0]

    def holder(self, code: CouponCode) -> Held | None:
        self._call("holder", lambda: None)
        open_one = self._open()
        return open_one.held if open_one else None

    def open_ones(self) -> tuple[str, ...]:
        self._call("open_ones", lambda: None)
        return tuple(row.held.operation for row in self.world.central if not row.ending and row.held.desk == self.desk)

    def release(self, code: CouponCode, operation: str) -> None:
        self._call("release", lambda: self._release(operation))

    def _call(self, name: str, act: Callable[[], object]) -> None:
        """Every call is safe to repeat, so that an unknown outcome is told as being out of reach."""
        try:
            self.world.call(name, System.CENTRAL, act)
        except OutcomeUnknown as unknown:
            raise RemoteUnavailable(System.CENTRAL, msg("The central database is away.")) from unknown

    def _open(self) -> CentralClaim | None:
        return next((row for row in self.world.central if not row.ending), None)

    def _take(self, ours: Held, replaces: str | None, proof: str) -> Held | None:
        mine = [row for row in self.world.central if row.held.operation == ours.operation]
        if any(row.ending == "taken over" for row in mine):
            return self.world.central[-1].held
        open_one = self._open()
        if open_one is not None and open_one.held.operation != ours.operation:
            if open_one.held.operation != replaces:
                return open_one.held
            open_one.ending, open_one.proof = "taken over", proof
            open_one = None
        if open_one is None:
            self.world.central.append(CentralClaim(ours))
        else:
            open_one.held = ours
        return None

    def _release(self, operation: str) -> None:
        for row in self.world.central:
            if row.held.operation == operation and not row.ending:
                row.ending = "released"


class MailerInMemory:
    """The Mailer port on the world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def send(self, notice: CancellationNotice) -> None:
        self.world.call("mail", System.MAIL, lambda: self.world.mails.append(replace(notice)))
