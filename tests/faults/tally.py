"""Adds up what many runs came to, and says it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.faults.one_run import Outcome
from tests.faults.promises import Broken


@dataclass(slots=True)
class Tally:
    """The sums so far."""

    began: float = field(default_factory=time.monotonic)
    runs: int = 0
    processes: int = 0
    states: Counter[str] = field(default_factory=Counter)
    broken: Counter[Broken] = field(default_factory=Counter)
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    mishaps: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """One more run."""
        self.runs += 1
        self.processes += outcome.processes
        self.states[outcome.state] += 1
        self.broken.update(violation.broken for violation in outcome.violations)
        self.faults.update(outcome.faults)
        self.kills.update(outcome.kills)
        self.mishaps.update(outcome.mishaps)

    @property
    def promises(self) -> str:
        """How often each promise was broken, in one line."""
        return ", ".join(f"{self.broken[kind]} {kind.value}" for kind in Broken)

    @property
    def line(self) -> str:
        """Where the campaign is, in one line."""
        seconds = time.monotonic() - self.began
        return f"{self.runs} runs, {seconds:.0f} s ({self.runs / max(seconds, 0.001):.1f}/s): {self.promises}"

    def lines(self) -> Iterator[str]:
        """Everything."""
        yield self.line
        yield f"processes: {self.processes}; killed from outside: {_listed(self.kills)}"
        yield f"befell a desk at a durable write: {_listed(self.mishaps)}"
        yield f"what became of the coupons: {_listed(_by_first_word(self.states))}"
        yield f"faults: {sum(self.faults.values())}"
        calls = sorted({call for _, call in self.faults})
        for call in calls:
            kinds = Counter({kind: count for (kind, of), count in self.faults.items() if of == call})
            yield f"  {call}: {_listed(kinds)}"


def _listed(counted: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counted.most_common()) or "none"


def _by_first_word(states: Counter[str]) -> Counter[str]:
    """Refusals by their reason, where there was one reason only."""
    summed: Counter[str] = Counter()
    for state, count in states.items():
        summed[state if "," not in state else "refused: several reasons"] += count
    return summed
