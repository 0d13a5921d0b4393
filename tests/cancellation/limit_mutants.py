"""Takes each safeguard of limits and approvals away, and tells whether the state machine finds it.

`python -m tests.cancellation.limit_mutants [--examples N] [--only NAME]`: with no safeguard away nothing may be found.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from coupon_desk.cancellation import approving, counting, engine, step_verify, work
from coupon_desk.cancellation.permission import Permission
from coupon_desk.cancellation.story import Story
from coupon_desk.coupons.allowance import Spent, Sum
from coupon_desk.trail import pen, trail
from coupon_desk.trail.allowances import AllowanceRow
from coupon_desk.trail.moments import BestMoment
from tests.cancellation.centre_in_memory import AllowancesInMemory
from tests.cancellation.limited_shop import make_template
from tests.cancellation.people_at_desks import TEMPLATE, People, PeopleOfTwoDesks

Away = Callable[[], Any]


def _no_limits() -> Any:
    return patch.object(counting, "over_limits", lambda *_: ())


def _only_what_is_completed_counts() -> Any:
    def allowance(story: Story) -> AllowanceRow:
        row = _allowance(story)
        return replace(row, counts=row.counts and story.operation.points_returned > 0)

    return patch.object(Story, "allowance", property(allowance))


def _unsettled_counts_nowhere() -> Any:
    def allowance(story: Story) -> AllowanceRow:
        row = _allowance(story)
        return replace(row, counts=row.counts and row.counted_at is not None)

    return patch.object(Story, "allowance", property(allowance))


_allowance: Callable[[Story], AllowanceRow] = vars(Story)["allowance"].fget
_why_not = Permission.why_not_approve


def _but(rule: str) -> Any:
    def why_not(self: Permission, *told: Any) -> Any:
        why = _why_not(self, *told)
        return None if why is not None and why.rule == rule else why

    return patch.object(Permission, "why_not_approve", why_not)


def _own_clock_alone() -> Any:
    return _each(
        patch.object(module, "best_moment", lambda _connection, now, _offset: BestMoment(now, is_measured=False))
        for module in (pen, trail)
    )


def _no_expiry() -> Any:
    return _each(
        (
            patch.object(approving.Approving, "_has_expired", lambda *_: False),
            patch.object(work.Work, "expired", lambda *_: None),
            patch.object(engine.Engine, "_next", _next_without_expiry),
        )
    )


_next = engine.Engine._next


def _next_without_expiry(self: Any, operation: Any, *, on_demand: bool) -> Any:
    return None if operation.expires_at is not None else _next(self, operation, on_demand=on_demand)


def _customer_may_approve() -> Any:
    return _each(
        (
            patch.object(approving.Approving, "_is_customer", lambda *_: False),
            patch.object(step_verify, "_why_approval_is_void", lambda *_: ()),
        )
    )


def _no_limit_of_approvers_today() -> Any:
    return patch.object(Permission, "why_not_today", lambda *_: None)


def _desks_count_alone() -> Any:
    nothing = Spent(Sum(), Sum(), Sum(), 0)
    return patch.object(AllowancesInMemory, "count", lambda *_: nothing)


def _desks_approve_alone() -> Any:
    def approve(*_: Any, at_most: int | None = None) -> int:
        return 0

    return patch.object(AllowancesInMemory, "approve", approve)


def _any_reason_alone() -> Any:
    from coupon_desk.cancellation import permission

    return patch.object(permission, "_why_second_person", lambda *_, **__: ())


@contextmanager
def _each(patches: Any) -> Iterator[None]:
    from contextlib import ExitStack

    with ExitStack() as stack:
        for one in patches:
            stack.enter_context(one)
        yield


SAFEGUARDS: dict[str, tuple[type[People], Away]] = {
    "limits": (People, _no_limits),
    "what is not completed counts": (People, _only_what_is_completed_counts),
    "what is not decided counts everywhere": (People, _unsettled_counts_nowhere),
    "not one's own request": (People, lambda: _but("own_request")),
    "the right to approve, and to have it done": (PeopleOfTwoDesks, lambda: _but("missing")),
    "who was disabled": (PeopleOfTwoDesks, lambda: _but("disabled")),
    "what a role may approve": (People, lambda: _but("over_limit")),
    "what one approves in a day": (People, _no_limit_of_approvers_today),
    "the time": (People, _no_expiry),
    "the customer": (People, _customer_may_approve),
    "remote clocks and the trail": (People, _own_clock_alone),
    "what always needs a second person": (People, _any_reason_alone),
    "one count for all desks": (PeopleOfTwoDesks, _desks_count_alone),
    "one limit of an approver for all desks": (PeopleOfTwoDesks, _desks_approve_alone),
}


def found(people: type[People], away: Away, examples: int) -> str | None:
    """What the judge says without the safeguard; None where nothing was found."""
    hunt = settings(
        max_examples=examples,
        stateful_step_count=30,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    with away():
        try:
            run_state_machine_as_test(people, settings=hunt)
        except AssertionError as told:
            return str(told).splitlines()[0]
    return None


def main() -> int:
    """Every safeguard, one after the other. 1 where one is not missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=300)
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    not_missed = 0
    with tempfile.TemporaryDirectory() as folder:
        TEMPLATE[:] = [Path(folder) / "desk.sqlite3"]
        make_template(TEMPLATE[0])
        for name, (people, away) in SAFEGUARDS.items():
            if asked.only in name:
                told = found(people, away, asked.examples)
                not_missed += told is None
                print(f"{name}: {told or 'NOT MISSED'}", flush=True)
    return 1 if not_missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
