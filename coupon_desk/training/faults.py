"""Faults on demand: which remote call breaks, when, how, and whether its effect happens all the same."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from coupon_desk.training import dice


class FaultKind(StrEnum):
    """How a call breaks. `applied` tells whether its effect happens."""

    RESET_BEFORE = "reset_before"
    LOST_ANSWER = "lost_answer"
    ERROR_500_BEFORE = "error_500_before"
    ERROR_500_AFTER = "error_500_after"
    INTERNAL_ERROR_200_BEFORE = "internal_error_200_before"
    INTERNAL_ERROR_200_AFTER = "internal_error_200_after"
    THROTTLED = "throttled"
    HTTP_429 = "http_429"
    SLOW = "slow"
    BLACKHOLE = "blackhole"
    BLACKHOLE_AFTER = "blackhole_after"
    TRUNCATED_AFTER = "truncated_after"
    HTTP_STATUS = "http_status"
    HTML_502 = "html_502"
    NOT_JSON = "not_json"
    FORBIDDEN = "forbidden"
    UNAUTHORIZED = "unauthorized"
    STALE_SEARCH = "stale_search"
    HISTORY_BEHIND = "history_behind"
    BULK_FAILED = "bulk_failed"

    @property
    def applied(self) -> bool:
        """Whether the call is carried out in spite of the fault."""
        return self in _APPLIED


_APPLIED = frozenset(
    {
        FaultKind.LOST_ANSWER,
        FaultKind.ERROR_500_AFTER,
        FaultKind.INTERNAL_ERROR_200_AFTER,
        FaultKind.SLOW,
        FaultKind.BLACKHOLE_AFTER,
        FaultKind.TRUNCATED_AFTER,
        FaultKind.NOT_JSON,
        FaultKind.STALE_SEARCH,
        FaultKind.HISTORY_BEHIND,
        FaultKind.BULK_FAILED,
    }
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule: this call, on these occurrences, breaks like this.

    `call` is a GraphQL operation name or root field, `balance`, `history` or `add` of the point system, `oauth`, `bulk.run` (a
    bulk operation: `bulk_failed` leaves half of its result, `forbidden` refuses it, `slow` makes it last longer),
    `bulk.download`, `mail.connect`, `mail.sign_in`, `mail.sender`, `mail.recipient` or `mail.content`, or `*`. Occurrences are
    counted from when the rule was added. At most one of `nth` (from 1), `every` and `probability` (0 to 1) may be given; with
    none, the next occurrence breaks. `times` limits how often it fires. `seconds` is how long `slow` waits and what `Retry-
    After` says; `status` is what `http_status` answers (402, 423, 430, 503, 504 …; of the mailbox 4xx or 5xx). Raises
    ValueError.
    """

    call: str
    kind: FaultKind
    nth: int | None = None
    every: int | None = None
    probability: float | None = None
    times: int | None = None
    seconds: float = 1.0
    status: int = 503

    def __post_init__(self) -> None:
        if sum(choice is not None for choice in (self.nth, self.every, self.probability)) > 1:
            raise ValueError("a fault has at most one of nth, every and probability")
        if (self.nth is not None and self.nth < 1) or (self.every is not None and self.every < 1):
            raise ValueError("nth and every count from 1")

    @classmethod
    def from_json(cls, table: dict[str, Any]) -> Fault:
        """A rule as it comes over the control port. Raises ValueError, KeyError or TypeError."""
        return cls(**{**table, "kind": FaultKind(table["kind"])})

    def fires(self, occurrence: int, chance: float) -> bool:
        """Whether this occurrence (from 1) breaks; `chance` is between 0 and 1."""
        if self.every is not None:
            return occurrence % self.every == 0
        if self.probability is not None:
            return chance < self.probability
        return occurrence == (self.nth or 1)


@dataclass(frozen=True, slots=True)
class Fired:
    """A fault that happened: which rule, to which call, on which occurrence."""

    fault: Fault
    call: str
    occurrence: int


class Faults:
    """The rules in force. Safe to use from any thread; chance follows from the shop's seed, not from timing."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._rules: list[_Rule] = []
        self._fired: list[Fired] = []
        self._added = 0
        self._cleared = threading.Event()

    def add(self, *faults: Fault) -> None:
        """Put rules in force; where several match, the oldest that fires wins."""
        with self._lock:
            for fault in faults:
                self._added += 1
                self._rules.append(_Rule(fault, self._added))

    def clear(self) -> None:
        """Take all rules away and let go of everything that a black hole holds."""
        with self._lock:
            self._rules.clear()
            self._fired.clear()
            self._cleared.set()
            self._cleared = threading.Event()

    @property
    def rules(self) -> tuple[Fault, ...]:
        """The rules in force, oldest first."""
        with self._lock:
            return tuple(rule.fault for rule in self._rules)

    @property
    def fired(self) -> tuple[Fired, ...]:
        """What happened since the last clear, in order."""
        with self._lock:
            return tuple(self._fired)

    @property
    def cleared(self) -> threading.Event:
        """Set when the rules that are in force now are cleared."""
        with self._lock:
            return self._cleared

    def meet(self, names: Iterable[str]) -> Fault | None:
        """Count a call that goes by these names; the fault that it meets, if any."""
        known = tuple(names)
        met: Fired | None = None
        with self._lock:
            for rule in self._rules:
                if rule.fault.call != "*" and rule.fault.call not in known:
                    continue
                rule.seen += 1
                spent = rule.fault.times is not None and rule.fired >= rule.fault.times
                chance = dice.share(self._seed, rule.number, rule.seen)
                if met is None and not spent and rule.fault.fires(rule.seen, chance):
                    rule.fired += 1
                    met = Fired(rule.fault, known[0], rule.seen)
            if met is None:
                return None
            self._fired.append(met)
            return met.fault


@dataclass(slots=True)
class _Rule:
    fault: Fault
    number: int
    seen: int = 0
    fired: int = 0
