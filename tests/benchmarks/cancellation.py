"""A whole cancellation at a simulated round trip, against the round trips that depend on each other."""

from __future__ import annotations

import time
from collections.abc import Iterator

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.training import training_config, training_vault
from coupon_desk.cancellation.operation import CancelRequest, OperationKind, OperationState
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.people.operators import NewOperator
from coupon_desk.people.roles import Role
from coupon_desk.training.shop import TrainingShop
from tests.benchmarks.figures import Figure
from tests.benchmarks.scale import Scale

ROUND_TRIP_SECONDS = 0.1
SETTLE_SECONDS = 1.0
DEPENDENT_ROUND_TRIPS = 7
"""Discount and record, history, claim, switch off, look again at all, add, record: each needs the one before."""
PIN = "482915"


def figures(scale: Scale) -> Iterator[Figure]:
    with TrainingShop.start(coupons=100, seed=7) as shop:
        (scale.folder / "config.toml").write_text(training_config(shop.addresses), encoding="utf-8")
        desk = CouponDesk.open(scale.folder, secrets=training_vault(shop.addresses))
        desk.people.add(NewOperator("owner", "Kenji Watanabe", Role.ADMIN, PIN), None)
        session = desk.people.sign_in("owner", PIN)
        desk.sync(full=True)
        shop.latency_seconds = ROUND_TRIP_SECONDS
        code = CouponCode.parse(str(shop.showcase.example.code))
        request = CancelRequest(code, OperationKind.CANCEL, Reason.CUSTOMER_REQUEST, "benchmark")
        start = time.perf_counter()
        operation = desk.cancel(request, session)
        taken = time.perf_counter() - start
        desk.close()
        if operation.state is not OperationState.COMPLETED:
            raise RuntimeError(f"the cancellation ended {operation.state}")
    least = DEPENDENT_ROUND_TRIPS * ROUND_TRIP_SECONDS + SETTLE_SECONDS
    against = f"{DEPENDENT_ROUND_TRIPS} round trips of 100 ms + settle"
    yield Figure("one cancellation, e-mail included", taken, least, "s", against)
