"""Shopify as the cancellation knows it: the `Shop` port (cancellation/ports.py), put together from its parts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime

from coupon_desk.clock import Clock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import Absent, DiscountSeen, OrderSeen, OrdersSeen, RecordSeen
from coupon_desk.coupons.record import RecordChange
from coupon_desk.shopify import customers, discounts, orders, writes
from coupon_desk.shopify.cancelled_orders import ListedOrder, cancelled_orders
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.jobs import wait_for
from coupon_desk.shopify.record import changed
from coupon_desk.shopify.refusals import refused
from coupon_desk.wire import Answer, PreparedRequest
from coupon_desk.words import msg


class ShopifyShop:
    """One shop. Every method is safe to use from several threads; what each raises stands at the port."""

    def __init__(self, client: ShopifyClient, clock: Clock, coupon_metafield: str = "loyalty.coupons") -> None:
        self._client = client
        self._clock = clock
        self._namespace, _, self._key = coupon_metafield.rpartition(".")

    def read_discount(self, code: CouponCode) -> DiscountSeen | Absent:
        """The discount that bears the code, looked up by the code itself, never by search."""
        return discounts.read_by_code(self._client, code)

    def read_discount_by_id(self, discount_id: str, code: CouponCode) -> DiscountSeen | Absent:
        """The same discount by id; Absent when the discount, or the code on it, is gone."""
        return discounts.read_by_id(self._client, discount_id, code)

    def read_record(self, customer_id: str, code: CouponCode, *, background: bool = False) -> RecordSeen | Absent:
        """The customer and their record; Absent where Shopify does not know the customer. Raises MalformedRecord too.

        `background`: whoever stands at the counter goes before.
        """
        return customers.read_record(self._client, customer_id, code, self._namespace, self._key, background=background)

    def find_orders(self, code: CouponCode, customer_id: str | None, since: datetime | None) -> OrdersSeen:
        """Orders that bear the code: by search, and among the customer's own orders since the coupon was issued."""
        return orders.find_orders(self._client, code, customer_id, since)

    def read_order(self, order: str) -> OrderSeen | Absent:
        """One order by its name (`#1001`) or id, with all its codes."""
        return orders.read_order(self._client, order)

    def cancelled_orders(self, since: datetime, stop: threading.Event | None = None) -> Iterator[tuple[ListedOrder, ...]]:
        """Cancelled orders that changed since a moment, page by page, for the inbox; a search, and no ground for a decision."""
        return cancelled_orders(self._client, since, stop)

    def prepare_deactivation(self, discount: DiscountSeen) -> PreparedRequest:
        """Switch the whole discount off; for a discount that bears only this code. Raises RemoteRefused for another."""
        _refuse_other_codes(discount)
        return writes.deactivation(discount)

    def prepare_code_removal(self, discount: DiscountSeen) -> PreparedRequest:
        """Remove this one code of a discount with several; it cannot be put back."""
        return writes.code_removal(discount)

    def prepare_window(self, discount: DiscountSeen) -> PreparedRequest:
        """Put the discount's dates back as `discount` shows them. Raises RemoteRefused for an app's discount."""
        return writes.window(discount)

    def prepare_deletion(self, discount: DiscountSeen) -> PreparedRequest:
        """Delete the discount with its usage count and events. Raises RemoteRefused where it bears other codes."""
        _refuse_other_codes(discount)
        return writes.deletion(discount)

    def prepare_record(self, seen: RecordSeen, code: CouponCode, change: RecordChange) -> PreparedRequest:
        """Write one entry of the record, all else untouched, guarded by the digest of what was seen.

        Raises MalformedRecord, and RemoteRefused where the record is full or another operation has its mark on the entry.
        """
        text = changed(seen.raw, code, change)
        return writes.record(seen.customer.id, self._namespace, self._key, text, seen.digest)

    def send(self, prepared: PreparedRequest) -> Answer:
        """Send a prepared write once, unchanged, and wait for a job that it starts.

        A job tells no errors: after a code removal read the discount again.
        """
        operation = writes.OPERATIONS[prepared.call]
        reply = self._client.write(prepared, operation)
        writes.judge(prepared, reply.data.payload, reply.request_id)
        if reply.data.payload is not None and reply.data.payload.job is not None:
            wait_for(reply.data.payload.job, self._client, self._clock, reply.request_id)
        return Answer(reply.body, reply.request_id, reply.server_time)


def _refuse_other_codes(discount: DiscountSeen) -> None:
    if not discount.bears_only_this_code:
        raise refused(
            msg("The discount holds {count} codes: only this one may be removed.", count=discount.codes_count),
            todo=msg("Nothing was done."),
        )
