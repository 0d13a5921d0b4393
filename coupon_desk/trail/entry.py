"""One entry of the trail, and the hash that chains it to the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
import rfc8785

from coupon_desk.clock import from_text, to_text

GENESIS: Final = "0" * 64
"""What the first entry takes for the hash of the one before it."""

_text = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry before it has its place in the chain. `body` is plain JSON: strings, whole numbers, booleans, lists, tables.

    `actor` is the operator's login, None for the program itself. `code` is the coupon's code.
    """

    action: str
    body: Mapping[str, Any]
    actor: str | None = None
    operation: str | None = None
    step: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it stands in the trail; `canonical_body` is the body's exact text (RFC 8785), `at` is UTC."""

    sequence: int
    at: str
    desk: str
    actor: str | None
    action: str
    operation: str | None
    step: str | None
    code: str | None
    canonical_body: str
    previous: str
    hash: str

    @property
    def body(self) -> dict[str, Any]:
        """The body as values."""
        decoded: dict[str, Any] = msgspec.json.decode(self.canonical_body)
        return decoded

    @property
    def columns(self) -> dict[str, Any]:
        """Its fields by column, as they are stored and handed out; `body` is the canonical JSON text."""
        return {
            "sequence": self.sequence,
            "at": self.at,
            "desk": self.desk,
            "actor": self.actor,
            "action": self.action,
            "operation": self.operation,
            "step": self.step,
            "code": self.code,
            "body": self.canonical_body,
            "previous": self.previous,
            "hash": self.hash,
        }

    @property
    def moment(self) -> datetime:
        """When it was written."""
        return from_text(self.at)


def canonical(body: Mapping[str, Any]) -> str:
    """The one JSON text of a body (RFC 8785). Raises ValueError for what JSON cannot hold exactly."""
    return rfc8785.dumps(dict(body)).decode("utf-8")


def chained(new: NewEntry, sequence: int, at: datetime, desk: str, previous: str) -> Entry:
    """The entry in its place: after the one whose hash is `previous`."""
    body, moment = canonical(new.body), to_text(at)
    digest = entry_hash(sequence, moment, desk, new.actor, new.action, new.operation, new.step, new.code, body, previous)
    return Entry(sequence, moment, desk, new.actor, new.action, new.operation, new.step, new.code, body, previous, digest)


def entry_hash(
    sequence: int,
    at: str,
    desk: str,
    actor: str | None,
    action: str,
    operation: str | None,
    step: str | None,
    code: str | None,
    body: str,
    previous: str,
) -> str:
    """SHA-256, in hex, over the canonical JSON of the whole entry, the hash before included.

    The body is canonical already and the keys stand in their order, so the text is put together and not serialised again:
    a trail of a million entries is verified in seconds. A test holds it against RFC 8785's own serialiser.
    """
    digest = hashlib.sha256(
        b'{"action":%b,"actor":%b,"at":%b,"body":%b,"code":%b,"desk":%b,"operation":%b,"previous":%b,"sequence":%d,"step":%b}'
        % (
            _text(action),
            _text(actor),
            _text(at),
            body.encode("utf-8"),
            _text(code),
            _text(desk),
            _text(operation),
            _text(previous),
            sequence,
            _text(step),
        )
    )
    return digest.hexdigest()
