"""How a run ended, and what was drawn for it: what the campaign adds up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from coupon_desk.cancellation.operation import Operation, OperationState
from tests.faults.plan import Plan
from tests.faults.promises import Violation


@dataclass(slots=True)
class Outcome:
    """How a run ended. `state` is what became of the coupon in a word; `drawn` what the run was about."""

    seed: int
    state: str
    violations: list[Violation] = field(default_factory=list)
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    mishaps: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    drawn: Counter[tuple[str, str]] = field(default_factory=Counter)
    processes: int = 0
    replays_exactly: bool = True

    def tell(self, plan: Plan, operations: list[Operation]) -> None:
        """Put into words what was drawn and what became of it."""
        self.state = _summary(operations)
        self.drawn.update(_drawn(plan))
        if any(one.approved_by is not None for one in operations):
            self.drawn["second person", "approved"] += 1


def _summary(operations: list[Operation]) -> str:
    states = {one.state for one in operations}
    for state in (
        OperationState.COMPLETED,
        OperationState.NEEDS_ATTENTION,
        OperationState.AWAITING_APPROVAL,
        OperationState.RUNNING,
    ):
        if state in states:
            return state.value
    rules = {finding.rule.value for one in operations for finding in one.refused}
    return f"refused: {', '.join(sorted(rules))}" if states else "never begun"


def _drawn(plan: Plan) -> list[tuple[str, str]]:
    """What a reader of the sums wants to know of a run, as pairs of a heading and a word."""
    return [
        ("kind", plan.kind.value),
        ("coupon", plan.coupon),
        ("asked by", plan.asked_by),
        *([("money back", plan.money_back.value)] if plan.order_is_cancelled else []),
        ("desks", _desks(plan)),
        ("central database", plan.centre.value + (", out of reach for a while" if plan.centre_down_from else "")),
        ("through", "the command line, in real time" if plan.command_line else "the program's door"),
        ("coupon is", "looked at first" if plan.looks_first else "cancelled unseen"),
        ("program", "stays open" if plan.stays_open else "started anew for each"),
        ("keys of the point system", plan.key_handling),
        ("retire", plan.retire),
        ("mail server", "down for a day" if plan.mail_down_hours else "up"),
    ]


def _desks(plan: Plan) -> str:
    if not plan.takes_over:
        return "one" if plan.desks == 1 else "two at once"
    if plan.stalls_after is not None:
        return "the second takes over from one that stands still"
    return "the second takes over, the first " + ("comes back" if plan.comes_back else "is gone for good")
