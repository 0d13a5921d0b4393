"""What a cancelled order gives back of the points that a coupon cost: as large a part as the money that was refunded. Pure.

A part is rounded down, and is never more than was deducted. Each coupon of an order gets the same part of its own points.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from coupon_desk.coupons.code import CouponCode, fold
from coupon_desk.coupons.evidence import OrderPayment, OrderSeen
from coupon_desk.coupons.points import Points
from coupon_desk.words import Amount, Message, msg

_GIVEN_BACK: Final = frozenset({"REFUNDED", "VOIDED"})
"""Shopify's words for an order of whose payment nothing is left with the shop."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for one coupon of a cancelled order, and why: the sentence names every figure it rests on.

    `share` is what the order gives back; `returned_before` what the point history already holds under the coupon's reference:
    then nothing more is proposed.
    """

    deducted: Points
    share: Points
    returned_before: int
    proposed: Points
    why: Message


def propose(order: OrderSeen, payment: OrderPayment, deducted: Points, returned_before: int) -> Proposal:
    """What the order gives back for a coupon for which so many points were deducted."""
    share = points_for(deducted, payment)
    proposed = share if returned_before == 0 else Points(0)
    why = msg(
        "{money} {deducted} points were deducted, {before} returned before: {proposed} are proposed.",
        money=_money(order, payment),
        deducted=deducted,
        before=returned_before,
        proposed=proposed,
    )
    return Proposal(deducted, share, returned_before, proposed, why)


def points_for(deducted: Points, payment: OrderPayment) -> Points:
    """The part of the deducted points that goes back: all, or as large a part as was refunded, rounded down.

    All as well where nothing was refunded although it was paid: the order is cancelled, and a second person sees the doubt.
    """
    if is_refunded(payment) or is_not_refunded(payment):
        return deducted
    part = Fraction(payment.refunded) / Fraction(payment.paid)
    return Points(int(deducted * min(part, Fraction(1))))


def is_refunded(payment: OrderPayment) -> bool:
    """Whether the shop keeps nothing of the order's money: fully refunded, voided, or never paid."""
    return payment.status in _GIVEN_BACK or payment.paid <= 0 or payment.refunded >= payment.paid


def is_not_refunded(payment: OrderPayment) -> bool:
    """Whether the order was paid, and nothing of it refunded."""
    return not is_refunded(payment) and payment.refunded <= 0


def bears(order: OrderSeen, code: CouponCode) -> bool:
    """Whether the code is one of the order's, in whichever place."""
    return any(fold(each) == code.text for each in order.codes)


def _money(order: OrderSeen, payment: OrderPayment) -> Message:
    paid, refunded = Amount(payment.paid, payment.currency), Amount(payment.refunded, payment.currency)
    if payment.paid <= 0 or payment.status == "VOIDED":
        return msg("Order {order} was cancelled and never paid.", order=order.name)
    if is_refunded(payment):
        return msg("Order {order} was cancelled and all of {paid} refunded.", order=order.name, paid=paid)
    if is_not_refunded(payment):
        return msg("Order {order} was cancelled, but nothing of {paid} was refunded.", order=order.name, paid=paid)
    return msg("Order {order} was cancelled and {refunded} of {paid} refunded.", order=order.name, refunded=refunded, paid=paid)
