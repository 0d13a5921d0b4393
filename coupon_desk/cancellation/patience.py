"""How long to wait before the next try: the one place for back-off between steps."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Final

SECOND_LOOK: Final = timedelta(seconds=60)
"""Points that were looked for and not found are looked for again no sooner than this (facts: points §4.3)."""

TAKE_OVER_LOOK: Final = timedelta(minutes=3)
"""The same for points that a desk may have sent whose work is taken over: until then its last look is no longer fresh, and
its request has arrived or timed out."""

FRESH_LOOK: Final = timedelta(seconds=30)
"""Points move only so shortly after the last look at all sources began; a computer may have been asleep in between."""

MOST_SENDS: Final = 5
"""Points that were sent so often, and surely did not arrive each time, are a person's business."""

_LADDER: Final = (2.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)


def pause(attempts: int, told: float | None = None, chance: Callable[[], float] = random.random) -> timedelta:
    """The wait after so many attempts, with a fifth of jitter; never shorter than the remote system asked for."""
    seconds = _LADDER[min(max(attempts, 1), len(_LADDER)) - 1]
    return timedelta(seconds=max(seconds * (0.9 + 0.2 * chance()), told or 0.0))
