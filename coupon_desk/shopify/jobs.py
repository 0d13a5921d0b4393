"""Jobs of Shopify's: a mutation has begun one, and it is looked after until it is done."""

from __future__ import annotations

from typing import Final

from coupon_desk.clock import Clock
from coupon_desk.errors import OutcomeUnknown, RemoteError, System
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.refusals import LOOK_FIRST
from coupon_desk.shopify.writes import JOB_STATE, Job
from coupon_desk.words import msg

JOB_PATIENCE_SECONDS: Final = 30.0
"""So long a job of Shopify's may take before its outcome counts as unknown."""

_FIRST_LOOK_SECONDS: Final = 0.2
_LONGEST_LOOK_SECONDS: Final = 2.0


def wait_for(job: Job, client: ShopifyClient, clock: Clock, request_id: str | None) -> None:
    """Wait until the job is done; it tells no errors. Raises OutcomeUnknown, with `request_id`, where that takes too long."""
    deadline = clock.monotonic() + JOB_PATIENCE_SECONDS
    pause_seconds = _FIRST_LOOK_SECONDS
    done = job.done
    while not done and clock.monotonic() < deadline:
        clock.sleep(pause_seconds)
        pause_seconds = min(pause_seconds * 1.5, _LONGEST_LOOK_SECONDS)
        try:
            state = client.follow(JOB_STATE, {"id": job.id}).data.job
        except RemoteError:
            continue  # looking executes nothing: look again, till patience ends
        done = state is not None and state.done
    if not done:
        raise OutcomeUnknown(
            System.SHOPIFY,
            msg("Shopify has not finished in time."),
            todo=LOOK_FIRST,
            detail="job not done",
            request_id=request_id,
        )
