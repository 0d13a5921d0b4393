"""What a coupon is: our own word, then the customer's record, then Shopify, then the clock."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from coupon_desk.catalogue.query import StatusFilter
from coupon_desk.catalogue.rows import CatalogueRow
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import RecordStatus
from coupon_desk.coupons.status import CouponStatus
from tests.catalogue.conftest import HANAKO, MARIA, NOW, Desk, claimed, discount, record, row

CODE = "70934-AB12CD-500"


@pytest.mark.parametrize(
    ("news", "status"),
    [
        (row(CODE, record(), discount()), "unused"),
        (row(CODE, record(), discount(starts=1)), "scheduled"),
        (row(CODE, record(), discount(ends=-1)), "expired"),
        (row(CODE, record(), discount(ends=None)), "unused"),
        (row(CODE, record(), discount(usage_count=1)), "used"),
        (row(CODE, record(), discount(usage_count=1, ends=-1)), "used"),
        (row(CODE, record(RecordStatus.USED), discount()), "used"),
        (row(CODE, record(used_at=NOW), discount()), "used"),
        (row(CODE, record(RecordStatus.CANCELLED), discount(ends=-1)), "cancelled"),
        (row(CODE, record(RecordStatus.CANCELLED), discount(usage_count=1)), "cancelled"),
        (row(CODE, claimed(), discount(ends=-1)), "cancelling"),
        (row(CODE, record()), "unused"),
        (row(CODE, record(expires_at=NOW - timedelta(days=1))), "expired"),
        (row(CODE, record(expires_at=NOW - timedelta(days=1)), discount(ends=30)), "unused"),
        (row(CODE, None, discount()), "unused"),
    ],
)
def test_the_status_follows_the_order_of_evidence(any_desk: Desk, news: CatalogueRow, status: str) -> None:
    any_desk.catalogue.upsert([news])
    assert any_desk.status(CODE) == status


@pytest.mark.parametrize(
    "word", [CouponStatus.CANCELLED, CouponStatus.CANCELLING, CouponStatus.NEEDS_ATTENTION, CouponStatus.USED]
)
def test_our_own_word_stands_above_what_a_sync_finds(any_desk: Desk, word: CouponStatus) -> None:
    any_desk.catalogue.upsert([row(CODE, record(), discount())])
    any_desk.catalogue.set_status(CouponCode(CODE), word, NOW)
    any_desk.catalogue.upsert([row(CODE, record(RecordStatus.USED), discount(usage_count=2), HANAKO)])
    assert any_desk.status(CODE) == word.value
    assert any_desk.found("佐藤") == [CODE]


def test_our_own_word_is_taken_back_by_a_status_that_the_clock_decides(any_desk: Desk) -> None:
    any_desk.catalogue.upsert([row(CODE, record(), discount())])
    any_desk.catalogue.set_status(CouponCode(CODE), CouponStatus.CANCELLING, NOW)
    any_desk.catalogue.set_status(CouponCode(CODE), CouponStatus.UNUSED, NOW)
    assert any_desk.status(CODE) == "unused"


def test_our_word_on_a_coupon_that_no_sync_has_brought_is_remembered(any_desk: Desk) -> None:
    any_desk.catalogue.set_status(CouponCode(CODE), CouponStatus.CANCELLED, NOW)
    assert any_desk.found("70934", StatusFilter.CANCELLED) == [CODE]
    any_desk.catalogue.upsert([row(CODE, record(), discount(), HANAKO)])
    assert any_desk.status(CODE) == "cancelled"


def test_taking_back_a_word_that_was_never_said_adds_no_coupon(any_desk: Desk) -> None:
    any_desk.catalogue.set_status(CouponCode(CODE), CouponStatus.UNUSED, NOW)
    assert any_desk.catalogue.get(CouponCode(CODE)) is None


def test_a_coupon_expires_and_begins_by_itself(any_desk: Desk) -> None:
    any_desk.catalogue.upsert([row(CODE, record(), discount(starts=1, ends=2))])
    seen = []
    for _ in range(4):
        status = StatusFilter(any_desk.status(CODE) or "")
        seen.append(status.value)
        assert any_desk.found("", status) == [CODE]
        assert any_desk.count(status=status) == 1
        any_desk.clock.advance(timedelta(hours=23).total_seconds())
    assert seen == ["scheduled", "scheduled", "unused", "expired"]


def test_a_coupon_ends_at_the_very_moment(any_desk: Desk) -> None:
    any_desk.catalogue.upsert([row(CODE, record(), discount(ends=0))])
    assert any_desk.found("", StatusFilter.EXPIRED) == [CODE]
    assert any_desk.found("", StatusFilter.UNUSED) == []


def test_expiring_shows_what_can_still_be_used_and_ends_soon(any_desk: Desk) -> None:
    any_desk.catalogue.upsert(
        [
            row("1-AAAAAA-5", record(), discount(ends=3)),
            row("2-AAAAAA-5", record(), discount(ends=8)),
            row("3-AAAAAA-5", record(), discount(ends=-1)),
            row("4-AAAAAA-5", record(), discount(ends=None)),
            row("5-AAAAAA-5", record(), discount(usage_count=1, ends=3)),
        ]
    )
    assert any_desk.found(days=7) == ["1-AAAAAA-5"]
    assert sorted(any_desk.found(days=8)) == ["1-AAAAAA-5", "2-AAAAAA-5"]
    assert any_desk.found(days=7, status=StatusFilter.USED) == []
    assert any_desk.found(days=7, status=StatusFilter.EXPIRED) == []


def test_the_order_in_which_the_sources_are_read_makes_no_difference(any_desk: Desk) -> None:
    halves = [row(CODE, record(), None, HANAKO), row(CODE, None, discount(customer_ids=(MARIA.id,)))]
    any_desk.catalogue.upsert(halves)
    one = any_desk.catalogue.get(CouponCode(CODE))
    other_code = "70934-AB12CD-501"
    for half in reversed(halves):
        any_desk.catalogue.upsert([row(other_code, half.record, half.discount, half.customer)])
    other = any_desk.catalogue.get(CouponCode(other_code))
    assert one is not None
    assert other is not None
    assert (one.customer_id, one.expires_at, one.issued_at, one.amount, one.status) == (
        other.customer_id,
        other.expires_at,
        other.issued_at,
        other.amount,
        other.status,
    )
    assert one.customer_id == HANAKO.id


def test_a_coupon_is_shown_with_everything_that_is_known(any_desk: Desk) -> None:
    any_desk.catalogue.upsert([row(CODE, record(), discount(amount=Decimal("12.50"), currency="USD"), HANAKO)])
    coupon = any_desk.catalogue.get(CouponCode(CODE))
    assert coupon is not None
    assert (coupon.points, coupon.amount, coupon.currency) == (500, Decimal("12.50"), "USD")
    assert (coupon.customer_name, coupon.customer_email) == ("佐藤 花子", "hanako@example.com")
    assert coupon.issued_at == NOW - timedelta(days=10)
    assert coupon.expires_at == NOW + timedelta(days=90)
    assert coupon.updated_at == NOW


def test_a_cancelled_coupon_shows_its_own_end_and_not_the_moment_it_was_switched_off(any_desk: Desk) -> None:
    ends = NOW + timedelta(days=60)
    any_desk.catalogue.upsert([row(CODE, record(RecordStatus.CANCELLED, expires_at=ends), discount(ends=-1))])
    coupon = any_desk.catalogue.get(CouponCode(CODE))
    assert coupon is not None
    assert coupon.expires_at == ends
