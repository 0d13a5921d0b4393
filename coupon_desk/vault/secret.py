"""A secret as a value that can be carried but not shown, and the names of our secrets."""

from __future__ import annotations

import hmac
from enum import StrEnum
from typing import NoReturn

from coupon_desk.vault.errors import EmptySecret, OwnSecret, UnknownSecretName


class SecretName(StrEnum):
    """The secrets that a home may have (INTERFACE.md §4); `desk.head` is no secret, but must stand outside the database."""

    SHOPIFY_TOKEN = "shopify.token"  # noqa: S105
    SHOPIFY_CLIENT_SECRET = "shopify.client_secret"  # noqa: S105
    POS_TOKEN = "pos.token"  # noqa: S105
    MAIL_PASSWORD = "mail.password"  # noqa: S105
    CENTRAL_PASSWORD = "central.password"  # noqa: S105
    DESK_KEY = "desk.key"
    DESK_HEAD = "desk.head"

    @property
    def is_our_own(self) -> bool:
        """The program makes and keeps it itself, to sign the trail and to know it again; nobody types it."""
        return self in {SecretName.DESK_KEY, SecretName.DESK_HEAD}

    @classmethod
    def typed(cls, text: str) -> SecretName:
        """The name of a secret that somebody sets or deletes. Raises UnknownSecretName, OwnSecret."""
        name = cls.parse(text)
        if name.is_our_own:
            raise OwnSecret(name.value)
        return name

    @classmethod
    def parse(cls, typed: str) -> SecretName:
        """The name that was typed. Raises UnknownSecretName, which lists those that can be typed."""
        try:
            return cls(typed.strip())
        except ValueError:
            raise UnknownSecretName(typed.strip(), ", ".join(name for name in cls if not name.is_our_own)) from None


class Secret:
    """A token, password or key. Only `reveal` shows it: not `str`, not `repr`, not a traceback, not a pickle."""

    __slots__ = ("_content",)

    def __init__(self, content: str) -> None:
        if not content:
            raise EmptySecret
        self._content = content

    @classmethod
    def typed(cls, text: str) -> Secret:
        """The secret from a prompt or standard input, without white space around it. Raises EmptySecret."""
        return cls(text.strip())

    def reveal(self) -> str:
        """The content, for the one call that needs it."""
        return self._content

    def __eq__(self, other: object) -> bool:
        """Compared in constant time."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._content.encode(), other._content.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._content))

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")
