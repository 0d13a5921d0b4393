"""The desk's key (Ed25519): signs what the trail has come to, so that nobody without it can write another that passes for ours.

The private key never leaves this module but to the place where it is kept. What is signed is always the canonical JSON
(RFC 8785) of a table, so that an outsider can make the same bytes again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol

import rfc8785

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FINGERPRINT_LETTERS: Final = 40
"""Of the SHA-256 of the public key, in hex: 160 bits, which nobody can hit with another key."""

_PUBLIC_KEY: Final = re.compile("[0-9a-f]{64}")
_SIGNATURE: Final = re.compile("[0-9a-f]{128}")


class KeyStore(Protocol):
    """Where the desk's key and its anchor are kept, outside the database. Every call may block, and raises DeskError."""

    def key(self) -> str | None:
        """The private key as it was kept, None where there is none."""

    def keep_key(self, private: str) -> None:
        """Keep the private key, in place of an older one."""

    def anchor(self) -> str | None:
        """The anchor as it was kept, None where there is none."""

    def keep_anchor(self, anchor: str) -> None:
        """Keep the anchor, in place of an older one."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A desk's public key: 32 bytes as 64 hex digits. Raises ValueError for anything else."""

    hex: str

    def __post_init__(self) -> None:
        if not _PUBLIC_KEY.fullmatch(self.hex):
            raise ValueError("a public key has 64 hex digits")

    @property
    def fingerprint(self) -> str:
        """What a person compares: ten groups of four hex digits."""
        digest = hashlib.sha256(bytes.fromhex(self.hex)).hexdigest()[:FINGERPRINT_LETTERS]
        return " ".join(digest[start : start + 4] for start in range(0, FINGERPRINT_LETTERS, 4))

    def has_signed(self, statement: Mapping[str, Any], signature: str) -> bool:
        """Whether the signature (128 hex digits) is this key's, over this statement; no for anything that is no signature."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        if not _SIGNATURE.fullmatch(signature):
            return False
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.hex)).verify(
                bytes.fromhex(signature), signed_bytes(statement)
            )
        except InvalidSignature:
            return False
        return True


class DeskKey:
    """The private key. Signs; shows itself in no print, no traceback and no pickle."""

    __slots__ = ("_private", "public")

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = PublicKey(private.public_key().public_bytes_raw().hex())

    @classmethod
    def made(cls) -> DeskKey:
        """A new key, from the randomness of the operating system."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def kept(cls, text: str) -> DeskKey:
        """The key that `to_keep` wrote. Raises ValueError where it is damaged."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        try:
            raw = base64.b64decode(text, validate=True)
        except binascii.Error as wrong:
            raise ValueError("the key is damaged") from wrong
        return cls(Ed25519PrivateKey.from_private_bytes(raw))

    def to_keep(self) -> str:
        """The private key as it is kept: 32 bytes in base64. For the key store alone."""
        return base64.b64encode(self._private.private_bytes_raw()).decode("ascii")

    def sign(self, statement: Mapping[str, Any]) -> str:
        """The signature over a statement, in hex."""
        return self._private.sign(signed_bytes(statement)).hex()

    def __repr__(self) -> str:
        return f"DeskKey({self.public.fingerprint})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not pickled")


def signed_bytes(statement: Mapping[str, Any]) -> bytes:
    """The bytes that are signed for a statement: strings, whole numbers, None and tables of these."""
    return rfc8785.dumps(dict(statement))
