"""Requests for a second person, shared by all desks in PostgreSQL: each is decided once, and never by the desk that asks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final

from sqlalchemy import Row, TextClause, text

from coupon_desk.central.place import Central
from coupon_desk.coupons.shared_request import Decision, RequestToShare, SharedRequest, Verdict, coupon_digest

_POST: Final = text(
    "SELECT coupon_desk.post_request(:shop, CAST(:store AS text), :operation, :requester, :kind, :coupon, :shown_as, :points,"
    " :reason, :why, :note, :request_hash, :valid_seconds)"
)
_WAITING: Final = text(
    "SELECT id, desk, store, operation, requester, kind, coupon, shown_as, points, reason, why, note, request_hash, posted_at,"
    " expires_at FROM coupon_desk.waiting_requests(:shop)"
)
_DECIDE: Final = text(
    "SELECT operation, request_hash, verdict, approver, desk, note, decided_at"
    " FROM coupon_desk.decide_request(:shop, :id, :request_hash, :approver, :verdict, :note)"
)
_DECISIONS: Final = text(
    "SELECT operation, request_hash, verdict, approver, desk, note, decided_at FROM coupon_desk.decisions_for_me(:shop)"
)
_OWN: Final = text("SELECT operation FROM coupon_desk.own_requests(:shop)")
_CLOSE: Final = text("SELECT coupon_desk.close_request(:shop, :operation)")


class PostgresRequests:
    """`cancellation.ports.CentralRequests`: each call is one statement and so one transaction. Safe to use from any thread.

    All methods raise RemoteUnavailable and RemoteRefused. After a lost answer the same call finds what it did.
    """

    def __init__(self, central: Central, shop: str) -> None:
        """`shop` is Shopify's domain of the shop: one database may serve several."""
        self._central = central
        self._shop = shop

    def post(self, request: RequestToShare) -> None:
        """Let other desks decide about it; nothing where they may already, or have.

        One with another hash, or one that expired, takes the place of what this operation had open. The database counts the
        time until it expires by its own clock.
        """
        values = {
            "store": request.store,
            "operation": request.operation,
            "requester": request.requester,
            "kind": request.kind,
            "coupon": coupon_digest(self._shop, request.code),
            "shown_as": request.code.masked,
            "points": request.points,
            "reason": request.reason,
            "why": json.dumps(request.why, ensure_ascii=False),
            "note": _storable(request.note),
            "request_hash": request.request_hash,
            "valid_seconds": (request.expires_at - self._central.clock.now()).total_seconds(),
        }
        self._ask(_POST, values)

    def waiting(self) -> tuple[SharedRequest, ...]:
        """What other desks wait for and may still be decided, oldest first."""
        return tuple(_request(row) for row in self._ask(_WAITING, {}))

    def decide(self, request: SharedRequest, approver: str, verdict: Verdict, note: str) -> Decision:
        """Decide about another desk's request, and tell the decision that stands: somebody else's where that was first.

        Raises NotPermitted where the request is the approver's own or this desk's, has expired, was closed or changed.
        """
        values = {
            "id": request.id,
            "request_hash": request.request_hash,
            "approver": approver,
            "verdict": verdict.value,
            "note": _storable(note),
        }
        (row,) = self._ask(_DECIDE, values)
        return _decision(row)

    def decisions(self) -> tuple[Decision, ...]:
        """What was decided about requests of this desk that are not closed yet, oldest first."""
        return tuple(_decision(row) for row in self._ask(_DECISIONS, {}))

    def open_ones(self) -> tuple[str, ...]:
        """The operations of this desk whose requests are not closed yet, decided, expired or not; oldest first."""
        return tuple(row.operation for row in self._ask(_OWN, {}))

    def close(self, operation: str) -> None:
        """Nobody waits any more: what the operation has open is closed, and its notes are wiped."""
        self._ask(_CLOSE, {"operation": operation})

    def _ask(self, statement: TextClause, values: Mapping[str, object]) -> tuple[Row[Any], ...]:
        with self._central.connection() as connection:
            return tuple(connection.execute(statement, {"shop": self._shop, **values}))


def _storable(written: str) -> str:
    """PostgreSQL holds no U+0000, and UTF-8 no half of a surrogate pair."""
    return written.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _request(row: Row[Any]) -> SharedRequest:
    return SharedRequest(
        id=row.id,
        operation=row.operation,
        desk=row.desk,
        store=row.store,
        requester=row.requester,
        kind=row.kind,
        shown_as=row.shown_as,
        coupon_hash=row.coupon,
        points=row.points,
        reason=row.reason,
        why=tuple(json.loads(row.why)),
        note=row.note or "",
        request_hash=row.request_hash,
        posted_at=row.posted_at.astimezone(UTC),
        expires_at=row.expires_at.astimezone(UTC),
    )


def _decision(row: Row[Any]) -> Decision:
    return Decision(
        operation=row.operation,
        request_hash=row.request_hash,
        verdict=Verdict(row.verdict),
        approver=row.approver,
        desk=row.desk,
        note=row.note or "",
        at=row.decided_at.astimezone(UTC),
    )
