"""Who may do what, and what is said when they may not."""

from __future__ import annotations

import pytest

from coupon_desk.errors import ExitStatus
from coupon_desk.people.roles import Right, Role, refusal
from coupon_desk.words import Language

MAY = {
    Role.VIEWER: "see",
    Role.CLERK: "see see_customer ask reprint",
    Role.MANAGER: "see see_customer ask reprint cancel invalidate refund_order investigate approve remind reconcile read_trail",
    Role.ADMIN: (
        "see see_customer ask reprint cancel invalidate refund_order investigate approve remind reconcile read_trail "
        "export manage_people settings erase"
    ),
    Role.AUDITOR: "see see_customer read_trail export",
}


@pytest.mark.parametrize("role", Role)
def test_each_role_has_the_rights_of_the_issue_and_no_others(role: Role) -> None:
    assert {right.value for right in role.rights} == set(MAY[role].split())
    assert {right for right in Right if role.may(right)} == role.rights


@pytest.mark.parametrize("right", Right)
def test_every_right_has_a_label_and_a_refusal_that_names_the_role(right: Right) -> None:
    assert str(right.label)
    refused = refusal(Role.CLERK, right)
    assert "Your role (clerk) may not " in str(refused.what)
    assert refused.exit_status is ExitStatus.REFUSED


def test_a_clerk_who_would_cancel_is_told_to_ask_a_manager() -> None:
    assert refusal(Role.CLERK, Right.CANCEL).sentences(Language.EN) == (
        "Your role (clerk) may not cancel coupons. Nothing was done. Ask a manager."
    )


def test_what_only_an_administrator_may_do_sends_to_an_administrator() -> None:
    assert refusal(Role.MANAGER, Right.MANAGE_PEOPLE).sentences(Language.EN).endswith("Ask an administrator.")
