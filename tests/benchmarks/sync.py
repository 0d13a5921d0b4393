"""The first sync of a big shop against reading the same lines with `json` and inserting them with `sqlite3`; and its memory."""

from __future__ import annotations

import json
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from coupon_desk.catalogue.catalogue import Catalogue
from coupon_desk.catalogue.full_load import FullLoad
from coupon_desk.clock import SystemClock
from coupon_desk.storage.database import Database
from tests.benchmarks.exported import ReadyExports, bulk_file
from tests.benchmarks.figures import Figure, alternately, ratio_at_least, ratio_at_most
from tests.benchmarks.scale import Scale
from tests.surroundings.migrated import migrated

LEAST = 1_000
"""With fewer coupons nothing is measured but that the measuring works: a process of its own would be a waste."""


def figures(scale: Scale) -> Iterator[Figure]:
    customers, discounts = bulk_file(scale)
    coupons = scale.coupons

    def ours() -> float:
        with tempfile.TemporaryDirectory(dir=scale.folder) as folder:
            return coupons / load(Path(folder), customers, discounts, coupons)

    def reference() -> float:
        with tempfile.TemporaryDirectory(dir=scale.folder) as folder:
            return coupons / plain(Path(folder), customers, discounts)

    runs = alternately(ours, reference, min(scale.runs, 2))
    yield Figure.of_runs("first sync", runs, "coupons/s", "json and sqlite3, one table, same indexes", ratio_at_least(1 / 3))
    small = Scale(max(coupons // 10, 50), scale.bulk, scale.parallel, 1, scale.folder, scale.cache)
    most, least = (peak(scale.folder, *bulk_file(each), each.coupons) for each in (scale, small))
    against = f"the same with {small.coupons:,} coupons"
    yield Figure("memory of the first sync", most, least, "MiB", against, ratio_at_most(1.25))


def load(folder: Path, customers: Path, discounts: Path, coupons: int) -> float:
    """Seconds until a home has its whole catalogue, indexes and full text with it."""
    home = Database.open(migrated(folder / "desk.sqlite3"))
    catalogue = Catalogue(home, SystemClock())
    exports = ReadyExports(customers, discounts, coupons)
    start = time.perf_counter()
    whole = FullLoad(catalogue, exports, SystemClock(), "JPY", lambda _: None, lambda _: None, lambda: False, 1).run(None)
    taken = time.perf_counter() - start
    with catalogue.place.database.read() as connection:
        (found,) = connection.exec_driver_sql("SELECT count(*) FROM coupons").one()
    catalogue.close()
    home.close()
    if (whole.is_finished, found) != (True, coupons):
        raise RuntimeError(f"{found} of {coupons} coupons")
    return taken


def plain(folder: Path, customers: Path, discounts: Path) -> float:
    """Seconds that it takes to read the same lines and to insert a row of the same columns for each coupon."""
    home = Database.open(migrated(folder / "desk.sqlite3"))
    schema = [(kind, sql) for kind, name, sql in Catalogue(home, SystemClock()).place.schema() if "coupon_" not in name]
    home.close()
    file = sqlite3.connect(folder / "plain.sqlite3")
    for _, sql in (each for each in schema if each[0] == "table"):
        file.execute(sql)
    for _, sql in (each for each in schema if each[0] == "index"):
        file.execute(sql)
    names = [row[1] for row in file.execute("PRAGMA table_info(coupons)")]
    insert = f"INSERT INTO coupons ({', '.join(names)}) VALUES ({', '.join(':' + name for name in names)})"
    start = time.perf_counter()
    file.executemany(insert, _rows(customers, discounts))
    file.commit()
    taken = time.perf_counter() - start
    file.close()
    return taken


def peak(folder: Path, customers: Path, discounts: Path, coupons: int) -> float:
    """The most memory that a process needs that does nothing else, in MiB."""
    if coupons < LEAST:
        return _peak(folder, customers, discounts, coupons)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        return alone.submit(_peak, folder, customers, discounts, coupons).result()


def _peak(folder: Path, customers: Path, discounts: Path, coupons: int) -> float:
    with tempfile.TemporaryDirectory(dir=folder) as own:
        load(Path(own), customers, discounts, coupons)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _rows(customers: Path, discounts: Path) -> Iterator[dict[str, Any]]:
    """What anybody would write: the records by their codes in a dictionary, then a row for each discount."""
    records: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    with customers.open(encoding="utf-8") as lines:
        for line in lines:
            customer = json.loads(line)
            for entry in json.loads(customer["record"]["value"]):
                records[entry["code"]] = customer, entry
    parents: dict[str, dict[str, Any]] = {}
    with discounts.open(encoding="utf-8") as lines:
        for place, line in enumerate(lines):
            told = json.loads(line)
            if "discount" in told:
                parents[told["id"]] = told["discount"]
                continue
            code, discount = told["code"], parents.pop(told["__parentId"])
            customer, entry = records[code]
            yield {
                "id": place,
                "code": code,
                "code_key": code.replace("-", "").lower(),
                "customer_id": customer["id"],
                "customer_key": customer["id"][:-14:-1],
                "customer_sort": customer["displayName"],
                "customer_name": customer["displayName"],
                "customer_email": customer["defaultEmailAddress"]["emailAddress"],
                "customer_phone": customer["defaultPhoneNumber"]["phoneNumber"],
                "currency": "JPY",
                "own_status": None,
                "record_status": entry["status"],
                "record_claimed": 0,
                "record_amount": str(entry["amount"]),
                "record_issued_at": entry["issued_at"],
                "record_expires_at": entry["expires_at"],
                "record_seen_at": 0,
                "discount_id": told["__parentId"],
                "discount_usage": told["asyncUsageCount"],
                "discount_amount": discount["customerGets"]["value"]["amount"]["amount"],
                "discount_created_at": discount["createdAt"],
                "discount_starts_at": discount["startsAt"],
                "discount_ends_at": discount["endsAt"],
                "discount_seen_at": 0,
                "discount_missing": 0,
                "updated_at": discount["updatedAt"],
                "standing": entry["status"],
                "shelf": entry["status"],
                "issued_at": entry["issued_at"],
                "starts_at": discount["startsAt"],
                "expires_at": discount["endsAt"] or "",
                "points": entry["points"],
                "form": 2,
            }
