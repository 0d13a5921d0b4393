"""How SQLite answers each search: by the index that was meant, never by reading every coupon or sorting a long result."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from coupon_desk.catalogue import search
from coupon_desk.catalogue.narrowing import narrowing
from coupon_desk.catalogue.query import Cursor, StatusFilter, Tier
from coupon_desk.catalogue.search import Search
from tests.catalogue.conftest import Desk

SORT = "USE TEMP B-TREE FOR ORDER BY"
TEXTS = ["", "70934ab", "6543270934", "gid://shopify/Customer/6543270934", "garcia", "佐藤", "藤"]


def plans(desk: Desk, typed: str, status: StatusFilter) -> list[str]:
    """The plan of each query that the search sends, for its first page and for the next one."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        sent.append((statement, parameters))

    with desk.database.read() as connection:
        event.listen(desk.database.engine, "before_cursor_execute", note)
        for after in (None, Cursor(Tier.CONTAINS, 5)):
            Search(connection, typed, narrowing(status, expiring=False), 10, 20).places(100, after)
        event.remove(desk.database.engine, "before_cursor_execute", note)
        return [
            "; ".join(row[3] for row in connection.exec_driver_sql(" ".join(["EXPLAIN QUERY PLAN", statement]), parameters))
            for statement, parameters in sent
            if "count(*)" not in statement
        ]


@pytest.mark.parametrize("few", [-1, 20_000], ids=["many fit", "few fit"])
@pytest.mark.parametrize("status", StatusFilter)
@pytest.mark.parametrize("typed", TEXTS)
def test_no_search_reads_every_coupon(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, typed: str, status: StatusFilter, few: int
) -> None:
    monkeypatch.setattr(search, "FEW", few)
    monkeypatch.setattr(search, "FEW_TEXTS", few)
    found = plans(desk, typed, status)
    assert found
    for plan in found:
        fits_many_codes = few < 0 and typed.isascii() and typed.isalnum()
        walks_until_the_page_is_full = status is StatusFilter.ALL and (typed == "" or fits_many_codes) and SORT not in plan
        assert "SCAN coupons" not in plan or walks_until_the_page_is_full, plan


@pytest.mark.parametrize("typed", ["", "garcia", "佐藤"])
@pytest.mark.parametrize("status", StatusFilter)
def test_where_many_fit_nothing_is_sorted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, typed: str, status: StatusFilter
) -> None:
    monkeypatch.setattr(search, "FEW", -1)
    monkeypatch.setattr(search, "FEW_TEXTS", -1)
    newest_first = [plan for plan in plans(desk, typed, status) if "ix_coupons_code_key" not in plan]
    assert newest_first
    assert not [plan for plan in newest_first if SORT in plan]
