"""A catalogue on a real database, and short ways to say what the sources tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from coupon_desk.catalogue.catalogue import Catalogue
from coupon_desk.catalogue.query import CouponQuery, StatusFilter
from coupon_desk.catalogue.rows import CatalogueRow, Customer, DiscountFacts
from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import Claim, RecordEntry, RecordStatus
from coupon_desk.storage.database import Database
from tests.surroundings.migrated import migrated

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
HANAKO = Customer("gid://shopify/Customer/6543270934", "佐藤 花子", "hanako@example.com", "+81 90-1234-5678")
MARIA = Customer("gid://shopify/Customer/6543211111", "María José García", "maria@example.com", None)


@dataclass
class Desk:
    """A catalogue with its clock, and what a test wants to know of it in one line."""

    catalogue: Catalogue
    clock: VirtualClock
    database: Database

    def found(self, text: str = "", status: StatusFilter = StatusFilter.ALL, days: int | None = None) -> list[str]:
        return self.codes(CouponQuery(text, frozenset({status}), days))

    def codes(self, query: CouponQuery) -> list[str]:
        return [row.code.text for row in self.catalogue.search(query).rows]

    def count(self, text: str = "", status: StatusFilter = StatusFilter.ALL) -> int:
        return self.catalogue.counts(CouponQuery(text)).by_status[status].value

    def status(self, code: str) -> str | None:
        coupon = self.catalogue.get(CouponCode(code))
        return coupon.status.value if coupon else None


def record(
    status: RecordStatus = RecordStatus.ACTIVE,
    *,
    issued_at: datetime | None = NOW - timedelta(days=10),
    expires_at: datetime | None = None,
    used_at: datetime | None = None,
) -> RecordEntry:
    """An entry of a customer's record, issued ten days ago."""
    return RecordEntry(status, None, Decimal(500), issued_at, expires_at, used_at, None, None)


def claimed() -> RecordEntry:
    """An entry that somebody is working on."""
    return RecordEntry(RecordStatus.ACTIVE, None, None, NOW, None, None, None, Claim("op-1", "mei", NOW))


def discount(
    usage_count: int = 0,
    starts: float = -10,
    ends: float | None = 90,
    *,
    created_at: datetime | None = NOW - timedelta(days=10),
    customer_ids: tuple[str, ...] = (),
    amount: Decimal | None = Decimal(500),
    currency: str = "JPY",
) -> DiscountFacts:
    """A discount that starts and ends so many days from now."""
    return DiscountFacts(
        "gid://shopify/DiscountCodeNode/1",
        usage_count,
        NOW + timedelta(days=starts),
        None if ends is None else NOW + timedelta(days=ends),
        created_at,
        customer_ids,
        amount,
        currency,
    )


def row(
    code: str,
    entry: RecordEntry | None = None,
    facts: DiscountFacts | None = None,
    customer: Customer | None = None,
    at: datetime = NOW,
) -> CatalogueRow:
    """News of one coupon."""
    return CatalogueRow(CouponCode(code), at, customer, entry, facts, "JPY")


def open_desk(where: Path | str) -> Desk:
    database = Database.open(where)
    clock = VirtualClock(NOW)
    return Desk(Catalogue(database, clock), clock, database)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = open_desk(migrated(tmp_path / "desk.sqlite3"))
    yield desk
    desk.database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """The same on each database."""
    desk = open_desk(
        migrated(tmp_path / "desk.sqlite3") if request.param == "sqlite" else request.getfixturevalue("migrated_postgres")
    )
    yield desk
    desk.database.close()


@pytest.fixture
def issue(any_desk: Desk) -> Callable[..., None]:
    """Issues a coupon to a customer: `issue("70934-AB12CD-500", HANAKO, days_ago=3)`."""

    def issue(code: str, customer: Customer = HANAKO, *, days_ago: float = 10, usage_count: int = 0, ends: float = 90) -> None:
        issued_at = NOW - timedelta(days=days_ago)
        any_desk.catalogue.upsert(
            [row(code, record(issued_at=issued_at), discount(usage_count, -days_ago, ends), customer, issued_at)]
        )

    return issue
