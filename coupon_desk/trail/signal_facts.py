"""What the trail says of operations and of signing in, as far as signals need it: one pass over the entries, oldest first.

Most of it stands in fields that stay readable for ever; only when a coupon was issued stands in a sealed body, and is unknown
where that was erased.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from coupon_desk.coupons.code import CouponCode
from coupon_desk.trail.entry import BodyState, Entry

ACTIONS: Final = ("operation.opened", "operation.approved", "operation.refused", "sign_in_refused", "signed_in")
STEPS: Final = ("verify", "return_points")
"""The entries that are read: these actions, and the ends of these steps."""

WRONG: Final = frozenset({"wrong_pin", "unknown_login"})
"""Why signing in was refused: a PIN was tried. Tries during a lock are not looked at, and so prove nothing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One operation. `code` is masked; `coupon` and `customer` are keyed hashes, None where nobody knows.

    `at` is when it was asked for, `returned_at` when its points came back, `points` those that came back, and until then those
    that the code says.
    """

    operation: str
    requester: str
    at: datetime
    kind: str
    reason: str
    points: int
    code: str | None = None
    coupon: str | None = None
    customer: str | None = None
    issued_at: datetime | None = None
    returned_at: datetime | None = None
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class Approval:
    """One request that a second person approved."""

    operation: str
    requester: str
    approver: str
    at: datetime


@dataclass(frozen=True, slots=True)
class WrongPin:
    """One try to sign in with a wrong PIN; `login` is empty where nobody has it. `has_locked`: this one locked the login."""

    login: str
    at: datetime
    has_locked: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that signals rest on; `present` are the logins that signed in."""

    operations: tuple[Asked, ...] = ()
    approvals: tuple[Approval, ...] = ()
    wrong_pins: tuple[WrongPin, ...] = ()
    present: frozenset[str] = frozenset()


def facts_in(entries: Iterable[Entry]) -> Facts:
    """The facts in these entries. An operation that was opened before them counts from its first entry among them."""
    told = _Told()
    for entry in entries:
        with suppress(ValueError):  # a damaged moment: proving the trail names it
            told.take(entry)
    asked = {name: one.value() for name, one in told.operations.items()}
    approvals = tuple(
        Approval(operation, asked[operation].requester, approver, at)
        for operation, approver, at in told.approvals
        if asked[operation].requester
    )
    return Facts(tuple(asked.values()), approvals, tuple(told.wrong_pins), frozenset(told.present))


@dataclass(slots=True)
class _Operation:
    """One operation so far."""

    operation: str
    at: datetime
    requester: str = ""
    kind: str = ""
    reason: str = ""
    points: int = 0
    code: str | None = None
    coupon: str | None = None
    customer: str | None = None
    issued_at: datetime | None = None
    returned_at: datetime | None = None
    is_refused: bool = False

    def value(self) -> Asked:
        return Asked(
            self.operation,
            self.requester,
            self.at,
            self.kind,
            self.reason,
            self.points,
            self.code,
            self.coupon,
            self.customer,
            self.issued_at,
            self.returned_at,
            self.is_refused,
        )


@dataclass(slots=True)
class _Told:
    """What was told so far."""

    operations: dict[str, _Operation] = field(default_factory=dict)
    approvals: list[tuple[str, str, datetime]] = field(default_factory=list)
    wrong_pins: list[WrongPin] = field(default_factory=list)
    present: set[str] = field(default_factory=set)

    def take(self, entry: Entry) -> None:
        fields, at = entry.fields, entry.moment
        match entry.action:
            case "signed_in":
                self.present.add(fields.actor or "")
            case "sign_in_refused":
                self._take_refusal(entry, at)
            case _ if fields.operation is not None:
                self._take_operation(entry, fields.operation, at)

    def _take_refusal(self, entry: Entry, at: datetime) -> None:
        body = entry.body
        why = entry.fields.reason or body.get("why")
        if why in WRONG:
            self.wrong_pins.append(WrongPin(entry.fields.actor or "", at, has_locked=body.get("locked_until") is not None))

    def _take_operation(self, entry: Entry, name: str, at: datetime) -> None:
        fields = entry.fields
        one = self.operations.setdefault(name, _Operation(name, at))
        one.code = one.code or _masked(fields.code)
        one.coupon = one.coupon or fields.coupon or fields.code
        one.customer = fields.customer or one.customer
        match entry.action:
            case "operation.opened":
                one.requester = fields.actor or ""
                one.kind = str((fields.after or {}).get("kind") or entry.body.get("kind", ""))
                one.reason = fields.reason or str(entry.body.get("reason", ""))
                one.points = fields.points or one.points
            case "operation.approved":
                self.approvals.append((name, fields.actor or "", at))
            case "operation.refused":
                one.is_refused = True
            case _ if entry.step == "verify":
                one.requester = one.requester or fields.actor or ""
                self._take_verified(one, entry)
            case _ if entry.step == "return_points":
                one.requester = one.requester or fields.actor or ""
                one.reason = one.reason or fields.reason or ""
                one.returned_at = at
                points = fields.points if fields.points is not None else entry.body.get("points")
                one.points = points if isinstance(points, int) else one.points

    def _take_verified(self, one: _Operation, entry: Entry) -> None:
        if entry.body_state is not BodyState.OPEN:
            return
        body = entry.body
        one.customer = one.customer or body.get("customer_id")
        evidence = body.get("evidence") or {}
        record = (evidence.get("record") or {}).get("entry") or {}
        # Shopify's own moment first: a record may tell no more than the day.
        one.issued_at = _moment(evidence.get("discount") or {}, "created_at") or _moment(record, "issued_at")


def _moment(told: Mapping[str, Any], name: str) -> datetime | None:
    with suppress(TypeError, ValueError):
        at = datetime.fromisoformat(told[name]) if name in told else None
        return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at
    return None


def _masked(code: str | None) -> str | None:
    """Entries of version 1 bear the whole code."""
    return code if code is None or "*" in code else CouponCode(code).masked
