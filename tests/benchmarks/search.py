"""Measures the search on a generated catalogue: `python -m tests.benchmarks.search [ROWS] [FILE]`.

Prints the median and the 99th percentile of each kind of search through `Catalogue.search`, of the counts, and of the same
question as one bare SQL statement with LIKE, which is what the catalogue would be without its indexes. An existing FILE is used
again. Every kind of search is asked with a different text each time, so that no cache answers.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from coupon_desk.catalogue.catalogue import BATCH, Catalogue
from coupon_desk.catalogue.query import CouponQuery, StatusFilter
from coupon_desk.catalogue.rows import CatalogueRow, Customer, DiscountFacts
from coupon_desk.clock import SystemClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import RecordEntry, RecordStatus
from coupon_desk.storage.database import Database

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
SURNAMES = (
    "佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村", "小林", "加藤", "吉田",
    "山田", "佐々木", "山口", "松本", "井上", "木村", "林", "斎藤", "清水", "茶谷",
)  # fmt: skip
GIVEN = ("花子", "太郎", "一郎", "美咲", "陽菜", "結衣", "翔太", "大輔", "健", "愛", "さくら", "葵", "蓮", "悠真", "湊")
LATIN = (
    "Maria Garcia", "John Smith", "Ana Silva", "Wei Chen", "José Núñez",
    "Emma Müller", "Liam Brown", "Olga Petrova", "Kim Lee", "Noah Martin",
)  # fmt: skip
POINTS = (100, 300, 500, 1000, 2000)
DOMAINS = ("gmail.com", "yahoo.co.jp", "example.com", "docomo.ne.jp")
NOW = datetime.now(UTC)


@dataclass
class Generator:
    """Coupons of six years: the newest are open, the older ones used, expired or cancelled."""

    chance: random.Random

    def rows(self, count: int) -> Iterator[CatalogueRow]:
        for number in range(count):
            customer_number = 6_000_000_000_000 + self.chance.randrange(count // 4 + 1) * 7919
            customer = self._customer(customer_number)
            token = "".join(self.chance.choices(LETTERS, k=6))
            points = self.chance.choice(POINTS)
            code = CouponCode(f"{str(customer_number)[-5:]}-{token}-{points}")
            age = timedelta(days=6 * 365 * self.chance.random() ** 1.5)
            issued = NOW - age
            ends = issued + timedelta(days=180)
            draw = self.chance.random()
            used = age.days > 3 and draw < 0.6
            cancelled = 0.6 <= draw < 0.64
            status = RecordStatus.USED if used else RecordStatus.CANCELLED if cancelled else RecordStatus.ACTIVE
            entry = RecordEntry(status, None, None, issued, ends, None, None, None)
            discount = DiscountFacts(
                f"gid://shopify/DiscountCodeNode/{number}",
                int(used),
                issued,
                ends,
                issued,
                (customer.id,),
                Decimal(points),
                "JPY",
            )
            yield CatalogueRow(code, issued, customer, entry, discount)

    def _customer(self, number: int) -> Customer:
        own = random.Random(number)
        japanese = own.random() < 0.7
        name = f"{own.choice(SURNAMES)} {own.choice(GIVEN)}" if japanese else own.choice(LATIN)
        email = f"{''.join(own.choices('abcdefghijklmnopqrstuvwxyz', k=7))}{own.randrange(1000)}@{own.choice(DOMAINS)}"
        return Customer(f"gid://shopify/Customer/{number}", name, email, f"+8190{own.randrange(10**8):08d}")


def fill(catalogue: Catalogue, count: int) -> None:
    slowest, start = 0.0, time.perf_counter()
    rows = list[CatalogueRow]()
    for row in Generator(random.Random(2)).rows(count):
        rows.append(row)
        if len(rows) == BATCH:
            before = time.perf_counter()
            catalogue.upsert(rows)
            slowest = max(slowest, time.perf_counter() - before)
            rows.clear()
    catalogue.upsert(rows)
    took = time.perf_counter() - start
    print(f"filled {count:,} rows in {took:.0f} s ({count / took:,.0f}/s); slowest batch of {BATCH}: {slowest * 1000:.0f} ms")


def measure(name: str, work: Callable[[], object], rounds: int = 60) -> None:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    times.sort()
    print(f"{name:44} p50 {statistics.median(times):8.2f} ms   p99 {times[int(len(times) * 0.99)]:8.2f} ms")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    file = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(tempfile.mkdtemp()) / "bench.sqlite3"
    is_new = not file.exists()
    database = Database.open(file)
    database.migrate()
    catalogue = Catalogue(database, SystemClock())
    if is_new:
        fill(catalogue, count)
    chance = random.Random(7)
    with database.read() as connection:
        sample = connection.exec_driver_sql(
            "SELECT code, customer_id, customer_name, customer_email FROM coupons ORDER BY id % 9973, id LIMIT 2000"
        ).all()

    def ask(text: Callable[[], str], status: StatusFilter = StatusFilter.ALL, days: int | None = None) -> Callable[[], object]:
        return lambda: catalogue.search(CouponQuery(text(), status, days))

    def beginning(size: int) -> Callable[[], str]:
        return lambda: pick(0).replace("-", "")[:size]

    def pick(column: int) -> str:
        return str(chance.choice(sample)[column])

    print(f"database {file.stat().st_size / 2**20:,.0f} MiB")
    measure("newest page", ask(lambda: ""))
    for status in StatusFilter:
        measure(f"newest page, {status}", ask(lambda: "", status=status))
    measure("expiring within 30 days", ask(lambda: "", days=30))
    measure("exact code", ask(lambda: pick(0)))
    for size in (1, 2, 3, 5, 8):
        measure(f"beginning of a code, {size} characters", ask(beginning(size)))
    measure("customer id", ask(lambda: pick(1).rsplit("/", 1)[1]))
    measure("end of a customer id, 7 digits", ask(lambda: pick(1)[-7:]))
    measure("one Japanese character", ask(lambda: pick(2)[0]))
    measure("two Japanese characters", ask(lambda: chance.choice(SURNAMES)[:2]))
    measure("Japanese full name", ask(lambda: f"{chance.choice(SURNAMES)}{chance.choice(GIVEN)}"))
    measure("Latin name", ask(lambda: chance.choice(LATIN)))
    measure("middle of a code, 6 characters", ask(lambda: pick(0).split("-")[1]))
    measure("part of an e-mail, 5 characters", ask(lambda: pick(3)[1:6]))
    measure("gmail (a quarter of all)", ask(lambda: "gmail"))
    measure("gmail, needs attention", ask(lambda: "gmail", status=StatusFilter.NEEDS_ATTENTION))
    measure("gmail, cancelled", ask(lambda: "gmail", status=StatusFilter.CANCELLED))
    measure("gmail, unused", ask(lambda: "gmail", status=StatusFilter.UNUSED))
    measure("gmail, expired", ask(lambda: "gmail", status=StatusFilter.EXPIRED))
    measure("two Japanese characters, unused", ask(lambda: chance.choice(SURNAMES)[:2], status=StatusFilter.UNUSED))
    measure("nothing fits", ask(lambda: f"qq{chance.randrange(10**6)}zz"))
    measure("counts of all", catalogue.counts)
    measure("counts of a Latin name", lambda: catalogue.counts(chance.choice(LATIN)))
    measure("counts of two Japanese characters", lambda: catalogue.counts(chance.choice(SURNAMES)[:2]))
    measure("counts of gmail", lambda: catalogue.counts("gmail"))
    bare = sqlite3.connect(file)
    like = (
        "SELECT * FROM coupons WHERE code LIKE ?1 OR customer_name LIKE ?1 OR customer_email LIKE ?1"
        " ORDER BY issued_at DESC LIMIT 100"
    )
    exact = "SELECT * FROM coupons WHERE code = ?"
    measure("bare SQL: exact code", lambda: bare.execute(exact, (pick(0),)).fetchall())
    measure("bare SQL: LIKE, Latin name", lambda: bare.execute(like, (f"%{chance.choice(LATIN)}%",)).fetchall(), 5)
    measure("bare SQL: LIKE, middle of a code", lambda: bare.execute(like, (f"%{pick(0)[6:12]}%",)).fetchall(), 5)
    bare.close()
    database.close()


if __name__ == "__main__":
    main()
