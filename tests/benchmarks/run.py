"""What the program promises, measured: `make bench`. Prints a table, and one JSON document with `--json FILE`.

Every figure stands beside a reference measured in the same run on the same machine, because only the ratio travels.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.training import training_config, training_vault
from coupon_desk.cancellation.operation import CancelRequest, OperationKind, OperationState
from coupon_desk.clock import SystemClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.people.operators import NewOperator
from coupon_desk.people.roles import Role
from coupon_desk.storage.database import Database
from coupon_desk.trail.entry import NewEntry
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.trail import Trail
from coupon_desk.training.shop import TrainingShop

ROUND_TRIP_SECONDS = 0.1
DEPENDENT_ROUND_TRIPS = 7
"""Discount and record, history, claim, switch off, look again at all, add, record: each needs the one before."""


@dataclass(frozen=True)
class Figure:
    """One measured figure and its reference, both in `unit`; `ratio` is figure over reference."""

    name: str
    figure: float
    reference: float
    unit: str
    against: str

    @property
    def ratio(self) -> float:
        return self.figure / self.reference


def seconds(work: Callable[[], object], runs: int = 5) -> float:
    """The median wall time of several runs."""
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def start_of_the_window() -> Iterator[Figure]:
    """Process start to the first paint, against a bare PySide6 window with a table."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    bare = (
        "from PySide6.QtWidgets import QApplication, QMainWindow, QTableView\n"
        "from PySide6.QtCore import QTimer\n"
        "a = QApplication([]); w = QMainWindow(); w.setCentralWidget(QTableView()); w.show()\n"
        "QTimer.singleShot(0, a.quit); a.exec()"
    )
    ours = "import coupon_desk.desk.application"

    def run(code: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True)

    yield Figure("imports of the window", seconds(run(ours)), seconds(run(bare)), "s", "a bare PySide6 table window")


def the_trail(folder: Path) -> Iterator[Figure]:
    """Durable appends against bare commits of the same rows; verifying against hashing the same bytes."""
    database = Database.open(folder / "trail.sqlite3")
    database.migrate()
    trail = Trail(database, Surroundings("bench"), SystemClock())
    body = {"detail": {"text": "Unused, by every source.", "values": {}}, "points": 500}
    append = seconds(lambda: [trail.append(NewEntry("step.done", body, "mika", "op-1", "verify")) for _ in range(200)]) / 200
    with trail.writing() as pen:
        for _ in range(50_000):
            pen.append(NewEntry("step.done", body, "mika", "op-1", "verify"))
    count = trail.head().sequence
    verify = count / seconds(trail.verify, runs=3)
    text = b"x" * 400
    hashed = count / seconds(lambda: [sha256(text).hexdigest() for _ in range(count)], runs=3)
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE bare (value TEXT)")

    def commit() -> None:
        for _ in range(200):
            with database.write() as connection:
                connection.exec_driver_sql("INSERT INTO bare VALUES ('x')")

    bare = seconds(commit) / 200
    database.close()
    yield Figure("one durable entry", append * 1000, bare * 1000, "ms", "a bare commit of one row")
    yield Figure("verifying the trail", verify, hashed, "entries/s", "hashing as many 400-byte texts")


def one_cancellation(folder: Path) -> Iterator[Figure]:
    """A whole cancellation at a simulated round trip, against the round trips that depend on each other."""
    pin, settle_seconds = "482915", 1.0
    with TrainingShop.start(coupons=100, seed=7) as shop:
        (folder / "config.toml").write_text(training_config(shop.addresses), encoding="utf-8")
        desk = CouponDesk.open(folder, secrets=training_vault(shop.addresses))
        desk.people.add(NewOperator("owner", "Kenji Watanabe", Role.ADMIN, pin), None)
        session = desk.people.sign_in("owner", pin)
        desk.sync(full=True)
        shop.latency_seconds = ROUND_TRIP_SECONDS
        code = CouponCode.parse(str(shop.showcase.example.code))
        request = CancelRequest(code, OperationKind.CANCEL, Reason.CUSTOMER_REQUEST, "benchmark")
        start = time.perf_counter()
        operation = desk.cancel(request, session)
        taken = time.perf_counter() - start
        desk.close()
        if operation.state is not OperationState.COMPLETED:
            raise RuntimeError(f"the cancellation ended {operation.state}")
    least = DEPENDENT_ROUND_TRIPS * ROUND_TRIP_SECONDS + settle_seconds
    yield Figure(
        "one cancellation, e-mail included", taken, least, "s", f"{DEPENDENT_ROUND_TRIPS} round trips of 100 ms + settle"
    )


def main() -> None:
    """Measure, print, keep."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", type=Path)
    options.add_argument("--rows", type=int, default=1_000_000, help="coupons for the search")
    chosen = options.parse_args()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for measure in (start_of_the_window(), the_trail(folder), one_cancellation(folder)):
            for figure in measure:
                figures.append(figure)
                print(
                    f"{figure.name:34} {figure.figure:12.4g} {figure.unit:10} "
                    f"{figure.ratio:6.2f} × {figure.reference:.4g} ({figure.against})"
                )
    if chosen.json:
        told = [{**asdict(figure), "ratio": figure.ratio} for figure in figures]
        chosen.json.write_text(json.dumps(told, indent=2), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "tests.benchmarks.search", str(chosen.rows)], check=True)


if __name__ == "__main__":
    main()
