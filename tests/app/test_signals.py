"""Signals of an open home: drawn from its trail, also where the texts were erased, and told to those who may read it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coupon_desk.app.desk import CouponDesk
from coupon_desk.cancellation.operation import CancelRequest, OperationKind, OperationState
from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import NotPermitted
from coupon_desk.people.operators import NewOperator, Session
from coupon_desk.people.people import SignInRefused
from coupon_desk.people.roles import Role
from coupon_desk.trail.signal_facts import ACTIONS, STEPS, facts_in
from coupon_desk.trail.signals import SignalKind
from coupon_desk.training.shop import TrainingShop

PIN = "615273"


def test_the_trail_says_what_signals_rest_on_and_still_does_when_its_texts_are_erased(
    desk: CouponDesk, shop: TrainingShop, manager: Session, owner: Session, clock: VirtualClock
) -> None:
    example = shop.showcase.example
    code = CouponCode.parse(str(example.code))
    request = CancelRequest(code, OperationKind.CANCEL, Reason.OTHER, "Wrong customer at the till")
    done = desk.cancel(request, manager, wait_seconds=60)
    clock.advance(2 * 86400)
    desk.run_due()
    assert done.state is OperationState.COMPLETED
    since = clock.now() - timedelta(days=30)

    (before,) = facts_in(desk.trail.telling(ACTIONS, STEPS, since)).operations
    assert (before.requester, before.kind, before.reason, before.points) == ("manager", "cancel", "other", 500)
    assert (before.code, before.is_refused) == (code.masked, False)
    assert before.issued_at is not None
    assert before.returned_at is not None
    assert before.returned_at > before.at > before.issued_at

    desk.erase_customer(example.customer_id, owner)

    (after,) = facts_in(desk.trail.telling(ACTIONS, STEPS, since)).operations
    assert after.issued_at is None
    assert (after.requester, after.reason, after.points, after.customer) == ("manager", "other", 500, before.customer)
    assert (after.at, after.returned_at, after.coupon) == (before.at, before.returned_at, before.coupon)


def test_wrong_pins_are_told_to_an_auditor_and_to_nobody_who_may_not_read_the_trail(desk: CouponDesk, owner: Session) -> None:
    for role in (Role.AUDITOR, Role.CLERK):
        desk.people.add(NewOperator(role.value, f"The {role.value}", role, PIN), owner)
    auditor, clerk = (desk.people.sign_in(role.value, PIN) for role in (Role.AUDITOR, Role.CLERK))
    for _ in range(6):
        with pytest.raises(SignInRefused):
            desk.people.sign_in("manager", "000000")

    (signal,) = desk.signals(auditor)

    assert (signal.kind, signal.who, signal.operations) == (SignalKind.WRONG_PINS, "manager", ())
    assert "5 wrong PINs for Mika Tanaka (manager)" in str(signal.message)  # the sixth was not looked at
    assert "locked 1 time." in str(signal.message)
    with pytest.raises(NotPermitted):
        desk.signals(clerk)
    assert desk.signals(auditor, desk.clock.now() + timedelta(days=1)) == ()
