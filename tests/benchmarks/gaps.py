"""How long the window is deaf while the whole list is brought up to date and a hundred coupons are cancelled at once.

The shop is a process of its own. A bare window beside it listens at the same time: what that misses is the machine's doing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from coupon_desk.training.addresses import Addresses
from coupon_desk.training.generated import Fate, Generated
from coupon_desk.training.showcase import SHOWCASE_DISCOUNTS
from tests.benchmarks.figures import Figure, at_most
from tests.benchmarks.homes import LOGIN, PIN, furnished
from tests.benchmarks.scale import Scale
from tests.surroundings.display import screen

ROOT = Path(__file__).parents[2]
ONE_IN = 20
"""The shop has a coupon for so many of the catalogue: enough for the sync to last as long as the cancellations."""
SEED = 7
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
    size = max(scale.coupons // ONE_IN, 10 * scale.parallel)
    with _shop(size) as addresses:
        home = furnished(scale, addresses, f"home-{number}")
        codes = _unused(size, scale.parallel)
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
    command = [
        sys.executable,
        "-m",
        "coupon_desk",
        "training",
        "serve",
        "--coupons",
        str(coupons),
        "--seed",
        str(SEED),
        "--parent-watch",
    ]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Addresses.from_json(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(timeout=20)
        process.stdout.close()


def _unused(size: int, count: int) -> list[str]:
    """The newest of the shop's coupons that can be cancelled."""
    made = Generated(size - SHOWCASE_DISCOUNTS, SEED, datetime.now(UTC))
    newest = (made.coupon(index) for index in range(made.size - 1, -1, -1))
    return [coupon.code for coupon in islice((one for one in newest if one.fate is Fate.KEPT), count)]
