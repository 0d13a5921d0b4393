"""Whatever is asked: all pages together are all fitting coupons, each once, in order; checked against a plain list."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coupon_desk.catalogue import fitting, search, texts, walking
from coupon_desk.catalogue.query import EXPIRING_DAYS, CouponQuery, Sort, SortBy, StatusFilter
from coupon_desk.catalogue.rows import CatalogueRow
from tests.catalogue.conftest import NOW, Desk, open_desk
from tests.catalogue.oracle import NAMES, Known, all_pages, everything, expected, filled, generated, news_of
from tests.surroundings.migrated import migrated

ROWS = list(generated(random.Random(11), 200))


@dataclass(frozen=True)
class Full:
    """A catalogue with two hundred coupons, and the same as a list."""

    desk: Desk
    known: list[Known]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Full]:
    desk = open_desk(migrated(tmp_path_factory.mktemp("paging") / "desk.sqlite3"))
    filled(desk, ROWS)
    yield Full(desk, everything(desk, ROWS))
    desk.database.close()


def slices(codes: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(codes).flatmap(
        lambda code: st.builds(lambda start, end: code[start:end], st.integers(0, 8), st.integers(1, 18))
    )


WORDS = [
    *NAMES,
    *("花", "佐", "茶子", "さと", "garcia", "an", "9900003", "00003", "0003", "99", "gid://shopify/Customer/9900003"),
    *("c3@", "c3@example.com", "example", "5", "090-1234", "+8190", "12340004", "a" * 2000, "林", "はな", "mar", "gar", "b"),
]
TEXTS = st.one_of(st.just(""), slices([row.code.text for row in ROWS]), st.sampled_from(WORDS), st.text(max_size=4))
MOMENTS = st.builds(lambda hours: NOW + timedelta(hours=hours), st.integers(-5000, 1000))
POINTS = st.sampled_from([0, 5, 6, 50, 499, 500, 501])


def ranges(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, Any]]:
    """No range mostly; else one with one end or two."""
    both = st.lists(values, min_size=2, max_size=2).map(lambda pair: (min(pair), max(pair)))
    none = st.just((None, None))
    return st.one_of(none, none, st.tuples(values, st.none()), st.tuples(st.none(), values), both)


@st.composite
def queries(draw: st.DrawFn) -> CouponQuery:
    """Any text with any filters, ranges, sort and size of the page; most of them with few filters."""

    issued, expires, points = draw(ranges(MOMENTS)), draw(ranges(MOMENTS)), draw(ranges(POINTS))
    return CouponQuery(
        draw(TEXTS),
        draw(st.one_of(st.just(frozenset()), st.frozensets(st.sampled_from(StatusFilter)))),
        draw(st.one_of(st.none(), st.integers(0, 40))),
        draw(st.sampled_from([3, 7, 20, 33, 60])),
        by_person=draw(st.integers(0, 5)) > 0,
        sort=Sort(draw(st.sampled_from(SortBy)), draw(st.booleans())),
        issued_from=issued[0],
        issued_until=issued[1],
        expires_from=expires[0],
        expires_until=expires[1],
        points_from=points[0],
        points_until=points[1],
        may_be_short=draw(st.booleans()),
    )


ALL_WALKED = {"FEW": -1, "FEW_ROWS": -1, "FEW_CODES": -1, "FEW_FITTING": -1, "FEW_MATCHES": -1}
ALL_WALKED_FAR = {**ALL_WALKED, "_FIRST_STRETCH": 7, "_WALKED": 20}
MIXED = {"FEW": 20, "FEW_ROWS": 10, "FEW_CODES": 20, "FEW_FITTING": 10, "FEW_MATCHES": 15}


def set_ceilings(monkeypatch: pytest.MonkeyPatch, ceilings: dict[str, int]) -> None:
    """Make the search take other ways than it takes with two hundred coupons."""
    for module in (walking, fitting, search, texts):
        for name, value in ceilings.items():
            if hasattr(module, name):
                monkeypatch.setattr(module, name, value)


@pytest.mark.parametrize(
    "ceilings", [{}, MIXED, ALL_WALKED, ALL_WALKED_FAR], ids=["all collected", "mixed", "all walked", "walked far"]
)
def test_all_pages_together_are_all_fitting_coupons_once_in_order(
    full: Full, monkeypatch: pytest.MonkeyPatch, ceilings: dict[str, int]
) -> None:
    set_ceilings(monkeypatch, ceilings)

    @settings(max_examples=40)
    @given(queries())
    def check(query: CouponQuery) -> None:
        assert [coupon.code.text for coupon in all_pages(full.desk, query)] == expected(full.known, query)

    check()


@settings(max_examples=30)
@given(queries())
def test_the_counts_are_what_the_filters_show(full: Full, query: CouponQuery) -> None:
    counts = full.desk.catalogue.counts(query)
    for status, count in counts.by_status.items():
        assert count.value == len(expected(full.known, replace(query, statuses=frozenset({status}))))
    days = EXPIRING_DAYS if query.expiring_days is None else query.expiring_days
    assert counts.expiring.value == len(expected(full.known, replace(query, statuses=frozenset(), expiring_days=days)))
    assert counts.shown.value == len(expected(full.known, query))
    assert not any(count.capped for count in (*counts.by_status.values(), counts.expiring, counts.shown))


def test_the_same_pages_come_from_postgresql(full: Full, migrated_postgres: str) -> None:
    desk = open_desk(migrated_postgres)
    filled(desk, ROWS)

    @settings(max_examples=20)
    @given(queries(), st.integers(20, 120))
    def check(query: CouponQuery, limit: int) -> None:
        query = replace(query, limit=limit)
        assert all_pages(desk, query) == all_pages(full.desk, query)
        assert desk.catalogue.counts(query) == full.desk.catalogue.counts(query)

    check()
    desk.database.close()


@settings(max_examples=8)
@given(st.randoms(use_true_random=False), st.integers(0, 60), st.lists(queries(), min_size=4, max_size=4))
def test_what_is_true_of_one_catalogue_is_true_of_any(
    tmp_path_factory: pytest.TempPathFactory, chance: random.Random, count: int, asked: list[CouponQuery]
) -> None:
    desk = open_desk(migrated(tmp_path_factory.mktemp("any") / "desk.sqlite3"))
    rows = list(generated(chance, count))
    filled(desk, rows)
    known = everything(desk, rows)
    for query in asked:
        assert [coupon.code.text for coupon in all_pages(desk, query)] == expected(known, query)
    desk.database.close()


@settings(max_examples=15)
@given(st.randoms(use_true_random=False), queries())
def test_what_stays_as_it_is_is_met_exactly_once_while_others_change(
    tmp_path_factory: pytest.TempPathFactory, chance: random.Random, query: CouponQuery
) -> None:
    desk = open_desk(migrated(tmp_path_factory.mktemp("changing") / "desk.sqlite3"))
    rows = ROWS[:60]
    desk.catalogue.upsert(rows)
    restless, still = rows[:25], {row.code.text for row in rows[25:]}
    must_come = [code for code in expected(everything(desk, rows), query) if code in still]
    newcomers = generated(random.Random(chance.random()), 1000)
    met: list[str] = []
    step = replace(query, limit=chance.randint(1, 9))
    while True:
        page = desk.catalogue.search(step)
        met += [coupon.code.text for coupon in page.rows]
        if page.next is None:
            break
        step = replace(step, after=page.next)
        changing: CatalogueRow = chance.choice(restless)
        assert changing.customer is not None
        match chance.randrange(3):
            case 0:
                desk.catalogue.forget_customer("gid://shopify/Customer/1", [changing.code])
            case 1:
                desk.catalogue.upsert([news_of(chance, changing.code, changing.customer)])
            case _:
                came = next(newcomers)
                desk.catalogue.upsert([came] if came.code.text not in still else [])
    assert [code for code in met if code in still] == must_come
    desk.database.close()
