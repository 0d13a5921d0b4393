"""The search, each kind of it: the 99th percentile against the best bare SQL for the same question on the same file.

Each is asked with another text each time, so that no cache answers. The bare SQL is one statement that goes straight to the
right index, because whoever wrote it knew what was typed; it fetches what the table shows, and makes nothing of it.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from coupon_desk.catalogue.asking import question
from coupon_desk.catalogue.catalogue import Catalogue
from coupon_desk.catalogue.facts import SHOWN
from coupon_desk.catalogue.folding import fold, gram_word
from coupon_desk.catalogue.query import CouponQuery, Sort, SortBy, StatusFilter
from coupon_desk.clock import SystemClock
from coupon_desk.storage.database import Database
from tests.benchmarks.figures import Figure, Limit, at_most
from tests.benchmarks.population import GIVEN, LATIN, POINTS, SURNAMES, catalogue_file
from tests.benchmarks.scale import Scale

BY_INDEX_MS, ANYWHERE_MS = at_most(6.0), at_most(35.0)
"""What the question may take of a frame of 16 ms, and of the 50 ms of a search anywhere; the rest is for painting."""

MOST_ASKED = 40
"""In each run; the slowest of them is what is told."""

_COLUMNS = ", ".join(f"coupons.{name}" for name in SHOWN)
_SHELVES = "coupons.shelf IN ('open', 'used', 'cancelled', 'attention')"


def _bare(table: str, *where: str, order: str = "coupons.id DESC") -> str:
    return question(_COLUMNS, table, where, order=order, limit="100")


def _bare_text(index: str) -> str:
    table = f"{index} CROSS JOIN coupons ON coupons.id = {index}.rowid"
    return _bare(table, f"{index} MATCH :text", order=f"{index}.rowid DESC")


_CODES = "coupons INDEXED BY ix_coupons_shelf_code"
EXACT = _bare(_CODES, _SHELVES, "code_key = :text", order="+id DESC")
PREFIX = _bare(_CODES, _SHELVES, "code_key >= :text", "code_key < :text || '~'", order="+id DESC")
CUSTOMER = _bare("coupons", "customer_key >= :text", "customer_key < :text || '~'", order="+id DESC")
ANYWHERE, IN_NAMES = _bare_text("coupon_text"), _bare_text("coupon_grams")
NEWEST = _bare("coupons")


@dataclass(frozen=True)
class Kind:
    """One kind of search: what is asked, and the bare SQL with what it is given."""

    name: str
    query: Callable[[], CouponQuery]
    sql: str
    given: Callable[[str], str] = fold
    limit: Limit | None = BY_INDEX_MS


def figures(scale: Scale) -> Iterator[Figure]:
    file = catalogue_file(scale)
    database = Database.open(file)
    catalogue = Catalogue(database, SystemClock())
    asked = min(MOST_ASKED, scale.coupons // 500)
    with closing(sqlite3.connect(file)) as bare:
        bare.execute("PRAGMA mmap_size=268435456")
        for kind in kinds(Sample(bare)):
            runs = tuple(_run(catalogue, bare, kind, asked) for _ in range(scale.runs + 1))[1:]
            yield Figure.of_runs(f"search: {kind.name}, p99", runs, "ms", "bare SQL that knows what was typed", kind.limit)
    yield from _counting(catalogue, scale)
    database.close()


class Sample:
    """Texts to type, from coupons all over the catalogue."""

    def __init__(self, bare: sqlite3.Connection) -> None:
        lowest, highest = bare.execute("SELECT min(id), max(id) FROM coupons").fetchone()
        self._chance = chance = random.Random(7)
        places = [chance.randint(lowest, highest) for _ in range(2000)]
        near = question("code, customer_id, customer_email, customer_phone", "coupons", ["id <= ?"], order="id DESC", limit="1")
        self._rows: list[Sequence[Any]] = [bare.execute(near, (place,)).fetchone() for place in places]

    def code(self) -> str:
        return str(self._chance.choice(self._rows)[0])

    def number(self) -> str:
        return str(self._chance.choice(self._rows)[1]).rsplit("/", 1)[1]

    def email(self) -> str:
        return str(self._chance.choice(self._rows)[2])

    def phone(self) -> str:
        return "0" + str(self._chance.choice(self._rows)[3])[3:]

    def of(self, texts: Sequence[str]) -> str:
        return self._chance.choice(texts)

    def nothing(self) -> str:
        return f"qq{self._chance.randrange(10**6)}zz"


def kinds(sample: Sample) -> list[Kind]:
    """Everything that is measured."""

    def beginning(size: int) -> Callable[[], CouponQuery]:
        return lambda: CouponQuery(fold(sample.code())[:size], may_be_short=True)

    def typed(text: Callable[[], str], **more: Any) -> Callable[[], CouponQuery]:
        return lambda: replace(CouponQuery(text()), **more)

    def backwards(text: str) -> str:
        return text[::-1]

    def phrase(text: str) -> str:
        return f'"{fold(text)}"'

    def word(text: str) -> str:
        return gram_word(fold(text))

    month = timedelta(days=30)
    now = datetime.now(UTC)
    ranges = {"issued_from": now - 12 * month, "issued_until": now - 6 * month, "points_from": 500, "points_until": 1000}
    unused = {"statuses": frozenset({StatusFilter.UNUSED})}
    full_name = lambda: sample.of(SURNAMES) + sample.of(GIVEN)  # noqa: E731
    found_anywhere = [
        Kind("beginning of a customer's number", typed(lambda: sample.number()[:8]), ANYWHERE, phrase),
        Kind("middle of a code", typed(lambda: sample.code().split("-")[1]), ANYWHERE, phrase),
        Kind("part of an e-mail", typed(lambda: sample.email()[1:6]), ANYWHERE, phrase),
        Kind("whole e-mail", typed(sample.email), ANYWHERE, phrase),
        Kind("phone", typed(sample.phone), ANYWHERE, phrase),
        Kind("Latin name", typed(lambda: sample.of(LATIN)), ANYWHERE, phrase),
        Kind("Japanese full name", typed(full_name), ANYWHERE, phrase),
        Kind("two Japanese characters", typed(lambda: sample.of(SURNAMES)[:2]), IN_NAMES, word),
        Kind("one Japanese character", typed(lambda: sample.of(SURNAMES)[0]), IN_NAMES, word),
        Kind("a quarter of all", typed(lambda: "gmail"), ANYWHERE, phrase),
        Kind("a quarter of all, unused", typed(lambda: "gmail", **unused), ANYWHERE, phrase),
        Kind("a quarter of all, within ranges", typed(lambda: "gmail", **ranges), ANYWHERE, phrase),
        Kind("a Latin name, by points", typed(lambda: sample.of(LATIN), sort=Sort(SortBy.POINTS)), ANYWHERE, phrase),
        Kind("nothing fits", typed(sample.nothing), ANYWHERE, phrase),
    ]
    return [
        Kind("newest page", typed(str), NEWEST),
        *(Kind(f"newest page, {status}", typed(str, statuses=frozenset({status})), NEWEST) for status in StatusFilter),
        Kind("expiring within 30 days", typed(str, expiring_days=30), NEWEST),
        *(Kind(f"by {by}", typed(str, sort=Sort(by)), NEWEST) for by in SortBy if by is not SortBy.FIT),
        Kind("within ranges, by customer", typed(str, sort=Sort(SortBy.CUSTOMER), **ranges), NEWEST, limit=ANYWHERE_MS),
        Kind("whole code", typed(sample.code), EXACT),
        *(Kind(f"{size} characters of a code", beginning(size), PREFIX) for size in (1, 2, 3, 5, 8)),
        Kind("customer's number", typed(sample.number), CUSTOMER, backwards),
        Kind("7 last digits of a number", typed(lambda: sample.number()[-7:], may_be_short=True), CUSTOMER, backwards),
        *(replace(kind, limit=ANYWHERE_MS) for kind in found_anywhere),
    ]


def _run(catalogue: Catalogue, bare: sqlite3.Connection, kind: Kind, asked: int) -> tuple[float, float]:
    ours, raw = [], []
    for _ in range(asked):
        query = kind.query()
        ours.append(_milliseconds(lambda: catalogue.search(query)))  # noqa: B023
        given = {"text": kind.given(query.text)}
        raw.append(_milliseconds(lambda: bare.execute(kind.sql, given).fetchall()))  # noqa: B023
    return max(ours), max(raw)


def _counting(catalogue: Catalogue, scale: Scale) -> Iterator[Figure]:
    asked = {
        "of all": CouponQuery(),
        "within a range of points": CouponQuery(points_from=POINTS[1], points_until=POINTS[2]),
        "of a quarter of all": CouponQuery("gmail"),
        "of a name": CouponQuery(SURNAMES[0]),
    }
    for name, query in asked.items():
        runs = []
        for _ in range(scale.runs + 1):
            counted = _milliseconds(lambda: catalogue.counts(query))  # noqa: B023
            page = _milliseconds(lambda: catalogue.search(query))  # noqa: B023
            runs.append((counted, page))
        yield Figure.of_runs(f"counts {name}", tuple(runs[1:]), "ms", "the first page of the same")


def _milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000
