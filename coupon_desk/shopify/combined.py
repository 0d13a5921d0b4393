"""Shopify for many coupons at once: the `Shop` port, with the calls of many threads put together into few requests.

Each call means to its caller exactly what the single call means: a combined answer is taken only for what it plainly shows;
whatever else it is, the member is asked by itself (`ShopifyShop`). All of it is work in the background: whoever stands at the
counter goes before, at this desk and at others.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Final, Self, TypeVar

from coupon_desk.clock import Clock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import Absent, DiscountSeen, OrderSeen, OrdersSeen, RecordSeen
from coupon_desk.coupons.record import RecordChange
from coupon_desk.shopify import combined_reads, customers, discounts, writes
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.combined_orders import OrdersOf, OrdersTogether
from coupon_desk.shopify.combined_writes import DeactivationsTogether, RecordsWrittenTogether
from coupon_desk.shopify.rounds import Alone, Rounds
from coupon_desk.shopify.shop import ShopifyShop
from coupon_desk.wire import Answer, PreparedRequest

_MOST_BY_THEMSELVES: Final = 4
"""So many members are asked by themselves at a time: a round that failed must not take all connections."""

T = TypeVar("T")


def combined_shop(client: ShopifyClient, clock: Clock, coupon_metafield: str = "loyalty.coupons") -> CombinedShop:
    """The shop behind this client, for work on many coupons at once."""
    return CombinedShop(client, clock, coupon_metafield)


class CombinedShop:
    """One shop, asked by many threads at once; a context manager only so that its use has an end.

    What each method raises stands at the port. Discounts with several codes, orders by name, windows, single codes and
    deletions go the single way: they are rare, or, as deleting, not to be left to a job that goes on by itself.
    """

    def __init__(self, client: ShopifyClient, clock: Clock, coupon_metafield: str = "loyalty.coupons") -> None:
        background = client.in_background()
        self._single = ShopifyShop(background, clock, coupon_metafield)
        self._by_themselves = threading.BoundedSemaphore(_MOST_BY_THEMSELVES)
        ids = combined_reads.IdsByCode(background)
        nodes = combined_reads.Discounts(background)
        records = combined_reads.Records(background, coupon_metafield)
        orders = OrdersTogether(background)
        written = RecordsWrittenTogether(background)
        switched_off = DeactivationsTogether(background, clock)
        self._ids: Rounds[str, str] = Rounds(ids.ask_all, combined_reads.MOST_CODES, clock)
        self._discounts: Rounds[str, discounts.DiscountNode] = Rounds(nodes.ask_all, combined_reads.MOST_DISCOUNTS, clock)
        self._records: Rounds[str, customers.Customer] = Rounds(records.ask_all, combined_reads.MOST_RECORDS, clock)
        self._orders: Rounds[OrdersOf, OrdersSeen] = Rounds(orders.ask_all, OrdersTogether.MOST, clock)
        self._writes: dict[str, Rounds[PreparedRequest, Answer]] = {
            writes.WRITE_RECORD.name: Rounds(written.send_all, RecordsWrittenTogether.MOST, clock),
            writes.DEACTIVATE.name: Rounds(switched_off.send_all, DeactivationsTogether.MOST, clock),
        }

    def __enter__(self) -> Self:
        """The shop itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Nothing is held: the connections are the client's, the threads are the callers'."""

    @property
    def gathered(self) -> int:
        """How many calls are in rounds that still gather."""
        reads = (self._ids.gathered, self._discounts.gathered, self._records.gathered, self._orders.gathered)
        return sum(reads) + sum(rounds.gathered for rounds in self._writes.values())

    def read_discount(self, code: CouponCode) -> DiscountSeen | Absent:
        """The discount that bears the code: its id by the code, then the discount by its id, never by search."""
        discount_id = self._ids.ask(code.text)
        if not isinstance(discount_id, Alone):
            seen = self._seen(discount_id, code)
            if seen is not None:
                return seen
        return self._alone(lambda: self._single.read_discount(code))

    def read_discount_by_id(self, discount_id: str, code: CouponCode) -> DiscountSeen | Absent:
        """The same discount by id; Absent when the discount, or the code on it, is gone."""
        seen = self._seen(discount_id, code)
        return seen or self._alone(lambda: self._single.read_discount_by_id(discount_id, code))

    def read_record(self, customer_id: str, code: CouponCode) -> RecordSeen | Absent:
        """The customer and their record; Absent where Shopify does not know the customer. Raises MalformedRecord too."""
        customer = self._records.ask(customer_id)
        if isinstance(customer, Alone):
            return self._alone(lambda: self._single.read_record(customer_id, code))
        return customers.seen(customer, code)

    def find_orders(self, code: CouponCode, customer_id: str | None, since: datetime | None) -> OrdersSeen:
        """Orders that bear the code: by search, and among the customer's own orders since the coupon was issued."""
        found = self._orders.ask(OrdersOf(code, customer_id, since))
        if isinstance(found, Alone):
            return self._alone(lambda: self._single.find_orders(code, customer_id, since))
        return found

    def read_order(self, order: str) -> OrderSeen | Absent:
        """One order by its name (`#1001`) or id, with all its codes."""
        return self._single.read_order(order)

    def prepare_deactivation(self, discount: DiscountSeen) -> PreparedRequest:
        """Switch the whole discount off; for a discount that bears only this code. Raises RemoteRefused for another."""
        return self._single.prepare_deactivation(discount)

    def prepare_code_removal(self, discount: DiscountSeen) -> PreparedRequest:
        """Remove this one code of a discount with several; it cannot be put back."""
        return self._single.prepare_code_removal(discount)

    def prepare_window(self, discount: DiscountSeen) -> PreparedRequest:
        """Put the discount's dates back as `discount` shows them. Raises RemoteRefused for an app's discount."""
        return self._single.prepare_window(discount)

    def prepare_deletion(self, discount: DiscountSeen) -> PreparedRequest:
        """Delete the discount with its usage count and events. Raises RemoteRefused where it bears other codes."""
        return self._single.prepare_deletion(discount)

    def prepare_record(self, seen: RecordSeen, code: CouponCode, change: RecordChange) -> PreparedRequest:
        """Write one entry of the record, all else untouched, guarded by the digest of what was seen."""
        return self._single.prepare_record(seen, code, change)

    def send(self, prepared: PreparedRequest) -> Answer:
        """Send a prepared write once, together with others of its kind, and wait for a job that it starts."""
        rounds = self._writes.get(prepared.call)
        answer = rounds.ask(prepared) if rounds is not None else Alone.ALONE
        return self._alone(lambda: self._single.send(prepared)) if isinstance(answer, Alone) else answer

    def _seen(self, discount_id: str, code: CouponCode) -> DiscountSeen | None:
        node = self._discounts.ask(discount_id)
        return None if isinstance(node, Alone) else discounts.seen_at_once(node, code)

    def _alone(self, ask: Callable[[], T]) -> T:
        with self._by_themselves:
            return ask()
