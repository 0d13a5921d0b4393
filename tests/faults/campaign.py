"""The campaign: many broken runs of the real program on the training shop, on all cores, and what they came to.

`make campaign RUNS=10000`, or `python -m tests.faults.campaign --runs 10000`. A seed that breaks a promise is printed with the
command that replays it. With `--mutant` a safeguard is taken out, and the campaign has to find it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import queue
import signal
import sys
import traceback
from collections.abc import Iterator
from itertools import count, islice
from typing import Final

from coupon_desk.cancellation.operation import OperationKind
from tests.faults.bench import Bench
from tests.faults.drawing import drawn
from tests.faults.mutants import SAFEGUARDS
from tests.faults.one_run import Run
from tests.faults.outcome import Outcome
from tests.faults.promises import Broken, Violation
from tests.faults.tally import Tally

TELL_EVERY: Final = 200
EVERY: Final = "every"
NOT_RUN: Final = "not run"
SILENCE_SECONDS: Final = 300.0


def main() -> int:
    """Run the campaign; 1 where a promise was broken, or where a missing safeguard was not noticed."""
    asked = _asked()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if asked.mutant is None:
        return 1 if _is_broken(asked, None) else 0
    noticed = {name: _is_broken(asked, name) for name in (SAFEGUARDS if asked.mutant == EVERY else (asked.mutant,))}
    for name, was_noticed in noticed.items():
        _say(f"without {name}: {'noticed' if was_noticed else 'NOT NOTICED'}")
    return 0 if all(noticed.values()) else 1


def _is_broken(asked: argparse.Namespace, mutant: str | None) -> bool:
    """Run the seeds and say what came of it; without a safeguard only up to the first promise that is broken."""
    tally = Tally()
    for outcome in outcomes(chosen(asked), asked.workers, mutant):
        tally.add(outcome)
        for violation in outcome.violations:
            _say(f"seed {outcome.seed}: {violation.broken.value}: {violation.what}")
        if outcome.violations:
            _say(f"  replay it: {_replay(outcome, mutant)}")
            if mutant is not None:
                _say(tally.line)
                return outcome.state != NOT_RUN
        if tally.runs % TELL_EVERY == 0:
            _say(tally.line)
    for line in tally.lines() if mutant is None else (tally.line,):
        _say(line)
    return bool(tally.broken)


def chosen(asked: argparse.Namespace) -> tuple[int, ...]:
    """So many seeds from the first on: all, or those of one kind, or those in which a desk takes over from another."""

    def fits(seed: int) -> bool:
        plan = drawn(seed)
        return asked.kind in {None, plan.kind} and (plan.takes_over or not asked.taking_over)

    is_any = asked.kind is None and not asked.taking_over
    return tuple(islice((seed for seed in count(asked.seed) if is_any or fits(seed)), asked.runs))


def outcomes(seeds: tuple[int, ...], workers: int, mutant: str | None) -> Iterator[Outcome]:
    """The outcomes of these seeds, in the order in which they end."""
    context = multiprocessing.get_context("spawn")
    ended: multiprocessing.Queue[Outcome] = context.Queue()
    workers = max(1, min(workers, len(seeds)))
    processes = [context.Process(target=_work, args=(seeds[number::workers], mutant, ended)) for number in range(workers)]
    for process in processes:
        process.start()
    try:
        for _ in seeds:
            yield ended.get(timeout=SILENCE_SECONDS)
        for process in processes:
            process.join(SILENCE_SECONDS)
    except queue.Empty:
        raise TimeoutError("no run has ended for a long time") from None
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


def _work(seeds: tuple[int, ...], mutant: str | None, ended: multiprocessing.Queue[Outcome]) -> None:
    # Ended from outside, it still takes its folder and its processes with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with Bench() as bench:
        for seed in seeds:
            outcome = run_seed(bench, seed, mutant)
            if mutant is not None and outcome.violations and outcome.state != NOT_RUN and run_seed(bench, seed).violations:
                outcome.violations.clear()  # it goes wrong with every safeguard too: that is not what is missing
            ended.put(outcome)


def run_seed(bench: Bench, seed: int, mutant: str | None = None) -> Outcome:
    """One run; an error of the campaign itself counts as one that breaks a promise."""
    try:
        return Run(bench, drawn(seed), mutant).carry_out()
    except Exception:
        return Outcome(seed, NOT_RUN, [Violation(Broken.UNTRUE, f"the campaign failed: {traceback.format_exc()}")])


def _replay(outcome: Outcome, mutant: str | None) -> str:
    taken_out = f" MUTANT={mutant}" if mutant else ""
    again = "" if outcome.replays_exactly else "   (not to the moment: it has two desks, a random kill or real time)"
    return f"make campaign SEED={outcome.seed} RUNS=1{taken_out}{again}"


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make campaign", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000, help="how many seeds")
    parser.add_argument("--seed", type=int, default=1, help="the first of them")
    parser.add_argument("--kind", choices=[kind.value for kind in OperationKind], help="only seeds that ask for this")
    parser.add_argument("--taking-over", action="store_true", help="only seeds in which a desk takes over from another")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="how many at once")
    parser.add_argument("--mutant", choices=[*SAFEGUARDS, EVERY], help="the safeguard that is taken out, each in turn")
    return parser.parse_args()


def _say(line: str) -> None:
    print(line)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
