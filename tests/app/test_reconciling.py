"""A difference put right over real HTTP; the life of a coupon and of a customer; and what nobody puts right by a button."""

from __future__ import annotations

import pytest

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.reconciling import NotPutRight, SourceSilent
from coupon_desk.app.timeline_event import EventKind
from coupon_desk.cancellation.differences import Kind, Repair
from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, OperationState
from coupon_desk.cancellation.permission import NoteTooShort
from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.coupons.status import CouponStatus
from coupon_desk.errors import NotPermitted, OutcomeUnknown
from coupon_desk.people.operators import NewOperator, Session
from coupon_desk.people.roles import Role
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.shop import TrainingShop
from tests.app.conftest import PIN

NOTE = "Compared with the point system"


def cancel(desk: CouponDesk, session: Session, code: CouponCode) -> Operation:
    request = CancelRequest(code, OperationKind.CANCEL, Reason.CUSTOMER_REQUEST, "Changed her mind")
    return desk.cancel(request, session, wait_seconds=60)


def example(shop: TrainingShop) -> CouponCode:
    return CouponCode.parse(shop.showcase.example.code)


def told(desk: CouponDesk, session: Session, code: CouponCode) -> list[tuple[Kind, Repair | None]]:
    return [(one.kind, one.repair) for one in desk.look(code, session).differences]


def forget_in_record(shop: TrainingShop) -> None:
    """The website writes an old copy of the record over ours."""
    specimen = shop.showcase.example
    record = shop.record(specimen.customer_id)
    entries = record["coupons"] if isinstance(record, dict) else record
    for entry in entries:
        if entry["code"] == specimen.code:
            entry["status"] = "active"
            entry.pop("cancelled_at", None)
    shop.edit_record(specimen.customer_id, record)


def test_a_coupons_whole_life_is_one_line_linked_by_its_reference(
    desk: CouponDesk, shop: TrainingShop, manager: Session, clock: VirtualClock
) -> None:
    code = example(shop)
    desk.look(code, manager)
    operation = cancel(desk, manager, code)
    with desk.issued_receipts.noting(operation.id, "printed", manager):
        pass
    for seconds in (16 * 60, 24 * 3600):
        clock.advance(seconds)
        desk.run_due()

    view = desk.look(code, manager)
    by_kind = {event.kind: event for event in view.timeline}
    assert [event.kind for event in view.timeline] == [
        EventKind.CONVERSION, EventKind.ISSUED, EventKind.REQUEST, EventKind.SWITCHED_OFF, EventKind.RETURN,
        EventKind.COUPON_CANCELLED, EventKind.MAIL, EventKind.RECEIPT, EventKind.RECHECK, EventKind.RECHECK, EventKind.RETIRED,
    ]  # fmt: skip
    assert by_kind[EventKind.CONVERSION].reference == by_kind[EventKind.RETURN].reference == code.reference
    assert (by_kind[EventKind.CONVERSION].points, by_kind[EventKind.RETURN].points) == (-500, 500)
    assert by_kind[EventKind.RECEIPT].who == by_kind[EventKind.RETURN].who == "Mika Tanaka"
    assert view.differences == ()
    assert not any(event.is_doubtful for event in view.timeline)


def test_a_record_that_was_written_over_is_written_again_by_the_step_that_wrote_it(
    desk: CouponDesk, shop: TrainingShop, manager: Session
) -> None:
    code = example(shop)
    operation = cancel(desk, manager, code)
    before = shop.record_entry(code)
    forget_in_record(shop)
    assert told(desk, manager, code) == [(Kind.RECORD_BEHIND, Repair.WRITE_RECORD)]
    doubtful = [event.kind for event in desk.look(code, manager).timeline if event.is_doubtful]
    assert doubtful == [EventKind.COUPON_CANCELLED]

    done = desk.reconciling.put_right(code, Kind.RECORD_BEHIND, manager, NOTE, wait_seconds=60)

    assert done.operation is not None
    assert (done.operation.id, done.operation.state, done.is_gone(Kind.RECORD_BEHIND)) == (
        operation.id,
        OperationState.COMPLETED,
        True,
    )
    assert shop.record_entry(code) == before
    assert len(shop.point_entries(shop.showcase.example.customer_id, code.reference)) == 2
    assert (len(shop.mailbox.mails), desk.verify_trail().is_intact) == (1, True)
    (event,) = (event for event in done.view.timeline if event.kind is EventKind.RECONCILED)
    assert (event.who, event.note) == ("Mika Tanaka", NOTE)
    with pytest.raises(NotPutRight):
        desk.reconciling.put_right(code, Kind.RECORD_BEHIND, manager, NOTE)


def test_a_coupon_whose_points_were_returned_by_hand_is_cancelled_without_points(
    desk: CouponDesk, shop: TrainingShop, manager: Session
) -> None:
    specimen = shop.showcase.already_returned
    code = CouponCode.parse(specimen.code)
    balance = shop.balance(specimen.customer_id)
    assert told(desk, manager, code) == [(Kind.RETURNED_NOT_CANCELLED, Repair.TAKE_AWAY)]

    done = desk.reconciling.put_right(code, Kind.RETURNED_NOT_CANCELLED, manager, NOTE, wait_seconds=60)

    assert done.operation is not None
    assert (done.operation.state, done.operation.points_returned) == (OperationState.COMPLETED, 0)
    assert (done.view.differences, done.view.verdict.status) == ((), CouponStatus.CANCELLED)
    assert (shop.balance(specimen.customer_id), shop.mailbox.mails) == (balance, ())
    assert desk.investigations.all(manager) == ()


def test_a_use_that_the_record_does_not_know_is_noted_once_also_when_the_answer_is_lost(
    desk: CouponDesk, shop: TrainingShop, manager: Session
) -> None:
    code = example(shop)
    shop.redeem(code)
    assert told(desk, manager, code) == [(Kind.USE_NOT_RECORDED, Repair.NOTE_USE)]
    shop.faults.add(Fault("WriteRecord", FaultKind.LOST_ANSWER))

    with pytest.raises(OutcomeUnknown):
        desk.reconciling.put_right(code, Kind.USE_NOT_RECORDED, manager, NOTE)

    assert told(desk, manager, code) == []
    entry = shop.record_entry(code)
    assert entry is not None
    assert entry["status"] == "used"
    actions = [one.action for one in desk.trail.of_code(code) if one.action.startswith("use.")]
    assert actions == ["use.started", "use.not_noted"]


def test_what_is_not_surely_safe_is_refused_and_nothing_is_written(
    desk: CouponDesk, shop: TrainingShop, manager: Session, owner: Session
) -> None:
    code, specimen = example(shop), shop.showcase.example
    cancel(desk, manager, code)
    shop.add_points(specimen.customer_id, 500, "By hand", code.reference)
    forget_in_record(shop)
    desk.people.add(NewOperator("clerk", "Daniel Weber", Role.CLERK, PIN), owner)
    entries = desk.trail.head().sequence

    with pytest.raises(NotPutRight) as refused:
        desk.reconciling.put_right(code, Kind.RETURNED_TWICE, manager, NOTE)
    assert code.reference in str(refused.value.todo)
    with pytest.raises(NoteTooShort):
        desk.reconciling.put_right(code, Kind.RECORD_BEHIND, manager, "x")
    shop.faults.add(Fault("history", FaultKind.HTTP_STATUS, every=1))
    with pytest.raises(SourceSilent):
        desk.reconciling.put_right(code, Kind.RECORD_BEHIND, manager, NOTE)
    assert desk.trail.head().sequence == entries
    with pytest.raises(NotPermitted):
        desk.reconciling.put_right(code, Kind.RECORD_BEHIND, desk.people.sign_in("clerk", PIN), NOTE)
    assert len(shop.point_entries(specimen.customer_id, code.reference)) == 3


def test_a_customers_life_is_one_line_over_all_their_coupons(desk: CouponDesk, shop: TrainingShop, manager: Session) -> None:
    desk.sync(full=True)
    specimen = shop.showcase.used_two_codes
    number = specimen.customer_id.rsplit("/", 1)[-1]

    found = desk.customers.of(number, manager)

    assert {specimen.code, shop.showcase.used_two_codes_other.code} <= {view.code.text for view in found.coupons}
    assert (found.customer_id, found.balance) == (specimen.customer_id, shop.balance(specimen.customer_id))
    moments = [event.at for event in found.events]
    assert moments == sorted(moments)
    assert {event.code for event in found.events} == {view.code for view in found.coupons}
