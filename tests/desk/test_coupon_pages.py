"""The pages of the list: rows by their place, whether they are there or were let go."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from coupon_desk.catalogue.query import Cursor
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.coupon import Coupon
from coupon_desk.coupons.status import CouponStatus
from coupon_desk.desk.coupon_pages import Page, Pages
from coupon_desk.desk.coupon_words import Row, in_words
from coupon_desk.words import Language

SIZE = 10
COUNT = 100


def code(place: int) -> CouponCode:
    return CouponCode(f"12345-AAAA{place:02}-500")


def row(place: int) -> Row:
    coupon = Coupon(
        code(place), CouponStatus.UNUSED, code(place).points, None, "JPY", None, "", None, None, None, datetime.now(UTC)
    )
    return in_words(coupon, Language.EN)


def page(first: int, size: int = SIZE) -> Page:
    after = Cursor(first) if first else None
    end = first + size
    return Page(after, tuple(row(place) for place in range(first, end)), Cursor(end) if end < COUNT else None)


@pytest.fixture
def pages() -> Pages:
    made = Pages()
    made.begin(page(0))
    for first in range(SIZE, COUNT, SIZE):
        made.append(page(first))
    return made


def test_every_row_stands_at_its_place(pages: Pages) -> None:
    assert pages.count == COUNT
    assert pages.end is None
    found = [pages.row(place) for place in range(COUNT)]
    assert [one.coupon.code for one in found if one is not None] == [code(place) for place in range(COUNT)]


def test_far_pages_are_let_go_and_their_codes_are_still_known(pages: Pages) -> None:
    pages.let_go(40, 45, kept=10)
    assert [place for place, _ in pages.resident()] == list(range(30, 60))
    assert pages.row(7) is None
    assert pages.code(7) == code(7)
    assert list(pages.codes(25, 34)) == [code(place) for place in range(25, 35)]


def test_what_was_let_go_is_named_with_where_it_begins_and_how_long_it_is(pages: Pages) -> None:
    pages.let_go(40, 45, kept=0)
    assert pages.missing(40, 45) is None
    span = pages.missing(35, 72)
    assert span == range(3, 8)
    assert pages.wants(range(3, 4)) == ((Cursor(30), SIZE),)
    assert pages.places(range(3, 4)) == range(30, 40)
    assert pages.follows(range(3, 4)) == Cursor(40)


def test_a_page_that_became_shorter_moves_all_behind_it(pages: Pages) -> None:
    assert pages.put(range(2, 3), (page(20, 7),)) == range(2, 3)
    assert pages.count == COUNT - 3
    assert pages.code(27) == code(30)


def test_an_empty_page_takes_no_place(pages: Pages) -> None:
    assert pages.put(range(2, 3), (Page(Cursor(20), (), Cursor(30)),)) == range(2, 2)
    assert pages.count == COUNT - SIZE
    assert pages.code(20) == code(30)
