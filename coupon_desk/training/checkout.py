"""What happens in a shop while nobody looks: customers use coupons, orders are cancelled, others write records and points."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from coupon_desk.coupons.points import PointEntry
from coupon_desk.training.things import Customer, Order, number_of, whole
from coupon_desk.training.world import World


class CheckoutRefused(Exception):
    """The checkout does not take this code; no order was made."""


def redeem(world: World, code: str, other_codes: tuple[str, ...] = (), *, first: bool = True) -> Order:
    """A customer pays with a coupon. Raises CheckoutRefused when it is dead, used up, or unknown.

    `first` False: another code stands before it in the order, as the search by discount code cannot see.
    """
    now = world.clock.now()
    discount = world.discount_with(code)
    redeemed = None if discount is None else discount.code(code)
    if discount is None or redeemed is None:
        raise CheckoutRefused(f"{code} is not a valid discount code")
    if not discount.is_active(now):
        raise CheckoutRefused(f"{code} has expired or is not active yet")
    if discount.usage_limit is not None and len(redeemed.uses) >= discount.usage_limit:
        raise CheckoutRefused(f"{code} has reached its usage limit")
    used = replace(redeemed, uses=(*redeemed.uses, now))
    world.put_discount(replace(discount, codes=tuple(used if one is redeemed else one for one in discount.codes)))
    others = other_codes or (() if first else ("WELCOME10",))
    buyer = discount.customer_numbers[0] if discount.customer_numbers else None
    order = Order(
        number=world.new_number(),
        name=f"#{world.next_order_name}",
        created_at=whole(now),
        updated_at=whole(now),
        codes=(redeemed.code, *others) if first else (*others, redeemed.code),
        customer=buyer,
        total=6800,
        discounted=discount.amount or 0,
    )
    world.next_order_name += 1
    world.put_order(order)
    return order


def cancel_order(world: World, name: str, reason: str = "CUSTOMER") -> Order:
    """An order is cancelled and refunded; its coupons stay used (facts: Shopify §2). Raises KeyError for an unknown order."""
    order = world.order_named(name)
    if order is None:
        raise KeyError(name)
    now = whole(world.clock.now())
    cancelled = replace(order, cancelled_at=now, updated_at=now, cancel_reason=reason, financial_status="REFUNDED")
    world.put_order(cancelled)
    return cancelled


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


def known_customer(world: World, customer_id: str) -> Customer:
    """A customer, given as a global id or a bare number. Raises KeyError."""
    number = number_of(customer_id, "Customer")
    if number is None and customer_id.isascii() and customer_id.isdigit():
        number = int(customer_id)
    customer = None if number is None else world.customers.get(number)
    if customer is None:
        raise KeyError(customer_id)
    return customer
