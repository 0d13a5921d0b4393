"""A request that waits for a second person, as desks share it: to ask, to be decided about, and the decision."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from coupon_desk.coupons.code import CouponCode


class Verdict(StrEnum):
    """What the second person said. The codes stand in the central database and are never renamed."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class RequestToShare:
    """A request of this desk for others to decide about, until `expires_at`.

    `why` says in English sentences why a second person is needed; `request_hash` names the exact request (64 hex digits).
    """

    operation: str
    requester: str
    kind: str
    code: CouponCode
    points: int
    reason: str
    why: tuple[str, ...]
    note: str = field(repr=False)
    request_hash: str
    store: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SharedRequest:
    """A request of another desk. Of the code it tells the masked text and a digest: who has the coupon knows it by that."""

    id: int
    operation: str
    desk: str
    store: str | None
    requester: str
    kind: str
    shown_as: str
    coupon_hash: str
    points: int
    reason: str
    why: tuple[str, ...]
    note: str = field(repr=False)
    request_hash: str
    posted_at: datetime
    expires_at: datetime

    def is_of(self, shop: str, code: CouponCode) -> bool:
        """Whether it is about this coupon."""
        return coupon_digest(shop, code) == self.coupon_hash


@dataclass(frozen=True, slots=True)
class Decision:
    """What an approver at `desk` decided about the request with this hash, and when, by the database's clock."""

    operation: str
    request_hash: str
    verdict: Verdict
    approver: str
    desk: str
    note: str = field(repr=False)
    at: datetime


def coupon_digest(shop: str, code: CouponCode) -> str:
    """How a coupon is named where its code must not be read: as in the claims of all desks."""
    return hashlib.sha256(f"{shop}/{code.text}".encode()).hexdigest()
