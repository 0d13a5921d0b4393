"""What a search must find, told by a plain list of coupons: no index, no SQL, no page."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from coupon_desk.catalogue.folding import customer_digits, fold, names
from coupon_desk.catalogue.query import CouponQuery, Cursor, SortBy, StatusFilter
from coupon_desk.catalogue.rows import CatalogueRow, Customer
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.coupon import Coupon
from coupon_desk.coupons.evidence import RecordStatus
from coupon_desk.coupons.status import CouponStatus
from tests.catalogue.conftest import NOW, Desk, claimed, discount, record

NAMES = ("佐藤 花子", "佐々木 茶子", "サトー ハナコ", "María García", "Ana Silva", "O’Brien", "林", "")
FILTERS = {
    StatusFilter.UNUSED: {CouponStatus.UNUSED},
    StatusFilter.USED: {CouponStatus.USED},
    StatusFilter.EXPIRED: {CouponStatus.EXPIRED},
    StatusFilter.CANCELLED: {CouponStatus.CANCELLED, CouponStatus.CANCELLING},
    StatusFilter.SCHEDULED: {CouponStatus.SCHEDULED},
    StatusFilter.NEEDS_ATTENTION: {CouponStatus.NEEDS_ATTENTION},
    StatusFilter.ALL: set(CouponStatus),
}
USABLE = {CouponStatus.UNUSED, CouponStatus.SCHEDULED}
NOBODY = (chr(0xFFFF), "")


@dataclass(frozen=True)
class Known:
    """A coupon, with what the table does not show of it: its place among equals, and its customer's other data."""

    coupon: Coupon
    place: int
    email: str
    phone: str


def generated(chance: random.Random, count: int) -> Iterator[CatalogueRow]:
    """Coupons of few customers, many of them issued in the same second or at no known time."""
    for number in range(count):
        code, customer = _code_of(chance, number)
        yield news_of(chance, code, customer)


def news_of(chance: random.Random, code: CouponCode, customer: Customer) -> CatalogueRow:
    """What the sources say of a coupon, by chance."""
    issued_at = chance.choice((None, NOW - timedelta(days=3), NOW - timedelta(hours=chance.randrange(5000))))
    status = chance.choice((RecordStatus.ACTIVE, RecordStatus.ACTIVE, RecordStatus.USED, RecordStatus.CANCELLED))
    entry = claimed() if chance.random() < 0.1 else record(status, issued_at=issued_at)
    starts, ends = chance.choice(((-9, 9), (-9, None), (-9, -1), (3, 30), (-9, 0), (-9, 31)))
    facts = discount(int(chance.random() < 0.1), starts, ends, created_at=issued_at, amount=Decimal(1))
    return CatalogueRow(code, NOW, customer, entry, facts, "JPY")


def _code_of(chance: random.Random, number: int) -> tuple[CouponCode, Customer]:
    whose = chance.randrange(12)
    phone = f"+81 90-1234-{whose:04d}" if whose % 3 else None
    customer = Customer(f"gid://shopify/Customer/99{whose:05d}", NAMES[whose % len(NAMES)], f"c{whose}@example.com", phone)
    token = "".join(chance.choices("AB12", k=4)) + f"{number:02X}"[-2:]
    return CouponCode(f"{whose:05d}-{token}-{chance.choice((5, 50, 500))}"), customer


def filled(desk: Desk, rows: list[CatalogueRow]) -> None:
    """Put the rows into the catalogue, and say of some of them ourselves that they need attention."""
    desk.catalogue.upsert(rows)
    for each in rows[::17]:
        desk.catalogue.set_status(each.code, CouponStatus.NEEDS_ATTENTION, NOW)


def everything(desk: Desk, rows: list[CatalogueRow]) -> list[Known]:
    """All coupons of the catalogue, read without a search."""
    customers = {row.code.text: row.customer for row in rows}
    with desk.database.read() as connection:
        places = {row.code: row.id for row in connection.exec_driver_sql("SELECT code, id FROM coupons")}
    known = desk.catalogue.known([CouponCode(code) for code in places])
    assert len(known) == len(places)
    found = []
    for code, coupon in known.items():
        customer = customers[code.text]
        email, phone = (customer.email or "", customer.phone or "") if customer else ("", "")
        found.append(Known(coupon, places[code.text], email, phone))
    return found


def expected(known: list[Known], query: CouponQuery, now: datetime = NOW) -> list[str]:
    """The codes that a query finds, in its order."""
    fitting = [(tier(each, query.text, by_person=query.by_person), each) for each in known]
    if any(fits is not None and _names_one(each, query.text, by_person=query.by_person) for fits, each in fitting):
        fitting = [(fits if fits is None or fits < 3 else None, each) for fits, each in fitting]
    left = [(fits, each) for fits, each in fitting if fits is not None and lets_through(query, each.coupon, now)]
    if query.sort.by is SortBy.FIT:
        left.sort(key=lambda pair: (pair[0], -pair[1].place))
    else:
        left.sort(key=lambda pair: (_key(query.sort.by, pair[1]), pair[1].place), reverse=query.sort.descending)
    return [each.coupon.code.text for _, each in left]


def tier(known: Known, text: str, *, by_person: bool = True) -> int | None:
    """How well the coupon fits; None where it does not."""
    if not text.strip():
        return 0
    digits = customer_digits(text)
    needle = digits or fold(text)
    is_global_id = digits is not None and not fold(text).isdigit()
    coupon = known.coupon
    code = fold(coupon.code.text)
    if not needle:
        return None
    if needle.isascii() and needle.isalnum() and not is_global_id and code.startswith(needle):
        return 0 if code == needle else 1
    number = (coupon.customer_id or "").rsplit("/", 1)[-1]
    if is_global_id:
        return 2 if by_person and number == digits else None
    if by_person and digits and len(digits) >= 4 and number.endswith(digits):
        return 2
    return _text_tier(known, code, number, needle, by_person=by_person)


def _text_tier(known: Known, code: str, number: str, needle: str, *, by_person: bool) -> int | None:
    fields = list(names(known.coupon.customer_name))
    if len(needle) >= 3:
        phone = fold(known.phone)
        fields += [fold(known.email), phone, phone.replace("+81", "0", 1), number]
    fields = [field for field in fields if field] if by_person else []
    if any(field.startswith(needle) for field in fields):
        return 3
    is_inside = any(needle in field for field in fields) or (len(needle) >= 3 and needle in code)
    return 4 if is_inside else None


def _names_one(known: Known, text: str, *, by_person: bool) -> bool:
    digits = customer_digits(text)
    whole_customer = (
        by_person and digits and len(digits) >= 4 and known.coupon.customer_id == f"gid://shopify/Customer/{digits}"
    )
    return bool(text.strip()) and (tier(known, text, by_person=by_person) == 0 or bool(whole_customer))


def lets_through(query: CouponQuery, coupon: Coupon, now: datetime = NOW) -> bool:
    """Whether the filters leave the coupon over."""
    if query.statuses and not any(coupon.status in FILTERS[status] for status in query.statuses):
        return False
    if query.expiring_days is not None:
        until = now + timedelta(days=query.expiring_days)
        if coupon.status not in USABLE or coupon.expires_at is None or coupon.expires_at > until:
            return False
    return (
        _is_within(coupon.issued_at, query.issued_from, query.issued_until)
        and _is_within(coupon.expires_at, query.expires_from, query.expires_until)
        and (query.points_from is None or coupon.points >= query.points_from)
        and (query.points_until is None or coupon.points <= query.points_until)
    )


def _is_within(at: datetime | None, first: datetime | None, last: datetime | None) -> bool:
    if first is None and last is None:
        return True
    return at is not None and (first is None or at >= first) and (last is None or at < last)


def _key(by: SortBy, known: Known) -> Any:
    coupon = known.coupon
    match by:
        case SortBy.ISSUED:
            return known.place
        case SortBy.EXPIRES:
            return (coupon.expires_at is None, coupon.expires_at or NOW)
        case SortBy.POINTS:
            return coupon.points
        case SortBy.CODE:
            return fold(coupon.code.text)
        case _:
            form = next(iter(names(coupon.customer_name)), None)
            return (NOBODY[0] if form is None else form, (coupon.customer_id or "").rsplit("/", 1)[-1])


def all_pages(desk: Desk, query: CouponQuery) -> list[Coupon]:
    """All pages of a query, one after the other."""
    rows: list[Coupon] = []
    after: Cursor | None = None
    while True:
        page = desk.catalogue.search(replace(query, after=after))
        rows += page.rows
        assert len(page.rows) <= query.limit
        assert len(page.rows) == query.limit or page.next is None or (query.may_be_short and page.rows)
        if page.next is None:
            return rows
        after = page.next
