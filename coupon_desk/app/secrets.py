"""Gives the clients their secrets: asked once of the vault, on a worker thread, and named clearly where one is missing.

Also stores and deletes them, for a person, with an entry in the trail.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from coupon_desk.clock import Clock
from coupon_desk.errors import ConfigurationError
from coupon_desk.people.operators import Session
from coupon_desk.trail.trail import Trail
from coupon_desk.vault import Secret, SecretName, Vault, VaultError
from coupon_desk.words import msg


class SecretMissing(ConfigurationError):
    """A secret that the configuration needs is not in the keyring; nothing was done."""


def store(vault: Vault, name: SecretName, secret: Secret, trail: Trail | None, session: Session | None) -> None:
    """Keep a secret; the trail, where there is one already, says who did it and never what it is. Raises VaultError."""
    with _said(trail, "secret.stored", name, session):
        vault.set(name, secret)


def delete(vault: Vault, name: SecretName, trail: Trail | None, session: Session | None) -> bool:
    """Delete a secret; False if there was none. The trail says who did it. Raises VaultError."""
    with _said(trail, "secret.deleted", name, session):
        return vault.delete(name)


@contextmanager
def _said(trail: Trail | None, action: str, name: SecretName, session: Session | None) -> Iterator[None]:
    """Written before it is done, as everywhere; what then fails is said too."""
    if trail is None:
        yield
        return
    actor, role = (session.login, session.operator.role.value) if session else (None, None)
    trail.record(action, {"name": name.value}, actor=actor, role=role, result="done")
    try:
        yield
    except VaultError as wrong:
        body = {"name": name.value, "action": action}
        trail.record("secret.change_failed", body, actor=actor, role=role, result="failed", reason=type(wrong).__name__)
        raise


KEPT_SECONDS: Final = 30.0
"""So long the vault's answer holds; a secret that was stored anew is used after that."""


class Secrets:
    """Remembers for a while what the vault gave, so that not each request asks the keyring."""

    def __init__(self, vault: Vault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock
        self._known: dict[SecretName, tuple[str | None, float]] = {}
        self._asking = threading.Lock()

    def give(self, name: SecretName) -> str:
        """The content of one secret. Raises SecretMissing, VaultError."""
        content = self.find(name)
        if content is None:
            raise SecretMissing(
                msg("The secret {name} is not in the keyring.", name=name.value),
                done=msg("Nothing was done."),
                todo=msg("Store it with “coupon-desk secrets set {name}”.", name=name.value),
            )
        return content

    def find(self, name: SecretName) -> str | None:
        """The content of a secret that is not always needed; None where there is none. Raises VaultError."""
        with self._asking:
            content, until = self._known.get(name, (None, float("-inf")))
            if self._clock.monotonic() < until:
                return content
            secret = self._vault.get(name)
            content = secret.reveal() if secret is not None else None
            self._known[name] = (content, self._clock.monotonic() + (KEPT_SECONDS if content is not None else 0.0))
            return content

    def giver(self, name: SecretName) -> Callable[[], str]:
        """A client's way to its secret."""
        return lambda: self.give(name)
