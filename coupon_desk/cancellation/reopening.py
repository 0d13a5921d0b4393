"""An operation that is over, taken up again to put a difference right: which steps may be done once more, and how it ends.

Only steps that look before they act and move no points: the customer's record, and switching the code off. Its result stays the
one that it had, to the minute; nothing of it is counted twice.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from coupon_desk.cancellation.operation import BEFORE_THE_END, Operation, OperationState, Step, StepName, StepState
from coupon_desk.trail.entry import Entry
from coupon_desk.words import Message, msg

REPEATABLE: Final = (StepName.INVALIDATE, StepName.UPDATE_RECORD)
"""What may be done once more; never the return of points, nor an e-mail."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How and when an operation had ended, and what a person was told of it then."""

    state: OperationState
    at: datetime
    next_action: Message | None


def may_be_reopened(operation: Operation, names: Collection[StepName]) -> bool:
    """Whether nothing but these steps would be done: of what never began, or was refused, only the mark is taken away.

    A request that was rejected has its steps still before it, and they return points.
    """
    if operation.state is OperationState.REFUSED:
        was_verified = operation.step(StepName.VERIFY).state.is_settled
        return was_verified and operation.is_stopping and set(names) == {StepName.UPDATE_RECORD}
    if StepName.INVALIDATE in names and operation.discount is None:
        return False
    before = (step for step in operation.steps if step.name in BEFORE_THE_END)
    return operation.state is OperationState.COMPLETED and all(step.state.is_settled for step in before)


def reopened(operation: Operation, entry: Entry) -> Operation:
    """Under way again, with these steps to be done once more. Raises ValueError where more than these would be done."""
    names = [StepName(name) for name in entry.body["steps"]]
    if not set(names) <= set(REPEATABLE) or not may_be_reopened(operation, names):
        raise ValueError("only the record and the switching off are ever done once more")
    steps = tuple(Step(step.name) if step.name in names else step for step in operation.steps)
    return replace(operation, state=OperationState.RUNNING, steps=steps, ended_at=None, next_action=None)


def restored(operation: Operation, before: Ended) -> Operation:
    """Over again, as it was before."""
    return replace(operation, state=before.state, ended_at=before.at, attention=None, next_action=before.next_action)


def settled_by_hand(operation: Operation, before: Ended, entry: Entry) -> Operation:
    """A person has looked, and says that the rest is settled."""
    by_hand = msg("Answered by {by}: {note}", by=entry.actor or "", note=entry.body["note"])
    steps = tuple(
        Step(step.name, StepState.SKIPPED, entry.moment, by_hand, step.attempts)
        if step.name in REPEATABLE and step.state not in {StepState.DONE, StepState.SKIPPED, StepState.REFUSED}
        else step
        for step in operation.steps
    )
    return restored(replace(operation, steps=steps), before)
