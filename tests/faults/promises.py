"""The promises of "exactly once", looked up in the remote systems' own state, and what our trail says held against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from coupon_desk.cancellation.operation import Operation, OperationKind, OperationState, StepName, StepState
from coupon_desk.cancellation.own_work import story_of
from coupon_desk.clock import Clock
from coupon_desk.coupons.eligibility import Rule
from coupon_desk.storage.database import Database
from coupon_desk.trail.index import OperationIndex
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.trail import Trail
from coupon_desk.training.showcase import Specimen
from coupon_desk.training.stories import record_entry
from tests.faults.broken_shop import BrokenShop
from tests.faults.others import BY_HAND, NOTE, Bystanders
from tests.faults.plan import Plan


class Broken(StrEnum):
    """How a promise can be broken."""

    DOUBLE = "double"
    LOST = "lost"
    WRONG = "wrong"
    STUCK = "stuck"
    MAILED_TWICE = "duplicate e-mail"
    UNTRUE = "untrue"


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken, and what shows it."""

    broken: Broken
    what: str


@dataclass(slots=True)
class Desk:
    """What a home says at the end."""

    operations: list[Operation] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)


def operations_of(database: Database, clock: Clock) -> list[Operation]:
    """What a home says while the run goes on. The database is let go of, and can be read again."""
    try:
        trail = Trail(database, Surroundings("campaign"), clock)
        return [story_of(trail, row.id).operation for row in OperationIndex(database).newest(100)]
    finally:
        database.close()


def read_home(database: Database, clock: Clock) -> Desk:
    """Verify and fold the trail of a home, and hold its index against it. The database is let go of, and can be read again."""
    try:
        trail, index = Trail(database, Surroundings("campaign"), clock), OperationIndex(database)
        desk = Desk()
        verification = trail.verify()
        if not verification.is_intact:
            desk.untrue.append(f"the trail does not verify: {verification.bad}")
        rows = index.newest(100)
        for row in rows:
            story = story_of(trail, row.id)
            desk.operations.append(story.operation)
            if story.row != row:
                desk.untrue.append(f"the index says {row} and the trail {story.row}")
        opened = {entry.operation for entry in trail.between() if entry.action == "operation.opened"}
        if opened != {row.id for row in rows}:
            desk.untrue.append("the index and the trail know different operations")
        shown = {row.id for row in index.open_ones()}
        if shown != {one.id for one in desk.operations if one.has_open_work}:
            desk.untrue.append("the list of open operations is not what is open")
        return desk
    finally:
        database.close()


@dataclass(frozen=True, slots=True)
class Truth:
    """What the remote systems hold in the end."""

    sends: tuple[int, ...]
    points: tuple[int, ...]
    is_dead: bool
    record: dict[str, Any] | None
    mails: int
    used: bool
    used_in_time: bool
    used_late: bool
    looked_late: bool


def look_up(shop: BrokenShop, plan: Plan, coupon: Specimen, others: Bystanders) -> Truth:
    """Ask every remote system."""
    journal = shop.journal.entries
    sends = tuple(entry.number for entry in journal if entry.call == "add" and entry.applied)
    opened_at = shop.premises.world.opened_at
    entries = shop.point_entries(coupon.customer_id, coupon.reference)
    ours = [one for one in entries if one.points > 0 and one.created_at >= opened_at and one.reason != BY_HAND]
    deaths = [
        entry.at for entry in journal if entry.applied and entry.call in {"DeactivateDiscount", "RemoveCode", "DeleteDiscount"}
    ]
    discount = shop.discount(coupon.code)
    payment = others.payment
    arrived = payment is not None and payment.order is not None
    dead_at = min(deaths, default=None)
    settled_at = None if dead_at is None else dead_at + timedelta(seconds=plan.settle_seconds)
    late = arrived and payment is not None and settled_at is not None and payment.due_at > settled_at
    looks = [entry.at for entry in journal if entry.call == "OrdersOfCoupon" and entry.executed]
    return Truth(
        sends=sends,
        points=tuple(entry.points for entry in ours),
        is_dead=discount is None or discount.status(shop.true_time.now()) == "EXPIRED",
        record=record_entry(shop.record(coupon.customer_id), coupon.code),
        mails=len(shop.mailbox.mails),
        used=bool(shop.orders_with(coupon.code)),
        used_in_time=others.redeemed or (arrived and not late),
        used_late=late,
        # Of two desks it may be the other that looked, before it refused to do anything.
        looked_late=late and plan.desks == 1 and payment is not None and any(at >= payment.due_at for at in looks),
    )


def broken_promises(shop: BrokenShop, plan: Plan, coupon: Specimen, others: Bystanders, desks: list[Desk]) -> list[Violation]:
    """Every promise that was broken in this run."""
    truth = look_up(shop, plan, coupon, others)
    operations = [one for desk in desks for one in desk.operations]
    found = [Violation(Broken.UNTRUE, what) for desk in desks for what in desk.untrue]
    found.extend(_of_points(truth, coupon, others, operations))
    for operation in operations:
        found.extend(_of_operation(truth, operation, others))
    found.extend(_of_mails(truth, operations))
    found.extend(_of_coupon(truth, others, operations))
    return found


def _of_points(truth: Truth, coupon: Specimen, others: Bystanders, operations: list[Operation]) -> Iterator[Violation]:
    if len(truth.sends) > 1:
        yield Violation(Broken.DOUBLE, f"credited {len(truth.sends)} times")
    by_hand = others.returned_by_hand_after
    if by_hand is not None and any(number > by_hand for number in truth.sends):
        yield Violation(Broken.DOUBLE, "credited although the points had been returned by hand")
    if truth.sends and truth.used_in_time:
        yield Violation(Broken.WRONG, "credited although an order used the code before it was dead")
    if truth.sends and any(points != coupon.points for points in truth.points):
        yield Violation(Broken.WRONG, f"credited {truth.points} instead of {coupon.points}")
    if truth.sends and not any(_stands_for_credit(one) for one in operations):
        yield Violation(Broken.LOST, "credited, and no operation is completed or waits for a person")


def _stands_for_credit(operation: Operation) -> bool:
    return operation.kind is OperationKind.CANCEL and operation.state in {
        OperationState.COMPLETED,
        OperationState.NEEDS_ATTENTION,
    }


def _of_operation(truth: Truth, operation: Operation, others: Bystanders) -> Iterator[Violation]:
    name = f"operation {operation.id[:8]}"
    match operation.state:
        case OperationState.RUNNING | OperationState.AWAITING_APPROVAL:
            yield Violation(Broken.STUCK, f"{name} is {operation.state} for ever")
        case OperationState.NEEDS_ATTENTION:
            if not operation.attention or not operation.next_action:
                yield Violation(Broken.UNTRUE, f"{name} needs a person and does not say why or what for")
            if others.returned_by_hand_after is None and not truth.used_late:
                yield Violation(Broken.STUCK, f"{name} needs a person for nothing: {operation.attention}")
        case OperationState.REFUSED:
            mark = (truth.record or {}).get("cancellation")
            if mark is not None and mark.get("operation") == operation.id:
                yield Violation(Broken.WRONG, f"{name} was refused and its claim stands")
            found_used = any(finding.rule is Rule.USED_MEANWHILE for finding in operation.refused)
            if found_used and (truth.record or {}).get("status") != "used":
                yield Violation(Broken.WRONG, f"{name} found the coupon used, and the record does not say so")
        case OperationState.COMPLETED:
            yield from _of_completed(truth, operation, others, name)


def _of_completed(truth: Truth, operation: Operation, others: Bystanders, name: str) -> Iterator[Violation]:
    expected = 0 if operation.kind is OperationKind.INVALIDATE else 1
    if expected and not truth.sends and others.returned_by_hand_after is None:
        yield Violation(Broken.LOST, f"{name} is completed and nothing was credited")
    if not expected and truth.sends:
        yield Violation(Broken.WRONG, f"{name} should only switch the code off, and points were credited")
    if not truth.is_dead:
        yield Violation(Broken.WRONG, f"{name} is completed and the code still works")
    record = truth.record
    if record is None or record.get("status") != "cancelled":
        yield Violation(Broken.WRONG, f"{name} is completed and the record says {record and record.get('status')}")
    elif "cancellation" in record:
        yield Violation(Broken.WRONG, f"{name} is completed and its claim stands")
    if truth.looked_late:
        yield Violation(Broken.WRONG, f"{name} looked after the coupon was used late, and raised no alarm")
    if operation.points_returned != (operation.points_to_return if expected else 0):
        yield Violation(Broken.UNTRUE, f"{name} says {operation.points_returned} points")


def _of_mails(truth: Truth, operations: list[Operation]) -> Iterator[Violation]:
    if truth.mails > 1:
        yield Violation(Broken.MAILED_TWICE, f"{truth.mails} e-mails were sent")
    if truth.mails and not any(one.ended_at and one.state is not OperationState.REFUSED for one in operations):
        yield Violation(Broken.WRONG, "an e-mail was sent and nothing is completed")
    for operation in operations:
        told = operation.step(StepName.NOTIFY).state
        if told is StepState.DONE and truth.mails == 0:
            yield Violation(Broken.LOST, "the e-mail counts as sent and never came")
        if operation.state is OperationState.COMPLETED and told in {StepState.PENDING, StepState.RUNNING, StepState.DELAYED}:
            yield Violation(Broken.STUCK, f"telling the customer is {told} for ever")


def _of_coupon(truth: Truth, others: Bystanders, operations: list[Operation]) -> Iterator[Violation]:
    """Neither coupon nor points is lost; and what others wrote stays."""
    settled = [one for one in operations if one.state is not OperationState.REFUSED]
    if truth.is_dead and not truth.used and not settled:
        yield Violation(Broken.LOST, "the code is dead, and every operation was refused")
    if len([one for one in operations if one.state is OperationState.COMPLETED]) > 1:
        yield Violation(Broken.DOUBLE, "two operations are completed")
    if others.edits and (truth.record is None or truth.record.get(NOTE) != others.edits):
        yield Violation(Broken.WRONG, "what the website wrote into the record is lost")
    used_by_record = truth.record is not None and truth.record.get("status") == "used"
    if used_by_record and not truth.used:
        yield Violation(Broken.WRONG, "the record says used, and no order used it")
