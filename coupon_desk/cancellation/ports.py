"""What the cancellation needs of the remote systems. It knows them by these ports alone.

Reads retry by themselves and raise `RemoteUnavailable` when no usable answer came. Writes are prepared (no I/O), stored in the
trail, and sent once: they return an `Answer` or raise `RemoteRefused`, `RemoteUnavailable` (surely not executed) or
`OutcomeUnknown` (look, never resend blindly). All methods are safe to use from several threads.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import Absent, DiscountSeen, Held, OrderSeen, OrdersSeen, RecordSeen
from coupon_desk.coupons.notice import CancellationNotice
from coupon_desk.coupons.record import RecordChange
from coupon_desk.points.port import PointSystem
from coupon_desk.wire import Answer, PreparedRequest

__all__ = ["CentralClaims", "Mailer", "PointSystem", "Shop"]


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
