"""How long the window is deaf while the whole list is brought up to date and a hundred coupons are cancelled at once.

The shop is a process of its own. A bare window beside it listens at the same time: what that misses is the machine's doing.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.training import training_vault
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.status import CouponStatus
from coupon_desk.training.addresses import Addresses
from tests.benchmarks.figures import Figure, at_most
from tests.benchmarks.homes import LOGIN, PIN, furnished
from tests.benchmarks.scale import Scale
from tests.surroundings.display import screen

ROOT = Path(__file__).parents[2]
ONE_IN = 20
"""The shop has a coupon for so many of the catalogue: enough for the sync to last as long as the cancellations."""
BESIDE = "a bare window beside it, at the same time"


def figures(scale: Scale) -> Iterator[Figure]:
    with screen(scale.folder) as surroundings:
        environment = {**os.environ, **surroundings, "LC_ALL": "C.UTF-8"}
        heard = [_round(scale, environment, number) for number in range(max(1, scale.runs // 2))]

    def figure(name: str, key: str, limit_ms: float) -> Figure:
        runs = tuple((ours[key], max(0.01, beside[key])) for ours, beside in heard)
        return Figure.of_runs(name, runs, "ms", BESIDE, at_most(limit_ms))

    yield figure(f"longest gap, sync + {scale.parallel} cancellations", "longest_ms", 50.0)
    yield figure("99.9 % of what comes waits at most", "rare_ms", 16.0)


def _round(scale: Scale, environment: dict[str, str], number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the window and the bare one heard while the load lasted."""
    with _shop(max(scale.coupons // ONE_IN, 10 * scale.parallel)) as addresses:
        home = furnished(scale, addresses, f"home-{number}")
        codes = _unused(home, addresses, scale.parallel)
        module = [sys.executable, "-m", "tests.benchmarks.watched_load"]
        bare = subprocess.Popen([*module, "bare"], env=environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        desk = subprocess.run(
            [*module, "desk", str(home), addresses.to_json(), LOGIN, PIN, *codes],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        beside, _ = bare.communicate()
    if desk.returncode or not desk.stdout:
        raise ChildProcessError(f"the window ended with {desk.returncode}: {desk.stderr[-2000:]}")
    ours = json.loads(desk.stdout.splitlines()[-1])
    if ours["states"] != {"completed": len(codes)}:
        raise ChildProcessError(f"the load was not what it should have been: {ours}")
    return ours, json.loads(beside)


@contextmanager
def _shop(coupons: int) -> Iterator[Addresses]:
    command = [sys.executable, "-m", "coupon_desk", "training", "serve", "--coupons", str(coupons), "--parent-watch"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Addresses.from_json(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(timeout=20)
        process.stdout.close()


def _unused(home: Path, addresses: Addresses, count: int) -> list[str]:
    """Coupons of the shop that can be cancelled; the home learns of so many by the beginning of a sync."""
    with closing(sqlite3.connect(home / "desk.sqlite3")) as connection:
        (last,) = connection.execute("SELECT max(id) FROM coupons").fetchone()
    desk, stop = CouponDesk.open(home, secrets=training_vault(addresses)), threading.Event()

    def unused() -> list[str]:
        with closing(sqlite3.connect(home / "desk.sqlite3")) as connection:
            new = connection.execute("SELECT code FROM coupons WHERE id > ? ORDER BY id LIMIT ?", (last, 10 * count)).fetchall()
        known = (desk.catalogue.get(CouponCode.parse(code)) for (code,) in new)
        found = (coupon for coupon in known if coupon is not None and coupon.status is CouponStatus.UNUSED)
        return [coupon.code.text for coupon in islice(found, count)]

    def look(_progress: object) -> None:
        if len(unused()) == count:
            stop.set()

    desk.sync(full=True, on_progress=look, stop=stop)
    codes = unused()
    desk.close()
    if len(codes) < count:
        raise ValueError(f"the shop has {len(codes)} unused coupons for {count} cancellations")
    return codes
