"""Step 4, return_points, the pivot: give the points back exactly once, and look before anything is sent again."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from coupon_desk.cancellation.given import known
from coupon_desk.cancellation.looking_twice import is_surely_absent
from coupon_desk.cancellation.operation import OperationKind, StepName, StepState
from coupon_desk.cancellation.patience import FRESH_LOOK, MOST_SENDS, pause
from coupon_desk.cancellation.step_claim import is_fenced
from coupon_desk.cancellation.step_invalidate import is_still_ours, is_still_unused
from coupon_desk.cancellation.work import Work
from coupon_desk.coupons.evidence import (
    Absent,
    HistorySeen,
)
from coupon_desk.coupons.points import PointEntry
from coupon_desk.coupons.reasons import REFUND_FOR_CANCELLED_ORDER
from coupon_desk.errors import OutcomeUnknown, RemoteError, RemoteRefused, RemoteUnavailable
from coupon_desk.points.port import AddPoints, DuplicateGuard, HistorySearch, PointsAdded
from coupon_desk.words import msg


def return_points(work: Work) -> None:
    """The pivot: give the points back, exactly once. What was sent before is looked for, and never sent again blindly.

    Decided from what the point system declares of itself (`PointCapabilities`), never from its name (facts: points §4.3).
    """
    in_doubt = work.step(StepName.RETURN_POINTS).state in {StepState.RUNNING, StepState.UNKNOWN}
    if (in_doubt or work.story.has_only_others_sends) and not _is_proved_absent(work):
        return
    # The last look before points move: at every source for a coupon, and at the history that was read last of all.
    if work.operation.kind is OperationKind.ORDER_REFUND:
        if not is_still_ours(work):
            return
    elif work.history is None and not is_still_unused(work):
        return
    history = _judged(work, _read(work), in_doubt=False)
    if history is None or not is_fenced(work) or not _is_fresh(work):
        return
    operation, points, story = work.operation, work.systems.points, work.story
    if story.sends >= MOST_SENDS:
        work.attention(
            msg("The points were sent {count} times and never arrived.", count=MOST_SENDS),
            msg("Ask who looks after the point system, then choose “Go on now”."),
        )
        return
    request = story.requests.get(StepName.RETURN_POINTS) or points.prepare(
        AddPoints(
            customer_id=known(operation.pos_customer_id),
            points=known(operation.points_to_return),
            reason=_reason_in_history(work),
            reference=operation.reference,
            key=operation.key,
        )
    )
    work.started(StepName.RETURN_POINTS, request, seen_before=[entry.id for entry in history.unreferenced])
    if not _is_fresh(work):
        return
    try:
        added = points.send(request)
    except RemoteUnavailable as surely_not:
        work.delayed(StepName.RETURN_POINTS, surely_not)
    except RemoteRefused as refused:
        work.delayed(StepName.RETURN_POINTS, refused)
        work.attention(
            msg("The point system refused to return the points: {why}", why=refused.what),
            refused.todo or msg("Remove the cause in the point system, then choose “Go on now”."),
        )
    except OutcomeUnknown as unknown:
        work.unknown(StepName.RETURN_POINTS, unknown, work.now)
    else:
        _points_are_back(work, added)


def _is_proved_absent(work: Work) -> bool:
    """Whether what was sent before surely did not arrive; False where it was settled, or has to wait, or needs a person."""
    work.history = None
    history = _judged(work, _read(work), in_doubt=True)
    if history is None:
        return False
    searched = work.systems.points.capabilities.history
    if searched is HistorySearch.NONE or (work.story.has_only_others_sends and searched is not HistorySearch.BY_REFERENCE):
        return _key_still_protects(work) or _ask_a_person(work, history)
    return is_surely_absent(work, history, StepName.RETURN_POINTS)


def _is_fresh(work: Work) -> bool:
    """Whether the last look is fresh enough for points to move; else it is made again. Nothing was sent.

    By the clock on the wall, which goes on while a computer sleeps; one that was set costs another look.
    """
    if timedelta(0) <= work.now - known(work.looked_at) <= FRESH_LOOK:
        return True
    again_at = work.now + pause(work.step(StepName.RETURN_POINTS).attempts)
    work.postponed(StepName.RETURN_POINTS, msg("The last look is too old: looking once more before points move."), again_at)
    return False


def _read(work: Work) -> HistorySeen | Absent | RemoteError:
    """The history, as it was seen just now or is read now."""
    history, work.history = work.history, None
    if history is not None:
        return history
    try:
        return work.systems.points.read_history(known(work.operation.pos_customer_id), work.operation.reference)
    except RemoteError as silent:
        return silent


def _judged(work: Work, history: HistorySeen | Absent | RemoteError, *, in_doubt: bool) -> HistorySeen | None:
    """The history, where it shows no return and could show one; None where that is settled, has to wait, or needs a person."""
    operation, step = work.operation, work.step(StepName.RETURN_POINTS)
    match history:
        case RemoteError() if in_doubt:
            work.unknown(StepName.RETURN_POINTS, history, work.now + pause(step.attempts))
            return None
        case RemoteError():
            work.delayed(StepName.RETURN_POINTS, history)
            return None
        case Absent():
            work.attention(
                msg("The point system does not know the customer any more; whether the points were returned is not known.")
                if in_doubt
                else msg("The point system does not know the customer any more. No points were returned."),
                msg("Find the customer in the point system, then choose “Go on now”."),
            )
            return None
    returns = _returns(work, history)
    if returns:
        _settle_by(work, history, returns)
        return None
    if not history.complete:
        work.attention(
            msg("The point history could not be read to its end, so it is not known whether the points are returned."),
            msg("Look for {reference} in the point history.", reference=operation.reference),
        )
        return None
    return history


def _returns(work: Work, history: HistorySeen) -> tuple[PointEntry, ...]:
    """Returns of this coupon: by their reference; where the system keeps none, what came since we sent and is of our size."""
    if work.systems.points.capabilities.history is not HistorySearch.BY_MEMBER or work.story.first_sent_at is None:
        return history.returns
    ours = (
        entry
        for entry in history.unreferenced
        if entry.is_return and entry.points == work.operation.points_to_return and entry.id not in work.story.seen_before
    )
    return (*history.returns, *ours)


def _settle_by(work: Work, history: HistorySeen, returns: tuple[PointEntry, ...]) -> None:
    """There is a return: ours if we sent one of this size and there is only one, otherwise a person has to look."""
    operation = work.operation
    fits = [entry for entry in returns if entry.points == operation.points_to_return]
    if work.story.unproved_sends > 0 and len(returns) == 1 and fits:
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
        todo = msg(
            "Compare {reference} in the point history. If it was twice, deduct {points} points there.",
            reference=operation.reference,
            points=sum(entry.points for entry in returns) - known(operation.points_to_return),
        )
    else:
        what = msg("Somebody else returned {points} points for this coupon.", points=returns[0].points)
        todo = msg("Nothing more is returned. Compare {reference} in the point history.", reference=operation.reference)
    work.attention(what, todo)


def _key_still_protects(work: Work) -> bool:
    """Without a history: whether the system itself surely answers the same request as it did the first time."""
    capabilities, first_sent_at = work.systems.points.capabilities, work.story.first_sent_at
    return (
        capabilities.duplicate_guard in {DuplicateGuard.REPLAY, DuplicateGuard.BUSINESS_REFERENCE}
        and capabilities.key_retention is not None
        and first_sent_at is not None
        and timedelta(0) <= work.now - first_sent_at < capabilities.key_retention
    )


def _ask_a_person(work: Work, history: HistorySeen) -> Literal[False]:
    """Without a history and a key that protects, nothing proves what happened; the balance is a hint and no more."""
    operation = work.operation
    work.attention(
        msg("It is not known whether the points are returned: the point system keeps no history to look into."),
        msg(
            "The balance was {before} and is {now}. If {points} points are missing, return them in the point system.",
            before=operation.balance_before if operation.balance_before is not None else msg("not known"),
            now=history.balance,
            points=known(operation.points_to_return),
        ),
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
