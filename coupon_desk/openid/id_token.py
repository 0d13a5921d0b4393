"""Whether an ID token proves who somebody is: signature, issuer, audience, times, nonce (OpenID Connect Core 1.0, 3.1.3.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from coupon_desk.openid.refusals import not_installed, untrusted

LEEWAY_SECONDS: Final = 60
"""How far the provider's clock and ours may be apart."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say. `asked_at` is when the sign-in began, None where an older one at the provider is good enough."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str | None
    asked_at: datetime | None


def verified(
    token: str, keys: Mapping[str, Any], algorithms: Sequence[str], expected: Expected, now: datetime
) -> Mapping[str, Any]:
    """The claims of a token that was signed by one of `keys` with one of `algorithms` and says what is expected.

    Raises ProviderRefused, whose `why` names what is wrong, and ConfigurationError where the libraries are missing.
    """
    try:
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet
    except ImportError as missing:
        raise not_installed(str(missing)) from missing
    try:
        known = KeySet.import_key_set({"keys": [key for key in _listed(keys) if _signs(key)]})
        opened = jwt.decode(token, known, algorithms=list(algorithms))
    except (JoseError, ValueError, KeyError, TypeError) as wrong:
        raise untrusted("signature", f"{type(wrong).__name__} {getattr(wrong, 'error', '')}") from wrong
    claims = CodeIDToken(
        opened.claims,
        opened.header,
        options={
            "iss": {"essential": True, "value": expected.issuer},
            "aud": {"essential": True, "value": expected.client_id},
            "sub": {"essential": True},
        },
        params={"nonce": expected.nonce, "client_id": expected.client_id, "access_token": expected.access_token},
    )
    try:
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY_SECONDS)
    except JoseError as wrong:
        claim = getattr(wrong, "claim", None) or ("exp" if "expired" in str(wrong.error) else str(wrong.error))
        raise untrusted(str(claim), f"{type(wrong).__name__} {claim}") from wrong
    _refuse_old_sign_in(opened.claims, expected)
    return dict(opened.claims)


def _refuse_old_sign_in(claims: Mapping[str, Any], expected: Expected) -> None:
    """Who was asked to prove themselves anew must have done so: a browser that somebody left signed in signs nobody in here."""
    signed_in_at = claims.get("auth_time")
    if expected.asked_at is None or signed_in_at is None:
        return
    if not isinstance(signed_in_at, int | float) or signed_in_at < expected.asked_at.timestamp() - LEEWAY_SECONDS:
        raise untrusted("auth_time", "the provider did not ask anew")


def _listed(keys: Mapping[str, Any]) -> list[Any]:
    listed = keys.get("keys")
    return listed if isinstance(listed, list) else []


def _signs(key: object) -> bool:
    """A key of a kind that we know, meant for signatures; a shared secret in a public list is none."""
    return isinstance(key, dict) and key.get("kty") in {"RSA", "EC"} and key.get("use", "sig") == "sig"
