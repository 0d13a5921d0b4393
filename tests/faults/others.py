"""What happens around the desks: customers who pay, clerks at the point system, the shop's website; and who kills desks."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from coupon_desk.training.checkout import CheckoutRefused, edit_record
from coupon_desk.training.showcase import Specimen
from coupon_desk.training.stories import record_entry
from coupon_desk.training.things import Discount, Order
from coupon_desk.training.world import World
from tests.faults.broken_shop import BrokenShop
from tests.faults.plan import MOST_LAG_SECONDS, Event, MoneyBack, Plan

NOTE: Final = "website_note"
BY_HAND: Final = "Returned by hand"


@dataclass(slots=True)
class Payment:
    """A payment that began while the code worked, and when its order arrives."""

    discount: Discount
    due_at: datetime
    order: str | None = None


class Bystanders:
    """Everybody but the desks (`troubles.Others`). Safe to use from the shop's threads.

    `orders` are the coupon's orders as they were at first, and after everything that was done to them.
    """

    def __init__(self, shop: BrokenShop, plan: Plan, coupon: Specimen, kill: Callable[[int], bool]) -> None:
        self.redeemed = False
        self.payment: Payment | None = None
        self.returned_by_hand_after: int | None = None
        self.edits = 0
        self.orders = list(shop.orders_with(coupon.code))
        self.happened: Counter[str] = Counter()
        self._shop = shop
        self._plan = plan
        self._coupon = coupon
        self._kill = kill
        self._lock = threading.RLock()

    def happen(self, event: Event) -> None:
        """A customer, a clerk or the website does something."""
        shop, coupon = self._shop, self._coupon
        with self._lock:
            self.happened[event.value] += 1
            match event:
                case Event.REDEEM:
                    with suppress(CheckoutRefused):
                        shop.redeem(coupon.code)
                        self.redeemed = True
                case Event.PAYMENT_BEGINS:
                    self._begin_payment()
                case Event.RETURN_BY_HAND:
                    after = shop.journal.entries[-1].number if shop.journal.entries else 0
                    if self._add_points(coupon.points, BY_HAND, coupon.reference):
                        self.returned_by_hand_after = after
                case Event.OTHER_POINTS:
                    self._add_points(30, "Purchase")
                case Event.ORDER_CANCELLED:
                    self.cancel_order()
                case Event.MORE_REFUNDED:
                    self._refund_more()
                case Event.REVIVED:
                    shop.premises.change(self._revive)
                case Event.USED_AGAIN:
                    shop.premises.change(self._revive)
                    with suppress(CheckoutRefused):
                        shop.redeem(coupon.code)
                        self.redeemed = True
                case Event.RECORD_EDITED:
                    shop.premises.change(self._edit_record)

    def _add_points(self, points: int, reason: str, reference: str | None = None) -> bool:
        """False where the point system does not know the customer."""
        if self._shop.balance(self._coupon.customer_id) is None:
            return False
        self._shop.add_points(self._coupon.customer_id, points, reason, reference)
        return True

    def cancel_order(self) -> None:
        """The customer's order with the coupon is cancelled in Shopify, and as much of it refunded as the plan wants."""
        name = self._coupon.order
        if name is None:
            return
        back = {MoneyBack.ALL: None, MoneyBack.PART: 1234, MoneyBack.NOTHING: 0}[self._plan.money_back]
        self._see_order(self._shop.cancel_order(name, refunded=back))

    def _refund_more(self) -> None:
        """Somebody gives more of the order's money back."""
        name = self._coupon.order
        if name is not None:
            self._see_order(self._shop.refund_order(name, 777))

    def _see_order(self, order: Order) -> None:
        self.orders.append(order)

    def pass_by(self) -> None:
        """A payment whose time has come arrives."""
        with self._lock:
            payment = self.payment
            if payment is not None and payment.order is None and payment.due_at <= self._shop.true_time.now():
                payment.order = self._shop.take_order(self._coupon.code, payment.discount)

    def kill(self, desk: int) -> bool:
        """Kill a desk's process at once; False where none is alive."""
        return self._kill(desk)

    def history_may_lag(self) -> bool:
        """Whether a point history without the newest entries would lag by less than a minute."""
        now = self._shop.true_time.now()
        opened = self._shop.premises.world.opened_at
        entries = self._shop.point_entries(self._coupon.customer_id, self._coupon.reference)
        new = [entry.created_at for entry in entries if entry.created_at > opened]
        return self.returned_by_hand_after is None and all(now - at < timedelta(seconds=MOST_LAG_SECONDS) for at in new)

    def _begin_payment(self) -> None:
        shop = self._shop
        discount = shop.discount(self._coupon.code)
        now = shop.true_time.now()
        used = discount is not None and discount.code(self._coupon.code)
        if self.payment is None and discount is not None and discount.is_active(now) and used and not used.uses:
            self.payment = Payment(discount, now + timedelta(seconds=self._plan.payment_seconds))

    def _revive(self, world: World) -> None:
        """Somebody switches the code on again in Shopify, where it still stands in its discount."""
        discount = world.discount_with(self._coupon.code)
        if discount is not None:
            world.put_discount(replace(discount, ends_at=None))

    def _edit_record(self, world: World) -> None:
        """The website adds something of its own to the coupon's entry; whatever else stands there stays."""
        number = int(self._coupon.customer_id.rpartition("/")[2])
        record = world.record(number)
        entry = record_entry(record, self._coupon.code)
        if entry is not None:
            self.edits += 1
            entry[NOTE] = self.edits
            edit_record(world, self._coupon.customer_id, record)
