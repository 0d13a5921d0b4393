"""Signals for somebody who may read the trail: the rules put to work on this home's trail, people and opening hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from coupon_desk.clock import Clock
from coupon_desk.opening_hours import OpeningHours
from coupon_desk.people.operators import Session
from coupon_desk.people.people import People
from coupon_desk.people.roles import Right
from coupon_desk.trail.signal_facts import ACTIONS, STEPS, facts_in
from coupon_desk.trail.signals import SAME_CUSTOMER_WITHIN, Signal, Usual, signals_in
from coupon_desk.trail.trail import Trail

USUAL_SPAN: Final = timedelta(days=90)
"""So far back signals are looked for, unless told otherwise."""


def signals(
    trail: Trail,
    people: People,
    clock: Clock,
    hours: OpeningHours | None,
    session: Session | None,
    since: datetime | None,
) -> tuple[Signal, ...]:
    """Every signal since a moment, or of the last 90 days; the heaviest first. Raises NotPermitted."""
    if session is not None:
        people.authorise(session, Right.READ_TRAIL, "signals")
    since = since or clock.now() - USUAL_SPAN
    facts = facts_in(trail.telling(ACTIONS, STEPS, since - SAME_CUSTOMER_WITHIN))
    everybody = people.list()
    names = {operator.login: operator.name for operator in everybody}
    approvers = {one.login for one in everybody if not one.disabled and one.role.may(Right.APPROVE)}

    def name_of(login: str) -> str:
        return f"{names[login]} ({login})" if login in names else login

    usual = Usual(since, name_of, approvers & facts.present, hours)
    return signals_in(facts, usual)
