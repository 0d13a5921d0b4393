"""What the servers of one training shop share: its world, its options, its faults and its journal."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from coupon_desk.clock import Clock, VirtualClock
from coupon_desk.training.bulk_operations import BulkOperations
from coupon_desk.training.cost import Bucket
from coupon_desk.training.faults import Fault, FaultKind, Faults
from coupon_desk.training.journal import Journal
from coupon_desk.training.options import Options
from coupon_desk.training.showcase import SHOWCASE_DISCOUNTS, Showcase
from coupon_desk.training.showcase_builder import build_showcase
from coupon_desk.training.world import View, World

T = TypeVar("T")


@dataclass(slots=True)
class Worked:
    """What a piece of work did to the world."""

    applied: bool = False


class Premises:
    """One training shop's common things. `world` is another one after a reset."""

    def __init__(self, clock: Clock, size: int, seed: int, options: Options) -> None:
        self.clock = clock
        self.seed = seed
        self.options = options
        self.faults = Faults(seed)
        self.journal = Journal(clock)
        self.bucket = Bucket(clock, options.bucket_points, options.restore_points_per_second)
        self.bulk = BulkOperations(clock, seed)
        self._lock = threading.RLock()  # one for all worlds: a reset waits for the call that is being worked on
        self._size = max(0, size - SHOWCASE_DISCOUNTS)
        self.world: World
        self.showcase: Showcase
        self.open()

    def open(self) -> None:
        """A fresh world."""
        with self._lock:
            world = World(self._size, self.seed, self.clock, self._lock)
            self.showcase = build_showcase(world)
            self.world = world

    def reset(self) -> None:
        """As freshly opened; the options stay."""
        self.bulk.forget()
        self.open()
        self.faults.clear()
        self.journal.clear()
        self.bucket.resize(self.options.bucket_points, self.options.restore_points_per_second)

    def configure(self, changes: dict[str, Any]) -> None:
        """Behave differently from now on. Raises TypeError for an unknown option."""
        self.options = options = replace(self.options, **changes)
        if changes.keys() & {"bucket_points", "restore_points_per_second"}:
            self.bucket.resize(options.bucket_points, options.restore_points_per_second)

    def advance(self, seconds: float) -> None:
        """Move the clock on. Raises TypeError when it is not a virtual one."""
        if not isinstance(self.clock, VirtualClock):
            raise TypeError("only a virtual clock can be advanced")
        self.clock.advance(seconds)

    def view(self, fault: Fault | None) -> View:
        """What a request may see now, with this fault."""
        world, options, now = self.world, self.options, self.clock.now()
        stale = fault is not None and fault.kind is FaultKind.STALE_SEARCH
        behind = fault is not None and fault.kind is FaultKind.HISTORY_BEHIND
        search_at = _until(now, options.search_lag_seconds, world.caught_up_at)
        history_until = _until(now, options.history_lag_seconds, world.caught_up_at)
        return View(
            now=now,
            usage_until=_until(now, options.usage_lag_seconds, world.caught_up_at) or now,
            search_at=world.opened_at if stale else search_at,
            history_until=world.opened_at if behind else history_until,
        )

    @contextmanager
    def working(self) -> Iterator[Worked]:
        """Hold the world; afterwards it is known whether it is different."""
        with self._lock:
            worked = Worked()
            before = self.world.revision
            self.world.settle_jobs()
            yield worked
            worked.applied = self.world.revision != before

    def change(self, act: Callable[[World], T]) -> T:
        """Do something to the world under its lock."""
        with self._lock:
            return act(self.world)


def _until(now: datetime, lag_seconds: float, caught_up_at: datetime) -> datetime | None:
    if lag_seconds <= 0:
        return None
    if math.isinf(lag_seconds):
        return caught_up_at
    return max(now - timedelta(seconds=lag_seconds), caught_up_at)
