"""What is under way in this home: the newest snapshot of each operation that is not over, needs a person, or has just ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from PySide6.QtCore import QObject, Signal

from coupon_desk.cancellation.operation import LATE_STEPS, Operation, OperationState, StepState
from coupon_desk.desk.attention_strip import needs_person
from coupon_desk.desk.work import WAIT_SECONDS

MOST_ENDED: Final = 5
"""So many of those that ended while one looked stay in view."""

_SHORT_PAUSE: Final = timedelta(seconds=WAIT_SECONDS)


@dataclass(frozen=True, slots=True)
class InProgress:
    """All of them, those for a person first, then those at work, those that wait, and what has just ended.

    `progress` goes from 0 to 1 over the operations at work, None where none is. `later` counts what is over but for a look that
    comes by itself.
    """

    operations: tuple[Operation, ...] = ()
    progress: float | None = None
    for_person: int = 0
    at_work: int = 0
    later: int = 0


class UnderWay(QObject):
    """`changed` brings an InProgress whenever it is another one."""

    changed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._known: dict[str, Operation] = {}
        self._later = 0
        self.now = InProgress()

    def take(self, operation: Operation) -> None:
        """A newer snapshot of one."""
        if operation.id in self._known or not operation.state.is_over or needs_person(operation):
            self._known[operation.id] = operation
            self._tell()

    def take_all(self, unfinished: Iterable[Operation]) -> None:
        """Everything that has something left to do, as the trail tells it now; what ended meanwhile stays in view a little."""
        found = tuple(unfinished)
        open_ones = {one.id: one for one in found if not one.state.is_over or needs_person(one)}
        self._later = len(found) - len(open_ones)
        ended = {one.id: one for one in self._known.values() if _has_ended(one) and one.id not in open_ones}
        newest = sorted(ended.values(), key=lambda one: one.updated_at)[-MOST_ENDED:]
        self._known = open_ones | {one.id: one for one in newest}
        self._tell()

    def _tell(self) -> None:
        shown = tuple(sorted(self._known.values(), key=_rank))
        working = [one for one in shown if is_at_work(one)]
        now = InProgress(
            shown,
            sum(map(far, working)) / len(working) if working else None,
            sum(map(needs_person, shown)),
            len(working),
            self._later,
        )
        if now != self.now:
            self.now = now
            self.changed.emit(now)


def is_at_work(operation: Operation) -> bool:
    """Whether something happens with it now, or after a pause that is too short to be announced."""
    if operation.state is not OperationState.RUNNING:
        return False
    return operation.due_at is None or operation.due_at - operation.updated_at <= _SHORT_PAUSE


def far(operation: Operation) -> float:
    """How far its result is, from 0 to 1."""
    steps = [step for step in operation.steps if step.name not in LATE_STEPS]
    return sum(step.state in {StepState.DONE, StepState.SKIPPED} for step in steps) / len(steps)


def _has_ended(operation: Operation) -> bool:
    return operation.state.is_over and not needs_person(operation)


def _rank(operation: Operation) -> tuple[int, str]:
    if needs_person(operation):
        return 0, operation.id
    if operation.state is OperationState.RUNNING:
        return 1, operation.id
    return (2 if operation.state is OperationState.AWAITING_APPROVAL else 3), operation.id
