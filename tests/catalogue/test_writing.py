"""News come in, in any number and any order, and leave nothing behind when they go."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coupon_desk.catalogue.catalogue import BATCH, BREATH_SECONDS
from coupon_desk.catalogue.facts import next_place, place_of
from coupon_desk.catalogue.query import StatusFilter
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.status import CouponStatus
from tests.catalogue.conftest import HANAKO, NOW, Desk, discount, record, row

CODE = "70934-AB12CD-500"


def traces(desk: Desk) -> tuple[int, ...]:
    """How many rows there are, and what a search finds them by."""
    with desk.database.read() as connection:
        return tuple(
            connection.exec_driver_sql(" ".join(["SELECT count(*) FROM", name])).scalar_one()
            for name in ("coupons", "coupon_text", "coupon_grams")
        )


def test_the_same_news_twice_change_nothing(any_desk: Desk) -> None:
    news = [row(CODE, record(), discount(), HANAKO)]
    assert any_desk.catalogue.upsert(news) == 1
    any_desk.clock.advance(60)
    assert any_desk.catalogue.upsert(news) == 0
    assert set(traces(any_desk)) == {1}


def test_more_news_than_one_batch_all_come_in(desk: Desk) -> None:
    news = [row(f"{number}-AB12CD-5", record(), discount()) for number in range(2 * BATCH + 1)]
    assert desk.catalogue.upsert(iter(news)) == len(news)
    assert desk.count() == len(news)


def test_between_two_batches_other_writers_get_their_turn(desk: Desk) -> None:
    start = desk.clock.monotonic()
    desk.catalogue.upsert(row(f"{number}-AB12CD-5", record()) for number in range(3 * BATCH))
    assert desk.clock.monotonic() - start == pytest.approx(2 * BREATH_SECONDS)
    desk.catalogue.remove_missing(NOW + timedelta(days=1))
    assert desk.clock.monotonic() - start == pytest.approx(4 * BREATH_SECONDS)
    assert desk.found() == []


def test_two_news_of_one_coupon_in_one_batch_are_both_taken(any_desk: Desk) -> None:
    any_desk.catalogue.upsert([row(CODE, record(), None, HANAKO), row(CODE, None, discount(usage_count=1))])
    assert any_desk.found("佐藤", StatusFilter.USED) == [CODE]


def test_a_coupon_whose_date_of_issue_becomes_known_moves_to_its_place(any_desk: Desk) -> None:
    any_desk.catalogue.upsert([row("1-AAAAAA-5", record(issued_at=NOW - timedelta(days=5)), None, HANAKO)])
    any_desk.catalogue.upsert([row(CODE, record(issued_at=None), None, HANAKO)])
    assert any_desk.found() == ["1-AAAAAA-5", CODE]
    any_desk.catalogue.upsert([row(CODE, record(issued_at=NOW), None, HANAKO)])
    assert any_desk.found() == any_desk.found("佐藤") == any_desk.found("hanako") == [CODE, "1-AAAAAA-5"]
    assert set(traces(any_desk)) == {2}


def test_two_coupons_that_want_the_same_place_stand_side_by_side(any_desk: Desk) -> None:
    first, second = _codes_with_the_same_place()
    any_desk.catalogue.upsert([row(first, record(issued_at=NOW))])
    any_desk.catalogue.upsert([row(second, record(issued_at=NOW))])
    assert sorted(any_desk.found()) == sorted([first, second])
    assert any_desk.found(first) == [first]


def _codes_with_the_same_place() -> tuple[str, str]:
    seen: dict[int, str] = {}
    number = 0
    while True:
        code = f"7-{number:06d}-5"
        place = place_of(code, None)
        if place in seen:
            return seen[place], code
        seen[place] = code
        number += 1


def test_the_next_place_stays_within_the_second() -> None:
    last = (5 << 30) | ((1 << 30) - 1)
    assert next_place(last) == 5 << 30
    assert next_place(5 << 30) == (5 << 30) + 1


def test_places_grow_with_the_moment_of_issue() -> None:
    moments = [None, 0, 946_684_801_000_000, 1_793_000_000_000_000, 1_793_000_001_000_000, 2**61]
    places = [place_of("7-AB12CD-5", moment) for moment in moments]
    assert places[0] < places[1] == places[2] < places[3] < places[4] < places[5] < 2**63


def test_what_a_full_sync_no_longer_finds_goes_with_all_its_traces(any_desk: Desk) -> None:
    any_desk.catalogue.upsert([row(CODE, record(), discount(), HANAKO), row("1-AAAAAA-5", record(), discount(), HANAKO)])
    any_desk.clock.advance(60)
    began = any_desk.clock.now()
    any_desk.clock.advance(1)
    any_desk.catalogue.upsert([row("1-AAAAAA-5", record(), discount(), HANAKO)])
    assert any_desk.catalogue.remove_missing(began) == 1
    assert any_desk.found() == any_desk.found("佐藤") == ["1-AAAAAA-5"]
    assert set(traces(any_desk)) == {1}


def test_a_coupon_that_only_shopify_lost_stays_and_needs_attention(any_desk: Desk) -> None:
    any_desk.catalogue.upsert([row(CODE, record(), discount(), HANAKO)])
    any_desk.clock.advance(60)
    began = any_desk.clock.now()
    any_desk.catalogue.upsert([row(CODE, record(), None, HANAKO)])
    any_desk.catalogue.remove_missing(began)
    assert any_desk.status(CODE) == "needs_attention"
    any_desk.catalogue.upsert([row(CODE, None, discount())])
    assert any_desk.status(CODE) == "unused"


def test_an_entry_whose_discount_was_never_there_needs_attention_after_a_full_sync_only(any_desk: Desk) -> None:
    any_desk.catalogue.upsert([row(CODE, record(), None, HANAKO)])
    assert any_desk.status(CODE) == "unused"
    any_desk.catalogue.remove_missing(NOW - timedelta(days=1))
    assert any_desk.status(CODE) == "needs_attention"


def test_a_source_that_was_not_read_is_not_missed(any_desk: Desk) -> None:
    any_desk.catalogue.upsert([row(CODE, record(), discount(), HANAKO)])
    later = NOW + timedelta(days=1)
    assert any_desk.catalogue.remove_missing(later, records=False, discounts=False) == 0
    any_desk.catalogue.remove_missing(later, discounts=False)
    assert any_desk.status(CODE) == "unused"


def test_a_coupon_of_which_we_have_said_something_never_goes(any_desk: Desk) -> None:
    any_desk.catalogue.upsert([row(CODE, record(), discount(), HANAKO)])
    any_desk.catalogue.set_status(CouponCode(CODE), CouponStatus.CANCELLED, NOW)
    any_desk.catalogue.remove_missing(NOW + timedelta(days=1))
    assert any_desk.status(CODE) == "cancelled"
    assert any_desk.found("佐藤") == [CODE]


def test_an_entry_that_left_the_customers_record_is_forgotten(any_desk: Desk) -> None:
    any_desk.catalogue.upsert([row(CODE, record(), None, HANAKO), row("1-AAAAAA-5", record(), None, HANAKO)])
    assert any_desk.catalogue.keep_only({HANAKO.id: {CODE}}) == 1
    assert any_desk.found() == [CODE]


def test_neither_facts_nor_news_show_personal_data_in_their_representation() -> None:
    news = row(CODE, record(), discount(), HANAKO)
    assert "佐藤" not in repr(news)
    assert "hanako" not in repr(news)
