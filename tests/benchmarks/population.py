"""A shop's coupons, made up: six years of them, the newest open, the older ones used, expired or cancelled.

The same on every machine but for the day on which they were made; seven of ten customers have Japanese names.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection

from coupon_desk.catalogue import writing
from coupon_desk.catalogue.facts import Facts, micros, next_place, place_of
from coupon_desk.catalogue.rows import CatalogueRow, Customer, DiscountFacts
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import RecordEntry, RecordStatus
from coupon_desk.storage.database import Database
from coupon_desk.storage.tables.catalogue import coupons
from tests.benchmarks.scale import Scale

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
SIX_YEARS = timedelta(days=6 * 365)
VALID = timedelta(days=180)

_AT_ONCE = 10_000


def catalogue_file(scale: Scale) -> Path:
    """A whole database of a desk with `scale.coupons` coupons of `scale.customers` customers. Don't write to it."""
    return scale.kept("catalogue-3.sqlite3", lambda file: build(file, scale.coupons, scale.customers))


def build(file: Path, count: int, customers: int) -> None:
    """Write the catalogue; its indexes are made when all rows are there, which takes a fifth of the time."""
    database = Database.open(file)
    database.migrate()
    with database.write() as connection:
        for index in coupons.indexes:
            index.drop(connection)
    rows = population(count, customers, datetime.now(UTC))
    while batch := list(islice(rows, _AT_ONCE)):
        with database.write() as connection:
            _insert(connection, batch)
    with database.write() as connection:
        for index in coupons.indexes:
            index.create(connection)
    database.scrub()
    database.close()


def population(count: int, customers: int, now: datetime) -> Iterator[CatalogueRow]:
    """The coupons in the order of their issue."""
    chance = random.Random(2)
    ages = sorted((chance.random() ** 1.5 for _ in range(count)), reverse=True)
    for number, age in enumerate(ages):
        yield _coupon(chance, number, _customer(chance.randrange(max(customers, 1))), age, now)


def _coupon(chance: random.Random, number: int, customer: Customer, age: float, now: datetime) -> CatalogueRow:
    token = "".join(chance.choices(LETTERS, k=6))
    points = chance.choice(POINTS)
    issued_at = now - age * SIX_YEARS
    draw = chance.random()
    is_used = now - issued_at > timedelta(days=3) and draw < 0.6
    status = RecordStatus.USED if is_used else RecordStatus.CANCELLED if 0.6 <= draw < 0.64 else RecordStatus.ACTIVE
    starts_at = now + timedelta(days=3) if draw > 0.999 else issued_at
    ends_at = None if draw > 0.99 else issued_at + VALID
    facts = DiscountFacts(
        f"gid://shopify/DiscountCodeNode/{number}",
        int(is_used),
        starts_at,
        ends_at,
        issued_at,
        (customer.id,),
        Decimal(points),
        "JPY",
    )
    entry = RecordEntry(status, None, None, issued_at, ends_at, None, None, None)
    code = CouponCode(f"{customer.id[-5:]}-{token}-{points}")
    return CatalogueRow(code, issued_at, customer, entry, facts)


def _customer(number: int) -> Customer:
    own = random.Random(number)
    is_japanese = own.random() < 0.7
    name = f"{own.choice(SURNAMES)} {own.choice(GIVEN)}" if is_japanese else own.choice(LATIN)
    email = f"{''.join(own.choices('abcdefghijklmnopqrstuvwxyz', k=7))}{own.randrange(1000)}@{own.choice(DOMAINS)}"
    phone = f"+8190{own.randrange(10**8):08d}"
    return Customer(f"gid://shopify/Customer/{3_000_000_000_000 + number * 20_000_003}", name, email, phone)


def _insert(connection: Connection, rows: list[CatalogueRow]) -> None:
    placed: dict[int, Facts] = {}
    for row in rows:
        facts = Facts(row.code.text).with_news(row, micros(row.updated_at))
        place = place_of(facts.code, facts.issued_at)
        while place in placed:
            place = next_place(place)
        placed[place] = facts
    words = [writing.words_of(place, facts) for place, facts in placed.items()]
    writing.carry_out(
        connection,
        writing.Plan(
            changed=len(placed),
            seen=[],
            gone=[],
            new=[{"id": place, **facts.columns()} for place, facts in placed.items()],
            same_place=[],
            reworded=[],
            texts=[text for text, _ in words],
            grams=[pairs for _, pairs in words if pairs is not None],
        ),
    )
