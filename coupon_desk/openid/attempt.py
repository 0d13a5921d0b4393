"""One try to sign in with the company's account: a page for the system's browser, its coming back, and the proof of who it is.

The code is bound to this try by PKCE (RFC 7636), the browser's return by `state`, the token by `nonce`. Tokens are looked at
once; none is kept, and none stands in a log.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from coupon_desk.clock import Clock
from coupon_desk.openid.id_token import Expected, verified
from coupon_desk.openid.loopback import Loopback, Returned
from coupon_desk.openid.provider import Doors, Provider
from coupon_desk.openid.refusals import ProviderRefused, as_code, not_installed
from coupon_desk.words import Language, msg

PATIENCE_SECONDS: Final = 300.0
"""How long somebody may take in the browser."""

_LOOK_EVERY_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the provider."""

    client_id: str
    scopes: Sequence[str]
    algorithms: Sequence[str]
    prompt: str


class Attempt:
    """One try. Make it on a worker (it asks the provider), open `url` in the browser, `finish` on a worker, and close it."""

    def __init__(
        self, issuer: str, asked: Asked, clock: Clock, language: Language, *, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        """Raises ProviderRefused, ConfigurationError."""
        try:
            from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
            from authlib.oauth2.rfc7636 import create_s256_code_challenge
        except ImportError as missing:
            raise not_installed(str(missing)) from missing
        self._asked = asked
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._is_given_up = threading.Event()
        self._verifier, state, self._nonce = (secrets.token_urlsafe(48) for _ in range(3))
        self._began_at = clock.now()
        self._provider = Provider(issuer)
        try:
            self._doors: Doors = self._provider.doors()
        except BaseException:
            self._provider.close()
            raise
        self._loopback = Loopback(state, issuer, language, names_issuer=self._doors.names_issuer)
        self.url: str = prepare_grant_uri(
            self._doors.authorization,
            asked.client_id,
            "code",
            redirect_uri=self._loopback.redirect_uri,
            scope=list(asked.scopes),
            state=state,
            nonce=self._nonce,
            code_challenge=create_s256_code_challenge(self._verifier),
            code_challenge_method="S256",
            prompt=None if asked.prompt == "none" else asked.prompt,
        )

    @property
    def redirect_uri(self) -> str:
        """Where the browser comes back to."""
        return self._loopback.redirect_uri

    def finish(self) -> Mapping[str, Any]:
        """Wait for the browser, and give the claims that the provider has proved. ProviderRefused, ConfigurationError."""
        from authlib.oauth2.rfc6749.parameters import prepare_token_request

        code = self._code(self._wait())
        form = prepare_token_request(
            "authorization_code",
            redirect_uri=self._loopback.redirect_uri,
            code=code,
            client_id=self._asked.client_id,
            code_verifier=self._verifier,
        )
        token, access_token = self._provider.exchange(self._doors, form)
        expected = Expected(
            issuer=self._doors.issuer,
            client_id=self._asked.client_id,
            nonce=self._nonce,
            access_token=access_token,
            asked_at=self._began_at if self._asked.prompt == "login" else None,
        )
        return verified(token, self._provider.keys(self._doors), self._asked.algorithms, expected, self._clock.now())

    def give_up(self) -> None:
        """End the waiting, from any thread; `finish` then raises ProviderRefused."""
        self._is_given_up.set()

    def close(self) -> None:
        """Close the door on this computer, and every connection."""
        self._loopback.close()
        self._provider.close()

    def _wait(self) -> Returned:
        ends_at = self._clock.monotonic() + self._patience_seconds
        while not self._is_given_up.is_set():
            returned = self._loopback.wait(_LOOK_EVERY_SECONDS)
            if returned is not None:
                return returned
            if self._clock.monotonic() >= ends_at:
                raise ProviderRefused("too_late", msg("Nobody signed in in the browser for too long."))
        raise ProviderRefused("given_up", msg("Signing in with the company account was broken off."))

    def _code(self, returned: Returned) -> str:
        if returned.error is not None:
            if returned.error == "access_denied":
                raise ProviderRefused(
                    "access_denied", msg("Signing in was broken off in the browser, or is not allowed to you.")
                )
            raise ProviderRefused(
                "error",
                msg("The company's provider did not accept the sign-in ({error}).", error=as_code(returned.error)),
                detail=as_code(returned.error),
            )
        return returned.code or ""
