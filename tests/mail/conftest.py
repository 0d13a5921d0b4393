from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
import trustme

from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.notice import CancellationNotice
from coupon_desk.coupons.points import Points
from coupon_desk.words import Language

NOTICE = CancellationNotice(
    message_id="<op-1@coupon-desk.example>",
    email="hanako@example.com",
    customer_name="Hanako Sato",
    code=CouponCode.parse("70934-AB12CD-500"),
    points_returned=Points(500),
    balance_after=1700,
    cancelled_at=datetime(2026, 11, 23, 3, 0, tzinfo=UTC),
    language=Language.EN,
)


@dataclass(frozen=True)
class Certificates:
    """A server's certificate for 127.0.0.1, and who vouches for it."""

    server: ssl.SSLContext
    client: ssl.SSLContext


@pytest.fixture(scope="session")
def certificates() -> Certificates:
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return Certificates(server, client)


@pytest.fixture
def notice() -> Callable[..., CancellationNotice]:
    """The notice of the example coupon, with the changes that a test wants."""

    def make(**changes: Any) -> CancellationNotice:
        return replace(NOTICE, **changes)

    return make


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime(2026, 11, 23, 3, 0, 5, tzinfo=UTC))
