"""A refund for a cancelled order from a whole desk on a real training shop: looked at, asked for, granted in proportion."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.inbox import InboxState
from coupon_desk.app.timeline_event import EventKind
from coupon_desk.app.training import training_vault
from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, OperationState, StepName, StepState
from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.eligibility import Rule
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import NotPermitted, RemoteUnavailable
from coupon_desk.people.operators import NewOperator, Session
from coupon_desk.people.roles import Role
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.shop import TrainingShop
from coupon_desk.training.showcase import Specimen
from tests.app.conftest import OWNER_PIN, PIN


def code_of(specimen: Specimen) -> CouponCode:
    return CouponCode.parse(specimen.code)


def ask(desk: CouponDesk, session: Session, specimen: Specimen) -> Operation:
    request = CancelRequest(
        code_of(specimen), OperationKind.ORDER_REFUND, Reason.ORDER_CANCELLED, "Order was cancelled", specimen.order
    )
    return desk.cancel(request, session, wait_seconds=60)


def granted(shop: TrainingShop, specimen: Specimen) -> list[int]:
    return [entry.points for entry in shop.point_entries(specimen.customer_id, specimen.reference) if entry.points > 0]


@pytest.fixture
def second(shop: TrainingShop, clock: VirtualClock, template: Path, tmp_path: Path) -> Iterator[CouponDesk]:
    """Another desk of the same shop."""
    home = tmp_path / "second"
    home.mkdir()
    for name in ("config.toml", "desk.sqlite3"):
        shutil.copy(template / name, home)
    opened = CouponDesk.open(home, secrets=training_vault(shop.addresses), clock=clock)
    yield opened
    opened.close()


def as_role(desk: CouponDesk, owner: Session, login: str, role: Role) -> Session:
    desk.people.add(NewOperator(login, "Eva Lind", role, PIN), owner)
    return desk.people.sign_in(login, PIN)


def test_what_is_looked_at_is_what_is_asked_for_approved_and_granted(
    desk: CouponDesk, shop: TrainingShop, manager: Session, owner: Session
) -> None:
    specimen = shop.showcase.used_partly_refunded
    view = desk.order_refund(code_of(specimen), str(specimen.order), manager)
    assert view.may_be_asked
    assert view.proposal is not None
    assert (view.proposal.deducted, view.proposal.returned_before, view.proposal.proposed) == (1000, 0, 354)

    asked = ask(desk, manager, specimen)
    assert asked.state is OperationState.AWAITING_APPROVAL
    assert str(asked.approval_needed[0]) == str(view.proposal.why)
    assert asked.proposal is not None
    assert asked.proposal.proposed == 354
    done = desk.approve(asked.id, owner, "Order seen", wait_seconds=900)

    assert (done.state, done.points_returned) == (OperationState.COMPLETED, 354)
    assert str(done.step(StepName.VERIFY).detail) == str(view.proposal.why)
    assert granted(shop, specimen) == [354]
    verified = next(e for e in desk.trail.of_operation(done.id) if (e.step, e.action) == ("verify", "step.done"))
    assert verified.body["proposal"]["proposed"] == 354
    assert verified.body["order"]["payment"]["refunded"] == "3400.0"


def test_each_coupon_of_one_order_gets_its_own_part(
    desk: CouponDesk, shop: TrainingShop, manager: Session, owner: Session
) -> None:
    for specimen, points in ((shop.showcase.used_two_codes, 250), (shop.showcase.used_two_codes_other, 750)):
        done = desk.approve(ask(desk, manager, specimen).id, owner, "Order seen", wait_seconds=900)
        assert done.state is OperationState.COMPLETED, done.findings
        assert granted(shop, specimen) == [points]


def test_two_desks_that_refund_the_coupons_of_one_order_at_once_return_each_its_own_part(
    desk: CouponDesk, shop: TrainingShop, manager: Session, owner: Session, second: CouponDesk
) -> None:
    first_coupon, other_coupon = shop.showcase.used_two_codes, shop.showcase.used_two_codes_other
    asked = ask(desk, manager, first_coupon)
    other = ask(second, second.people.sign_in("manager", PIN), other_coupon)
    ended: list[Operation] = []

    def between(operation: Operation) -> None:
        if operation.step(StepName.VERIFY).state is StepState.DONE and not ended:
            by = second.people.sign_in("owner", OWNER_PIN)
            ended.append(second.approve(other.id, by, "Order seen", wait_seconds=900))

    done = desk.approve(asked.id, owner, "Order seen", between, wait_seconds=900)

    assert [done.state, ended[0].state] == [OperationState.COMPLETED] * 2
    assert (granted(shop, first_coupon), granted(shop, other_coupon)) == ([250], [750])
    entries = [shop.record_entry(coupon.code) for coupon in (first_coupon, other_coupon)]
    assert all(entry is not None and entry["refunded_at"] and "cancellation" not in entry for entry in entries)
    assert {item.code.text for item in desk.inbox.read(manager).items}.isdisjoint({first_coupon.code, other_coupon.code})


def test_more_money_that_is_refunded_meanwhile_has_to_be_approved_anew(
    desk: CouponDesk, shop: TrainingShop, manager: Session, owner: Session
) -> None:
    specimen = shop.showcase.used_partly_refunded
    asked = ask(desk, manager, specimen)
    shop.refund_order(str(specimen.order), 6200)

    again = desk.approve(asked.id, owner, "Order seen", wait_seconds=60)
    assert again.state is OperationState.AWAITING_APPROVAL
    assert again.proposal is not None
    assert again.proposal.proposed == 1000
    assert sum("are proposed" in str(why) for why in again.approval_needed) == 1
    done = desk.approve(asked.id, owner, "Seen once more", wait_seconds=900)
    assert granted(shop, specimen) == [1000] == [done.points_returned]


def test_a_refund_that_is_refused_says_its_figures_too(desk: CouponDesk, shop: TrainingShop, manager: Session) -> None:
    specimen = shop.showcase.used_partly_refunded
    shop.add_points(specimen.customer_id, 100, "By hand", specimen.reference)
    refused = ask(desk, manager, specimen)
    assert refused.state is OperationState.REFUSED
    assert [finding.rule for finding in refused.refused] == [Rule.ALREADY_RETURNED]
    assert "other 254" in str(refused.refused[0].message)
    assert refused.proposal is not None
    assert (refused.proposal.deducted, refused.proposal.returned_before, refused.proposal.proposed) == (1000, 100, 0)
    assert granted(shop, specimen) == [100]


def test_an_order_whose_money_was_kept_is_a_doubt_and_one_that_was_never_paid_is_none(
    desk: CouponDesk, shop: TrainingShop, manager: Session
) -> None:
    kept, unpaid = shop.showcase.example, shop.showcase.record_list
    shop.cancel_order(shop.redeem(kept.code).name, refunded=0)
    shop.cancel_order(shop.redeem(unpaid.code, is_paid=False).name)

    (doubtful,) = desk.orders_to_refund(code_of(kept), manager)
    (voided,) = desk.orders_to_refund(code_of(unpaid), manager)
    assert doubtful.verdict.has(Rule.NOT_REFUNDED)
    assert voided.order is not None
    assert voided.order.payment is not None
    assert voided.order.payment.status == "VOIDED"
    assert not voided.verdict.has(Rule.NOT_REFUNDED)
    assert (doubtful.verdict.points_to_return, voided.verdict.points_to_return) == (500, 500)
    assert doubtful.may_be_asked
    assert voided.may_be_asked


def test_the_timeline_tells_conversion_use_order_cancelling_request_and_grant_with_who(
    desk: CouponDesk, shop: TrainingShop, manager: Session, owner: Session
) -> None:
    specimen = shop.showcase.used_order_cancelled
    done = desk.approve(ask(desk, manager, specimen).id, owner, "Order seen", wait_seconds=900)

    events = desk.timeline(code_of(specimen), manager)
    kinds = [event.kind for event in events]
    assert kinds == [
        EventKind.CONVERSION, EventKind.ISSUED, EventKind.USE, EventKind.ORDER, EventKind.ORDER_CANCELLED,
        EventKind.REQUEST, EventKind.APPROVED, EventKind.RETURN, EventKind.END, EventKind.MAIL,
    ]  # fmt: skip
    conversion, _, _, order, cancelled, request, approved, grant, _, _ = events
    assert approved.who == "owner"
    assert (conversion.points, conversion.reference) == (-800, specimen.reference)
    assert order.reference == cancelled.reference == specimen.order
    assert (request.reference, request.who) == (done.id, "Mika Tanaka")
    assert (grant.points, grant.reference, grant.who, grant.approver) == (800, specimen.reference, "Mika Tanaka", "owner")
    assert all(event.at.tzinfo is not None and event.at.utcoffset() == UTC.utcoffset(None) for event in events)


def test_the_inbox_lists_every_coupon_of_a_cancelled_order_until_its_points_are_back(
    desk: CouponDesk, shop: TrainingShop, manager: Session, owner: Session
) -> None:
    showcase = shop.showcase
    waiting = (
        showcase.used_partly_refunded, showcase.used_order_cancelled, showcase.used_two_codes, showcase.used_two_codes_other
    )  # fmt: skip
    items = {item.code.text: item for item in desk.inbox.read(manager).items}
    assert items.keys() == {specimen.code for specimen in waiting}
    assert {item.state for item in items.values()} == {InboxState.OPEN}
    second = items[showcase.used_two_codes_other.code]
    assert second.proposal is not None
    assert (second.order, second.proposal.proposed) == (showcase.used_two_codes.order, 750)
    assert second.customer_name == "Olivia Martin"

    asked = ask(desk, manager, showcase.used_order_cancelled)
    refused = ask(desk, manager, showcase.used_partly_refunded)
    desk.reject(refused.id, owner, "The goods never came back")
    shop.add_points(showcase.used_two_codes.customer_id, 250, "By hand", showcase.used_two_codes.reference)
    items = {item.code.text: item for item in desk.inbox.read(manager).items}
    assert showcase.used_two_codes.code not in items
    requested, before = items[showcase.used_order_cancelled.code], items[showcase.used_partly_refunded.code]
    assert (requested.state, requested.operation) == (InboxState.REQUESTED, asked.id)
    assert (before.state, before.operation) == (InboxState.REFUSED, refused.id)
    assert "never came back" in str(before.why)

    desk.approve(asked.id, owner, "Order seen", wait_seconds=900)
    left = {item.code.text for item in desk.inbox.read(manager).items}
    assert left == {showcase.used_partly_refunded.code, showcase.used_two_codes_other.code}


def test_the_inbox_reads_on_where_it_stopped_and_finds_an_order_with_the_coupon_in_second_place(
    desk: CouponDesk, shop: TrainingShop, manager: Session
) -> None:
    first = desk.inbox.read(manager)
    order = shop.redeem(shop.showcase.english_customer.code, first=False)
    assert len(desk.inbox.read(manager).items) == len(first.items)
    shop.cancel_order(order.name)
    after = len(shop.journal.entries)

    found = desk.inbox.read(manager)
    assert {item.order for item in found.items} - {item.order for item in first.items} == {order.name}
    asked = [entry for entry in shop.journal.entries[after:] if entry.call == "CancelledOrders"]
    assert len(asked) == 1
    of_today = [item.order for item in desk.inbox.read(manager, days=1).items]
    assert of_today == [order.name, shop.showcase.used_partly_refunded.order]


def test_the_inbox_goes_back_an_hour_each_time_and_to_the_beginning_once_a_day(
    desk: CouponDesk, shop: TrainingShop, manager: Session, clock: VirtualClock
) -> None:
    def begins() -> list[datetime]:
        asked = (entry.target for entry in shop.journal.entries if entry.call == "CancelledOrders")
        return [datetime.fromisoformat(target.partition('updated_at:>="')[2].partition('"')[0]) for target in asked]

    items = desk.inbox.read(manager).items
    newest = max(item.cancelled_at for item in items)
    desk.inbox.read(manager)
    clock.advance(25 * 3600)
    desk.inbox.read(manager)

    first, second, after_a_day = begins()
    assert second == newest - timedelta(hours=1)
    assert after_a_day == first + timedelta(hours=25)


def test_a_reading_of_the_inbox_that_is_stopped_is_no_reading(desk: CouponDesk, shop: TrainingShop, manager: Session) -> None:
    stop = threading.Event()
    stop.set()
    assert desk.inbox.read(manager, stop=stop).items == ()
    assert not shop.journal.calls("CancelledOrders")
    assert len(desk.inbox.read(manager).items) == 4


def test_what_cannot_be_read_is_listed_as_such_and_a_search_that_fails_is_no_empty_inbox(
    desk: CouponDesk, shop: TrainingShop, manager: Session, clock: VirtualClock
) -> None:
    shop.faults.add(Fault("history", FaultKind.ERROR_500_BEFORE, every=1))
    items = desk.inbox.read(manager).items
    assert items
    assert {item.state for item in items} == {InboxState.UNREAD}
    assert all(item.proposal is None and item.why for item in items)
    shop.faults.clear()
    assert {item.state for item in desk.inbox.read(manager).items} == {InboxState.OPEN}
    shop.faults.add(Fault("CancelledOrders", FaultKind.HTML_502, every=1))
    with pytest.raises(RemoteUnavailable):
        desk.inbox.read(manager)


def test_who_may_not_ask_for_a_refund_sees_neither_inbox_nor_proposal(
    desk: CouponDesk, shop: TrainingShop, owner: Session
) -> None:
    specimen = shop.showcase.used_order_cancelled
    auditor, clerk = as_role(desk, owner, "auditor", Role.AUDITOR), as_role(desk, owner, "clerk", Role.CLERK)
    for refused in (None, auditor):
        with pytest.raises(NotPermitted):
            desk.inbox.read(refused)
        with pytest.raises(NotPermitted):
            desk.order_refund(code_of(specimen), str(specimen.order), refused)
    assert desk.inbox.read(clerk).items
    assert desk.order_refund(code_of(specimen), str(specimen.order), clerk).may_be_asked
