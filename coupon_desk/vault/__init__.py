"""Where secrets live: the keyring of the operating system, and memory for the training shop. Nowhere else.

The keyring may ask the person to unlock it and then blocks until they answer: call a vault on a worker thread only.
"""

from coupon_desk.vault.errors import (
    EmptySecret,
    InsecureKeyring,
    KeyringFailed,
    KeyringIsLocked,
    KeyringNotOpened,
    NoKeyring,
    OwnSecret,
    RoundTripFailed,
    SecretNotDeleted,
    SecretNotStored,
    UnknownSecretName,
    VaultError,
)
from coupon_desk.vault.memory import MemoryVault
from coupon_desk.vault.os_keyring import SERVICE, KeyringVault
from coupon_desk.vault.port import Vault
from coupon_desk.vault.secret import Secret, SecretName

__all__ = [
    "SERVICE",
    "EmptySecret",
    "InsecureKeyring",
    "KeyringFailed",
    "KeyringIsLocked",
    "KeyringNotOpened",
    "KeyringVault",
    "MemoryVault",
    "NoKeyring",
    "OwnSecret",
    "RoundTripFailed",
    "Secret",
    "SecretName",
    "SecretNotDeleted",
    "SecretNotStored",
    "UnknownSecretName",
    "Vault",
    "VaultError",
]
