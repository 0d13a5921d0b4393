"""The measuring itself: limits, noise and plots; and each subject once, so small that its figures mean nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.benchmarks.baseline import Baseline, this_machine
from tests.benchmarks.figures import Figure, Limit, at_least, at_most, ratio_at_least, ratio_at_most
from tests.benchmarks.plot import svg
from tests.benchmarks.scale import Scale
from tests.benchmarks.subjects import SUBJECTS, TOO_DEAR_FOR_THE_SUITE, measure

STEADY = ((1.0, 1.0), (1.02, 1.0), (1.04, 1.0))
WORSE = ((1.3, 1.0), (1.28, 1.0), (1.26, 1.0))
WORSE_AND_NOISY = ((1.6, 1.0), (1.3, 1.0), (1.0, 1.0))


def figure(runs: tuple[tuple[float, float], ...] = STEADY, limit: Limit | None = None) -> Figure:
    return Figure.of_runs("to the first row", runs, "s", "a bare window", limit)


@pytest.mark.parametrize(
    ("limit", "is_kept"),
    [
        (ratio_at_most(0.5), True),
        (ratio_at_most(0.3), False),
        (ratio_at_least(1 / 3), True),
        (ratio_at_least(0.5), False),
        (at_most(16), True),
        (at_most(7), False),
        (at_least(8), True),
        (at_least(9), False),
    ],
)
def test_a_limit_is_one_of_the_ratio_or_of_the_figure(limit: Limit, is_kept: bool) -> None:
    assert Figure("painted", 8.0, 20.0, "ms", "raw SQL", limit).keeps_limit is is_kept


def test_a_run_in_which_the_machine_was_slow_does_not_count_against_us() -> None:
    assert figure(((1.1, 1.0), (11.0, 10.0), (1.1, 1.0))).ratio == pytest.approx(1.1)


@pytest.mark.parametrize(("now", "found"), [(STEADY, []), (WORSE, ["start: to the first row"]), (WORSE_AND_NOISY, [])])
def test_a_regression_is_what_is_worse_beyond_the_noise(
    now: tuple[tuple[float, float], ...], found: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "baseline.json"
    Baseline.of({"start": [figure()]}, 500).write(file)
    assert list(Baseline.read(file).regressions({"start": [figure(now)]}, 500)) == found


def test_where_more_is_better_less_is_a_regression(tmp_path: Path) -> None:
    before = Baseline.of({"sync": [figure(WORSE, at_least(0.1))]}, 500)
    assert list(before.regressions({"sync": [figure(STEADY, at_least(0.1))]}, 500)) == ["sync: to the first row"]
    assert not Baseline.of({"sync": [figure(STEADY, at_least(0.1))]}, 500).regressions(
        {"sync": [figure(WORSE, at_least(0.1))]}, 500
    )


def test_ratios_of_another_size_are_not_compared_and_those_of_another_machine_less_strictly() -> None:
    before, now = Baseline.of({"start": [figure()]}, 500), {"start": [figure(WORSE)]}
    assert before.regressions(now, 500)
    assert not before.regressions(now, 1_000_000)
    assert not replace(before, machine="another").regressions(now, 500)
    assert before.machine == this_machine()


def test_what_is_kept_stays_when_something_else_is_measured() -> None:
    both = Baseline.of({"start": [figure()]}, 500).merged_with(Baseline.of({"sync": [figure()]}, 500))
    assert set(both.spans) == {"start: to the first row", "sync: to the first row"}


def test_a_plot_is_a_whole_svg_file_with_a_bar_and_the_limit_of_each_figure() -> None:
    root = ElementTree.fromstring(
        svg("Start & end", [figure(limit=ratio_at_most(1.3)), figure(WORSE, ratio_at_most(1.2)), figure()], "5 runs")
    )
    kinds = [element.get("class") for element in root.iter() if element.tag.endswith(("rect", "line"))]
    assert [kind for kind in kinds if kind not in {"back", "way"}] == ["kept", "limit", "missed", "limit", "plain"]


@pytest.mark.qt_log_ignore("does not support propagateSizeHints")  # what Qt says of a window in memory
@pytest.mark.parametrize("subject", sorted(SUBJECTS.keys() - TOO_DEAR_FOR_THE_SUITE))
def test_a_subject_can_be_measured(subject: str, tmp_path: Path) -> None:
    measured = measure(subject, Scale.smoke(tmp_path))
    assert measured
    assert len({one.name for one in measured}) == len(measured)
    for one in measured:
        assert one.figure >= 0
        assert one.reference > 0
