"""One measured figure beside its reference, and what is demanded of it."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

Runs = tuple[tuple[float, float], ...]
"""Of each run the figure and its reference, measured one after the other so that both saw the same machine."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What the issue demands, of the ratio or of the figure itself."""

    value: float
    of_ratio: bool
    at_least: bool

    def is_kept(self, figure: Figure) -> bool:
        measured = figure.ratio if self.of_ratio else figure.figure
        return measured >= self.value if self.at_least else measured <= self.value

    def text(self, unit: str) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.value:.4g} {'×' if self.of_ratio else unit}"


def ratio_at_most(value: float) -> Limit:
    return Limit(value, of_ratio=True, at_least=False)


def ratio_at_least(value: float) -> Limit:
    return Limit(value, of_ratio=True, at_least=True)


def at_most(value: float) -> Limit:
    """In the figure's unit."""
    return Limit(value, of_ratio=False, at_least=False)


def at_least(value: float) -> Limit:
    """In the figure's unit."""
    return Limit(value, of_ratio=False, at_least=True)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure and its reference, both in `unit`. Only the ratio travels from one machine to another.

    `against` says what the reference is. `runs` are what the two are the medians of, where it was measured several times.
    `more_is_better` is for a figure without a limit; a limit says it itself.
    """

    name: str
    figure: float
    reference: float
    unit: str
    against: str
    limit: Limit | None = None
    runs: Runs = ()
    more_is_better: bool = False

    @classmethod
    def of_runs(cls, name: str, runs: Runs, unit: str, against: str, limit: Limit | None = None) -> Self:
        """The medians of several runs."""
        figure = statistics.median(run[0] for run in runs)
        return cls(name, figure, statistics.median(run[1] for run in runs), unit, against, limit, runs)

    @property
    def ratio(self) -> float:
        """The median of the runs' ratios: a run in which the machine was slow was slow for both."""
        return statistics.median(self.ratios)

    @property
    def ratios(self) -> tuple[float, ...]:
        return tuple(figure / reference for figure, reference in self.runs or ((self.figure, self.reference),))

    @property
    def wants_more(self) -> bool:
        return self.limit.at_least if self.limit is not None else self.more_is_better

    @property
    def keeps_limit(self) -> bool:
        return self.limit is None or self.limit.is_kept(self)


def alternately(figure: Callable[[], float], reference: Callable[[], float], runs: int) -> Runs:
    """Both measured in turn; where there are several runs, one more before them, which only warms the machine."""
    measured = tuple((figure(), reference()) for _ in range(runs + (runs > 1)))
    return measured[-runs:]
