"""Gives the clients their secrets: asked once of the vault, on a worker thread, and named clearly where one is missing."""

from __future__ import annotations

import threading
from collections.abc import Callable

from coupon_desk.errors import ConfigurationError
from coupon_desk.vault import SecretName, Vault
from coupon_desk.words import msg


class SecretMissing(ConfigurationError):
    """A secret that the configuration needs is not in the keyring; nothing was done."""


class Secrets:
    """Remembers what the vault gave, so that the keyring is asked once per program."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._known: dict[SecretName, str] = {}
        self._asking = threading.Lock()

    def give(self, name: SecretName) -> str:
        """The content of one secret. Raises SecretMissing, VaultError."""
        with self._asking:
            if name not in self._known:
                secret = self._vault.get(name)
                if secret is None:
                    raise SecretMissing(
                        msg("The secret {name} is not in the keyring.", name=name.value),
                        done=msg("Nothing was done."),
                        todo=msg("Store it with “coupon-desk secrets set {name}”.", name=name.value),
                    )
                self._known[name] = secret.reveal()
            return self._known[name]

    def giver(self, name: SecretName) -> Callable[[], str]:
        """A client's way to its secret."""
        return lambda: self.give(name)

    def forget(self) -> None:
        """Ask the vault anew next time."""
        with self._asking:
            self._known.clear()
