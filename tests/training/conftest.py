from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from coupon_desk.clock import VirtualClock
from coupon_desk.training.shop import TrainingShop
from tests.training.callers import Admin, Pos


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime(2026, 11, 23, 3, 0, tzinfo=UTC))


@pytest.fixture
def shop(clock: VirtualClock) -> Iterator[TrainingShop]:
    with TrainingShop.start(coupons=60, clock=clock) as running:
        yield running


@pytest.fixture
def admin(shop: TrainingShop) -> Iterator[Admin]:
    caller = Admin(shop.addresses)
    yield caller
    caller.close()


@pytest.fixture
def pos(shop: TrainingShop) -> Iterator[Pos]:
    caller = Pos(shop.addresses)
    yield caller
    caller.close()
