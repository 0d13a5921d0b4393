"""What the program promises, measured: `make bench`. Prints a table; fails on a missed limit and on a regression.

Every figure stands beside a reference measured in the same run on the same machine, because only the ratio travels. Figures
and plots are written to a folder; with `--keep` they become what later runs are compared with, and the plots of the docs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.baseline import Baseline, Measured
from tests.benchmarks.plot import svg
from tests.benchmarks.report import document, line
from tests.benchmarks.scale import CACHE, Scale
from tests.benchmarks.subjects import SUBJECTS, measure_alone

DOCS = Path(__file__).parents[2] / "docs"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, compare, keep; the exit status."""
    chosen = _options(arguments)
    scale = Scale.whole(chosen.out, chosen.coupons, chosen.runs)
    measured: Measured = {}
    broken: list[str] = []
    for subject in chosen.subjects or SUBJECTS:
        print(f"{SUBJECTS[subject]}", flush=True)
        try:
            measured[subject] = measure_alone(subject, scale)
        except Exception as wrong:  # the other subjects are measured all the same
            print(f"  ✗ could not be measured: {type(wrong).__name__}: {wrong}", flush=True)
            broken.append(subject)
            continue
        for figure in measured[subject]:
            print(line(figure), flush=True)
    before = Baseline.read()
    regressions = {} if chosen.keep else before.regressions(measured, scale.coupons)
    _write(measured, scale, chosen.out, document(measured, scale, regressions))
    for name, (then, now) in regressions.items():
        print(f"✗ {name}: {now}, was {then}")
    missed = [figure for figures in measured.values() for figure in figures if not figure.keeps_limit]
    print(f"{len(missed)} limits missed, {len(regressions)} regressions, {len(broken)} not measured; see {chosen.out}")
    if chosen.keep:
        before.merged_with(Baseline.of(measured, scale.coupons)).write()
        _plot(measured, scale, DOCS)
    return 1 if missed or regressions or broken else 0


def _write(measured: Measured, scale: Scale, folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "figures.json").write_text(text, encoding="utf-8")
    _plot(measured, scale, folder)


def _plot(measured: Measured, scale: Scale, folder: Path) -> None:
    note = f"Ratios and spreads of {scale.runs} runs; {scale.coupons:,} coupons, {scale.customers:,} customers. make bench"
    for subject, figures in measured.items():
        (folder / f"speed-{subject}.svg").write_text(svg(SUBJECTS[subject], figures, note), encoding="utf-8")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__, prog="make bench")
    options.add_argument("subjects", nargs="*", metavar="SUBJECT", help=f"all unless named: {', '.join(SUBJECTS)}")
    options.add_argument("--coupons", type=int, default=1_000_000)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--keep", action="store_true", help="later runs are compared with this one; put its plots into docs/")
    options.add_argument("--out", type=Path, default=CACHE / "last", help="where figures.json and the plots go")
    chosen = options.parse_args(arguments)
    unknown = set(chosen.subjects) - set(SUBJECTS)
    if unknown:
        options.error(f"unknown: {', '.join(sorted(unknown))}")
    return chosen


if __name__ == "__main__":
    sys.exit(main())
