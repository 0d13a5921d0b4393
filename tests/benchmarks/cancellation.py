"""A whole cancellation at a simulated round trip, against the round trips that depend on each other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from typing import Final

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.training import training_config, training_vault
from coupon_desk.cancellation.operation import CancelRequest, OperationKind, OperationState
from coupon_desk.catalogue.query import CouponQuery, StatusFilter
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.people.operators import NewOperator, Session
from coupon_desk.people.roles import Role
from coupon_desk.training.shop import TrainingShop
from tests.benchmarks.figures import Figure, at_most, ratio_at_most
from tests.benchmarks.scale import Scale

ROUND_TRIP_SECONDS: Final = 0.1
SETTLE_SECONDS: Final = 1.0
AT_ONCE: Final = 6
"""All sources, claim, switch off, all sources again, add, record: each needs the one before."""
AFTER_A_LOOK: Final = AT_ONCE - 1
"""What was shown a moment ago is decided on: the first of them was made while the reason was given."""
PIN: Final = "482915"


def figures(scale: Scale) -> Iterator[Figure]:
    with TrainingShop.start(coupons=200, seed=7) as shop:
        (scale.folder / "config.toml").write_text(training_config(shop.addresses), encoding="utf-8")
        desk = CouponDesk.open(scale.folder, secrets=training_vault(shop.addresses))
        desk.people.add(NewOperator("owner", "Kenji Watanabe", Role.ADMIN, PIN), None)
        session = desk.people.sign_in("owner", PIN)
        desk.sync(full=True)
        codes = list(islice(_plain_ones(desk, session), 3 * scale.runs + 1))
        desk.close()

        # Another program: it has looked at nothing yet.
        desk = CouponDesk.open(scale.folder, secrets=training_vault(shop.addresses))
        session = desk.people.sign_in("owner", PIN)
        shop.latency_seconds = ROUND_TRIP_SECONDS
        _seconds(desk, session, codes.pop())  # the first one loads what is loaded late
        unseen, seen, trips = [], [], []
        for _ in range(scale.runs):
            unseen.append((_seconds(desk, session, codes.pop()), _least(AT_ONCE)))
            near = _after_a_look(desk, session, codes.pop())
            seen.append((near, _least(AFTER_A_LOOK)))
            shop.latency_seconds = 3 * ROUND_TRIP_SECONDS
            far = _after_a_look(desk, session, codes.pop())
            shop.latency_seconds = ROUND_TRIP_SECONDS
            trips.append((round((far - near) / (2 * ROUND_TRIP_SECONDS), 1), float(AFTER_A_LOOK)))
        desk.close()
    against = "{} round trips of 100 ms + settle"
    yield Figure.of_runs("one cancellation, unseen", tuple(unseen), "s", against.format(AT_ONCE), ratio_at_most(1.05))
    yield Figure.of_runs("one cancellation, as shown", tuple(seen), "s", against.format(AFTER_A_LOOK), ratio_at_most(1.05))
    what = "what each needs of the one before"
    yield Figure.of_runs("dependent round trips, as shown", tuple(trips), "trips", what, at_most(AFTER_A_LOOK + 0.4))


def _after_a_look(desk: CouponDesk, session: Session, code: CouponCode) -> float:
    desk.look(code, session)
    return _seconds(desk, session, code)


def _plain_ones(desk: CouponDesk, session: Session) -> Iterator[CouponCode]:
    """Unused coupons that nothing speaks against."""
    for row in desk.coupons.search(CouponQuery(statuses=frozenset({StatusFilter.UNUSED}), limit=100), session).rows:
        view = desk.look(row.code, session)
        if view.verdict.may_cancel and not view.verdict.findings:
            yield row.code


def _seconds(desk: CouponDesk, session: Session, code: CouponCode) -> float:
    request = CancelRequest(code, OperationKind.CANCEL, Reason.CUSTOMER_REQUEST, "benchmark")
    start = time.perf_counter()
    operation = desk.cancel(request, session)
    taken = time.perf_counter() - start
    if operation.state is not OperationState.COMPLETED:
        raise RuntimeError(f"the cancellation ended {operation.state}: {operation.approval_needed or operation.refused}")
    return taken


def _least(round_trips: int) -> float:
    return round_trips * ROUND_TRIP_SECONDS + SETTLE_SECONDS
