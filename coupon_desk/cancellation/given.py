"""What the steps share: a value that an earlier step has found out, and a finding that refuses."""

from __future__ import annotations

from typing import TypeVar

from coupon_desk.coupons.eligibility import Finding, Rule, Weight
from coupon_desk.words import Message

Known = TypeVar("Known")


def known(value: Known | None) -> Known:
    """What an earlier step has found out; the steps' order guarantees it."""
    if value is None:
        raise ValueError("a step ran before the step that it rests on")
    return value


def refusal(rule: Rule, message: Message) -> Finding:
    """A finding that ends the operation."""
    return Finding(rule, Weight.REFUSAL, message)
