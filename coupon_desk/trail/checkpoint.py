"""What the desk's key signs in the trail: a checkpoint (the trail has come so far) and a key (from here on this one signs).

A checkpoint stands right after the entry that it signs, and through that entry's hash it signs every entry before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from coupon_desk.clock import to_text
from coupon_desk.trail.signing import DeskKey, PublicKey

CHECKPOINT: Final = "trail.checkpoint"
KEY: Final = "trail.key"

_CHECKPOINT_SIGNS: Final = ("at", "desk", "hash", "public_key", "sequence")
_KEY_SIGNS: Final = ("at", "desk", "public_key", "replaces")


@dataclass(frozen=True, slots=True)
class Signed:
    """One signed entry of the trail as it was read: a checkpoint or a key. `statement` is what was signed."""

    public_key: PublicKey
    statement: Mapping[str, Any]
    signature: str

    @property
    def is_genuine(self) -> bool:
        """The key that it names has signed it."""
        return self.public_key.has_signed(self.statement, self.signature)


def checkpoint_body(key: DeskKey, desk: str, at: datetime, sequence: int, digest: str) -> dict[str, Any]:
    """The body of a checkpoint on the entry `sequence` with this hash."""
    statement = {
        "at": to_text(at),
        "desk": desk,
        "hash": digest,
        "public_key": key.public.hex,
        "sequence": sequence,
    }
    return {**statement, "signature": key.sign(statement)}


def key_body(key: DeskKey, desk: str, at: datetime, replaces: str | None) -> dict[str, Any]:
    """The body of the first entry of a key; `replaces` is the public key that signed before it, None for the first of all."""
    statement = {"at": to_text(at), "desk": desk, "public_key": key.public.hex, "replaces": replaces}
    return {**statement, "signature": key.sign(statement)}


def signed(action: str, body: Mapping[str, Any]) -> Signed:
    """The signed part of a body. Raises ValueError where it has not the form of one."""
    names = _CHECKPOINT_SIGNS if action == CHECKPOINT else _KEY_SIGNS
    try:
        statement = {name: body[name] for name in names}
        return Signed(PublicKey(str(statement["public_key"])), statement, str(body["signature"]))
    except KeyError as missing:
        raise ValueError(f"nothing signed: {missing} is missing") from missing
