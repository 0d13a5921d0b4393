"""What the cancellation needs of the remote systems. It knows them by these ports alone.

Reads retry by themselves and raise `RemoteUnavailable` when no usable answer came. Writes are prepared (no I/O), stored in the
trail, and sent once: they return an `Answer` or raise `RemoteRefused`, `RemoteUnavailable` (surely not executed) or
`OutcomeUnknown` (look, never resend blindly). All methods are safe to use from several threads.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from coupon_desk.coupons.allowance import Allowance, Spent, Windows
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import Absent, DiscountSeen, Held, OrderSeen, OrdersSeen, RecordSeen
from coupon_desk.coupons.notice import CancellationNotice
from coupon_desk.coupons.record import RecordChange
from coupon_desk.coupons.shared_request import Decision, RequestToShare, SharedRequest, Verdict
from coupon_desk.points.port import PointSystem
from coupon_desk.wire import Answer, PreparedRequest

__all__ = ["CentralAllowances", "CentralClaims", "CentralRequests", "Mailer", "PointSystem", "Shop"]


class Shop(Protocol):
    """Shopify: discounts, the customers' records, orders."""

    def read_discount(self, code: CouponCode) -> DiscountSeen | Absent:
        """The discount that bears the code, looked up by the code itself, never by search."""

    def read_discount_by_id(self, discount_id: str, code: CouponCode) -> DiscountSeen | Absent:
        """The same discount by id; Absent when the discount, or the code on it, is gone."""

    def read_record(self, customer_id: str, code: CouponCode) -> RecordSeen | Absent:
        """The customer and their record; Absent where Shopify does not know the customer."""

    def find_orders(self, code: CouponCode, customer_id: str | None, since: datetime | None) -> OrdersSeen:
        """Orders that bear the code: by search, and among the customer's own orders since the coupon was issued.

        A search that answers with warnings is no answer: raises RemoteUnavailable.
        """

    def read_order(self, order: str) -> OrderSeen | Absent:
        """One order by its name (`#1001`) or id, with all its codes."""

    def prepare_deactivation(self, discount: DiscountSeen) -> PreparedRequest:
        """Switch the whole discount off; for a discount that bears only this code."""

    def prepare_code_removal(self, discount: DiscountSeen) -> PreparedRequest:
        """Remove this one code of a discount with several; it cannot be put back."""

    def prepare_window(self, discount: DiscountSeen) -> PreparedRequest:
        """Put the discount's dates back as `discount` shows them (never `activate`, which clears the end)."""

    def prepare_deletion(self, discount: DiscountSeen) -> PreparedRequest:
        """Delete the discount with its usage count and events."""

    def prepare_record(self, seen: RecordSeen, code: CouponCode, change: RecordChange) -> PreparedRequest:
        """Write one entry of the record, all else untouched, guarded by the digest of what was seen."""

    def send(self, prepared: PreparedRequest) -> Answer:
        """Send a prepared write once, unchanged, and wait for a job that it starts. Also raises StaleRecord."""


class Mailer(Protocol):
    """Tells the customer."""

    def send(self, notice: CancellationNotice) -> None:
        """Hand the notice to the mail server once."""


class CentralClaims(Protocol):
    """The claims of all desks in the central database. All methods raise RemoteUnavailable or RemoteRefused.

    Each is one short transaction and safe to repeat: after a lost answer the same call finds what it did.
    """

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
        """Hold the coupon for this operation, atomically. None: it is ours, now or already; otherwise whose it is.

        `returning` marks it as being past the pivot: the fence. Where `replaces` holds the coupon, its claim ends as taken
        over, with the proof, and ours begins. An operation that was taken over once never holds the coupon again: it is told
        its successor, also after that one has ended.
        """

    def holder(self, code: CouponCode) -> Held | None:
        """Whose claim is open on the coupon."""

    def open_ones(self) -> tuple[str, ...]:
        """The operations of this desk whose claims are open."""

    def release(self, code: CouponCode, operation: str) -> None:
        """End our claim; nothing where it is not ours, or not any more."""


class CentralAllowances(Protocol):
    """What counts towards the limits at all desks. All methods raise RemoteUnavailable or RemoteRefused.

    Each is one transaction and safe to repeat: after a lost answer the same call finds what it did. The database puts all
    operations into one row, by a number under a lock: of two that race for the last of a limit one stands before the other.
    """

    def count(self, operation: str, operator: str, customer: str | None, points: int, windows: Windows) -> Spent:
        """Count the operation, and tell what stands before it: of its operator at any desk, and of its customer's coupons.

        Counted again with more points it goes behind all others; with as many or fewer it keeps its place, so that nothing that
        was counted after it has to be counted anew; what was released stays so. `customer` is Shopify's id, of which only a
        digest leaves this desk. Raises RemoteRefused for another operator's operation.
        """

    def release(self, operation: str) -> None:
        """The operation was refused and counts no more, nor does its approval; nothing where it did not count."""

    def approve(self, operation: str, approver: str, points: int, day_start: datetime, *, at_most: int | None = None) -> int:
        """Write down who approves a counted operation; the points that they approved before it since `day_start`.

        Nothing is written where these and `points` are more than `at_most`: who was refused used nothing up. Another approver
        takes the place of the first. Raises RemoteRefused for an operation that was never counted, NotPermitted where the
        approver is its operator.
        """

    def own_since(self, moment: datetime) -> tuple[Allowance, ...]:
        """What this desk has counted since then, oldest first: what is missing was done while the centre was silent."""


class CentralRequests(Protocol):
    """Requests for a second person, as all desks see them. All methods raise RemoteUnavailable or RemoteRefused.

    Each is one transaction and safe to repeat. A request is decided once, and never by the desk that asks. What it says of a
    person stands there only while it is open.
    """

    def post(self, request: RequestToShare) -> None:
        """Let other desks decide about it; nothing where this very request stands there already, decided or not.

        One with another hash, or that has expired, takes the place of what this operation had open.
        """

    def waiting(self) -> tuple[SharedRequest, ...]:
        """What other desks wait for and may still be decided, oldest first."""

    def decide(self, request: SharedRequest, approver: str, verdict: Verdict, note: str) -> Decision:
        """Decide, and tell the decision that stands: somebody else's where that was first.

        Raises NotPermitted where the request is the approver's own or this desk's, has expired, was closed or changed.
        """

    def decisions(self) -> tuple[Decision, ...]:
        """What was decided at other desks about requests of this desk that are not closed yet, oldest first."""

    def open_ones(self) -> tuple[str, ...]:
        """The operations of this desk whose requests are not closed: what a crash or a silence left is found by them."""

    def close(self, operation: str) -> None:
        """Nobody waits any more: what the operation has open is closed, and its note is wiped. Nothing where none is open."""
