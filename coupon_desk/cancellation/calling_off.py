"""Stopped by somebody before the pivot: the operation is refused where it stands, and what was begun is put back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from coupon_desk.cancellation.given import refusal
from coupon_desk.cancellation.operation import STOPPING_STEPS, OperationKind, OperationState, StepName
from coupon_desk.cancellation.story import Story
from coupon_desk.cancellation.work import Work
from coupon_desk.coupons.eligibility import Rule
from coupon_desk.words import Message

Brake = Callable[[], Message | None]
"""Asked between two steps: why the operation is to be stopped before the pivot; None to go on."""


def never() -> None:
    """A brake that nobody pulls."""
    return


def may_be_called_off(story: Story) -> bool:
    """Whether everything can be put back as it was. What has gone further, or may have, can only be finished."""
    operation = story.operation
    if operation.state is not OperationState.RUNNING or operation.is_stopping or operation.request.takes_over is not None:
        return False
    if story.reopened is not None:
        return False
    step = next((step for step in operation.steps if not step.state.is_settled), None)
    before_points = step is not None and step.name in _BEFORE_POINTS and story.first_sent_at is None
    return before_points and story.may_be_refused and _can_be_switched_on_again(story)


def _can_be_switched_on_again(story: Story) -> bool:
    """Whether the code works still, or was surely switched off, once, in a way that can be undone."""
    operation, discount = story.operation, story.operation.discount
    if StepName.INVALIDATE not in story.requests:
        return True
    is_sure = story.code_dead_at is not None and operation.step(StepName.INVALIDATE).attempts == 1
    return is_sure and operation.kind is OperationKind.CANCEL and discount is not None and discount.bears_only_this_code


def call_off(work: Work, why: Message) -> None:
    """Refuse it where it stands; putting back is what comes next. Nothing where it is too late for that."""
    if not may_be_called_off(work.story):
        return
    step = next(step.name for step in work.operation.steps if not step.state.is_settled)
    # The pivot itself is never refused: what undoes its being about to begin is that switching off has failed.
    name = step if step in STOPPING_STEPS else StepName.INVALIDATE
    work.refused(name, [refusal(Rule.WITHDRAWN, why)], why)


_BEFORE_POINTS: Final = frozenset({*STOPPING_STEPS, StepName.RETURN_POINTS})
