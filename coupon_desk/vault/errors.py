"""What can go wrong with a vault, each failure by its name."""

from __future__ import annotations

from coupon_desk.errors import DeskError, ExitStatus
from coupon_desk.words import msg


class VaultError(DeskError):
    """A secret could not be read, stored or deleted. Never carries the secret."""

    exit_status = ExitStatus.USAGE


class UnknownSecretName(VaultError):
    """No secret of ours has this name."""

    def __init__(self, name: str, known: str) -> None:
        super().__init__(
            msg("There is no secret with the name {name}.", name=name[:60]),
            todo=msg("Use one of these names: {names}.", names=known),
        )


class OwnSecret(VaultError):
    """This one is the program's own: it was neither set nor deleted."""

    def __init__(self, name: str) -> None:
        super().__init__(
            msg("{name} is kept by the program itself, to sign the trail; nobody sets or deletes it.", name=name),
            done=msg("Nothing was changed."),
            todo=msg("“coupon-desk audit key” shows the public key. A new one is made by itself where the old one is lost."),
        )


class EmptySecret(VaultError):
    """What was typed is empty."""

    def __init__(self) -> None:
        super().__init__(msg("The secret is empty; nothing was stored."), todo=msg("Type or paste its value and try again."))


class NoKeyring(VaultError):
    """This computer offers no keyring, or its service does not run."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(
            msg("This computer has no running keyring for secrets."),
            todo=msg("Start one in your desktop session, such as GNOME Keyring or KWallet, and try again."),
            detail=detail,
        )


class InsecureKeyring(VaultError):
    """The keyring that was chosen keeps secrets unprotected, or is not one that we know. It was not used."""

    def __init__(self, backend: str, detail: str = "") -> None:
        super().__init__(
            msg("The keyring {backend} does not protect secrets and was not used.", backend=backend),
            todo=msg(
                "Remove it, or the variable PYTHON_KEYRING_BACKEND or the file keyringrc.cfg that chooses it, "
                "and use the keyring of the operating system."
            ),
            detail=detail,
        )
        self.backend = backend


class KeyringIsLocked(VaultError):
    """The keyring is locked, and nobody unlocked it."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(
            msg("The keyring is locked."),
            todo=msg("Unlock it with its password, usually that of your computer account, and try again."),
            detail=detail,
        )


class KeyringNotOpened(VaultError):
    """The keyring wanted to ask something and the question was dismissed or could not be shown."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(
            msg("The keyring could not be opened: its question was dismissed or could not be shown."),
            todo=msg("Try again and answer the question of the keyring."),
            detail=detail,
        )


class SecretNotStored(VaultError):
    """The keyring refused to store a secret; an older value may still be there."""

    def __init__(self, name: str, detail: str = "") -> None:
        super().__init__(
            msg("The keyring did not store the secret {name}.", name=name),
            todo=msg("Look into the keyring program of your computer and try again."),
            detail=detail,
        )


class SecretNotDeleted(VaultError):
    """The keyring refused to delete a secret; it is still there."""

    def __init__(self, name: str, detail: str = "") -> None:
        super().__init__(
            msg("The keyring did not delete the secret {name}; it is still there.", name=name),
            todo=msg("Delete it in the keyring program of your computer."),
            detail=detail,
        )


class KeyringFailed(VaultError):
    """The keyring failed in a way that has no name of its own."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(
            msg("The keyring did not answer as it should."),
            todo=msg("Look into the keyring program of your computer and try again."),
            detail=detail,
        )


class RoundTripFailed(VaultError):
    """What was stored on trial did not come back, or could not be deleted: this keyring keeps nothing."""

    def __init__(self, backend: str) -> None:
        super().__init__(
            msg("The keyring {backend} did not give back what was stored on trial.", backend=backend),
            todo=msg("Use the keyring of the operating system."),
        )
