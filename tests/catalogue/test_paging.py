"""Whatever is asked: all pages together are all fitting coupons, each once, in order; checked against a plain list."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coupon_desk.catalogue import search
from coupon_desk.catalogue.folding import FIELD_END, customer_digits, fold, names, search_text
from coupon_desk.catalogue.query import CouponQuery, StatusFilter
from coupon_desk.catalogue.rows import CatalogueRow, Customer
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.coupon import Coupon
from coupon_desk.coupons.evidence import RecordStatus
from coupon_desk.coupons.status import CouponStatus
from tests.catalogue.conftest import NOW, Desk, claimed, discount, open_desk, record
from tests.surroundings.migrated import migrated

NAMES = ("佐藤 花子", "佐々木 茶子", "サトー ハナコ", "María García", "Ana Silva", "O’Brien", "")
FILTERS = {
    StatusFilter.UNUSED: {CouponStatus.UNUSED},
    StatusFilter.USED: {CouponStatus.USED},
    StatusFilter.EXPIRED: {CouponStatus.EXPIRED},
    StatusFilter.CANCELLED: {CouponStatus.CANCELLED, CouponStatus.CANCELLING},
    StatusFilter.SCHEDULED: {CouponStatus.SCHEDULED},
    StatusFilter.NEEDS_ATTENTION: {CouponStatus.NEEDS_ATTENTION},
    StatusFilter.ALL: set(CouponStatus),
}


def generated() -> Iterator[CatalogueRow]:
    """Two hundred coupons of few customers, many of them issued in the same second or at no known time."""
    chance = random.Random(11)
    for number in range(200):
        whose = chance.randrange(12)
        customer = Customer(f"gid://shopify/Customer/99{whose:05d}", NAMES[whose % 7], f"c{whose}@example.com", None)
        token = "".join(chance.choices("AB12", k=4)) + f"{number:02X}"[-2:]
        code = CouponCode(f"{whose:05d}-{token}-{chance.choice((5, 50, 500))}")
        issued_at = chance.choice((None, NOW - timedelta(days=3), NOW - timedelta(hours=chance.randrange(5000))))
        status = chance.choice((RecordStatus.ACTIVE, RecordStatus.ACTIVE, RecordStatus.USED, RecordStatus.CANCELLED))
        entry = claimed() if chance.random() < 0.1 else record(status, issued_at=issued_at)
        starts, ends = chance.choice(((-9, 9), (-9, None), (-9, -1), (3, 30), (-9, 0)))
        facts = discount(int(chance.random() < 0.1), starts, ends, created_at=issued_at)
        yield CatalogueRow(code, NOW, customer, entry, facts, "JPY")


@pytest.fixture(scope="module")
def full_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = open_desk(migrated(tmp_path_factory.mktemp("paging") / "desk.sqlite3"))
    rows = list(generated())
    desk.catalogue.upsert(rows)
    for each in rows[::17]:
        desk.catalogue.set_status(each.code, CouponStatus.NEEDS_ATTENTION, NOW)
    yield desk
    desk.database.close()


@pytest.fixture(scope="module")
def emails() -> dict[str, str]:
    return {row.code.text: row.customer.email or "" for row in generated() if row.customer}


def all_pages(desk: Desk, query: CouponQuery) -> list[Coupon]:
    rows: list[Coupon] = []
    after = None
    while True:
        page = desk.catalogue.search(CouponQuery(query.text, query.status, query.expiring_days, query.limit, after))
        rows += page.rows
        assert len(page.rows) == query.limit or page.next is None
        if page.next is None:
            return rows
        after = page.next


def tier(coupon: Coupon, text: str, email: str) -> int | None:
    """How well the coupon fits, told without an index; None where it does not."""
    if not text.strip():
        return 0
    digits = customer_digits(text)
    needle = digits or fold(text)
    if not needle:
        return None
    code = fold(coupon.code.text)
    if needle.isascii() and needle.isalnum() and code.startswith(needle):
        return 0 if code == needle else 1
    if digits and len(digits) >= 4 and (coupon.customer_id or "").endswith(digits):
        return 2
    whole = search_text(coupon.code.text, coupon.customer_name, email, None)
    inside = whole if len(needle) >= 3 else FIELD_END.join(names(coupon.customer_name))
    return 3 if needle in inside else None


def expected(desk: Desk, query: CouponQuery, emails: dict[str, str]) -> list[tuple[int, str]]:
    fitting = []
    everything = all_pages(desk, CouponQuery(limit=1000))
    digits = customer_digits(query.text)
    names_one = any(
        tier(each, query.text, "") == 0
        or (digits and len(digits) >= 4 and each.customer_id == f"gid://shopify/Customer/{digits}")
        for each in everything
    )
    for coupon in everything:
        fits = tier(coupon, query.text, emails[coupon.code.text])
        if fits is None or (fits == 3 and names_one) or coupon.status not in FILTERS[query.status]:
            continue
        if query.expiring_days is not None:
            until = NOW + timedelta(days=query.expiring_days)
            can_end = coupon.status in (CouponStatus.UNUSED, CouponStatus.SCHEDULED)
            if not can_end or coupon.expires_at is None or coupon.expires_at > until:
                continue
        fitting.append((fits, coupon.code.text))
    return sorted(fitting, key=lambda each: each[0])


TEXTS = st.one_of(
    st.just(""),
    st.sampled_from([row.code.text for row in generated()]).flatmap(
        lambda code: st.builds(lambda start, end: code[start:end], st.integers(0, 8), st.integers(1, 18))
    ),
    st.sampled_from([*NAMES, "花", "佐", "茶子", "さと", "garcia", "an", "9900003", "00003", "0003", "c3@", "example", "5"]),
    st.text(max_size=4),
)
QUERIES = st.builds(
    CouponQuery,
    text=TEXTS,
    status=st.sampled_from(StatusFilter),
    expiring_days=st.one_of(st.none(), st.integers(0, 40)),
    limit=st.integers(1, 60),
)


@pytest.mark.parametrize("few", [0, 3, 20_000], ids=["all walked", "mixed", "all sorted"])
def test_all_pages_together_are_all_fitting_coupons_once_in_order(
    full_desk: Desk, emails: dict[str, str], monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(search, "FEW", few)
    monkeypatch.setattr(search, "FEW_TEXTS", few)

    @settings(max_examples=70)
    @given(QUERIES)
    def check(query: CouponQuery) -> None:
        found = [coupon.code.text for coupon in all_pages(full_desk, query)]
        assert found == [code for _, code in expected(full_desk, query, emails)]

    check()


@settings(max_examples=40)
@given(TEXTS)
def test_the_counts_are_what_the_filters_show(full_desk: Desk, text: str) -> None:
    counts = full_desk.catalogue.counts(text)
    assert {status: count.value for status, count in counts.items()} == {
        status: len(all_pages(full_desk, CouponQuery(text, status, limit=1000))) for status in StatusFilter
    }
    assert not any(count.capped for count in counts.values())


def test_the_same_pages_come_from_postgresql(full_desk: Desk, emails: dict[str, str], migrated_postgres: str) -> None:
    desk = open_desk(migrated_postgres)
    rows = list(generated())
    desk.catalogue.upsert(rows)
    for each in rows[::17]:
        desk.catalogue.set_status(each.code, CouponStatus.NEEDS_ATTENTION, NOW)

    @settings(max_examples=40)
    @given(QUERIES)
    def check(query: CouponQuery) -> None:
        assert all_pages(desk, query) == all_pages(full_desk, query)

    check()
    desk.database.close()
