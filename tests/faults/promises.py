"""The promises of "exactly once", looked up in the remote systems' own state, and what our trail says held against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from coupon_desk.cancellation.operation import Operation, OperationKind, OperationState, StepName, StepState
from coupon_desk.coupons.eligibility import Rule
from coupon_desk.coupons.reasons import REFUND_FOR_CANCELLED_ORDER, Reason
from coupon_desk.training.showcase import Specimen
from tests.faults.broken_shop import BrokenShop
from tests.faults.errand import CLERK
from tests.faults.homes import Home
from tests.faults.others import NOTE, Bystanders
from tests.faults.plan import Plan
from tests.faults.truth import Truth, look_up

NEVER: Final = frozenset({"expired", "cancelled", "already_returned", "unknown_at_pos", "used", "used_second_code"})
"""Coupons whose points may never be returned by cancelling them."""
DOUBTFUL: Final = frozenset({"unrestricted", "no_record", "conversion_missing", "conversion_differs"})
"""Coupons that a second person has to look at before they are cancelled."""


_AFTERWARDS: Final = frozenset({OperationKind.ORDER_REFUND, OperationKind.RELEASE})
"""Points for a coupon that was used or cancelled before; the record says so in words of its own."""


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


def needs_second_person(plan: Plan, coupon: Specimen) -> bool:
    """Whether nothing may happen to the coupon before a second person has agreed."""
    if (
        plan.asked_by == CLERK
        or plan.kind in {OperationKind.ORDER_REFUND, OperationKind.RELEASE}
        or plan.reason is Reason.GOODWILL
    ):
        return True
    if plan.kind is OperationKind.INVALIDATE:
        return plan.coupon in {"unrestricted", "no_record"}
    return plan.coupon in DOUBTFUL or coupon.points > min(plan.approval_above_points, plan.points_per_day)


def asked_for(plan: Plan, home: Home) -> list[Operation]:
    """The operations that the run is about: not the suspicion that was there before a release was asked for."""
    if plan.kind is not OperationKind.RELEASE:
        return home.operations
    return [one for one in home.operations if one.kind is not OperationKind.INVALIDATE]


def broken_promises(shop: BrokenShop, plan: Plan, coupon: Specimen, others: Bystanders, homes: list[Home]) -> list[Violation]:
    """Every promise that was broken in this run."""
    truth = look_up(shop, plan, coupon, others)
    operations = [one for home in homes for one in asked_for(plan, home)]
    found = [Violation(Broken.UNTRUE, what) for home in homes for what in home.untrue]
    found.extend(_of_points(truth, plan, others, operations))
    found.extend(_of_second_persons(truth, plan, coupon, operations))
    reachable = [one for home in homes if not home.is_gone for one in asked_for(plan, home)]
    for operation in reachable:
        found.extend(_of_operation(truth, plan, operation, operations, others))
    found.extend(_of_mails(truth, plan, operations, reachable))
    found.extend(_of_coupon(truth, plan, others, operations))
    if len(reachable) < len(operations):
        found.extend(_of_desk_that_is_gone(truth, plan, reachable))
    return found


def _of_desk_that_is_gone(truth: Truth, plan: Plan, reachable: list[Operation]) -> Iterator[Violation]:
    """Its work was taken over: the coupon is not held by nobody, and points that came are told as such."""
    waits = any(one.state is OperationState.NEEDS_ATTENTION for one in reachable)
    record = truth.record or {}
    if "cancellation" in record and not waits:
        yield Violation(Broken.STUCK, "a desk that is gone holds the coupon for ever")
    says_so = bool(record.get("refunded_at")) if plan.kind in _AFTERWARDS else record.get("status") == "cancelled"
    if truth.sends and not waits and not says_so:
        yield Violation(Broken.LOST, "a desk that is gone has returned the points, and the record does not say so")


def _of_points(truth: Truth, plan: Plan, others: Bystanders, operations: list[Operation]) -> Iterator[Violation]:
    if not truth.sends:
        return
    if len(truth.sends) > 1:
        yield Violation(Broken.DOUBLE, f"credited {len(truth.sends)} times")
    by_hand = others.returned_by_hand_after
    if by_hand is not None and any(number > by_hand for number in truth.sends):
        yield Violation(Broken.DOUBLE, "credited although the points had been returned by hand")
    if truth.used_in_time:
        yield Violation(Broken.WRONG, "credited although an order used the code before it was dead")
    if plan.kind in {OperationKind.CANCEL, OperationKind.RELEASE} and plan.coupon in NEVER:
        yield Violation(Broken.WRONG, f"credited for a coupon that is {plan.coupon}")
    if plan.kind is OperationKind.RELEASE and plan.coupon == "conversion_missing":
        yield Violation(Broken.WRONG, "credited although nothing was ever converted")
    if plan.kind is OperationKind.INVALIDATE:
        yield Violation(Broken.WRONG, "credited although the code should only be switched off")
    if plan.kind is OperationKind.ORDER_REFUND and not truth.order_is_cancelled:
        yield Violation(Broken.WRONG, "credited for an order that was not cancelled")
    if not truth.owed.issuperset(truth.points):
        yield Violation(Broken.WRONG, f"credited {truth.points} instead of {sorted(truth.owed)}")
    if len(truth.points) != len(truth.sends) or truth.others:
        yield Violation(Broken.WRONG, f"{len(truth.sends)} credits were carried out, and {len(truth.points)} are this coupon's")
    is_refund = plan.kind is OperationKind.ORDER_REFUND
    if any((reason == REFUND_FOR_CANCELLED_ORDER) is not is_refund for reason in truth.reasons):
        yield Violation(Broken.WRONG, f"the reason in the point history is {truth.reasons}")
    if not plan.takes_over and not any(_stands_for_credit(one) for one in operations):
        yield Violation(Broken.LOST, "credited, and no operation is completed or waits for a person")


def _stands_for_credit(operation: Operation) -> bool:
    return operation.kind is not OperationKind.INVALIDATE and operation.state in {
        OperationState.COMPLETED,
        OperationState.NEEDS_ATTENTION,
    }


def _of_second_persons(truth: Truth, plan: Plan, coupon: Specimen, operations: list[Operation]) -> Iterator[Violation]:
    verified = [one for one in operations if one.step(StepName.VERIFY).state is StepState.DONE]
    if any(one.request.takes_over and one.approved_by is None for one in verified):
        yield Violation(Broken.WRONG, "taken over without a second person")
    if any(one.approved_by == one.operator.login for one in operations):
        yield Violation(Broken.WRONG, "somebody approved what they had asked for")
    agreed = any(one.approved_by is not None for one in operations)
    if (truth.sends or truth.was_killed) and not agreed and needs_second_person(plan, coupon):
        yield Violation(Broken.WRONG, "done without the second person that it needs")


def _of_operation(
    truth: Truth, plan: Plan, operation: Operation, operations: list[Operation], others: Bystanders
) -> Iterator[Violation]:
    was_taken_over = any(one.request.takes_over == operation.id for one in operations)
    name = f"operation {operation.id[:8]}"
    mark = (truth.record or {}).get("cancellation")
    is_marked = mark is not None and mark.get("operation") == operation.id
    match operation.state:
        case OperationState.RUNNING:
            yield Violation(Broken.STUCK, f"{name} is running for ever")
        case OperationState.AWAITING_APPROVAL:
            if not plan.nobody_decides:
                yield Violation(Broken.STUCK, f"{name} waits for approval, and who should decide could not")
            if is_marked:
                yield Violation(Broken.WRONG, f"{name} waits for approval, and its claim stands")
        case OperationState.NEEDS_ATTENTION:
            if not operation.attention or not operation.next_action:
                yield Violation(Broken.UNTRUE, f"{name} needs a person and does not say why or what for")
            if others.returned_by_hand_after is None and not truth.used_late and not was_taken_over:
                yield Violation(Broken.STUCK, f"{name} needs a person for nothing: {operation.attention}")
        case OperationState.REFUSED:
            if is_marked:
                yield Violation(Broken.WRONG, f"{name} was refused and its claim stands")
            found_used = any(finding.rule is Rule.USED_MEANWHILE for finding in operation.refused)
            record = truth.record or {}
            is_anothers = record.get("taken_over_by") not in {None, operation.id}
            if found_used and record.get("status") != "used" and not is_anothers:
                yield Violation(Broken.WRONG, f"{name} found the coupon used, and the record does not say so")
        case OperationState.COMPLETED:
            yield from _of_completed(truth, operation, others, name)
    waits = operation.has_open_work and operation.state is not OperationState.AWAITING_APPROVAL
    if plan.answers and waits:
        yield Violation(Broken.STUCK, f"{name} was answered, and still has open work")


def _of_completed(truth: Truth, operation: Operation, others: Bystanders, name: str) -> Iterator[Violation]:
    pivot = operation.step(StepName.RETURN_POINTS).state
    if pivot is StepState.DONE and not truth.sends and others.returned_by_hand_after is None:
        yield Violation(Broken.LOST, f"{name} is completed and nothing was credited")
    if pivot is StepState.SKIPPED and operation.kind is not OperationKind.INVALIDATE and not _is_settled_by_hand(operation):
        yield Violation(Broken.LOST, f"{name} is completed without its points")
    if not truth.is_dead:
        yield Violation(Broken.WRONG, f"{name} is completed and the code still works")
    record = truth.record or {}
    if operation.kind is OperationKind.ORDER_REFUND:
        if record.get("status") != "used" or not record.get("refunded_at"):
            yield Violation(Broken.WRONG, f"{name} is completed and the record does not say used and refunded: {record}")
    elif operation.kind is OperationKind.RELEASE and not record.get("refunded_at"):
        yield Violation(Broken.WRONG, f"{name} is completed and the record does not say refunded: {record}")
    elif record.get("status") != "cancelled":
        yield Violation(Broken.WRONG, f"{name} is completed and the record says {record.get('status')}")
    if "cancellation" in record:
        yield Violation(Broken.WRONG, f"{name} is completed and its claim stands")
    was_answered = operation.step(StepName.RETIRE).state is StepState.SKIPPED
    if truth.looked_late and not was_answered:
        yield Violation(Broken.WRONG, f"{name} looked after the coupon was used late, and raised no alarm")
    # Of two desks that one after the other worked on it, either may say so.
    by_another = operation.request.takes_over is not None and operation.points_returned == 0
    said = operation.points_returned
    is_so = said in (truth.points or truth.owed) if pivot is StepState.DONE else said == 0
    if not is_so and not by_another:
        yield Violation(Broken.UNTRUE, f"{name} says {said} points")
    told = operation.proposal
    if told is not None and said and said not in {told.proposed, told.returned_before}:
        yield Violation(Broken.UNTRUE, f"{name} returned {said} points, and proposed {told.proposed}")


def _is_settled_by_hand(operation: Operation) -> bool:
    """A person answered at the pivot: the program returned none, and the customer is told by a person."""
    return operation.step(StepName.NOTIFY).state is StepState.SKIPPED


def _of_mails(truth: Truth, plan: Plan, operations: list[Operation], reachable: list[Operation]) -> Iterator[Violation]:
    if truth.mails > 1:
        yield Violation(Broken.MAILED_TWICE, f"{truth.mails} e-mails were sent")
    if truth.mails and not any(one.ended_at and one.state is not OperationState.REFUSED for one in operations):
        yield Violation(Broken.WRONG, "an e-mail was sent and nothing is completed")
    if truth.mails and plan.kind is OperationKind.INVALIDATE:
        yield Violation(Broken.WRONG, "an e-mail was sent for a code that was only switched off")
    for operation in reachable:
        told = operation.step(StepName.NOTIFY).state
        if told is StepState.DONE and truth.mails == 0:
            yield Violation(Broken.LOST, "the e-mail counts as sent and never came")
        if operation.state is OperationState.COMPLETED and told in {StepState.PENDING, StepState.RUNNING, StepState.DELAYED}:
            yield Violation(Broken.STUCK, f"telling the customer is {told} for ever")


def _of_coupon(truth: Truth, plan: Plan, others: Bystanders, operations: list[Operation]) -> Iterator[Violation]:
    """Neither coupon nor points is lost; and what others wrote stays."""
    settled = [one for one in operations if one.state is not OperationState.REFUSED]
    closed = any(finding.rule is Rule.CLOSED for one in operations for finding in one.findings)
    is_release = plan.kind is OperationKind.RELEASE  # its code has to be dead, whatever becomes of it
    if truth.was_killed and truth.is_dead and not truth.used and not settled and not closed and not is_release:
        yield Violation(Broken.LOST, "the code is dead, and every operation was refused")
    completed = {one.id: one for one in operations if one.state is OperationState.COMPLETED}
    if len(completed) - len([one for one in completed.values() if one.request.takes_over in completed]) > 1:
        yield Violation(Broken.DOUBLE, "two operations are completed")
    if others.edits and (truth.record is None or truth.record.get(NOTE) != others.edits):
        yield Violation(Broken.WRONG, "what the website wrote into the record is lost")
    used_by_record = truth.record is not None and truth.record.get("status") == "used"
    if used_by_record and not truth.used:
        yield Violation(Broken.WRONG, "the record says used, and no order used it")
