"""One entry of the trail: as it is handed in, and as it stands in the chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from coupon_desk.clock import from_text
from coupon_desk.trail.fields import Fields, canonical, fields_in
from coupon_desk.trail.sealing import Opener, unseal


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry before it has its place in the chain. `body` is plain JSON: strings, whole numbers, booleans, lists, tables.

    `actor` is the operator's login, None for the program itself; `code` the coupon's whole code and `customer` the customer's
    id, of which only a mask and keyed hashes are written. The body of an entry that belongs to an operation is sealed; the
    other fields stay readable for ever, and so hold nothing personal. `at` is when it happened, if not now. `subject` names
    what an entry without an operation is about, and has its body sealed too.
    """

    action: str
    body: Mapping[str, Any]
    actor: str | None = None
    operation: str | None = None
    step: str | None = None
    code: str | None = None
    role: str | None = None
    approver: str | None = None
    customer: str | None = None
    at: datetime | None = None
    result: str | None = None
    reason: str | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    points: int | None = None
    request_ids: tuple[str, ...] = ()
    subject: str | None = None


class BodyState(StrEnum):
    """Whether a body can be read."""

    OPEN = "open"
    ERASED = "erased"
    DAMAGED = "damaged"
    SEALED = "sealed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it stands in the trail: `text` is what was hashed, `canonical_body` the body's exact text, if it is open."""

    sequence: int
    version: int
    previous: str
    text: str
    hash: str
    fields: Fields
    body_state: BodyState
    canonical_body: str | None

    @classmethod
    def of(cls, row: tuple[int, int, str, str, str], opener: Opener) -> Entry:
        """The entry in a row of the table, its body opened where it still can be."""
        fields = fields_in(row[3])
        if fields.sealed is None:
            told = bytes(fields.body).decode()
            body = None if told == "null" else told
        else:
            key = opener.key(fields.sealed.key)
            if key is None:
                return cls(*row, fields, BodyState.ERASED, None)
            body = unseal(fields, key)
        return cls(*row, fields, BodyState.DAMAGED if body is None else BodyState.OPEN, body)

    @property
    def body(self) -> dict[str, Any]:
        """The body as values; one that was erased, or cannot be read, says so."""
        if self.canonical_body is None:
            return {self.body_state.value: True}
        decoded: dict[str, Any] = msgspec.json.decode(self.canonical_body)
        return decoded

    @property
    def closed(self) -> Entry:
        """The same with its body as it stands in the trail: what is sealed there is not opened, and says so."""
        if self.fields.sealed is None or self.body_state is not BodyState.OPEN:
            return self
        return replace(self, body_state=BodyState.SEALED, canonical_body=None)

    @property
    def is_erased(self) -> bool:
        """What it said was erased; its other fields stand."""
        return self.body_state is BodyState.ERASED

    @property
    def at(self) -> str:
        """When it happened."""
        return self.fields.at

    @property
    def moment(self) -> datetime:
        """When it happened. Raises ValueError where the text is damaged."""
        return from_text(self.fields.at)

    @property
    def desk(self) -> str:
        """Where."""
        return self.fields.desk

    @property
    def actor(self) -> str | None:
        """Who: a login, None for the program itself."""
        return self.fields.actor

    @property
    def action(self) -> str:
        """What."""
        return self.fields.action

    @property
    def operation(self) -> str | None:
        """The operation that it belongs to."""
        return self.fields.operation

    @property
    def step(self) -> str | None:
        """The step that it belongs to."""
        return self.fields.step

    @property
    def code(self) -> str | None:
        """The coupon: masked; whole in version 1."""
        return self.fields.code

    @property
    def columns(self) -> dict[str, Any]:
        """Everything it says, by the names and in the order in which it is handed out; None where there is nothing."""
        fields = self.fields
        return {
            "sequence": self.sequence,
            "version": self.version,
            "at": fields.at,
            "logged_at": fields.logged_at,
            "clock_offset": fields.clock_offset,
            "desk": fields.desk,
            "os_user": fields.os_user,
            "app": fields.app,
            "actor": fields.actor,
            "role": fields.role,
            "approver": fields.approver,
            "action": fields.action,
            "operation": fields.operation,
            "step": fields.step,
            "code": fields.code,
            "coupon": fields.coupon,
            "customer": fields.customer,
            "result": fields.result,
            "reason": fields.reason,
            "before": None if fields.before is None else canonical(fields.before),
            "after": None if fields.after is None else canonical(fields.after),
            "points": fields.points,
            "request_ids": " ".join(fields.request_ids) or None,
            "body": canonical(self.body) if self.canonical_body is None else self.canonical_body,
            "previous": self.previous,
            "hash": self.hash,
        }
