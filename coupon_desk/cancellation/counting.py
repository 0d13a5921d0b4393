"""Whether the operator, and the customer, are within their limits: counted in `verify`, where all doubts are decided.

An operation stands in the index from its opening on and counts itself and what was opened before it, here and, where desks
share a database, at all of them. So nothing has to be locked, and of two that race for the last of a limit one sees the other.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from coupon_desk.cancellation.given import refusal
from coupon_desk.cancellation.operation import StepName
from coupon_desk.cancellation.patience import pause
from coupon_desk.cancellation.ports import CentralAllowances
from coupon_desk.cancellation.story import Story
from coupon_desk.cancellation.work import Centre, Systems, Work
from coupon_desk.coupons.allowance import Spent, Sum
from coupon_desk.coupons.eligibility import Finding, Rule, Weight
from coupon_desk.errors import RemoteError, RemoteUnavailable
from coupon_desk.people.limits import over_limits
from coupon_desk.people.roles import Role
from coupon_desk.words import Message

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Counted:
    """Which limits would be broken, at which moment it counts, and why other desks were not asked, where they were not."""

    findings: tuple[Finding, ...]
    at: datetime
    silence: Message | None = None

    @property
    def is_alone(self) -> bool:
        """The centre does not know of it yet."""
        return self.silence is not None


def count(work: Work, customer_id: str, points: int) -> Counted | None:
    """Count the operation. None where it has to wait for the centre, or is refused by it; that is written down then."""
    operation, story, house = work.operation, work.story, work.systems.house
    at = _counting_moment(work)
    if not operation.kind.returns_points:
        return Counted((), at)
    windows = house.windows(at)
    spent = work.systems.index.spent_before(story.allowance, customer_id, operation.code.customer_digits, windows)
    centre, silence = work.systems.centre, None
    if centre is not None and centre.allowances is not None:
        try:
            report_missing(centre, work.systems, besides=operation.id)
            everywhere = centre.allowances.count(operation.id, operation.operator.login, customer_id, points, windows)
            _report_approval(centre.allowances, work.systems, story)
        except RemoteError as silent:
            if centre.is_required:
                _wait_for_centre(work, silent)
                return None
            silence = silent.what
        else:
            spent = _larger(spent, everywhere)
    limits = house.of(Role(operation.operator.role))
    reasons = over_limits(points, spent, limits, house.policy)
    return Counted(tuple(Finding(Rule.OVER_LIMIT, Weight.APPROVAL, why) for why in reasons), at, silence)


def report(centre: Centre, story: Story, systems: Systems) -> None:
    """Count in the centre what was counted at this desk alone, with its approval. Raises RemoteError."""
    allowances, row = centre.allowances, story.allowance
    if allowances is None:
        return
    windows = systems.house.windows(row.counted_at or story.operation.opened_at)
    allowances.count(row.operation, row.operator, row.customer, row.points, windows)
    _report_approval(allowances, systems, story)


def report_missing(centre: Centre, systems: Systems, *, besides: str = "") -> None:
    """Tell the centre what was counted while it was silent. Raises RemoteError."""
    for operation_id in systems.index.unreported():
        if operation_id == besides:
            continue
        story = systems.story_of(operation_id)
        if story is not None:
            report(centre, story, systems)
            _log.info("operation %s was reported to the centre after its silence", operation_id)
        systems.index.mark_reported(operation_id)


def _report_approval(allowances: CentralAllowances, systems: Systems, story: Story) -> None:
    """What was approved counts for its approver at all desks, whether the centre heard of it then or not."""
    row = story.allowance
    if row.approver is not None and row.approved_at is not None and row.approved_points is not None:
        allowances.approve(row.operation, row.approver, row.approved_points, systems.house.windows(row.approved_at).day)


def _counting_moment(work: Work) -> datetime:
    """The first time that it is counted: by now remote clocks have just been heard. It keeps its moment whatever follows.

    Until then it counts at any moment for those that come after it: so within each day, week and month an operation has seen
    all that were opened before it, in whichever order they are verified.
    """
    return work.story.counted_at or work.best_moment().moment


def _larger(here: Spent, everywhere: Spent) -> Spent:
    """All desks' count holds ours, but for what was erased or put back there; the larger of the two is on the safe side."""
    return Spent(
        day=_larger_sum(here.day, everywhere.day),
        week=_larger_sum(here.week, everywhere.week),
        month=_larger_sum(here.month, everywhere.month),
        customer_cancellations=max(here.customer_cancellations, everywhere.customer_cancellations),
    )


def _larger_sum(here: Sum, everywhere: Sum) -> Sum:
    return Sum(max(here.points, everywhere.points), max(here.cancellations, everywhere.cancellations))


def _wait_for_centre(work: Work, error: RemoteError) -> None:
    if isinstance(error, RemoteUnavailable):
        work.postponed(StepName.VERIFY, error.what, work.now + pause(work.step(StepName.VERIFY).attempts))
    else:
        work.refused(StepName.VERIFY, [refusal(Rule.REMOTE_REFUSED, error.what)], error.what)
