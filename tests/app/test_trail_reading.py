"""Reading the trail as a person: by what they know of a coupon or a customer, with the names that can still be read."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import delete

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.trail_search import EntryKind, TrailSearch
from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, StepName
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import NotPermitted
from coupon_desk.people.operators import NewOperator, Session
from coupon_desk.people.roles import Role
from coupon_desk.storage.database import Database
from coupon_desk.storage.tables.trail import subject_keys
from coupon_desk.training.shop import TrainingShop

CLERK_PIN = "615273"


@pytest.fixture
def operation(desk: CouponDesk, manager: Session, shop: TrainingShop) -> Operation:
    """One coupon was cancelled."""
    desk.sync(full=True)
    code = CouponCode.parse(str(shop.showcase.example.code))
    request = CancelRequest(code, OperationKind.CANCEL, Reason.CUSTOMER_REQUEST, "Asked at the counter.")
    return desk.cancel(request, manager, wait_seconds=60.0)


def found(desk: CouponDesk, session: Session, search: TrailSearch) -> list[int]:
    return [line.entry.sequence for line in desk.reading.page(search, session)]


def test_the_newest_come_first_with_whole_codes_and_names(desk: CouponDesk, manager: Session, operation: Operation) -> None:
    lines = desk.reading.page(TrailSearch(), manager)
    sequences = [line.entry.sequence for line in lines]
    assert sequences == sorted(sequences, reverse=True)
    returned = next(line for line in lines if line.entry.step == StepName.RETURN_POINTS)
    assert returned.code == operation.code.text
    assert returned.customer_name
    assert returned.actor_name == "Mika Tanaka"


def test_a_coupon_is_found_by_its_code_and_by_a_part_of_it(desk: CouponDesk, manager: Session, operation: Operation) -> None:
    every = found(desk, manager, TrailSearch(operation=operation.id))
    assert len(every) > 10
    assert found(desk, manager, TrailSearch(code=operation.code.text.lower())) == every
    assert found(desk, manager, TrailSearch(code=operation.code.text[:9])) == every
    assert found(desk, manager, TrailSearch(code="12345-ZZZZZZ-700")) == []
    assert found(desk, manager, TrailSearch(code="no such code")) == []


def test_a_customer_is_found_by_name_and_by_what_stands_for_them(
    desk: CouponDesk, manager: Session, operation: Operation
) -> None:
    coupon = desk.catalogue.get(operation.code)
    assert coupon is not None
    by_name = desk.reading.page(TrailSearch(customer=coupon.customer_name), manager)
    assert by_name
    stands_for = by_name[0].entry.fields.customer
    assert stands_for is not None
    assert {line.entry.fields.customer for line in by_name} == {stands_for}
    by_hash = found(desk, manager, TrailSearch(customer=f"#{stands_for[:8]}"))
    assert by_hash == [line.entry.sequence for line in by_name]
    assert found(desk, manager, TrailSearch(customer="nobody is called so")) == []


def test_every_kind_of_entry_can_be_asked_for(desk: CouponDesk, manager: Session, operation: Operation) -> None:
    steps = desk.reading.page(TrailSearch(kind=EntryKind.RETURN_POINTS), manager)
    assert {line.entry.step for line in steps} == {StepName.RETURN_POINTS}
    operations = desk.reading.page(TrailSearch(kind=EntryKind.OPERATIONS), manager)
    assert {line.entry.action for line in operations} == {"operation.opened", "operation.completed"}
    signing_in = desk.reading.page(TrailSearch(kind=EntryKind.SIGNING_IN), manager)
    assert {line.entry.action for line in signing_in} == {"signed_in"}
    people = desk.reading.page(TrailSearch(kind=EntryKind.PEOPLE), manager)
    assert {line.entry.action for line in people} == {"operator_added"}


def test_days_are_those_of_this_computer_and_both_inside(desk: CouponDesk, manager: Session, operation: Operation) -> None:
    day = operation.opened_at.astimezone().date()
    everything = desk.reading.count(TrailSearch(), manager)
    assert desk.reading.count(TrailSearch(since=day, until=date(2999, 1, 1)), manager) == everything
    assert desk.reading.count(TrailSearch(until=date(2020, 1, 1)), manager) == 0


def test_what_was_erased_names_nobody_any_more(desk: CouponDesk, manager: Session, operation: Operation) -> None:
    database = Database.open(desk.home / "desk.sqlite3")
    with database.write() as connection:
        connection.execute(delete(subject_keys))
    database.close()
    lines = desk.reading.page(TrailSearch(operation=operation.id), manager)
    assert {line.code for line in lines} == {operation.code.masked}
    assert {line.customer_name for line in lines} == {None}
    assert all(line.entry.is_erased for line in lines)


def test_who_may_not_read_the_trail_is_refused_and_that_is_written_down(desk: CouponDesk, owner: Session) -> None:
    desk.people.add(NewOperator("clerk", "Daniel Weber", Role.CLERK, CLERK_PIN), owner)
    clerk = desk.people.sign_in("clerk", CLERK_PIN)
    for ask in (desk.reading.page, desk.reading.count):
        with pytest.raises(NotPermitted):
            ask(TrailSearch(), clerk)
    refused = found(desk, owner, TrailSearch(kind=EntryKind.REFUSED_RIGHTS, operator="clerk"))
    assert len(refused) == 2
