"""Keeps the desk's key and its anchor in the vault, where the trail's signatures look for them."""

from __future__ import annotations

from coupon_desk.vault import Secret, SecretName, Vault


class VaultKeyStore:
    """The vault as `trail.signing.KeyStore`. Every call may block and may raise VaultError."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def key(self) -> str | None:
        """The private key as it was kept."""
        return self._read(SecretName.DESK_KEY)

    def keep_key(self, private: str) -> None:
        """Keep the private key."""
        self._vault.set(SecretName.DESK_KEY, Secret(private))

    def anchor(self) -> str | None:
        """The anchor as it was kept."""
        return self._read(SecretName.DESK_HEAD)

    def keep_anchor(self, anchor: str) -> None:
        """Keep the anchor."""
        self._vault.set(SecretName.DESK_HEAD, Secret(anchor))

    def _read(self, name: SecretName) -> str | None:
        secret = self._vault.get(name)
        return secret.reveal() if secret is not None else None
