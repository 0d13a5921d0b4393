"""What was measured before, and whether it became worse beyond the noise.

Each figure is measured several times, so that its noise is known: the span from the lowest ratio to the highest. A regression
is a median that is worse than the kept one by more than `TOLERANCE`, while the best run of now is worse than the worst one of
then. A figure of one run has no span of its own and gets `ONE_RUN_NOISE`. On another machine than the kept one ratios travel,
but not exactly: there the tolerance is `OTHER_MACHINE`.
"""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.benchmarks.figures import Figure

KEPT = Path(__file__).parent / "baseline.json"
TOLERANCE = 0.10
OTHER_MACHINE = 0.50
ONE_RUN_NOISE = 0.15

Measured = dict[str, list[Figure]]


@dataclass(frozen=True, slots=True)
class Span:
    """The ratios of one figure."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, figure: Figure) -> Self:
        if len(figure.ratios) == 1:
            return cls(figure.ratio * (1 - ONE_RUN_NOISE), figure.ratio, figure.ratio * (1 + ONE_RUN_NOISE))
        return cls(min(figure.ratios), figure.ratio, max(figure.ratios))

    def __str__(self) -> str:
        return f"{self.median:.3g} × ({self.low:.3g}–{self.high:.3g})"

    def is_worse_than(self, before: Span, tolerance: float, *, wants_more: bool) -> bool:
        if wants_more:
            return self.median * (1 + tolerance) < before.median and self.high < before.low
        return self.median > before.median * (1 + tolerance) and self.low > before.high


@dataclass(frozen=True, slots=True)
class Baseline:
    """The ratios that were kept, by subject and name, and the machine and number of coupons they were measured with."""

    machine: str
    coupons: int
    spans: dict[str, Span]

    @classmethod
    def of(cls, measured: Measured, coupons: int) -> Self:
        return cls(this_machine(), coupons, {key: Span.of(figure) for key, figure in _by_key(measured).items()})

    @classmethod
    def read(cls, file: Path = KEPT) -> Self:
        """An empty one where none was kept."""
        if not file.exists():
            return cls(this_machine(), 0, {})
        told = json.loads(file.read_text(encoding="utf-8"))
        return cls(told["machine"], told["coupons"], {key: Span(*span) for key, span in told["ratios"].items()})

    def merged_with(self, newer: Baseline) -> Baseline:
        """The newer ratios, and the older ones of what wasn't measured again in the same circumstances."""
        if (self.machine, self.coupons) != (newer.machine, newer.coupons):
            return newer
        return Baseline(newer.machine, newer.coupons, self.spans | newer.spans)

    def write(self, file: Path = KEPT) -> None:
        ratios = {key: [span.low, span.median, span.high] for key, span in sorted(self.spans.items())}
        told = {"machine": self.machine, "coupons": self.coupons, "ratios": ratios}
        file.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def regressions(self, measured: Measured, coupons: int) -> dict[str, tuple[Span, Span]]:
        """Of each figure that became worse beyond the noise: what it was, and what it is. Other sizes aren't compared."""
        if coupons != self.coupons:
            return {}
        tolerance = TOLERANCE if self.machine == this_machine() else OTHER_MACHINE
        found = {}
        for key, figure in _by_key(measured).items():
            before, now = self.spans.get(key), Span.of(figure)
            if before is not None and now.is_worse_than(before, tolerance, wants_more=figure.wants_more):
                found[key] = before, now
        return found


def this_machine() -> str:
    """What ratios depend on."""
    processor = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        names = [line for line in information.read_text(encoding="utf-8").splitlines() if line.startswith("model name")]
        processor = names[0].partition(":")[2].strip() if names else processor
    return f"{processor}, {os.cpu_count()} cores, {platform.system()}, Python {'.'.join(platform.python_version_tuple()[:2])}"


def _by_key(measured: Measured) -> dict[str, Figure]:
    return {f"{subject}: {figure.name}": figure for subject, figures in measured.items() for figure in figures}
