"""The vault of the training shop: its secrets are its own and end with the program."""

from __future__ import annotations

from collections.abc import Mapping

from coupon_desk.vault.secret import Secret, SecretName


class MemoryVault:
    """Keeps secrets in memory only; made for the training shop, which needs no keyring."""

    def __init__(self, secrets: Mapping[SecretName, Secret] | None = None) -> None:
        self._secrets = dict(secrets or {})

    def get(self, name: SecretName) -> Secret | None:
        """The secret of this name, None if there is none."""
        return self._secrets.get(name)

    def set(self, name: SecretName, secret: Secret) -> None:
        """Keeps a secret, in place of an older one."""
        self._secrets[name] = secret

    def delete(self, name: SecretName) -> bool:
        """Forgets a secret; False if there was none."""
        return self._secrets.pop(name, None) is not None

    def names(self) -> tuple[SecretName, ...]:
        """The names of the secrets that are there."""
        return tuple(name for name in SecretName if name in self._secrets)

    def check(self) -> str:
        """Memory needs no proof."""
        return "memory"
