"""Adds up what many runs came to, and says it: what was drawn and how often, what struck, and what never did."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.faults.fair import CALLS, kinds_of
from tests.faults.outcome import Outcome
from tests.faults.plan import Event, Mishap
from tests.faults.promises import Broken


@dataclass(slots=True)
class Tally:
    """The sums so far."""

    began: float = field(default_factory=time.monotonic)
    runs: int = 0
    processes: int = 0
    states: Counter[tuple[str, str]] = field(default_factory=Counter)
    broken: Counter[Broken] = field(default_factory=Counter)
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    mishaps: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    drawn: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """One more run."""
        self.runs += 1
        self.processes += outcome.processes
        kind = next((word for heading, word in outcome.drawn if heading == "kind"), "")
        self.states[kind, outcome.state if "," not in outcome.state else "refused: several reasons"] += 1
        self.broken.update(violation.broken for violation in outcome.violations)
        self.faults.update(outcome.faults)
        self.kills.update(outcome.kills)
        self.mishaps.update(outcome.mishaps)
        self.happened.update(outcome.happened)
        self.drawn.update(outcome.drawn)

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
        yield "drawn:"
        for heading in sorted({heading for heading, _ in self.drawn}):
            yield f"  {heading}: {_listed(_under(self.drawn, heading))}"
        yield f"others: {_listed(self.happened)}"
        yield f"processes: {self.processes}; killed from outside: {_listed(self.kills)}"
        yield f"befell a desk at a durable write: {_listed(self.mishaps)}"
        yield "what became of the coupons:"
        for kind in sorted({kind for kind, _ in self.states}):
            yield f"  {kind}: {_listed(_under(self.states, kind))}"
        yield f"faults: {sum(self.faults.values())}"
        for call in sorted({call for _, call in self.faults}):
            yield f"  {call}: {_listed(Counter({kind: count for (kind, of), count in self.faults.items() if of == call}))}"
        yield f"never: {', '.join(self._never()) or 'nothing of all that can be drawn'}"

    def _never(self) -> Iterator[str]:
        """What can be drawn, and was not or never struck."""
        yield from (f"{event.value}" for event in Event if event.value not in self.happened)
        yield from (f"{mishap.value}" for mishap in Mishap if mishap.value not in self.mishaps)
        for call in CALLS:
            missing = [kind.value for kind in kinds_of(call) if (kind.value, call) not in self.faults]
            if missing:
                yield f"{call} {' '.join(missing)}"


def _under(counted: Counter[tuple[str, str]], heading: str) -> Counter[str]:
    return Counter({word: count for (of, word), count in counted.items() if of == heading})


def _listed(counted: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counted.most_common()) or "none"
