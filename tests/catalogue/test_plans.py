"""How SQLite answers each search: by the index that was meant, never by reading every coupon or sorting a long result."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from coupon_desk.catalogue import fitting, search, texts, walking
from coupon_desk.catalogue.query import CouponQuery, Cursor, Sort, SortBy, StatusFilter, Tier
from coupon_desk.storage.database import Database
from tests.catalogue.conftest import NOW, Desk

SORT = "USE TEMP B-TREE FOR ORDER BY"
CODE, PERSON = "70934ab", "佐藤"
TEXTS = ["", CODE, "6543270934", "gid://shopify/Customer/6543270934", "garcia", PERSON, "藤"]
QUERIES = [
    CouponQuery(),
    CouponQuery(statuses=frozenset({StatusFilter.UNUSED})),
    CouponQuery(statuses=frozenset({StatusFilter.EXPIRED, StatusFilter.USED})),
    CouponQuery(expiring_days=7),
    CouponQuery(issued_from=NOW - timedelta(days=9), points_from=100, points_until=500),
    CouponQuery(expires_until=NOW),
]
KEYS = {SortBy.ISSUED: None, SortBy.EXPIRES: 5, SortBy.POINTS: 5, SortBy.CODE: "7", SortBy.CUSTOMER: "m"}
MANY, FEW = -1, 20_000
CEILINGS = (
    (walking, ("FEW", "FEW_ROWS")),
    (fitting, ("FEW_ROWS", "FEW_FITTING")),
    (search, ("FEW_CODES",)),
    (texts, ("FEW_MATCHES",)),
)


def plans(desk: Desk, monkeypatch: pytest.MonkeyPatch, query: CouponQuery, ceiling: int) -> list[str]:
    """The plan of each question that a search puts, for its first page and for the next one."""
    for module, names in CEILINGS:
        for name in names:
            monkeypatch.setattr(module, name, ceiling)
    asked: list[tuple[str, Any]] = []
    answer = Database.bare_answer

    def note(database: Database, connection: Connection, question: str, values: Any) -> list[Any]:
        asked.append((question, values))
        return answer(database, connection, question, values)

    with monkeypatch.context() as noting:
        noting.setattr(Database, "bare_answer", note)
        desk.catalogue.search(query)
        tier = Tier.CONTAINS if query.sort.by is SortBy.FIT and query.text else None
        desk.catalogue.search(replace(query, after=Cursor(5, tier, KEYS.get(query.sort.by))))
    with desk.database.read() as connection:
        return [
            "; ".join(row[3] for row in answer(desk.database, connection, f"EXPLAIN QUERY PLAN {question}", values))
            for question, values in asked
        ]


@pytest.mark.parametrize("ceiling", [MANY, FEW], ids=["many fit", "few fit"])
@pytest.mark.parametrize("by", SortBy)
def test_no_search_reads_every_coupon(desk: Desk, monkeypatch: pytest.MonkeyPatch, by: SortBy, ceiling: int) -> None:
    found = [
        (query, plan)
        for typed in TEXTS
        for query in QUERIES
        for plan in plans(desk, monkeypatch, replace(query, text=typed, sort=Sort(by)), ceiling)
    ]
    assert len(found) > len(TEXTS) * len(QUERIES)
    # Where nothing is left out, the coupons themselves stand in the order of the newest: the walk ends when the page is full.
    assert {(query, plan) for query, plan in found if "SCAN coupons" in plan} <= {(CouponQuery(), "SCAN coupons")}
    assert [plan for _, plan in found if "SCAN coupon_" in plan and "INDEX 0:;" in f"{plan};"] == []


@pytest.mark.parametrize("by", SortBy)
@pytest.mark.parametrize("query", QUERIES)
def test_where_many_are_left_over_the_order_is_walked_and_nothing_sorted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, query: CouponQuery, by: SortBy
) -> None:
    found = plans(desk, monkeypatch, replace(query, sort=Sort(by)), MANY)
    assert found
    assert [plan for plan in found if SORT in plan] == []


@pytest.mark.parametrize("query", QUERIES)
def test_where_many_fit_a_text_the_newest_are_walked_and_nothing_sorted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, query: CouponQuery
) -> None:
    found = [plan for typed in ("garcia", PERSON, "藤") for plan in plans(desk, monkeypatch, replace(query, text=typed), MANY)]
    walked = [plan for plan in found if "ix_coupons_shelf_code" not in plan]
    assert walked
    assert [plan for plan in walked if SORT in plan] == []
