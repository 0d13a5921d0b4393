"""The desk's key: what it signs is verified by its public half alone, and it shows itself nowhere."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from coupon_desk.trail.signing import DeskKey, PublicKey, signed_bytes

STATEMENT: dict[str, Any] = {"desk": "銀座", "sequence": 7, "replaces": None, "hash": "ab" * 32}


def test_a_signature_is_that_of_this_key_over_this_statement() -> None:
    key, other = DeskKey.made(), DeskKey.made()

    signature = key.sign(STATEMENT)

    assert key.public.has_signed(STATEMENT, signature)
    assert key.public.has_signed(dict(reversed(STATEMENT.items())), signature)
    assert not other.public.has_signed(STATEMENT, signature)
    assert not key.public.has_signed(STATEMENT | {"sequence": 8}, signature)
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.public.hex)).verify(bytes.fromhex(signature), rfc8785.dumps(STATEMENT))


@pytest.mark.parametrize("nonsense", ["", "ab", "AB" * 64, "zz" * 64, "ab" * 65])
def test_what_is_no_signature_verifies_as_none(nonsense: str) -> None:
    assert not DeskKey.made().public.has_signed(STATEMENT, nonsense)


def test_a_key_that_was_kept_signs_as_before() -> None:
    key = DeskKey.made()
    assert DeskKey.kept(key.to_keep()).public == key.public
    for damaged in ("", "no base64!", "AAAA"):
        with pytest.raises(ValueError, match=r"key|Ed25519"):
            DeskKey.kept(damaged)


def test_the_private_key_shows_itself_nowhere() -> None:
    key = DeskKey.made()
    assert key.to_keep() not in f"{key!r} {key} {vars(DeskKey)}"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(key)


def test_a_fingerprint_is_ten_groups_that_stand_for_one_key() -> None:
    key = PublicKey("0" * 64)
    assert key.fingerprint == "6668 7aad f862 bd77 6c8f c18b 8e9f 8e20 0897 1485"
    assert DeskKey.made().public.fingerprint != key.fingerprint
    for wrong in ("", "0" * 63, "G" * 64):
        with pytest.raises(ValueError, match="64 hex digits"):
            PublicKey(wrong)


def test_what_is_signed_is_canonical_json() -> None:
    assert signed_bytes({"b": 1, "a": "é"}) == '{"a":"é","b":1}'.encode()
