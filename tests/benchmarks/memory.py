"""The memory that the window takes with few, many and a million coupons, after somebody has paged and searched for a while.

The reference is a bare window with a table in a process that has loaded the libraries which the program works with.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.benchmarks.figures import Figure, alternately, ratio_at_most
from tests.benchmarks.homes import LOGIN, PIN, furnished
from tests.benchmarks.scale import Scale
from tests.surroundings.display import screen

ROOT = Path(__file__).parents[2]
SHARES = (100, 10, 1)
MEBIBYTE = 2**20


def figures(scale: Scale) -> Iterator[Figure]:
    with screen(scale.folder) as surroundings:
        environment = {**os.environ, **surroundings, "LC_ALL": "C.UTF-8", "DBUS_SESSION_BUS_ADDRESS": "disabled:"}
        for share in SHARES if scale.coupons > 10_000 else SHARES[-1:]:
            smaller = replace(scale, coupons=scale.coupons // share)
            home = furnished(smaller, name=f"home-{smaller.coupons}")
            ours = partial(resident, environment, "desk", str(home), LOGIN, PIN)
            runs = alternately(ours, partial(resident, environment, "bare"), max(1, scale.runs // 2))
            name = f"resident memory with {smaller.coupons:,} coupons"
            yield Figure.of_runs(name, runs, "MiB", "a bare window and the same libraries", ratio_at_most(1.6))


def resident(environment: dict[str, str], *who: str) -> float:
    command = [sys.executable, "-m", "tests.benchmarks.watched_memory", *who]
    run = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    if run.returncode or not run.stdout:
        raise ChildProcessError(f"{who[0]} ended with {run.returncode}: {run.stderr[-2000:]}")
    return int(run.stdout) / MEBIBYTE
