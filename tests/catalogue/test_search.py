"""A coupon is found by whatever somebody at the counter has in hand, best fit first."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from coupon_desk.catalogue.query import CouponQuery, StatusFilter
from coupon_desk.catalogue.rows import Customer
from tests.catalogue.conftest import HANAKO, MARIA, Desk

Issue = Callable[..., None]


@pytest.mark.parametrize(
    "typed",
    [
        "70934-AB12CD-500",
        "70934ab12cd500",
        " 70934 - ab12cd - 500 ",
        "\uff17\uff10\uff19\uff13\uff14\u30fc\uff21\uff22\uff11\uff12\uff23\uff24\u30fc\uff15\uff10\uff10",
        "70934",
        "7",
        "AB12CD",
        "6543270934",
        "3270934",
        "gid://shopify/Customer/6543270934",
        "佐藤",
        "藤",
        "花子",
        "佐藤花子",
        "花子 佐藤",
        "hanako@",
        "EXAMPLE.COM",
        "090-1234",
        "+8190",
        "5678",
    ],
)
def test_a_coupon_is_found_by(any_desk: Desk, issue: Issue, typed: str) -> None:
    issue("70934-AB12CD-500", HANAKO)
    assert any_desk.found(typed) == ["70934-AB12CD-500"]


@pytest.mark.parametrize(
    "typed", ["70934-AB12CD-501", "鈴木", "木", "zz", "%", "---", "'", '"', "a%b", "gid://shopify/Customer/1"]
)
def test_a_coupon_is_not_found_by(any_desk: Desk, issue: Issue, typed: str) -> None:
    issue("70934-AB12CD-500", HANAKO)
    assert any_desk.found(typed) == []


@pytest.mark.parametrize("typed", ["maria jose garcia", "Garcia Maria", "GARCÍA", "josé", "ia"])
def test_accents_case_and_order_of_a_name_make_no_difference(any_desk: Desk, issue: Issue, typed: str) -> None:
    issue("11111-AB12CD-500", MARIA)
    assert any_desk.found(typed) == ["11111-AB12CD-500"]


def test_no_match_runs_from_one_field_into_the_next(any_desk: Desk, issue: Issue) -> None:
    issue("70934-AB12CD-500", HANAKO)
    assert any_desk.found("500佐藤") == []


@pytest.fixture
def telling_numbers(issue: Issue) -> None:
    """Two codes that begin alike, a customer whose id ends with that number, and one whose e-mail holds it."""
    issue("1234-567890-1", MARIA, days_ago=9)
    issue("1234-567890-12", MARIA, days_ago=1)
    issue("67890-YYYYYY-1", Customer("gid://shopify/Customer/991234567890", "Owner", None, None), days_ago=20)
    issue("55-ZZZZZZ-1", Customer("gid://shopify/Customer/55", "Part", "x12345678901@example.com", None), days_ago=0)


@pytest.mark.usefixtures("telling_numbers")
def test_the_beginning_of_a_code_comes_before_the_customer_before_any_part(any_desk: Desk) -> None:
    assert any_desk.found("1234567890") == ["1234-567890-12", "1234-567890-1", "67890-YYYYYY-1", "55-ZZZZZZ-1"]


@pytest.mark.usefixtures("telling_numbers")
def test_a_whole_code_comes_before_longer_ones_and_nothing_that_merely_holds_it_is_shown(any_desk: Desk) -> None:
    assert any_desk.found("12345678901") == ["1234-567890-1", "1234-567890-12"]
    assert any_desk.count("12345678901") == 2


@pytest.mark.usefixtures("telling_numbers")
def test_a_whole_customer_id_shows_that_customers_coupons_only(any_desk: Desk) -> None:
    assert any_desk.found("991234567890") == ["67890-YYYYYY-1"]
    assert any_desk.found("gid://shopify/Customer/55") == ["55-ZZZZZZ-1"]


def test_among_equals_the_newest_comes_first(any_desk: Desk, issue: Issue) -> None:
    for number, days_ago in enumerate((5, 1, 9)):
        issue(f"70934-AB12C{number}-500", days_ago=days_ago)
    newest_first = ["70934-AB12C1-500", "70934-AB12C0-500", "70934-AB12C2-500"]
    assert any_desk.found() == newest_first
    assert any_desk.found("70934") == newest_first
    assert any_desk.found("佐藤") == newest_first


def test_a_filter_holds_for_every_way_to_find(any_desk: Desk, issue: Issue) -> None:
    issue("70934-AB12CD-500", usage_count=1)
    issue("70934-EF34GH-500")
    for typed in ("", "70934", "6543270934", "佐藤", "hanako"):
        assert any_desk.found(typed, StatusFilter.USED) == ["70934-AB12CD-500"]
        assert any_desk.found(typed, StatusFilter.UNUSED) == ["70934-EF34GH-500"]
        assert any_desk.found(typed, StatusFilter.CANCELLED) == []


def test_the_search_finds_nothing_in_an_empty_catalogue(any_desk: Desk) -> None:
    for typed in ("", "70934-AB12CD-500", "佐藤", "hanako"):
        page = any_desk.catalogue.search(CouponQuery(typed))
        assert (page.rows, page.next) == ((), None)


def test_a_page_without_rows_or_with_too_many_cannot_be_asked_for() -> None:
    for limit in (0, -1, 1001):
        with pytest.raises(ValueError, match="limit"):
            CouponQuery(limit=limit)
    with pytest.raises(ValueError, match="expiring_days"):
        CouponQuery(expiring_days=-1)


@pytest.mark.usefixtures("telling_numbers")
def test_a_page_that_may_be_short_ends_where_codes_and_numbers_end(any_desk: Desk) -> None:
    first = any_desk.catalogue.search(CouponQuery("1234567890", may_be_short=True))
    assert [row.code.text for row in first.rows] == ["1234-567890-12", "1234-567890-1", "67890-YYYYYY-1"]
    rest = any_desk.catalogue.search(CouponQuery("1234567890", may_be_short=True, after=first.next))
    assert ([row.code.text for row in rest.rows], rest.next) == (["55-ZZZZZZ-1"], None)
    assert any_desk.catalogue.search(CouponQuery("12345678901", may_be_short=True)).next is None


def test_a_changed_name_is_found_and_the_old_one_is_not(any_desk: Desk, issue: Issue) -> None:
    issue("70934-AB12CD-500", HANAKO)
    issue("70934-AB12CD-500", Customer(HANAKO.id, "鈴木 花子", HANAKO.email, HANAKO.phone))
    assert any_desk.found("鈴木") == any_desk.found("花子") == ["70934-AB12CD-500"]
    assert any_desk.found("佐藤") == any_desk.found("佐藤花子") == []
