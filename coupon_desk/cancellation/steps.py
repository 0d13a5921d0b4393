"""The seven steps, in order. Each can be entered again at any point of its past: it looks before it acts.

Before the pivot (`return_points`) a step may refuse, and everything is put back; after it everything must be finished.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from coupon_desk.cancellation.operation import StepName
from coupon_desk.cancellation.step_claim import claim
from coupon_desk.cancellation.step_invalidate import invalidate
from coupon_desk.cancellation.step_notify import notify
from coupon_desk.cancellation.step_retire import retire
from coupon_desk.cancellation.step_return_points import return_points
from coupon_desk.cancellation.step_update_record import update_record
from coupon_desk.cancellation.step_verify import verify
from coupon_desk.cancellation.work import Work

STEPS: Final[Mapping[StepName, Callable[[Work], None]]] = MappingProxyType(
    {
        StepName.VERIFY: verify,
        StepName.CLAIM: claim,
        StepName.INVALIDATE: invalidate,
        StepName.RETURN_POINTS: return_points,
        StepName.UPDATE_RECORD: update_record,
        StepName.NOTIFY: notify,
        StepName.RETIRE: retire,
    }
)
"""What each step does, in their order."""
