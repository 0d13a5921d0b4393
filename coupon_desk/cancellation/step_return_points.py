"""Step 4, return_points, the pivot: give the points back exactly once, and look before anything is sent again."""

from __future__ import annotations

from datetime import timedelta

from coupon_desk.cancellation.given import known
from coupon_desk.cancellation.operation import OperationKind, StepName, StepState
from coupon_desk.cancellation.patience import SECOND_LOOK_SECONDS, pause
from coupon_desk.cancellation.work import Work
from coupon_desk.coupons.evidence import (
    Absent,
    HistorySeen,
)
from coupon_desk.coupons.points import PointEntry
from coupon_desk.coupons.reasons import REFUND_FOR_CANCELLED_ORDER
from coupon_desk.errors import OutcomeUnknown, RemoteError, RemoteRefused, RemoteUnavailable
from coupon_desk.points.port import AddPoints, PointsAdded
from coupon_desk.words import msg


def return_points(work: Work) -> None:
    """The pivot: give the points back, exactly once. What was sent before is looked for, and never sent again blindly."""
    state = work.step(StepName.RETURN_POINTS).state
    was_sent = state in {StepState.RUNNING, StepState.UNKNOWN}
    found = _look_for_return(work, was_sent=was_sent)
    if found is None:
        return
    operation, points = work.operation, work.systems.points
    amount = known(operation.points_to_return)
    request = work.story.requests.get(StepName.RETURN_POINTS) or points.prepare(
        AddPoints(
            customer_id=known(operation.pos_customer_id),
            points=amount,
            reason=_reason_in_history(work),
            reference=operation.reference,
            key=operation.key,
        )
    )
    work.started(StepName.RETURN_POINTS, request)
    try:
        added = points.send(request)
    except RemoteUnavailable as surely_not:
        work.delayed(StepName.RETURN_POINTS, surely_not)
    except RemoteRefused as refused:
        work.delayed(StepName.RETURN_POINTS, refused)
        work.attention(
            msg("The code no longer works, but the point system refused to return the points: {why}", why=refused.what),
            refused.todo or msg("Remove the cause in the point system, then choose “Go on now”."),
        )
    except OutcomeUnknown as unknown:
        work.unknown(StepName.RETURN_POINTS, unknown, work.now)
    else:
        _points_are_back(work, added)


def _look_for_return(work: Work, *, was_sent: bool) -> HistorySeen | None:
    """The history, where it proves that sending is right now; None where it was settled, or has to wait, or needs a person."""
    operation = work.operation
    step = work.step(StepName.RETURN_POINTS)
    try:
        history = work.systems.points.read_history(known(operation.pos_customer_id), operation.reference)
    except RemoteError as silent:
        if was_sent:
            work.unknown(StepName.RETURN_POINTS, silent, work.now + pause(step.attempts))
        else:
            work.delayed(StepName.RETURN_POINTS, silent)
        return None
    if isinstance(history, Absent):
        work.attention(
            msg("The code no longer works, but the point system does not know the customer any more. No points were returned."),
            msg("Find the customer in the point system, then choose “Go on now”."),
        )
        return None
    if history.returns:
        _settle_by(work, history)
        return None
    if not history.complete:
        work.attention(
            msg("The point history could not be read to its end, so it is not known whether the points are returned."),
            msg("Look for {reference} in the point history.", reference=operation.reference),
        )
        return None
    if was_sent and not _is_surely_absent(work):
        return None
    return history


def _settle_by(work: Work, history: HistorySeen) -> None:
    """There is a return under our reference: ours if we sent one of this size, otherwise a person has to look."""
    operation, returns = work.operation, history.returns
    fits = [entry for entry in returns if entry.points == operation.points_to_return]
    ever_sent = StepName.RETURN_POINTS in work.story.requests
    if ever_sent and len(returns) == 1 and fits:
        work.looked(StepName.RETURN_POINTS, "present", msg("The return is in the point history."), entry=fits[0].id)
        _points_are_back(work, _as_added(fits[0], history))
        return
    several = len(returns) > 1
    work.looked(
        StepName.RETURN_POINTS,
        "several" if several else "other",
        msg("The point history does not show what was sent."),
        entries=[entry.id for entry in returns],
    )
    if several:
        what = msg(
            "Points may have been returned twice: the point history shows {count} returns for this coupon.", count=len(returns)
        )
        todo = msg("Compare {reference} in the point history and take back what is too much.", reference=operation.reference)
    else:
        what = msg("Somebody else returned {points} points for this coupon.", points=returns[0].points)
        todo = msg("Nothing more is returned. Compare {reference} in the point history.", reference=operation.reference)
    work.attention(what, todo)


def _is_surely_absent(work: Work) -> bool:
    """Two looks at least a minute apart, both without our entry: only then was what we sent surely not applied."""
    first = work.story.absent_since
    again_at = (first or work.now) + timedelta(seconds=SECOND_LOOK_SECONDS)
    if first is not None and work.now >= again_at:
        work.looked(StepName.RETURN_POINTS, "absent", msg("Looked twice: the points were not returned."))
        return True
    work.looked(
        StepName.RETURN_POINTS,
        "absent",
        msg("Sent, but not in the point history yet. Nothing is sent again before the next look."),
        again_at,
    )
    return False


def _points_are_back(work: Work, added: PointsAdded) -> None:
    points = known(work.operation.points_to_return)
    work.done(
        StepName.RETURN_POINTS,
        msg("{points} points are returned.", points=points),
        {
            "points": points,
            "entry": added.entry_id,
            "balance_before": added.balance_before,
            "balance_after": added.balance_after,
            "request_id": added.request_id,
        },
    )


def _as_added(entry: PointEntry, history: HistorySeen) -> PointsAdded:
    after = entry.balance if entry.balance is not None else history.balance
    return PointsAdded(entry.id, after - entry.points, after)


def _reason_in_history(work: Work) -> str:
    if work.operation.kind is OperationKind.ORDER_REFUND:
        return REFUND_FOR_CANCELLED_ORDER
    return f"Coupon cancelled: {work.operation.request.reason.value}"
