"""The company's provider: where its doors are, which keys it signs with, and its answer to a code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from coupon_desk.openid.refusals import ProviderRefused, as_code, silent, untrusted
from coupon_desk.settings import is_on_this_computer
from coupon_desk.words import msg

ANSWER_SECONDS: Final = 10.0
MOST_BYTES: Final = 1_000_000
"""An answer larger than this is none that a provider gives."""


@dataclass(frozen=True, slots=True)
class Doors:
    """What the provider says of itself (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization: str
    token: str
    keys: str
    names_issuer: bool


class Provider:
    """One provider over HTTPS; on this computer alone without. Safe to use from any thread. Follows no redirect.

    All methods raise ProviderRefused.
    """

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self._client = httpx.Client(timeout=ANSWER_SECONDS, follow_redirects=False, headers={"Accept": "application/json"})

    def doors(self) -> Doors:
        """Ask where everything is. The provider must call itself what we call it, and be encrypted throughout."""
        told = self._get(self.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if told.get("issuer") != self.issuer:
            raise untrusted("issuer", f"the provider calls itself {told.get('issuer')!r}")
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        authorization, token, keys = (_door(told, name) for name in names)
        return Doors(
            self.issuer, authorization, token, keys, told.get("authorization_response_iss_parameter_supported") is True
        )

    def keys(self, doors: Doors) -> Mapping[str, Any]:
        """The keys that tokens are signed with."""
        return self._get(doors.keys)

    def exchange(self, doors: Doors, form: str) -> tuple[str, str | None]:
        """Give a code for tokens: the ID token, and the access token, which is looked at once and then forgotten."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        status, told = self._ask("POST", doors.token, content=form, headers=headers)
        if status != httpx.codes.OK:
            error = as_code(told.get("error"))
            raise ProviderRefused(
                "code",
                msg("The company's provider did not accept the sign-in ({error}).", error=error),
                detail=f"{status} {error}",
            )
        proof, access = told.get("id_token"), told.get("access_token")
        if not isinstance(proof, str):
            raise untrusted("no_id_token", "the answer holds no ID token")
        return proof, access if isinstance(access, str) else None

    def close(self) -> None:
        """Let go of all connections; whoever waits for an answer is told that there is none."""
        self._client.close()

    def _get(self, url: str) -> Mapping[str, Any]:
        status, told = self._ask("GET", url)
        if status != httpx.codes.OK:
            raise silent(f"{status} from {urlsplit(url).path}")
        return told

    def _ask(self, method: str, url: str, **request: Any) -> tuple[int, Mapping[str, Any]]:
        try:
            with self._client.stream(method, url, **request) as answer:
                content = bytearray()
                for part in answer.iter_bytes():
                    content += part
                    if len(content) > MOST_BYTES:
                        raise untrusted("too_long", f"more than {MOST_BYTES} bytes from {urlsplit(url).path}")
                status = answer.status_code
        except (httpx.HTTPError, RuntimeError) as wrong:  # RuntimeError: the client was closed meanwhile
            raise silent(f"{type(wrong).__name__} at {urlsplit(url).path}") from wrong
        if 300 <= status < 400:
            raise untrusted("redirect", f"{status} from {urlsplit(url).path}")
        try:
            told = json.loads(content)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise silent(f"{status} without JSON from {urlsplit(url).path}")
        return status, told


def _door(told: Mapping[str, Any], name: str) -> str:
    url = told.get(name)
    if not isinstance(url, str) or not (url.startswith("https://") or is_on_this_computer(url)):
        raise untrusted(name, f"{name} is {str(url)[:80]!r}")
    return url
