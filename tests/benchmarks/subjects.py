"""What is measured, by name: each is the module of that name here, with `figures(scale)`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

from tests.benchmarks.figures import Figure
from tests.benchmarks.scale import Scale

SUBJECTS = {
    "start": "The start of the window",
    "gaps": "The window under load",
    "memory": "Memory",
    "search": "The search",
    "cancellation": "One cancellation",
    "bulk": "Many cancellations",
    "keystroke": "From the key to the painted rows",
    "trail": "The trail",
    "sync": "The first sync",
}

TOO_DEAR_FOR_THE_SUITE = frozenset({"gaps", "memory"})
"""They start several windows and a shop as processes each."""


def measure(subject: str, scale: Scale) -> list[Figure]:
    """Measure one subject in this process."""
    figures: Iterator[Figure] = import_module(f"tests.benchmarks.{subject}").figures(scale)
    return list(figures)


def measure_alone(subject: str, scale: Scale) -> list[Figure]:
    """Measure one subject in a process and a folder of its own, so that none sees what another left behind."""
    with tempfile.TemporaryDirectory(prefix=f"{subject}-") as folder:
        own = replace(scale, folder=Path(folder))
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            return alone.submit(measure, subject, own).result()
