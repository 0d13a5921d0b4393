"""The second person: who may be it, within which limits and until when; and what of it other desks see."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, OperationState
from coupon_desk.cancellation.own_work import row_of
from coupon_desk.coupons.eligibility import Rule
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import NotPermitted
from coupon_desk.trail.allowances import AllowanceRow
from tests.cancellation.limited_shop import Desk, make_template
from tests.cancellation.many_coupons import CUSTOMERS, ManyCoupons


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("home") / "desk.sqlite3"
    make_template(file)
    return file


@pytest.fixture
def desk(home: Path, tmp_path: Path) -> Desk:
    return Desk("Ginza", home, tmp_path, ManyCoupons(), None)


def ask(desk: Desk, who: str, customer: int = 0, points: int = 500, reason: Reason = Reason.CUSTOMER_REQUEST) -> Operation:
    request = CancelRequest(desk.world.issue(customer, points), OperationKind.CANCEL, reason, "At the counter")
    return desk.engine.submit(request, desk.sessions[who], wait_seconds=60)


def approve(desk: Desk, asked: Operation, who: str) -> Operation:
    return desk.engine.approve(asked.id, desk.sessions[who], "Seen", wait_seconds=60)


def returned(desk: Desk, operation: Operation) -> list[int]:
    return desk.world.coupons[operation.code.text].returned


def why_refused(desk: Desk) -> str | None:
    entry = desk.trail.newest("right_refused")
    return entry.fields.reason if entry else None


def test_the_one_that_goes_over_a_limit_waits_and_says_the_figures(desk: Desk) -> None:
    assert [ask(desk, "mika", customer, 1500).state for customer in (0, 1)] == [OperationState.COMPLETED] * 2
    over = ask(desk, "mika", 2)
    assert over.state is OperationState.AWAITING_APPROVAL
    told = "With this coupon you would return 3,500 points today; alone you may return 3,000 a day."
    assert [str(why) for why in over.approval_needed] == [told]
    assert approve(desk, over, "owner").state is OperationState.COMPLETED
    assert returned(desk, over) == [500]


def test_what_was_refused_counts_no_more(desk: Desk) -> None:
    asked = ask(desk, "mika", 0, 1500, Reason.GOODWILL)
    ask(desk, "mika", 1, 1500)
    over = ask(desk, "mika", 2)
    assert over.state is OperationState.AWAITING_APPROVAL
    desk.engine.reject(asked.id, desk.sessions["owner"], "Not this one")
    desk.engine.withdraw(over.id, desk.sessions["mika"], "Never mind")
    assert ask(desk, "mika", 2, 1500).state is OperationState.COMPLETED


def test_nobody_approves_the_coupon_that_is_their_own_however_the_e_mail_was_typed(desk: Desk) -> None:
    asked = ask(desk, "mika", 1, reason=Reason.GOODWILL)
    with pytest.raises(NotPermitted, match="your own"):
        approve(desk, asked, "ken")
    assert why_refused(desk) == "own_coupon"
    assert approve(desk, asked, "owner").state is OperationState.COMPLETED


def test_an_own_coupon_needs_somebody_else(desk: Desk) -> None:
    assert [str(why) for why in ask(desk, "ken", 1).approval_needed] == ["This is the operator's own coupon."]


def test_an_approver_has_limits_of_their_own_and_is_told_who_may(desk: Desk) -> None:
    large = ask(desk, "clerk", 0, 2600)
    with pytest.raises(NotPermitted) as refused:
        approve(desk, large, "mika")
    assert str(refused.value.what) == "2,600 points are more than your role may approve (2,400)."
    assert str(refused.value.todo) == "Somebody with the role “administrator” may approve it."
    assert why_refused(desk) == "over_limit"
    for customer in (0, 1):
        assert approve(desk, ask(desk, "clerk", customer, 1500), "mika").state is OperationState.COMPLETED
    last = ask(desk, "clerk", 2, 1500)
    with pytest.raises(NotPermitted, match="4,500 points today"):
        approve(desk, last, "mika")
    assert desk.engine.operation(last.id).state is OperationState.AWAITING_APPROVAL
    desk.world.clock.advance(15 * 3600)
    assert approve(desk, last, "mika").state is OperationState.COMPLETED


def test_a_request_ends_when_its_time_is_over_and_no_clock_gives_it_more(desk: Desk) -> None:
    asked = ask(desk, "clerk")
    assert asked.expires_at is not None
    assert desk.index.next_due() == asked.expires_at
    desk.world.clock.advance(24 * 3600 + 60)
    desk.clock.set_by = -timedelta(days=2)
    with pytest.raises(NotPermitted, match="was over on"):
        approve(desk, asked, "mika")
    assert why_refused(desk) == "expired"
    desk.clock.set_by = timedelta(0)
    (ended,) = desk.engine.run_due()
    assert [finding.rule for finding in ended.refused] == [Rule.APPROVAL_EXPIRED]
    assert returned(desk, asked) == []


def test_a_desk_whose_clock_was_set_has_no_new_allowance(desk: Desk) -> None:
    for customer in (0, 1):
        ask(desk, "mika", customer, 1500)
    for days in (-1, 1, 0):
        desk.clock.set_by = timedelta(days=days)
        desk.restart()
        assert ask(desk, "mika", 2).state is OperationState.AWAITING_APPROVAL


def test_of_two_approvals_at_once_one_takes_the_last_of_a_limit(desk: Desk) -> None:
    first, second = (ask(desk, "clerk", customer, 2200) for customer in (0, 1))
    outcomes: list[object] = []

    def meanwhile(_: Operation) -> None:
        if not outcomes:
            outcomes.append(None)
            with pytest.raises(NotPermitted, match="4,400 points today"):
                approve(desk, second, "mika")

    desk.engine.approve(first.id, desk.sessions["mika"], "Seen", meanwhile, wait_seconds=60)
    assert (returned(desk, first), returned(desk, second)) == ([2200], [])


def test_what_counts_is_rebuilt_from_the_trail_also_where_texts_were_erased(desk: Desk) -> None:
    for customer in (0, 1):
        ask(desk, "mika", customer, 1500)
    desk.world.clock.advance(3600)
    desk.engine.resume(wait_seconds=60)
    desk.trail.erase_customer(CUSTOMERS[0], "owner")
    assert ask(desk, "mika", 2).state is OperationState.AWAITING_APPROVAL
    rows = [row_of(desk.trail, entry.operation or "") for entry in desk.trail.of_actions("operation.opened")]
    assert sum(isinstance(row, AllowanceRow) for row in rows) == 1
    desk.index.rebuild(lambda operation: row_of(desk.trail, operation))
    assert ask(desk, "mika", 2).state is OperationState.AWAITING_APPROVAL
