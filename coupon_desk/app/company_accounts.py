"""Signing in with the company's account: from the provider's claims to an operator who is signed in."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from coupon_desk.clock import Clock
from coupon_desk.errors import ConfigurationError
from coupon_desk.openid.provider import Provider
from coupon_desk.openid.refusals import ProviderRefused
from coupon_desk.people.company import CompanyIdentity
from coupon_desk.people.operators import Session
from coupon_desk.people.people import People
from coupon_desk.people.roles import Role
from coupon_desk.settings import SignIn
from coupon_desk.words import Language, msg

if TYPE_CHECKING:
    from coupon_desk.openid.attempt import Attempt


class CompanyAccounts:
    """The company's provider, as this desk is configured for it. Safe to use from any thread.

    Signing in takes three steps, because a browser opens on the window's thread and waits for nobody: `begin`, open the
    attempt's `url`, `finish`.
    """

    def __init__(self, settings: SignIn, people: People, clock: Clock) -> None:
        self._settings = settings
        self._people = people
        self._clock = clock
        self._open: set[Attempt] = set()
        self._lock = threading.Lock()

    @property
    def is_offered(self) -> bool:
        """Whether the company's account may be used at this desk."""
        return self._settings.has_company

    @property
    def takes_pins(self) -> bool:
        """Whether the window takes PINs, too. Commands always do."""
        return self._settings.kind != "oidc"

    def begin(self, language: Language) -> Attempt:
        """Ask the provider where to sign in, and wait on this computer. Raises ProviderRefused, ConfigurationError."""
        from coupon_desk.openid.attempt import Asked, Attempt  # late: few desks use it, and it is heavy

        settings = self._settings
        if not settings.has_company or settings.issuer is None or settings.client_id is None:
            raise ConfigurationError(
                msg("Signing in with the company account is not configured."),
                done=msg("Nothing was done."),
                todo=msg("Name the provider under [sign_in] in the configuration."),
            )
        asked = Asked(settings.client_id, settings.scopes, settings.algorithms, settings.prompt)
        attempt = Attempt(settings.issuer, asked, self._clock, language)
        with self._lock:
            self._open.add(attempt)
        return attempt

    def finish(self, attempt: Attempt) -> Session:
        """Wait for the browser and sign in whom the provider has proved; the attempt is over then. Raises DeskError."""
        try:
            claims = attempt.finish()
        except ProviderRefused as refused:
            self._people.note_company_refusal(refused.why)
            raise
        finally:
            with self._lock:
                self._open.discard(attempt)
            attempt.close()
        return self._people.sign_in_from_company(identity_of(claims, self._settings))

    def give_up(self) -> None:
        """End every waiting, for a quick shutdown."""
        with self._lock:
            for attempt in self._open:
                attempt.give_up()

    def check(self) -> None:
        """Look whether the provider answers and is what the configuration says. Raises ProviderRefused."""
        assert self._settings.issuer is not None
        provider = Provider(self._settings.issuer)
        try:
            provider.keys(provider.doors())
        finally:
            provider.close()


def identity_of(claims: Mapping[str, Any], settings: SignIn) -> CompanyIdentity:
    """Who the claims say it is. A login that is an e-mail address is taken without its domain."""
    login = _text(_at(claims, settings.login_claim)).partition("@")[0]
    stores = _texts(_at(claims, settings.stores_claim)) if settings.stores_claim else None
    email = _text(claims.get("email"))
    return CompanyIdentity(
        subject=f"{claims['iss']} {claims['sub']}",
        login=login,
        name=_named(_text(_at(claims, settings.name_claim))) or login,
        role=_role(_texts(_at(claims, settings.role_claim)), settings.roles),
        stores=stores,
        contacts=(email,) if email else (),
    )


def _role(values: tuple[str, ...], roles: Mapping[str, str]) -> Role | None:
    """The first of the table that somebody has; None for nobody's."""
    return next((Role(role) for value, role in roles.items() if value in values), None)


def _at(claims: Mapping[str, Any], path: str) -> object:
    """A claim by its name, which may hold dots itself, or by a path of names with dots between them."""
    if path in claims:
        return claims[path]
    place: object = claims
    for name in path.split("."):
        place = place.get(name) if isinstance(place, Mapping) else None
    return place


def _texts(value: object) -> tuple[str, ...]:
    """One text, or a list of them."""
    if isinstance(value, str):
        return (value,) if value.strip() else ()
    return tuple(one for one in value if isinstance(one, str) and one.strip()) if isinstance(value, list) else ()


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _named(name: str) -> str:
    return " ".join("".join(letter for letter in name if letter.isprintable()).split())[:100]
