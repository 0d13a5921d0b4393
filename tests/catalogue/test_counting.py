"""How many coupons there are: told at once, and "at least so many" where counting on would take too long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coupon_desk.catalogue import counting
from coupon_desk.catalogue.query import Count, CouponQuery, StatusFilter
from coupon_desk.coupons.code import CouponCode
from tests.catalogue.conftest import HANAKO, MARIA, NOW, Desk, discount, record, row

CODES = [f"70934-AB12C{number}-500" for number in range(5)]


@pytest.fixture
def five(desk: Desk) -> Desk:
    """Three coupons of Hanako's, one of them used, and two of Maria's that end in a week."""
    desk.catalogue.upsert([row(code, record(), discount(int(code == CODES[0])), HANAKO) for code in CODES[:3]])
    desk.catalogue.upsert([row(code, record(), discount(ends=7), MARIA) for code in CODES[3:]])
    return desk


def exactly(value: int) -> Count:
    return Count(value, capped=False)


def test_the_counts_follow_the_text_and_the_ranges_but_not_the_statuses(five: Desk) -> None:
    query = CouponQuery(statuses=frozenset({StatusFilter.USED}), expires_from=NOW + timedelta(days=30))
    counts = five.catalogue.counts(query)
    assert (counts.by_status[StatusFilter.ALL], counts.by_status[StatusFilter.UNUSED]) == (exactly(3), exactly(2))
    assert (counts.shown, counts.expiring) == (exactly(1), exactly(0))
    assert five.catalogue.counts(CouponQuery("Maria")).by_status[StatusFilter.UNUSED] == exactly(2)
    assert five.catalogue.counts(CouponQuery("Maria")).expiring == exactly(2)
    assert five.catalogue.counts(CouponQuery("%%")).shown == exactly(0)


def test_too_many_matches_are_told_as_at_least_so_many(five: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_MATCHES", 2)
    counts = five.catalogue.counts(CouponQuery("佐藤花子"))
    assert counts.by_status[StatusFilter.ALL] == counts.shown == Count(2, capped=True)
    assert five.catalogue.counts(CouponQuery("Maria")).shown == exactly(2)


def test_many_coupons_are_looked_up_at_once(five: Desk) -> None:
    wanted = [CouponCode(code) for code in (*CODES, "70934-ZZZZZZ-500")]
    known = five.catalogue.known(wanted)
    assert set(known) == set(wanted[:-1])
    assert known[wanted[0]] == five.catalogue.get(wanted[0])
    assert five.catalogue.known([]) == {}


def test_a_range_that_nobody_can_mean_is_refused() -> None:
    with pytest.raises(ValueError, match="issued_from"):
        CouponQuery(issued_from=NOW, issued_until=NOW - timedelta(days=1))
    with pytest.raises(ValueError, match="time zone"):
        CouponQuery(expires_from=NOW.replace(tzinfo=None))
    with pytest.raises(ValueError, match="below 0"):
        CouponQuery(points_from=-1)
    with pytest.raises(ValueError, match="points_from"):
        CouponQuery(points_from=9, points_until=5)
