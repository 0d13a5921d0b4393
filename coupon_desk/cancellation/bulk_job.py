"""A bulk cancellation as frozen values: what was asked for, how far it is, and what became of each line of its list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from coupon_desk.cancellation.bulk_list import BulkList
from coupon_desk.cancellation.operation import Operation, OperationKind, OperationState, StepState
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import ExitStatus
from coupon_desk.words import Message, msg


class JobState(StrEnum):
    """How a bulk cancellation stands. The codes stand in the trail and are never renamed."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    ENDED = "ended"

    @property
    def is_over(self) -> bool:
        """Nothing more is begun, ever."""
        return self in {JobState.STOPPED, JobState.ENDED}

    @property
    def label(self) -> Message:
        """What a person reads."""
        return _JOB_LABELS[self]


_JOB_LABELS = {
    JobState.RUNNING: msg("In progress"),
    JobState.PAUSED: msg("Paused"),
    JobState.STOPPED: msg("Stopped"),
    JobState.ENDED: msg("Ended"),
}


class RowState(StrEnum):
    """What became of one line. `unknown` needs a person: nobody may say that it was done, nor that it was not."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    NEEDS_APPROVAL = "needs_approval"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"

    @property
    def is_over(self) -> bool:
        """The program has nothing more to do for it by itself."""
        return self not in {RowState.WAITING, RowState.RUNNING}

    @property
    def label(self) -> Message:
        """What a person reads."""
        return _ROW_LABELS[self]


_ROW_LABELS = {
    RowState.WAITING: msg("Waiting"),
    RowState.RUNNING: msg("In progress"),
    RowState.DONE: msg("Done"),
    RowState.REFUSED: msg("Refused"),
    RowState.NEEDS_APPROVAL: msg("Needs approval"),
    RowState.UNKNOWN: msg("Needs a person"),
    RowState.SKIPPED: msg("Left out"),
}

OF_OPERATION: Final[Mapping[str, RowState]] = {
    OperationState.RUNNING: RowState.RUNNING,
    OperationState.COMPLETED: RowState.DONE,
    OperationState.REFUSED: RowState.REFUSED,
    OperationState.AWAITING_APPROVAL: RowState.NEEDS_APPROVAL,
    OperationState.NEEDS_ATTENTION: RowState.UNKNOWN,
}
"""A line that was begun stands as its operation does: read anew each time, and never written down twice."""

_EXIT: Final = {
    RowState.WAITING: ExitStatus.NOT_FINISHED,
    RowState.RUNNING: ExitStatus.NOT_FINISHED,
    RowState.DONE: ExitStatus.DONE,
    RowState.REFUSED: ExitStatus.REFUSED,
    RowState.NEEDS_APPROVAL: ExitStatus.NOT_FINISHED,
    RowState.UNKNOWN: ExitStatus.NEEDS_A_PERSON,
    RowState.SKIPPED: ExitStatus.REFUSED,
}


@dataclass(frozen=True, slots=True)
class BulkRequest:
    """What an operator asks for. `left_out` tells lines that are not to be done, and why: they stand as left out."""

    rows: BulkList
    kind: OperationKind
    reason: Reason
    note: str
    left_out: Mapping[int, Message] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BulkJob:
    """A bulk cancellation as it stands. `operator` is in whose name coupons are begun now.

    `waits_for` says what is out of reach, and `retry_at` when it is tried again: known only in the program that works on it
    (`is_at_work`). `paused_because` is why the program paused it by itself. `points_asked` are those that the codes say.
    """

    id: str
    kind: OperationKind
    reason: Reason
    note: str
    state: JobState
    operator: str
    opened_at: datetime
    updated_at: datetime
    total: int
    counts: Mapping[RowState, int]
    points_asked: int
    points_returned: int
    ended_at: datetime | None = None
    paused_because: Message | None = None
    waits_for: Message | None = None
    retry_at: datetime | None = None
    is_at_work: bool = False

    @property
    def remaining(self) -> int:
        """How many lines the program still has to do something for."""
        return sum(count for state, count in self.counts.items() if not state.is_over)

    @property
    def exit_status(self) -> ExitStatus:
        """What a script is told: the highest of its lines'."""
        return max((_EXIT[state] for state, count in self.counts.items() if count), default=ExitStatus.DONE)


@dataclass(frozen=True, slots=True)
class BulkRow:
    """One line and what became of it. `why` tells it to a person, `rule` is a stable word for scripts.

    `reason` and `note` are the line's own, None where those of the whole hold. `operation` is None where nothing was begun.
    """

    line: int
    typed: str
    code: CouponCode | None
    state: RowState
    reason: Reason | None = None
    note: str | None = None
    why: tuple[Message, ...] = ()
    rule: str | None = None
    operation: str | None = None
    points_returned: int = 0
    balance_after: int | None = None
    updated_at: datetime | None = None


def why_of(operation: Operation) -> tuple[Message, ...]:
    """What a person has to know of an operation beside its state; nothing where all is well."""
    match operation.state:
        case OperationState.REFUSED:
            return tuple(dict.fromkeys(finding.message for finding in operation.refused))
        case OperationState.AWAITING_APPROVAL:
            return operation.approval_needed
        case OperationState.RUNNING:
            waiting = {StepState.DELAYED, StepState.UNKNOWN}
            return tuple(step.detail for step in operation.steps if step.state in waiting and step.detail is not None)
        case _:
            return tuple(told for told in (operation.attention, operation.next_action) if told is not None)


def rule_of(operation: Operation) -> str | None:
    """The rule that refused it, for scripts."""
    return operation.refused[0].rule.value if operation.refused else None
