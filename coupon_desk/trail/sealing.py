"""Seals what an entry says of a person, so that it can be made unreadable for good while the chain still proves it.

Each coupon has a random key of its own in the database. Erasing a customer deletes the keys of their coupons: what was sealed
under them stands in the trail, in exports and in the central database as it did, and says nothing to anybody any more.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, bindparam, insert, select, update

from coupon_desk.clock import to_text
from coupon_desk.coupons.code import CouponCode
from coupon_desk.errors import StorageError
from coupon_desk.storage.tables.trail import subject_keys, trail_secrets
from coupon_desk.trail.fields import Fields, Sealed
from coupon_desk.words import msg

NONCE_BYTES: Final = 12
"""Of AES-GCM (NIST SP 800-38D); random, with far fewer than 2^32 entries under one key."""

_KEYED_HASH: Final = "keyed_hash"


class KeyedHash:
    """Says the same of the same coupon or customer, and nothing to those who do not have this database's key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def of(cls, connection: Connection) -> KeyedHash:
        """The one of this database. Raises StorageError where its key is gone."""
        key = connection.execute(select(trail_secrets.c.value).where(trail_secrets.c.name == _KEYED_HASH)).scalar()
        if key is None:
            raise StorageError(
                msg("The database is damaged."),
                todo=msg("Restore the home from a backup; the damaged file is left as it is."),
                detail="no key for keyed hashes",
            )
        return cls(key)

    def coupon(self, code: CouponCode) -> str:
        """Stands for a coupon."""
        return self._hash("coupon", code.text)

    def customer(self, customer_id: str) -> str:
        """Stands for a customer; Shopify's gid and the bare number are the same."""
        return self._hash("customer", customer_id.rsplit("/", 1)[-1])

    def operation(self, operation: str) -> str:
        """Stands for what an operation without a coupon is about."""
        return self._hash("operation", operation)

    def _hash(self, kind: str, value: str) -> str:
        return hmac.new(self._key, f"{kind}\n{value}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]


def seal(text: str, key_id: str, key: bytes, desk: str, operation: str, action: str) -> Sealed:
    """A text that only this key opens, and only for this desk, operation and action."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    made = AESGCM(key).encrypt(nonce, text.encode("utf-8"), _bound_to(desk, operation, action))
    return Sealed(key_id, base64.b64encode(nonce + made).decode("ascii"))


def unseal(fields: Fields, key: bytes) -> str | None:
    """What was sealed; None where it was altered or the key is another's."""
    if fields.sealed is None:
        return None
    try:
        data = base64.b64decode(fields.sealed.data, validate=True)
        bound = _bound_to(fields.desk, fields.operation or "", fields.action)
        return AESGCM(key).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], bound).decode("utf-8")
    except (InvalidTag, ValueError, binascii.Error):
        return None


def key_of(connection: Connection, coupon: str, customer: str | None, now: datetime) -> tuple[str, bytes]:
    """The id and key of a coupon, made at its first entry; links it to the customer as soon as that is known."""
    found = connection.execute(_KEY_OF_COUPON, {"of": coupon}).first()
    if found is None:
        key_id, key = secrets.token_hex(8), AESGCM.generate_key(256)
        connection.execute(
            insert(subject_keys).values(id=key_id, coupon=coupon, customer=customer, key=key, made_at=to_text(now))
        )
        return key_id, key
    if customer is not None and found.customer != customer:
        connection.execute(update(subject_keys).where(subject_keys.c.id == found.id).values(customer=customer))
    return found.id, found.key


class Opener:
    """Opens sealed bodies with the keys that a database still has. Good for one connection, and for one read."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._keys: dict[str, bytes | None] = {}

    def key(self, key_id: str) -> bytes | None:
        """The key of this id; None where it was erased."""
        if key_id not in self._keys:
            if len(self._keys) >= _KEYS_AT_HAND:
                self._keys.clear()
            self._keys[key_id] = self._connection.execute(_KEY, {"of": key_id}).scalar()
        return self._keys[key_id]


_KEYS_AT_HAND: Final = 10_000
_KEY: Final = select(subject_keys.c.key).where(subject_keys.c.id == bindparam("of"))
_KEY_OF_COUPON: Final = select(subject_keys.c.id, subject_keys.c.key, subject_keys.c.customer).where(
    subject_keys.c.coupon == bindparam("of")
)


def _bound_to(desk: str, operation: str, action: str) -> bytes:
    return msgspec.json.encode([desk, operation, action])  # of texts alone: the same as RFC 8785
