"""Gives the clients their secrets: asked once of the vault, on a worker thread, and named clearly where one is missing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from coupon_desk.clock import Clock
from coupon_desk.errors import ConfigurationError
from coupon_desk.vault import SecretName, Vault
from coupon_desk.words import msg


class SecretMissing(ConfigurationError):
    """A secret that the configuration needs is not in the keyring; nothing was done."""


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
