"""What every vault can do."""

from __future__ import annotations

from typing import Protocol

from coupon_desk.vault.secret import Secret, SecretName


class Vault(Protocol):
    """Keeps the secrets of one home. Every call may block and may raise VaultError: worker threads only."""

    def get(self, name: SecretName) -> Secret | None:
        """The secret of this name, None if there is none."""
        ...

    def set(self, name: SecretName, secret: Secret) -> None:
        """Stores a secret, in place of an older one."""
        ...

    def delete(self, name: SecretName) -> bool:
        """Deletes a secret; False if there was none."""
        ...

    def names(self) -> tuple[SecretName, ...]:
        """The names of the secrets that are there."""
        ...

    def check(self) -> str:
        """Proves with a value of its own that the vault stores, gives back and deletes; returns what keeps it."""
        ...
