"""The claims of all desks in PostgreSQL: whose coupon it is, decided by the database and by nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final

from sqlalchemy import Row, TextClause, text

from coupon_desk.central.place import Central
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import Held
from coupon_desk.coupons.shared_request import coupon_digest

_TAKE: Final = text(
    "SELECT is_ours, operation, desk, operator, made_at, is_returning FROM coupon_desk.take_claim("
    ":shop, :coupon, :shown_as, :operation, :by, :returning, CAST(:replaces AS text), :proof)"
)
_HOLDER: Final = text("SELECT operation, desk, operator, made_at, is_returning FROM coupon_desk.claim_holder(:shop, :coupon)")
_RELEASE: Final = text("SELECT coupon_desk.release_claim(:shop, :coupon, :operation)")
_OWN: Final = text("SELECT operation FROM coupon_desk.own_claims() WHERE shop = :shop")


class PostgresClaims:
    """`cancellation.ports.CentralClaims`: each call is one statement and so one transaction. Safe to use from any thread.

    All methods raise RemoteUnavailable and RemoteRefused. After a lost answer the same call finds what it did.
    """

    def __init__(self, central: Central, shop: str) -> None:
        """`shop` is Shopify's domain of the shop: one database may serve several."""
        self._central = central
        self._shop = shop

    def take(
        self,
        code: CouponCode,
        operation: str,
        by: str,
        *,
        returning: bool = False,
        replaces: str | None = None,
        proof: str = "",
    ) -> Held | None:
        """Hold the coupon for this operation. None: it is ours, now or already; otherwise whose it is."""
        values = {
            **self._coupon(code),
            "shown_as": code.masked,
            "operation": operation,
            "by": by,
            "returning": returning,
            "replaces": replaces,
            "proof": proof,
        }
        (answer,) = self._ask(_TAKE, values)
        return None if answer.is_ours else _held(answer)

    def holder(self, code: CouponCode) -> Held | None:
        """Whose claim is open on the coupon, at whichever desk."""
        answers = self._ask(_HOLDER, self._coupon(code))
        return _held(answers[0]) if answers else None

    def open_ones(self) -> tuple[str, ...]:
        """The operations of this desk whose claims are open, oldest first."""
        return tuple(answer.operation for answer in self._ask(_OWN, {"shop": self._shop}))

    def release(self, code: CouponCode, operation: str) -> None:
        """End our claim; nothing where it is not ours, or not any more."""
        self._ask(_RELEASE, {**self._coupon(code), "operation": operation})

    def _ask(self, statement: TextClause, values: Mapping[str, object]) -> tuple[Row[Any], ...]:
        with self._central.connection() as connection:
            return tuple(connection.execute(statement, values))

    def _coupon(self, code: CouponCode) -> dict[str, str]:
        """The code itself stays here: who reads the central database shall not be able to use it."""
        return {"shop": self._shop, "coupon": coupon_digest(self._shop, code)}


def _held(row: Row[Any]) -> Held:
    return Held(
        operation=row.operation,
        desk=row.desk,
        by=row.operator,
        at=row.made_at.astimezone(UTC),
        is_returning=row.is_returning,
    )
