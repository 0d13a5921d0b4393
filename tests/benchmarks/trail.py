"""Durable appends against bare commits of the same rows; verifying against hashing the same bytes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from hashlib import sha256

from coupon_desk.clock import SystemClock
from coupon_desk.storage.database import Database
from coupon_desk.trail.entry import NewEntry
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.trail import Trail
from tests.benchmarks.figures import Figure, alternately
from tests.benchmarks.scale import Scale

BODY = {"detail": {"text": "Unused, by every source.", "values": {}}, "points": 500}
ENTRY = NewEntry("step.done", BODY, "mika", "op-1", "verify")
APPENDED = 200


def figures(scale: Scale) -> Iterator[Figure]:
    database = Database.open(scale.folder / "trail.sqlite3")
    database.migrate()
    trail = Trail(database, Surroundings("bench"), SystemClock())
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE bare (value TEXT)")

    def append() -> None:
        for _ in range(APPENDED):
            trail.append(ENTRY)

    def commit() -> None:
        for _ in range(APPENDED):
            with database.write() as connection:
                connection.exec_driver_sql("INSERT INTO bare VALUES ('x')")

    each = APPENDED / 1000
    appended = alternately(lambda: seconds(append) / each, lambda: seconds(commit) / each, scale.runs)
    yield Figure.of_runs("one durable entry", appended, "ms", "a bare commit of one row")
    with trail.writing() as pen:
        for _ in range(scale.coupons // 20):
            pen.append(ENTRY)
    count, text = trail.head().sequence, b"x" * 400

    def hashed() -> None:
        for _ in range(count):
            sha256(text).hexdigest()

    each = count / 1000
    verified = alternately(lambda: seconds(trail.verify) / each, lambda: seconds(hashed) / each, scale.runs)
    yield Figure.of_runs("verifying one entry", verified, "ms", "hashing a text of 400 bytes")
    database.close()


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
