"""The fields of an entry, and the one text of them that is hashed (RFC 8785).

Who, what, when, where, on what, with which result: as PCI DSS 10.2 and OWASP's logging guide ask. A field that has nothing to
say is null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import rfc8785

VERSION: Final = 2
"""Of entries that are written now. Version 1 bore the whole code and an open body, and no more than eight fields."""


class Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A body that only the subject key of this id opens. `data` is base64 of nonce and ciphertext."""

    key: str
    data: str


class Fields(msgspec.Struct, frozen=True, kw_only=True):
    """What an entry's text says. `body` is its exact JSON, `null` where it is sealed.

    `actor` and `approver` are logins, `at` is when it happened and `logged_at` when it was written (UTC), `clock_offset` how
    many seconds a remote clock was ahead of ours, `code` is masked, `coupon` and `customer` are keyed hashes, `result` is a
    short stable word, `before` and `after` hold the state of what changed.
    """

    v: int = 1
    action: str
    at: str
    desk: str
    actor: str | None = None
    role: str | None = None
    approver: str | None = None
    logged_at: str | None = None
    clock_offset: float | None = None
    os_user: str | None = None
    app: str | None = None
    operation: str | None = None
    step: str | None = None
    code: str | None = None
    coupon: str | None = None
    customer: str | None = None
    result: str | None = None
    reason: str | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    points: int | None = None
    request_ids: tuple[str, ...] = ()
    body: msgspec.Raw = msgspec.Raw(b"null")
    sealed: Sealed | None = None


UNREADABLE: Final = Fields(v=0, action="", at="", desk="")
"""What a text says that is no entry: nothing. Verifying the trail names it."""


def canonical(values: Mapping[str, Any] | list[Any]) -> str:
    """The one JSON text of plain values (RFC 8785). Raises ValueError for what JSON cannot hold exactly."""
    return rfc8785.dumps(dict(values) if isinstance(values, Mapping) else values).decode("utf-8")


class Canonical(str):
    """A text that is the canonical JSON of its value already."""

    __slots__ = ()


def entry_text(values: Mapping[str, Any]) -> str:
    """The canonical JSON of an entry's fields; texts, whole numbers and nothing are written without the serialiser's detour.

    Their names are ASCII, and so stand in the order that RFC 8785 asks for. Raises ValueError as `canonical` does.
    """
    return "{" + ",".join(f'"{name}":{_json(values[name])}' for name in sorted(values)) + "}"


def fields_in(text: str) -> Fields:
    """What an entry's text says; `UNREADABLE` where it is none."""
    try:
        return _decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return UNREADABLE


def _json(value: Any) -> str:
    if isinstance(value, Canonical):
        return value
    if isinstance(value, str):
        return _encode(value).decode("utf-8")
    if value is None:
        return "null"
    return rfc8785.dumps(dict(value) if isinstance(value, Mapping) else value).decode("utf-8")


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Fields).decode
