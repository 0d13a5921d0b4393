"""What the remote systems hold when a run is over, asked in their own books and not in ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from coupon_desk.cancellation.operation import OperationKind
from coupon_desk.training.showcase import Specimen
from coupon_desk.training.stories import record_entry
from coupon_desk.training.things import Discount, Order
from tests.faults.broken_shop import BrokenShop
from tests.faults.others import BY_HAND, Bystanders
from tests.faults.plan import Plan

_OFF_SWITCHES = frozenset({"DeactivateDiscount", "DeleteDiscount"})


@dataclass(frozen=True, slots=True)
class Truth:
    """What the remote systems hold in the end.

    `sends` are the credits that we asked for and that were carried out, by their place in the shop's journal; `points` and
    `reasons` what they are in the point history. `deducted` is what the coupon once cost; `owed` what may be credited for it,
    for the refund of an order by any state of its payment. `others` are credits for the other coupons of its orders.
    """

    sends: tuple[int, ...]
    points: tuple[int, ...]
    reasons: tuple[str, ...]
    deducted: int
    owed: frozenset[int]
    others: int
    is_dead: bool
    was_killed: bool
    record: dict[str, Any] | None
    mails: int
    used: bool
    used_before: bool
    used_in_time: bool
    used_late: bool
    looked_late: bool
    order_is_cancelled: bool


def look_up(shop: BrokenShop, plan: Plan, coupon: Specimen, others: Bystanders) -> Truth:
    """Ask every remote system."""
    journal = shop.journal.entries
    opened_at = shop.premises.world.opened_at
    entries = shop.point_entries(coupon.customer_id, coupon.reference)
    ours = [one for one in entries if one.points > 0 and one.created_at >= opened_at and one.reason != BY_HAND]
    deducted = [-one.points for one in entries if one.points < 0]
    deaths = [
        *(entry.at for entry in journal if entry.applied and entry.call in _OFF_SWITCHES),
        # A code is removed by a job, which does its work later and under no name of its own.
        *(entry.at + timedelta(seconds=plan.job_seconds) for entry in journal if entry.executed and entry.call == "RemoveCode"),
    ]
    cost = max(deducted, default=coupon.points)
    payment = others.payment
    arrived = payment is not None and payment.order is not None
    dead_at = min(deaths, default=None)
    settled_at = None if dead_at is None else dead_at + timedelta(seconds=plan.settle_seconds)
    late = arrived and payment is not None and settled_at is not None and payment.due_at > settled_at
    looks = [entry.at for entry in journal if entry.call == "OrdersOfCoupon" and entry.executed]
    orders = shop.orders_with(coupon.code)
    used_before = any(order.created_at < opened_at for order in orders)
    return Truth(
        sends=tuple(entry.number for entry in journal if entry.call == "add" and entry.applied),
        points=tuple(entry.points for entry in ours),
        reasons=tuple(entry.reason for entry in ours),
        deducted=cost,
        owed=frozenset(_share(cost, order) for order in others.orders if order.cancelled_at is not None)
        if plan.kind is OperationKind.ORDER_REFUND
        else frozenset({cost}),
        others=sum(_credits(shop, coupon.customer_id, code) for order in orders for code in order.codes if code != coupon.code),
        is_dead=not _could_be_redeemed(shop, shop.discount(coupon.code), coupon.code),
        was_killed=bool(deaths),
        record=record_entry(shop.record(coupon.customer_id), coupon.code),
        mails=len(shop.mailbox.mails),
        used=bool(orders),
        used_before=used_before,
        used_in_time=plan.kind is not OperationKind.ORDER_REFUND and (others.redeemed or used_before or (arrived and not late)),
        used_late=late,
        # Of two desks it may be the other that looked, before it refused to do anything.
        looked_late=late and plan.desks == 1 and payment is not None and any(at >= payment.due_at for at in looks),
        order_is_cancelled=any(order.cancelled_at is not None for order in orders),
    )


def _share(cost: int, order: Order) -> int:
    """What a cancelled order gives back of a coupon that cost so much."""
    kept = order.received - order.refunded
    if kept == 0 or order.refunded == 0:
        return cost
    return cost * order.refunded // order.received


def _credits(shop: BrokenShop, customer_id: str, code: str) -> int:
    return sum(entry.points > 0 for entry in shop.point_entries(customer_id, f"COUPON-{code}"))


def _could_be_redeemed(shop: BrokenShop, discount: Discount | None, code: str) -> bool:
    """Whether a customer could still pay with the code, now or later."""
    redeemed = None if discount is None else discount.code(code)
    if discount is None or redeemed is None or discount.status(shop.true_time.now()) == "EXPIRED":
        return False
    return discount.usage_limit is None or len(redeemed.uses) < discount.usage_limit
