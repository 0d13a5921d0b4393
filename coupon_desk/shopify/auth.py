"""The access token of every request: one that does not change, or one that client credentials bring for 24 hours.

Tokens and secrets live in memory only and are in no text, log or repr.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Protocol

import httpx
import msgspec

from coupon_desk.clock import Clock
from coupon_desk.errors import RemoteUnavailable, System
from coupon_desk.shopify.refusals import NOTHING_DONE, WRONG_TOKEN, check_secret, refused
from coupon_desk.words import msg

RENEW_BEFORE_SECONDS: Final = 600.0
"""So long before its end a token is renewed; Shopify's live 24 hours."""

_LEAST_LIFE_SECONDS: Final = 60.0


class Credentials(Protocol):
    """Where the token comes from. Safe to use from several threads; may do I/O."""

    @property
    def stored_as(self) -> str:
        """The name under which a person stores the secret."""

    def token(self) -> str:
        """The token to use now. Raises RemoteRefused or RemoteUnavailable; Shopify has executed nothing then."""

    def renewed(self, rejected: str) -> str | None:
        """Another token than the one that Shopify rejected; None where there is none."""


class StaticToken:
    """The permanent token of a custom app."""

    stored_as: Final = "shopify.token"

    def __init__(self, secret: Callable[[], str]) -> None:
        self._secret = secret

    def token(self) -> str:
        """The token as it is stored now. Raises RemoteRefused where it cannot be one."""
        return _checked(self._secret(), self.stored_as)

    def renewed(self, rejected: str) -> str | None:
        """The stored token, if somebody replaced it meanwhile."""
        stored = self.token()
        return stored if stored != rejected else None


class _Grant(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: float = 86_399.0


class _GrantError(msgspec.Struct, frozen=True):
    error: str = ""


class ClientCredentials:
    """Tokens by the client credentials grant, for an app of the same organisation as the shop."""

    stored_as: Final = "shopify.client_secret"

    def __init__(self, url: str, client_id: str, secret: Callable[[], str], clock: Clock, http: httpx.Client) -> None:
        self._url = f"{url}/admin/oauth/access_token"
        self._client_id = client_id
        self._secret = secret
        self._clock = clock
        self._http = http
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = clock.monotonic()

    def token(self) -> str:
        """The present token; asks for a new one before the end of its life."""
        with self._lock:
            if not self._token or self._clock.monotonic() >= self._renew_at:
                self._ask()
            return self._token

    def renewed(self, rejected: str) -> str | None:
        """A new token, unless another thread has fetched one already."""
        with self._lock:
            if self._token == rejected:
                self._ask()
            return self._token if self._token != rejected else None

    def _ask(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": _checked(self._secret(), self.stored_as),
        }
        try:
            response = self._http.post(self._url, data=form, headers={"Accept": "application/json"})
        except httpx.HTTPError as failure:
            raise RemoteUnavailable(
                System.SHOPIFY, msg("Shopify gave no access token."), todo=NOTHING_DONE, detail=type(failure).__name__
            ) from failure
        if response.status_code != 200:
            raise self._refusal(response)
        try:
            grant = msgspec.json.decode(response.content, type=_Grant)
        except msgspec.DecodeError as wrong:
            raise RemoteUnavailable(
                System.SHOPIFY, msg("Shopify gave no access token."), todo=NOTHING_DONE, detail="unreadable grant"
            ) from wrong
        self._token = _checked(grant.access_token, self.stored_as)
        life_seconds = max(_LEAST_LIFE_SECONDS, grant.expires_in - RENEW_BEFORE_SECONDS)
        self._renew_at = self._clock.monotonic() + life_seconds

    def _refusal(self, response: httpx.Response) -> Exception:
        try:
            code = msgspec.json.decode(response.content, type=_GrantError).error
        except msgspec.DecodeError:
            code = ""
        if response.status_code >= 500 or response.status_code == 429:
            return RemoteUnavailable(
                System.SHOPIFY, msg("Shopify gave no access token."), todo=NOTHING_DONE, detail=f"HTTP {response.status_code}"
            )
        match code:
            case "app_not_installed":
                return refused(
                    msg("Coupon Desk's app is not installed in this shop."),
                    todo=msg("Nothing was done. Install the app in the Shopify admin, then try again."),
                )
            case "shop_not_permitted":
                return refused(
                    msg("Coupon Desk's app belongs to another organisation than the shop."),
                    todo=msg("Nothing was done. Use an app of the shop's own organisation, or a token."),
                )
            case _:
                return refused(
                    WRONG_TOKEN, todo=check_secret(self.stored_as), detail=f"HTTP {response.status_code} {code[:60]}"
                )


def _checked(secret: str, name: str) -> str:
    """A secret that can stand in a header. Raises RemoteRefused, without the secret."""
    stripped = secret.strip()
    if not stripped or not stripped.isascii() or not stripped.isprintable() or " " in stripped:
        raise refused(msg("The stored secret “{name}” cannot be an access token.", name=name), todo=check_secret(name))
    return stripped
