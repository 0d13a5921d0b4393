"""One operation as a frozen value: what was asked, how far each step is, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.eligibility import Finding, Rule
from coupon_desk.coupons.evidence import DiscountSeen
from coupon_desk.coupons.order_refund import Proposal
from coupon_desk.coupons.points import Points
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import ExitStatus
from coupon_desk.words import Language, Message, msg

NO_POINTS: Final = Points(0)


class OperationKind(StrEnum):
    """What is asked for."""

    CANCEL = "cancel"
    INVALIDATE = "invalidate"
    ORDER_REFUND = "order_refund"
    RELEASE = "release"

    @property
    def label(self) -> Message:
        """What a person reads."""
        return _KIND_LABELS[self]

    @property
    def returns_points(self) -> bool:
        """Whether the customer gets points, which counts towards the limits of whoever asks."""
        return self is not OperationKind.INVALIDATE


_KIND_LABELS = {
    OperationKind.CANCEL: msg("Cancel coupon"),
    OperationKind.INVALIDATE: msg("Invalidate only, no points"),
    OperationKind.ORDER_REFUND: msg("Refund for a cancelled order"),
    OperationKind.RELEASE: msg("Release the points"),
}


class OperationState(StrEnum):
    """How the whole operation stands (INTERFACE.md §2)."""

    AWAITING_APPROVAL = "awaiting_approval"
    RUNNING = "running"
    COMPLETED = "completed"
    REFUSED = "refused"
    NEEDS_ATTENTION = "needs_attention"

    @property
    def is_over(self) -> bool:
        """Nothing more happens to its result; telling the customer and retiring the discount may still follow."""
        return self in {OperationState.COMPLETED, OperationState.REFUSED}

    @property
    def label(self) -> Message:
        """What a person reads."""
        return _STATE_LABELS[self]


_STATE_LABELS = {
    OperationState.AWAITING_APPROVAL: msg("Waiting for approval"),
    OperationState.RUNNING: msg("In progress"),
    OperationState.COMPLETED: msg("Completed"),
    OperationState.REFUSED: msg("Refused"),
    OperationState.NEEDS_ATTENTION: msg("Needs attention"),
}


class StepName(StrEnum):
    """The steps, in their order."""

    VERIFY = "verify"
    CLAIM = "claim"
    INVALIDATE = "invalidate"
    RETURN_POINTS = "return_points"
    UPDATE_RECORD = "update_record"
    NOTIFY = "notify"
    RETIRE = "retire"

    @property
    def label(self) -> Message:
        """What a person reads."""
        return _STEP_LABELS[self]


STOPPING_STEPS: Final = (StepName.VERIFY, StepName.CLAIM, StepName.INVALIDATE)
"""The steps before the pivot: refused there, everything is put back."""

LATE_STEPS: Final = (StepName.NOTIFY, StepName.RETIRE)
"""The steps after the result stands: they may be late, and do not change it."""

BEFORE_THE_END: Final = tuple(name for name in StepName if name not in LATE_STEPS)
"""The steps that decide the result; those after it may be late."""

_STEP_LABELS = {
    StepName.VERIFY: msg("Check the coupon"),
    StepName.CLAIM: msg("Claim the coupon"),
    StepName.INVALIDATE: msg("Switch the code off"),
    StepName.RETURN_POINTS: msg("Return the points"),
    StepName.UPDATE_RECORD: msg("Update the customer's record"),
    StepName.NOTIFY: msg("Tell the customer"),
    StepName.RETIRE: msg("Retire the discount"),
}


class StepState(StrEnum):
    """How one step stands. `unknown` is a state of its own: sent, and nobody knows yet whether it happened."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    UNKNOWN = "unknown"
    DELAYED = "delayed"
    REFUSED = "refused"
    SKIPPED = "skipped"

    @property
    def is_settled(self) -> bool:
        """Nothing is left to do for it."""
        return self in {StepState.DONE, StepState.SKIPPED}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an operation. `detail` says what a person should know of it; `due_at` when it goes on by itself."""

    name: StepName
    state: StepState = StepState.PENDING
    at: datetime | None = None
    detail: Message | None = None
    attempts: int = 0
    due_at: datetime | None = None

    @property
    def goes_on(self) -> bool:
        """The program will do it, or do it again, by itself."""
        return self.state in {StepState.PENDING, StepState.RUNNING, StepState.DELAYED}


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """What an operator asks for. `order` is only for the refund of a cancelled order: its name or id.

    `takes_over` is the operation that another desk began; a person says that this desk is gone for good. `releases` is the
    invalidation of our own whose points are asked for. `bulk` is the bulk cancellation that it belongs to, if any.
    """

    code: CouponCode
    kind: OperationKind
    reason: Reason
    note: str
    order: str | None = None
    takes_over: str | None = None
    releases: str | None = None
    bulk: str | None = None


@dataclass(frozen=True, slots=True)
class Operator:
    """Who asked, as the trail keeps it."""

    login: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Rules:
    """The house's rules as they were when the operation was opened; a later change does not reach back."""

    settle_seconds: float
    retire: str
    recheck_minutes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, as its entries in the trail tell it. A value: it never changes, a newer one takes its place.

    `points_to_return` is known after `verify`; `points_returned` only when the point system confirmed it. Balances are
    the point system's, None where it did not tell. `proposal` is what a cancelled order gives back and why, as a second
    person saw it. `attention` says what happened and what a person should do next. `expires_at` is when a request that waits
    for approval is refused. `head` and `head_sequence` are the hash and the place of its newest entry.
    """

    id: str
    request: CancelRequest
    operator: Operator
    rules: Rules
    state: OperationState
    steps: tuple[Step, ...]
    key: str
    opened_at: datetime
    updated_at: datetime
    language: Language
    customer_id: str | None = None
    pos_customer_id: str | None = None
    discount: DiscountSeen | None = None
    findings: tuple[Finding, ...] = ()
    points_to_return: Points | None = None
    points_returned: Points = NO_POINTS
    proposal: Proposal | None = None
    balance_before: int | None = None
    balance_after: int | None = None
    approval_needed: tuple[Message, ...] = ()
    approved_by: str | None = None
    expires_at: datetime | None = None
    attention: Message | None = None
    next_action: Message | None = None
    ended_at: datetime | None = None
    head: str = ""
    head_sequence: int = 0

    @property
    def code(self) -> CouponCode:
        """The coupon it is about."""
        return self.request.code

    @property
    def kind(self) -> OperationKind:
        """What was asked for."""
        return self.request.kind

    @property
    def reference(self) -> str:
        """What links conversion and return in the point history."""
        return self.code.reference

    def step(self, name: StepName) -> Step:
        """One of its steps."""
        return next(step for step in self.steps if step.name is name)

    @property
    def refused(self) -> tuple[Finding, ...]:
        """Why it was refused; empty unless it was."""
        return self.findings if self.state is OperationState.REFUSED else ()

    @property
    def due_at(self) -> datetime | None:
        """When the program goes on with it: a moment that is past for what a crash left; None where it never does by itself."""
        if self.state is OperationState.AWAITING_APPROVAL:
            return self.expires_at
        if self.state is OperationState.RUNNING:
            if self.is_stopping:
                return self.step(StepName.UPDATE_RECORD).due_at or self.updated_at
            step = next((step for step in self.steps if not step.state.is_settled), None)
            return (step.due_at if step else None) or self.updated_at
        if self.ended_at is not None and self.state is not OperationState.REFUSED:
            late = (self.step(name) for name in LATE_STEPS)
            return min((step.due_at or self.updated_at for step in late if step.goes_on), default=None)
        return None

    @property
    def is_stopping(self) -> bool:
        """Refused before the pivot: what was begun is being put back."""
        return any(self.step(name).state is StepState.REFUSED for name in STOPPING_STEPS)

    @property
    def has_open_work(self) -> bool:
        """Whether anything is left to do: by the program or by a person."""
        if not self.state.is_over:
            return True
        if self.state is OperationState.REFUSED:
            return False
        if self.step(StepName.NOTIFY).state in {StepState.UNKNOWN, StepState.REFUSED}:
            return True
        return any(step.goes_on for step in map(self.step, LATE_STEPS))

    @property
    def exit_status(self) -> ExitStatus:
        """What a script is told (INTERFACE.md §2)."""
        if self.state is OperationState.COMPLETED:
            return ExitStatus.DONE
        if self.state is OperationState.NEEDS_ATTENTION:
            return ExitStatus.NEEDS_A_PERSON
        if self.state is OperationState.REFUSED:
            used_meanwhile = any(finding.rule is Rule.USED_MEANWHILE for finding in self.findings)
            return ExitStatus.NEEDS_A_PERSON if used_meanwhile else ExitStatus.REFUSED
        return ExitStatus.NOT_FINISHED
