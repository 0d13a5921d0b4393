"""Who may not see customers' personal data finds coupons by their codes, and nobody by name, e-mail, phone or id."""

from __future__ import annotations

from collections.abc import Callable

from coupon_desk.catalogue.query import CouponQuery
from tests.catalogue.conftest import HANAKO, Desk

Issue = Callable[..., None]


def found(desk: Desk, typed: str) -> tuple[list[str], int]:
    """The codes of the table, and what the filter “All” counts: one must not tell what the other hides."""
    page = desk.catalogue.search(CouponQuery(typed, by_person=False))
    count = desk.catalogue.counts(CouponQuery(typed, by_person=False)).shown
    return [row.code.text for row in page.rows], count.value


OF_A_PERSON = "佐藤", "藤", "花子 佐藤", "hanako@example.com", "EXAMPLE", "090-1234", "5678", "6543270934", "3270934", HANAKO.id
OF_A_CODE = "70934-AB12CD-500", "70934ab12cd500", "70934", "7", "AB12CD", "12cd-500"


def test_nobody_is_found_by_what_is_known_of_a_person(any_desk: Desk, issue: Issue) -> None:
    issue("70934-AB12CD-500", HANAKO)
    assert [typed for typed in OF_A_PERSON if any_desk.found(typed) == []] == []
    assert [typed for typed in OF_A_PERSON if found(any_desk, typed) != ([], 0)] == []


def test_a_coupon_is_still_found_by_any_part_of_its_code(any_desk: Desk, issue: Issue) -> None:
    issue("70934-AB12CD-500", HANAKO)
    assert [typed for typed in OF_A_CODE if found(any_desk, typed) != (["70934-AB12CD-500"], 1)] == []


def test_without_a_text_everything_is_shown(any_desk: Desk, issue: Issue) -> None:
    issue("70934-AB12CD-500", HANAKO)
    assert found(any_desk, "") == (["70934-AB12CD-500"], 1)
