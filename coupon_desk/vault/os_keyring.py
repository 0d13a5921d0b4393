"""The vault in the operating system's keyring; insecure keyrings are refused, each failure has a name."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from coupon_desk.vault.errors import (
    InsecureKeyring,
    KeyringFailed,
    KeyringIsLocked,
    KeyringNotOpened,
    NoKeyring,
    RoundTripFailed,
    SecretNotDeleted,
    SecretNotStored,
    VaultError,
)
from coupon_desk.vault.secret import Secret, SecretName

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE: Final = "coupon-desk"

# Keyrings that encrypt, by class: `keyrings.alt` would be chosen silently and keeps plain text (facts/platform.md §3).
_SECURE: Final = frozenset(
    {
        "keyring.backends.SecretService.Keyring",
        "keyring.backends.Windows.WinVaultKeyring",
        "keyring.backends.kwallet.DBusKeyring",
        "keyring.backends.kwallet.DBusKeyringKWallet4",
        "keyring.backends.libsecret.Keyring",
        "keyring.backends.macOS.Keyring",
    }
)
_CHAIN: Final = "keyring.backends.chainer.ChainerBackend"
_NONE: Final = "keyring.backends.fail.Keyring"


class KeyringVault:
    """Keeps the secrets of one home in the keyring: service `coupon-desk`, one entry per name and home.

    `forbidden_thread` is the id of the thread that must never wait for a keyring (the window's); a call on it is a fault of
    the program and raises RuntimeError. `revealed` hears every value that passes, so that the log can mask it.
    """

    def __init__(
        self, home: Path, *, forbidden_thread: int | None = None, revealed: Callable[[str], None] | None = None
    ) -> None:
        self._home = home.expanduser().resolve()
        self._forbidden_thread = forbidden_thread
        self._revealed = revealed
        self._backend: KeyringBackend | None = None
        self._choosing = threading.Lock()

    def get(self, name: SecretName) -> Secret | None:
        """The secret of this name, None if there is none. Raises VaultError."""
        content = self._read(self._entry(name))
        if not content:
            return None
        self._announce(content)
        return Secret(content)

    def set(self, name: SecretName, secret: Secret) -> None:
        """Stores a secret, in place of an older one. Raises VaultError."""
        self._announce(secret.reveal())
        with self._named_failures(name) as backend:
            backend.set_password(SERVICE, self._entry(name), secret.reveal())

    def delete(self, name: SecretName) -> bool:
        """Deletes a secret; False if there was none. Raises VaultError."""
        if self._read(self._entry(name)) is None:
            return False
        with self._named_failures(name) as backend:
            backend.delete_password(SERVICE, self._entry(name))
        return True

    def names(self) -> tuple[SecretName, ...]:
        """The names of the secrets that are there. Raises VaultError."""
        return tuple(name for name in SecretName if self._read(self._entry(name)) is not None)

    def check(self) -> str:
        """Stores, reads and deletes a value of its own; returns the keyring's class. Raises VaultError."""
        trial = f"trial-{secrets.token_hex(8)}"
        content = secrets.token_urlsafe(24)
        with self._named_failures(trial) as backend:
            backend.set_password(SERVICE, self._entry(trial), content)
            returned = backend.get_password(SERVICE, self._entry(trial))
            if returned is not None:
                backend.delete_password(SERVICE, self._entry(trial))
            remaining = backend.get_password(SERVICE, self._entry(trial))
            if returned != content or remaining is not None:
                raise RoundTripFailed(_class_of(backend))
        return _class_of(backend)

    def _entry(self, name: str) -> str:
        return f"{name}@{self._home}"

    def _read(self, entry: str) -> str | None:
        with self._named_failures(entry) as backend:
            content = backend.get_password(SERVICE, entry)
        return None if content is None else str(content)

    def _announce(self, content: str) -> None:
        if self._revealed is not None:
            self._revealed(content)

    @contextmanager
    def _named_failures(self, name: str) -> Iterator[KeyringBackend]:
        """The keyring, with its own failures and those of the libraries below it translated to ours."""
        if self._forbidden_thread is not None and threading.get_ident() == self._forbidden_thread:
            raise RuntimeError("the keyring may block and must not be used on this thread")
        from keyring import errors

        try:
            yield self._chosen()
        except VaultError:
            raise
        except errors.NoKeyringError as failure:
            raise NoKeyring(_detail(failure)) from failure
        except errors.KeyringLocked as failure:
            raise KeyringIsLocked(_detail(failure)) from failure
        except errors.InitError as failure:
            raise KeyringNotOpened(_detail(failure)) from failure
        except errors.PasswordSetError as failure:
            raise SecretNotStored(name, _detail(failure)) from failure
        except errors.PasswordDeleteError as failure:
            raise SecretNotDeleted(name, _detail(failure)) from failure
        except Exception as failure:
            # D-Bus, Win32 and Keychain errors that the keyring library lets through, by the names they bear there.
            if type(failure).__name__ == "LockedException":
                raise KeyringIsLocked(_detail(failure)) from failure
            if type(failure).__name__ == "PromptDismissedException":
                raise KeyringNotOpened(_detail(failure)) from failure
            raise KeyringFailed(_detail(failure)) from failure

    def _chosen(self) -> KeyringBackend:
        with self._choosing:
            if self._backend is None:
                self._backend = _secure(_detect())
            return self._backend


def _detect() -> KeyringBackend:
    """The keyring that the environment, the configuration or the platform chooses, looked for anew."""
    import keyring.backend
    import keyring.core

    # The library remembers for ever which keyrings there were; a service that starts later would never be found.
    look_again: Any = keyring.backend.get_all_keyring
    if "saved_result" in vars(look_again):
        look_again.reset()
    try:
        keyring.core.init_backend()
    except Exception as failure:
        raise InsecureKeyring("PYTHON_KEYRING_BACKEND", _detail(failure)) from failure
    return keyring.core.get_keyring()


def _secure(backend: KeyringBackend) -> KeyringBackend:
    """The backend, if it is one that protects what it keeps; every member of a chain must. Raises VaultError."""
    chain: Any = backend
    members: list[Any] = list(chain.backends) if _class_of(backend) == _CHAIN else [backend]
    names = [_class_of(member) for member in members]
    if not names or _NONE in names:
        raise NoKeyring
    for name in names:
        if name not in _SECURE:
            raise InsecureKeyring(name)
    return backend


def _class_of(backend: object) -> str:
    kind = type(backend)
    return f"{kind.__module__}.{kind.__qualname__}"


def _detail(failure: Exception) -> str:
    return f"{type(failure).__module__}.{type(failure).__qualname__}"
