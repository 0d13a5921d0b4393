"""When points that may have been sent are surely not there: two looks, far enough apart, by every clock that is known."""

from __future__ import annotations

from datetime import timedelta

from coupon_desk.cancellation.operation import StepName
from coupon_desk.cancellation.patience import SECOND_LOOK, TAKE_OVER_LOOK
from coupon_desk.cancellation.work import Work
from coupon_desk.clock import to_text
from coupon_desk.coupons.evidence import HistorySeen
from coupon_desk.words import Message, msg


def is_surely_absent(work: Work, history: HistorySeen, name: StepName) -> bool:
    """Two looks at least a minute apart, both without our entry: only then was what was sent surely not applied.

    The minute has to have passed by our clock and, where it tells the time, by the point system's: a clock may jump. What is
    found is written down at the step `name`; False where another look has to follow.
    """
    first, first_there, there = work.story.absent_since, work.story.absent_since_there, history.server_time
    gaps = [work.now - first] if first else [timedelta(0)]
    if first_there and there:
        gaps.append(there - first_there)
    apart = TAKE_OVER_LOOK if work.story.has_only_others_sends else SECOND_LOOK
    missing = apart - max(timedelta(0), min(gaps))
    told = {"server_time": to_text(there)} if there else {}
    if missing <= timedelta(0):
        work.looked(name, "absent", msg("Looked twice: the points were not returned."), None, **told)
        return True
    work.looked(name, "absent", _why_once_more(work, name), work.now + missing, **told)
    return False


def _why_once_more(work: Work, name: StepName) -> Message:
    if not work.story.has_only_others_sends:
        return msg("Sent, but not in the point history yet. Nothing is sent again before the next look.")
    if name is StepName.RETURN_POINTS:
        return msg("The other desk may have sent the points: looking once more before they are sent from here.")
    return msg("The other desk may have sent the points: looking once more before the coupon is let go of.")
