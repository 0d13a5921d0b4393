"""What happens in a shop while nobody looks: customers use coupons, orders are cancelled, others write records and points."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from coupon_desk.coupons.points import PointEntry
from coupon_desk.training.things import Customer, Discount, Order, RedeemCode, number_of, whole
from coupon_desk.training.world import World


class CheckoutRefused(Exception):
    """The checkout does not take this code; no order was made."""


def redeem(world: World, code: str, other_codes: tuple[str, ...] = (), *, first: bool = True, is_paid: bool = True) -> Order:
    """A customer pays with a coupon. Raises CheckoutRefused when it is dead, used up, or unknown.

    `first` False: another code stands before it in the order, as the search by discount code cannot see. Other coupons of this
    shop are used with it. `is_paid` False: the money has not come yet.
    """
    now = world.clock.now()
    others = other_codes or (() if first else ("WELCOME10",))
    discount, redeemed = _valid(world, code, now)
    along = [_valid(world, other, now) for other in others if world.discount_with(other) is not None]
    for one, bearer in ((redeemed, discount), *((also, bears) for bears, also in along)):
        _use(world, bearer, one, now)
    buyer = discount.customer_numbers[0] if discount.customer_numbers else None
    order = Order(
        number=world.new_number(),
        name=f"#{world.next_order_name}",
        created_at=whole(now),
        updated_at=whole(now),
        codes=(redeemed.code, *others) if first else (*others, redeemed.code),
        customer=buyer,
        total=6800,
        discounted=sum(used.amount or 0 for used in (discount, *(bears for bears, _ in along))),
        financial_status="PAID" if is_paid else "PENDING",
        paid=None if is_paid else 0,
    )
    world.next_order_name += 1
    world.put_order(order)
    return order


def cancel_order(world: World, name: str, reason: str = "CUSTOMER", refunded: int | None = None) -> Order:
    """An order is cancelled; its coupons stay used (facts: Shopify §2). Raises KeyError for an unknown order.

    `refunded` of its money goes back to the customer: all of it where None, and none where nothing had been paid.
    """
    order = _order(world, name)
    now = whole(world.clock.now())
    cancelled = replace(order, cancelled_at=order.cancelled_at or now, updated_at=now, cancel_reason=reason)
    back = order.received - order.refunded if refunded is None else refunded
    return _refunded(world, cancelled, back)


def refund_order(world: World, name: str, amount: int) -> Order:
    """Money of an order goes back to the customer, whether it is cancelled or not. Raises KeyError for an unknown order."""
    order = _order(world, name)
    return _refunded(world, replace(order, updated_at=whole(world.clock.now())), amount)


def edit_record(world: World, customer_id: str, value: Any) -> None:
    """Somebody else, such as the shop's website, writes a customer's coupon record. Raises KeyError for an unknown customer."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    world.put_metafield(known_customer(world, customer_id).number, "loyalty", "coupons", "json", text)


def add_points(world: World, customer_id: str, points: int, reason: str, reference: str | None = None) -> PointEntry:
    """Somebody else, such as a clerk at the POS, adds or deducts points. Raises KeyError for an unknown customer."""
    account = world.account_id(known_customer(world, customer_id).number)
    entry = world.ledger.add(account, points, reason, reference, world.clock.now())
    if entry is None:
        raise KeyError(customer_id)
    world.revision += 1
    return entry


def delete_discount(world: World, code: str) -> None:
    """Somebody deletes the discount of a code in Shopify. Raises KeyError."""
    discount = world.discount_with(code)
    if discount is None:
        raise KeyError(code)
    world.drop_discount(discount.number)


def consent(world: World, customer_id: str, marketing_state: str) -> None:
    """A customer agrees to e-mails, or no longer does. Raises KeyError."""
    customer = known_customer(world, customer_id)
    world.put_customer(replace(customer, marketing_state=marketing_state, updated_at=whole(world.clock.now())))


def _valid(world: World, code: str, now: datetime) -> tuple[Discount, RedeemCode]:
    discount = world.discount_with(code)
    redeemed = None if discount is None else discount.code(code)
    if discount is None or redeemed is None:
        raise CheckoutRefused(f"{code} is not a valid discount code")
    if not discount.is_active(now):
        raise CheckoutRefused(f"{code} has expired or is not active yet")
    if discount.usage_limit is not None and len(redeemed.uses) >= discount.usage_limit:
        raise CheckoutRefused(f"{code} has reached its usage limit")
    return discount, redeemed


def _use(world: World, discount: Discount, redeemed: RedeemCode, now: datetime) -> None:
    used = replace(redeemed, uses=(*redeemed.uses, now))
    world.put_discount(replace(discount, codes=tuple(used if one is redeemed else one for one in discount.codes)))


def _order(world: World, name: str) -> Order:
    order = world.order_named(name)
    if order is None:
        raise KeyError(name)
    return order


def _refunded(world: World, order: Order, amount: int) -> Order:
    """The order with so much more refunded, and Shopify's word for what that makes of it."""
    back = min(order.received, order.refunded + max(0, amount))
    status = order.financial_status
    if order.received == 0:
        status = status if order.cancelled_at is None else "VOIDED"
    elif back > 0:
        status = "REFUNDED" if back == order.received else "PARTIALLY_REFUNDED"
    changed = replace(order, refunded=back, financial_status=status)
    world.put_order(changed)
    return changed


def known_customer(world: World, customer_id: str) -> Customer:
    """A customer, given as a global id or a bare number. Raises KeyError."""
    number = number_of(customer_id, "Customer")
    if number is None and customer_id.isascii() and customer_id.isdigit():
        number = int(customer_id)
    customer = None if number is None else world.customers.get(number)
    if customer is None:
        raise KeyError(customer_id)
    return customer
