"""Differences about points. Who returns points once more may return them twice: the only repair here returns none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from coupon_desk.cancellation.case import Case
from coupon_desk.cancellation.differences import Difference, Kind, Repair
from coupon_desk.cancellation.operation import OperationKind
from coupon_desk.coupons.eligibility import points_to_return
from coupon_desk.coupons.evidence import DiscountState, HistorySeen, RecordStatus
from coupon_desk.coupons.reasons import Reason
from coupon_desk.words import Message, msg


def point_differences(case: Case) -> Iterator[Difference]:
    """What the point history shows that nothing else says, and the other way round."""
    history = case.history
    if len(case.returns) > 1 and sum(one.points for one in case.returns) > _deducted(case):
        yield _twice(case)
    elif case.returns:
        yield from _one_return(case)
    elif history is not None and history.conversions:
        yield from _no_return(case)
    if history is not None and case.last is None:
        yield from _conversion(case, history)


def _twice(case: Case) -> Difference:
    total, deducted = sum(one.points for one in case.returns), _deducted(case)
    what = msg(
        "The point history shows {count} returns for this coupon: {total} points, where {deducted} were deducted.",
        count=len(case.returns),
        total=total,
        deducted=deducted,
    )
    todo = msg(
        "Compare {reference} in the point history. If it was twice, deduct {points} points there.",
        reference=case.evidence.code.reference,
        points=total - deducted,
    )
    return Difference(Kind.RETURNED_TWICE, what, todo)


def _one_return(case: Case) -> Iterator[Difference]:
    points, at = case.returns[-1].points, case.returns[-1].created_at
    ours, ended = case.returned, case.ended
    if ours is not None:
        if len(case.returns) == 1 and points != ours.points_returned:
            what = msg("{points} points were returned; our trail says {ours}.", points=points, ours=ours.points_returned)
            yield Difference(Kind.RETURN_DIFFERS, what, _compare(case), operation=ours.id)
    elif ended is not None and ended.kind is OperationKind.INVALIDATE:
        if ended.request.reason is not Reason.RETURNED_BEFORE:
            what = msg("Its points were withheld on suspicion, but somebody returned {points} on {at}.", points=points, at=at)
            todo = msg("Decide the investigation; where the suspicion stands, deduct the points in the point system.")
            yield Difference(Kind.WITHHELD_RETURNED, what, todo, operation=ended.id)
    elif not case.is_over and (case.entry is None or case.entry.refunded_at is None):
        yield _returned_by_hand(case)


def _returned_by_hand(case: Case) -> Difference:
    points, at = case.returns[-1].points, case.returns[-1].created_at
    if case.is_used:
        what = msg("{points} points were returned on {at}, and the coupon was used.", points=points, at=at)
        todo = msg("Talk to the customer, or take the points back in the point system.")
        return Difference(Kind.RETURNED_AND_USED, what, todo)
    what = msg("{points} points were returned on {at}, but the coupon is not cancelled.", points=points, at=at)
    discount, entry, history = case.discount, case.entry, case.history
    is_whole = history is not None and bool(history.conversions) and len(case.returns) == 1 and points == _deducted(case)
    works = discount is not None and discount.state in {DiscountState.ACTIVE, DiscountState.SCHEDULED}
    if is_whole and works and entry is not None and entry.status is RecordStatus.ACTIVE and not case.evidence.silences:
        todo = msg("The code is switched off and the coupon is cancelled. No points move: the customer has them.")
        return Difference(Kind.RETURNED_NOT_CANCELLED, what, todo, Repair.TAKE_AWAY)
    return Difference(Kind.RETURNED_NOT_CANCELLED, what, _compare(case))


def _no_return(case: Case) -> Iterator[Difference]:
    ours, entry = case.returned, case.entry
    if ours is not None:
        points = int(ours.points_returned)
        what = msg("Our trail says that {points} points were returned; the point history does not.", points=points)
        yield Difference(Kind.RETURN_MISSING, what, _ask_pos(case), operation=ours.id)
    elif case.ended is None and entry is not None and entry.points_returned:
        points = entry.points_returned
        what = msg("The record says that {points} points were returned; the point history does not.", points=points)
        yield Difference(Kind.RETURN_MISSING, what, _ask_pos(case))


def _conversion(case: Case, history: HistorySeen) -> Iterator[Difference]:
    if not history.conversions:
        yield Difference(Kind.NO_CONVERSION, msg("The point history shows no conversion for this coupon."), _HOW_ISSUED)
    elif any(-one.points != case.evidence.code.points for one in history.conversions):
        what = msg(
            "{deducted} points were deducted, but the code says {points}.",
            deducted=_deducted(case),
            points=case.evidence.code.points,
        )
        yield Difference(Kind.CONVERSION_DIFFERS, what, _HOW_ISSUED)


def _deducted(case: Case) -> int:
    return points_to_return(case.evidence)


def _compare(case: Case) -> Message:
    return msg("Nothing more is returned. Compare {reference} in the point history.", reference=case.evidence.code.reference)


def _ask_pos(case: Case) -> Message:
    return msg(
        "Nothing is returned once more from here. Ask who looks after the point system what became of {reference}.",
        reference=case.evidence.code.reference,
    )


_HOW_ISSUED: Final = msg("Find out how it was issued. To cancel it, a second person has to look.")
