"""A shop with many coupons of several customers, in memory, behind the engine's ports. Nothing breaks here: people do wrong."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from coupon_desk.clock import ClockOffset, VirtualClock
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
    MarkReminded,
    MarkUsed,
    PutClaim,
    RecordChange,
)
from coupon_desk.errors import System
from coupon_desk.points.port import AddPoints, DuplicateGuard, HistorySearch, PointCapabilities, PointsAdded
from coupon_desk.wire import Answer, PreparedRequest

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CUSTOMERS = tuple(f"gid://shopify/Customer/62012709{number:02d}" for number in range(3))
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def email_of(customer_id: str) -> str:
    return f"customer{customer_id[-2:]}@example.com"


@dataclass
class Coupon:
    code: CouponCode
    customer_id: str
    state: DiscountState = DiscountState.ACTIVE
    entry: RecordEntry = field(init=False)
    orders: list[OrderSeen] = field(default_factory=list)
    points: list[PointEntry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.entry = RecordEntry(RecordStatus.ACTIVE, self.code.points, Decimal(500), None, None, None, None, None)
        self.points.append(
            PointEntry("0", EntryType.DEDUCT, -self.code.points, "", self.code.reference, START - timedelta(days=9), 0)
        )

    @property
    def returned(self) -> list[int]:
        return [entry.points for entry in self.points if entry.is_return]


class ManyCoupons:
    """The true time, and every coupon by its code."""

    def __init__(self) -> None:
        self.clock = VirtualClock(START)
        self.coupons: dict[str, Coupon] = {}
        self.changes: dict[str, tuple[str, RecordChange]] = {}
        self.mails: list[CancellationNotice] = []

    def issue(self, customer: int, points: int) -> CouponCode:
        customer_id, number = CUSTOMERS[customer], len(self.coupons)
        token = f"{LETTERS[number // 24]}{LETTERS[number % 24]}12CD"
        code = CouponCode.parse(f"{customer_id[-5:]}-{token}-{points}")
        self.coupons[code.text] = Coupon(code, customer_id)
        return code

    def use_and_cancel_the_order(self, code: CouponCode) -> str:
        coupon, number = self.coupons[code.text], 1000 + len(self.coupons)
        paid = OrderPayment("REFUNDED", Decimal(900), Decimal(900), "JPY")
        now = self.clock.now()
        order = OrderSeen(f"gid://shopify/Order/{number}", f"#{number}", now, now, (code.text,), coupon.customer_id, paid)
        coupon.orders.append(order)
        coupon.entry = replace(coupon.entry, status=RecordStatus.USED)
        return order.name


class DeskClock:
    """A desk's own clock, which somebody may set; waiting moves the true time."""

    def __init__(self, true: VirtualClock) -> None:
        self.true = true
        self.set_by = timedelta(0)

    def now(self) -> datetime:
        return self.true.now() + self.set_by

    def monotonic(self) -> float:
        return self.true.monotonic()

    def sleep(self, seconds: float) -> None:
        self.true.sleep(seconds)


@dataclass
class Shop:
    """The Shop port, as one desk sees it: each answer tells the true time."""

    all: ManyCoupons
    offset: ClockOffset

    def read_discount(self, code: CouponCode) -> DiscountSeen | Absent:
        return self._seen(code)

    def read_discount_by_id(self, discount_id: str, code: CouponCode) -> DiscountSeen | Absent:
        return self._seen(code)

    def read_record(self, customer_id: str, code: CouponCode) -> RecordSeen | Absent:
        self.offset.heard(self.all.clock.now())
        customer = CustomerSeen(customer_id, "Hanako", email_of(customer_id), None, "ja", customer_id[-10:])
        return RecordSeen(customer, self.all.coupons[code.text].entry, "{}", "digest")

    def find_orders(self, code: CouponCode, customer_id: str | None, since: datetime | None) -> OrdersSeen:
        return OrdersSeen(tuple(self.all.coupons[code.text].orders))

    def read_order(self, order: str) -> OrderSeen | Absent:
        orders = (one for coupon in self.all.coupons.values() for one in coupon.orders)
        return next((one for one in orders if one.name == order), Absent())

    def prepare_deactivation(self, discount: DiscountSeen) -> PreparedRequest:
        return PreparedRequest(System.SHOPIFY, "deactivate", discount.code.text, "{}")

    def prepare_code_removal(self, discount: DiscountSeen) -> PreparedRequest:
        return PreparedRequest(System.SHOPIFY, "remove_code", discount.code.text, "{}")

    def prepare_window(self, discount: DiscountSeen) -> PreparedRequest:
        return PreparedRequest(System.SHOPIFY, "window", discount.code.text, "{}")

    def prepare_deletion(self, discount: DiscountSeen) -> PreparedRequest:
        return PreparedRequest(System.SHOPIFY, "delete", discount.code.text, "{}")

    def prepare_record(self, seen: RecordSeen, code: CouponCode, change: RecordChange) -> PreparedRequest:
        name = str(len(self.all.changes))
        self.all.changes[name] = (code.text, change)
        return PreparedRequest(System.SHOPIFY, "record", name, "{}")

    def send(self, prepared: PreparedRequest) -> Answer:
        self.offset.heard(self.all.clock.now())
        if prepared.call == "record":
            code, change = self.all.changes[prepared.target]
            coupon = self.all.coupons[code]
            coupon.entry = _changed(coupon.entry, change)
        else:
            alive = prepared.call == "window"
            self.all.coupons[prepared.target].state = DiscountState.ACTIVE if alive else DiscountState.EXPIRED
        return Answer("{}")

    def _seen(self, code: CouponCode) -> DiscountSeen | Absent:
        self.offset.heard(self.all.clock.now())
        coupon, began = self.all.coupons[code.text], START - timedelta(days=9)
        return DiscountSeen(
            id=f"gid://shopify/DiscountCodeNode/{code.text}",
            kind=DiscountKind.BASIC,
            state=coupon.state,
            title="",
            code=code,
            redeem_code_id="gid://shopify/DiscountRedeemCode/1",
            codes_count=1,
            usage_count=len(coupon.orders),
            usage_limit=1,
            starts_at=began,
            ends_at=self.all.clock.now() if coupon.state is DiscountState.EXPIRED else None,
            created_at=began,
            customer_ids=(coupon.customer_id,),
            amount=Decimal(500),
            currency="JPY",
        )


def _changed(entry: RecordEntry, change: RecordChange) -> RecordEntry:
    match change:
        case PutClaim(claim, _):
            return replace(entry, claim=Claim(claim.operation, claim.by, claim.at))
        case DropClaim(_):
            return replace(entry, claim=None)
        case MarkCancelled(at=at, by=by):
            return replace(entry, status=RecordStatus.CANCELLED, cancelled_at=at, cancelled_by=by, claim=None)
        case MarkUsed(at):
            return replace(entry, status=RecordStatus.USED, used_at=at, claim=None)
        case MarkRefunded(at=at) | MarkReleased(at=at):
            return replace(entry, refunded_at=at, claim=None)
        case MarkReminded():
            return entry


@dataclass
class PointSystem:
    """The PointSystem port."""

    all: ManyCoupons
    capabilities = PointCapabilities(DuplicateGuard.NONE, HistorySearch.BY_REFERENCE, None, 200, False, True)

    def check(self) -> None:
        """It is always there."""

    def read_balance(self, customer_id: str) -> int | Absent:
        return 0

    def read_history(self, customer_id: str, reference: str) -> HistorySeen | Absent:
        coupon = self.all.coupons[reference.removeprefix("COUPON-")]
        return HistorySeen(0, tuple(reversed(coupon.points)), server_time=self.all.clock.now())

    def read_recent(self, customer_id: str, limit: int) -> tuple[PointEntry, ...]:
        return ()

    def prepare(self, add: AddPoints) -> PreparedRequest:
        return PreparedRequest(System.POINTS, "add", add.reference, str(int(add.points)), add.key)

    def send(self, prepared: PreparedRequest) -> PointsAdded:
        coupon = self.all.coupons[prepared.target.removeprefix("COUPON-")]
        number, points = str(len(coupon.points)), Points(int(prepared.body))
        now = self.all.clock.now()
        coupon.points.append(PointEntry(number, EntryType.ADD, points, "", prepared.target, now, 0))
        return PointsAdded(number, 0, int(points))


@dataclass
class Post:
    """The Mailer port."""

    all: ManyCoupons

    def send(self, notice: CancellationNotice) -> None:
        self.all.mails.append(notice)


@dataclass
class Claims:
    """The CentralClaims port over one table for all desks."""

    clock: VirtualClock
    desk: str
    table: dict[str, Held]

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
        held = self.table.setdefault(code.text, Held(operation, self.desk, by, self.clock.now(), returning))
        return None if held.operation == operation else held

    def holder(self, code: CouponCode) -> Held | None:
        return self.table.get(code.text)

    def open_ones(self) -> tuple[str, ...]:
        return tuple(held.operation for held in self.table.values() if held.desk == self.desk)

    def release(self, code: CouponCode, operation: str) -> None:
        if code.text in self.table and self.table[code.text].operation == operation:
            del self.table[code.text]
