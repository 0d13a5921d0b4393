"""How many points one person may return alone."""

from __future__ import annotations

from coupon_desk.words import Message, msg


def why_second_person(
    points: int, points_today: int, *, approval_above_points: int, daily_points_per_operator: int
) -> tuple[Message, ...]:
    """Every reason why a second person has to approve returning `points`; none where the operator may do it alone.

    `points_today` is what the operator has returned today already, without these; requests that still wait count as well.
    """
    reasons: list[Message] = []
    if points > approval_above_points:
        reasons.append(
            msg(
                "{points} points are more than one person may return alone ({limit}).",
                points=points,
                limit=approval_above_points,
            )
        )
    if points_today + points > daily_points_per_operator:
        reasons.append(
            msg(
                "With this coupon you would return {total} points today; alone you may return {limit} a day.",
                total=points_today + points,
                limit=daily_points_per_operator,
            )
        )
    return tuple(reasons)
