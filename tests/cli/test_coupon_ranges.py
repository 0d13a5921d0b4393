"""What is typed behind `search`, and what is then asked of the catalogue."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click
import pytest
from click.testing import CliRunner

from coupon_desk.catalogue.query import CouponQuery, Sort, SortBy, StatusFilter
from coupon_desk.cli.coupon_ranges import Asked, range_options
from coupon_desk.errors import ConfigurationError

DAY, NEXT_DAY = datetime(2026, 11, 23).astimezone(), datetime(2026, 11, 24).astimezone()


def asked(*words: str) -> CouponQuery:
    """The query of a call with these words."""
    queries: list[CouponQuery] = []

    @click.command()
    @range_options
    def search(**typed: Any) -> None:
        queries.append(Asked(**typed).query("佐藤"))

    CliRunner().invoke(search, words, catch_exceptions=False, standalone_mode=False)
    return queries[0]


def test_nothing_is_left_out_where_nothing_is_asked() -> None:
    assert asked() == CouponQuery("佐藤", frozenset({StatusFilter.ALL}))


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        ("--status unused --status expired", "statuses", frozenset({StatusFilter.UNUSED, StatusFilter.EXPIRED})),
        ("--expiring 7", "expiring_days", 7),
        ("--from 2026-11-23", "issued_from", DAY),
        ("--until 2026-11-23", "issued_until", NEXT_DAY),
        ("--expires-from 2026-11-23T09:00+09:00", "expires_from", datetime(2026, 11, 23, tzinfo=UTC)),
        ("--expires-until 2026-11-23", "expires_until", NEXT_DAY),
        ("--sort customer", "sort", Sort(SortBy.CUSTOMER)),
        ("--sort expires --descending", "sort", Sort(SortBy.EXPIRES, descending=True)),
    ],
)
def test_each_option_asks_for_one_thing(words: str, field: str, value: object) -> None:
    assert getattr(asked(*words.split()), field) == value


@pytest.mark.parametrize(
    ("typed", "low", "high"), [("500", 500, 500), ("500-1000", 500, 1000), ("500-", 500, None), ("-1000", None, 1000)]
)
def test_points_are_a_number_or_a_range_of_them(typed: str, low: int | None, high: int | None) -> None:
    query = asked("--points", typed)
    assert (query.points_from, query.points_until) == (low, high)


@pytest.mark.parametrize(
    "words",
    [
        *("--points many", "--points -", "--points 9-5", "--points 1234567890", "--from soon", "--until 2026-13-01"),
        *("--from 2026-11-24 --until 2026-11-22", "--expires-from 2026-11-24 --expires-until 2026-11-22"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        asked(*words.split())
    assert refused.value.todo is not None
