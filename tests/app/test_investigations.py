"""Investigations at an open home, over loopback: the list, and the two decisions, each of which shuts the other out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.investigations import InvestigationState
from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, OperationState, StepName, StepState
from coupon_desk.cancellation.permission import NoteTooShort
from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.coupons.status import CouponStatus
from coupon_desk.errors import ConfigurationError, NotPermitted
from coupon_desk.people.operators import NewOperator, Session
from coupon_desk.people.roles import Role
from coupon_desk.receipts.layout import ReceiptWidth
from coupon_desk.trail.erasing import StillAtWork
from coupon_desk.training.shop import TrainingShop
from coupon_desk.words import Language

PIN = "615273"


def suspect(desk: CouponDesk, shop: TrainingShop, session: Session) -> Operation:
    code = CouponCode.parse(str(shop.showcase.example.code))
    request = CancelRequest(code, OperationKind.CANCEL, Reason.SUSPECTED_FRAUD, "Third card this week")
    done = desk.cancel(request, session, wait_seconds=60)
    assert (done.kind, done.state) == (OperationKind.INVALIDATE, OperationState.COMPLETED)
    return done


def returned(shop: TrainingShop) -> list[int]:
    example = shop.showcase.example
    entries = shop.point_entries(example.customer_id, f"COUPON-{example.code}")
    return [entry.points for entry in entries if entry.points > 0]


def test_released_points_come_once_and_the_customer_is_told_by_the_ordinary_e_mail(
    desk: CouponDesk, shop: TrainingShop, manager: Session, owner: Session, clock: VirtualClock
) -> None:
    suspected = suspect(desk, shop, manager)
    assert not shop.mailbox.mails
    assert suspected.step(StepName.NOTIFY).state is StepState.SKIPPED
    clock.advance(3 * 86400 + 60)
    (found,) = desk.investigations.open(manager)
    assert (found.operation, found.state, found.age_days) == (suspected.id, InvestigationState.OPEN, 3)
    assert (found.points, found.by, found.by_name, found.note) == (500, "manager", "Mika Tanaka", "Third card this week")
    assert found.customer_name is None
    customer = desk.look(suspected.code, manager).evidence.customer
    assert customer is not None
    assert desk.investigations.open(manager)[0].customer_name == customer.name
    assert found.why_not is None

    asked = desk.investigations.release(suspected.id, manager, "It was her sister's card")
    assert asked.state is OperationState.AWAITING_APPROVAL
    (waiting,) = desk.investigations.open(manager)
    assert (waiting.state, waiting.release) == (InvestigationState.RELEASE_ASKED, asked.id)
    with pytest.raises(NotPermitted):
        desk.approve(asked.id, manager, "It is fine")
    assert returned(shop) == []

    done = desk.approve(asked.id, owner, "Seen on camera", wait_seconds=60)

    assert (done.state, returned(shop)) == (OperationState.COMPLETED, [500])
    (mail,) = shop.mailbox.mails
    assert "500" in mail.text
    assert desk.investigations.open(manager) == ()
    (decided,) = desk.investigations.all(owner)
    assert decided.state is InvestigationState.RELEASED
    assert decided.decision is not None
    assert (decided.decision.by, decided.decision.approver) == ("manager", "owner")
    record = shop.record_entry(str(suspected.code))
    assert record is not None
    assert (record["status"], record["points_returned"], record["refunded_by"]) == ("cancelled", 500, "manager")
    coupon = desk.catalogue.get(suspected.code)
    assert coupon is not None
    assert coupon.status is CouponStatus.CANCELLED
    html = desk.receipt(done.id, ReceiptWidth.A4, Language.EN)
    assert "500 points returned" in html
    assert "investigation" not in html.lower()
    with pytest.raises(NotPermitted, match="released before"):
        desk.investigations.confirm(suspected.id, owner, "Too late for that")


def test_confirmed_fraud_is_never_released(desk: CouponDesk, shop: TrainingShop, manager: Session, owner: Session) -> None:
    suspected = suspect(desk, shop, manager)
    with pytest.raises(NoteTooShort):
        desk.investigations.confirm(suspected.id, owner, "yes")
    confirmed = desk.investigations.confirm(suspected.id, owner, "Seen on camera")
    assert confirmed.state is InvestigationState.CONFIRMED
    assert confirmed.decision is not None
    assert (confirmed.decision.by_name, confirmed.decision.note) == ("Kenji Watanabe", "Seen on camera")
    assert desk.investigations.open(owner) == ()
    refused = desk.investigations.release(suspected.id, manager, "She asked so nicely")
    assert [finding.rule.value for finding in refused.refused] == ["confirmed_fraud"]
    with pytest.raises(NotPermitted, match="confirmed before"):
        desk.investigations.confirm(suspected.id, manager, "Seen it as well")
    last = desk.trail.of_operation(suspected.id)[-1]
    assert (last.action, last.fields.reason, last.actor) == ("investigation.refused", "already_confirmed", "manager")
    assert (returned(shop), shop.mailbox.mails) == ([], ())


def test_while_a_release_is_open_fraud_is_not_confirmed_and_no_second_release_begins(
    desk: CouponDesk, shop: TrainingShop, manager: Session, owner: Session
) -> None:
    suspected = suspect(desk, shop, manager)
    asked = desk.investigations.release(suspected.id, manager, "It was her sister's card")
    with pytest.raises(NotPermitted, match="are asked for"):
        desk.investigations.confirm(suspected.id, owner, "Seen on camera")
    desk.withdraw(asked.id, manager, "She did not come back")
    assert desk.investigations.confirm(suspected.id, owner, "Seen on camera").state is InvestigationState.CONFIRMED


def test_each_role_sees_and_decides_as_its_rights_say(
    desk: CouponDesk, shop: TrainingShop, manager: Session, owner: Session
) -> None:
    suspected = suspect(desk, shop, manager)
    sessions = {}
    for role in (Role.AUDITOR, Role.CLERK, Role.VIEWER):
        desk.people.add(NewOperator(role.value, f"The {role.value}", role, PIN), owner)
        sessions[role] = desk.people.sign_in(role.value, PIN)
    (seen,) = desk.investigations.open(sessions[Role.AUDITOR])
    assert "auditor" in str(seen.why_not)
    for role in (Role.CLERK, Role.VIEWER):
        with pytest.raises(NotPermitted):
            desk.investigations.open(sessions[role])
    for session in sessions.values():
        with pytest.raises(NotPermitted):
            desk.investigations.release(suspected.id, session, "Give it back to her")
        with pytest.raises(NotPermitted):
            desk.investigations.confirm(suspected.id, session, "It was surely fraud")
        last = desk.trail.newest("right_refused", "investigation.confirmed")
        assert last is not None
        assert (last.action, last.actor) == ("right_refused", session.login)
    assert desk.investigations.open(manager)[0].state is InvestigationState.OPEN


def test_only_an_invalidated_coupon_is_an_investigation(desk: CouponDesk, shop: TrainingShop, manager: Session) -> None:
    code = CouponCode.parse(str(shop.showcase.example.code))
    done = desk.cancel(CancelRequest(code, OperationKind.CANCEL, Reason.OTHER, "Wrong customer"), manager, wait_seconds=60)
    assert desk.investigations.all(manager) == ()
    with pytest.raises(ConfigurationError, match="no investigation"):
        desk.investigations.release(done.id, manager, "Once more please")
    with pytest.raises(ConfigurationError, match="no operation"):
        desk.investigations.confirm("0000", manager, "It was surely fraud")


def test_a_customer_is_not_erased_before_it_is_decided_what_becomes_of_their_points(
    desk: CouponDesk, shop: TrainingShop, manager: Session, owner: Session, clock: VirtualClock
) -> None:
    suspected = suspect(desk, shop, manager)
    customer_id = shop.showcase.example.customer_id
    with pytest.raises(StillAtWork, match=suspected.id):
        desk.erase_customer(customer_id, owner)
    assert desk.trail.erase_older(clock.now() + timedelta(days=1)).keys == 0
    desk.investigations.confirm(suspected.id, owner, "Seen on camera")
    assert desk.erase_customer(customer_id, owner).operations == 1
    assert desk.investigations.all(owner) == ()


def test_of_a_confirmation_and_a_release_at_the_same_moment_only_one_stands(
    desk: CouponDesk, shop: TrainingShop, manager: Session, owner: Session
) -> None:
    suspected = suspect(desk, shop, manager)
    start, ended = threading.Barrier(2), dict[str, object]()

    def at_once(name: str, act: Callable[[], object]) -> None:
        start.wait()
        try:
            ended[name] = act()
        except NotPermitted as refused:
            ended[name] = refused

    acts = {
        "confirm": lambda: desk.investigations.confirm(suspected.id, owner, "Seen on camera"),
        "release": lambda: desk.investigations.release(suspected.id, manager, "It was her sister"),
    }
    threads = [threading.Thread(target=at_once, args=told) for told in acts.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    release = ended["release"]
    assert isinstance(release, Operation)
    assert isinstance(ended["confirm"], NotPermitted) is (release.state is OperationState.AWAITING_APPROVAL)
    assert (release.state is OperationState.REFUSED) is (desk.trail.newest("investigation.confirmed") is not None)
