"""The start of the program, as processes on a display of their own, against a bare PySide6 window with a table.

From the start of the process to the first picture; to the field that takes the PIN; and how long a person waits for the first
rows in all: for that field, and again after the PIN. Between the two they type, and the program loads what is heavy. How long
it takes when nobody has to type, because a robot does it at once, is told too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.benchmarks.figures import Figure, ratio_at_most
from tests.benchmarks.homes import PIN, furnished
from tests.benchmarks.scale import Scale
from tests.surroundings.display import screen

BARE = "a bare PySide6 table window"
Moments = dict[str, float]


def figures(scale: Scale) -> Iterator[Figure]:
    home = str(furnished(scale))
    with screen(scale.folder) as surroundings:
        environment = {**os.environ, **surroundings, "LC_ALL": "C.UTF-8", "DBUS_SESSION_BUS_ADDRESS": "disabled:"}
        watch = partial(moments, environment)
        rounds = [
            (watch("bare"), watch("typed", home, PIN), watch("robot", home, PIN)) for _ in range(scale.runs + (scale.runs > 1))
        ]
    # The first ones read everything from the disk.
    bare, typed, robot = zip(*(rounds[1:] if scale.runs > 1 else rounds), strict=True)

    def figure(name: str, of: Callable[[Moments], float], watched: tuple[Moments, ...], limit: float | None = None) -> Figure:
        runs = tuple((of(one), floor["picture"]) for one, floor in zip(watched, bare, strict=True))
        return Figure.of_runs(name, runs, "s", BARE, ratio_at_most(limit) if limit else None)

    yield figure("start to the first picture", lambda seen: seen["picture"], typed, 1.3)
    yield figure("start to the field for the PIN", lambda seen: seen["door"], typed)
    yield figure("waiting for the first rows", lambda seen: seen["door"] + seen["rows"] - seen["enter"], typed, 2.5)
    yield figure("start to the first rows, PIN by a robot", lambda seen: seen["rows"], robot)


def moments(environment: dict[str, str], who: str, *told: str) -> Moments:
    """When what was seen, in seconds since the process was started."""
    command = [sys.executable, "-m", "tests.benchmarks.watched_start", who, *told]
    root = Path(__file__).parents[2]
    start = time.monotonic()
    run = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, check=False, timeout=60)
    if run.returncode:
        raise ChildProcessError(f"{who} ended with {run.returncode}: {run.stderr[-2000:]}")
    return {name: float(moment) - start for name, moment in map(str.split, run.stdout.splitlines())}
