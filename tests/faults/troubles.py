"""Carries out a plan at the shop's door: before a call is worked on, what is planned for that moment happens."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Protocol

from coupon_desk.clock import Clock
from coupon_desk.training.faults import Fault, FaultKind, Faults
from coupon_desk.training.journal import Journal
from tests.faults.plan import Event, Place, Plan


class Others(Protocol):
    """What happens in the shop besides the desks, and to them."""

    def happen(self, event: Event) -> None:
        """A customer, a clerk or the website does something."""

    def pass_by(self) -> None:
        """What was due by now has happened."""

    def kill(self, desk: int) -> bool:
        """Kill a desk's process at once; False where none is alive."""

    def history_may_lag(self) -> bool:
        """Whether a point history without the newest entries would lag by less than a minute."""


class Troubles(Faults):
    """The faults of a run, drawn from its plan and counted by call. Quiet before `begin` and after `end`."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.fired_by_call: Counter[tuple[str, str]] = Counter()
        self.kills: Counter[str] = Counter()
        self._numbers = threading.Lock()
        self._seen: Counter[str] = Counter()
        self._plan: Plan | None = None
        self._others: Others | None = None
        self._is_mail_down: Callable[[], bool] = lambda: False

    def begin(self, plan: Plan, others: Others, is_mail_down: Callable[[], bool]) -> None:
        """From now on what the plan says happens."""
        with self._numbers:
            self._seen.clear()
            self.fired_by_call.clear()
            self.kills.clear()
            self._plan, self._others, self._is_mail_down = plan, others, is_mail_down

    def end(self) -> None:
        """Nothing breaks any more, but for a mail server that is down until its time has come."""
        self._plan = None

    def meet(self, names: Iterable[str]) -> Fault | None:
        """Count a call; what was planned for it happens."""
        call = next(iter(names))
        with self._numbers:
            self._seen[call] += 1
            nth = self._seen[call]
        plan, others = self._plan, self._others
        if others is not None:
            others.pass_by()
        if call == "mail.connect" and self._is_mail_down():
            return self._fire(Fault(call, FaultKind.HTTP_429))
        if plan is None or others is None:
            return None
        for moment in plan.moments:
            if (moment.call, moment.nth) == (call, nth):
                others.happen(moment.event)
        if plan.kill_at_call(call, nth) is Place.BEFORE and others.kill(plan.victim(call, nth)):
            self.kills["before a call"] += 1
        fault = plan.fault(call, nth)
        if fault is None or (fault.kind is FaultKind.HISTORY_BEHIND and not others.history_may_lag()):
            return None
        return self._fire(fault)

    def carried_out(self, call: str, nth: int) -> None:
        """The shop has carried a call out and has not answered yet."""
        plan, others = self._plan, self._others
        if plan is None or others is None:
            return
        if plan.kill_at_call(call, nth) is Place.AFTER and others.kill(plan.victim(call, nth)):
            self.kills["after a call"] += 1

    def _fire(self, fault: Fault) -> Fault:
        with self._numbers:
            self.fired_by_call[fault.kind.value, fault.call] += 1
        return fault


class AttentiveJournal(Journal):
    """The shop's journal, which tells the troubles when a call was carried out."""

    def __init__(self, clock: Clock, troubles: Troubles) -> None:
        super().__init__(clock)
        self._troubles = troubles
        self._numbers = threading.Lock()
        self._seen: Counter[str] = Counter()
        self._open: dict[int, tuple[str, int]] = {}

    def open(
        self, system: str, names: tuple[str, ...], *, key: str | None = None, target: str = "", fault: str | None = None
    ) -> int:
        """Note a request as it arrives."""
        number = super().open(system, names, key=key, target=target, fault=fault)
        with self._numbers:
            self._seen[names[0]] += 1
            self._open[number] = names[0], self._seen[names[0]]
        return number

    def close(self, number: int, *, executed: bool, applied: bool, status: int | None) -> None:
        """Note what became of it; the first time that it is executed, the troubles hear of it."""
        super().close(number, executed=executed, applied=applied, status=status)
        with self._numbers:
            known = self._open.pop(number, None) if executed else None
        if known is not None:
            self._troubles.carried_out(*known)

    def clear(self) -> None:
        """Forget everything."""
        super().clear()
        with self._numbers:
            self._seen.clear()
            self._open.clear()
