from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from coupon_desk.clock import VirtualClock
from coupon_desk.points.rest import RestPoints
from coupon_desk.settings import Pos
from tests.points.wire_server import WireServer, wire_server


@pytest.fixture
def server() -> Iterator[WireServer]:
    with wire_server() as running:
        yield running


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime(2026, 11, 23, 3, 0, tzinfo=UTC))


@pytest.fixture
def points(server: WireServer, clock: VirtualClock) -> Iterator[RestPoints]:
    with RestPoints(Pos(endpoint=server.endpoint), lambda: "pos-token-1\n", clock) as system:
        yield system
