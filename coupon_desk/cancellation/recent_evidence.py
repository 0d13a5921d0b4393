"""Evidence that was gathered a moment ago to show the coupon: whoever confirms what they see need not wait for it twice."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import Evidence

FRESH_SECONDS: Final = 30.0
"""So long evidence may be decided on: the time in which a reason and a note are given.

Whatever changes meanwhile is found by the claim (the record's digest) and by the second look at every source, which comes after
the code was switched off and before points move.
"""

_KEPT: Final = 8


@dataclass(frozen=True, slots=True)
class RecentEvidence:
    """The last coupons that were looked at, each good for one decision. Safe to use from several threads."""

    _kept: OrderedDict[CouponCode, tuple[float, Evidence]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, evidence: Evidence, now: float) -> None:
        """Remember what every source has answered, at a monotonic time in seconds; with a silence nothing is worth keeping."""
        with self._lock:
            self._kept.pop(evidence.code, None)
            if not evidence.silences:
                self._kept[evidence.code] = (now, evidence)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)

    def take(self, code: CouponCode, now: float) -> Evidence | None:
        """What was seen of the coupon within FRESH_SECONDS, once; None where there is nothing so fresh."""
        with self._lock:
            seen_at, evidence = self._kept.pop(code, (now, None))
        return evidence if now - seen_at <= FRESH_SECONDS else None
