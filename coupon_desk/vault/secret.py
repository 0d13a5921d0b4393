"""A secret as a value that can be carried but not shown, and the names of our secrets."""

from __future__ import annotations

import hmac
from enum import StrEnum
from typing import NoReturn

from coupon_desk.vault.errors import EmptySecret, UnknownSecretName


class SecretName(StrEnum):
    """The secrets that a home may have (INTERFACE.md §4)."""

    SHOPIFY_TOKEN = "shopify.token"  # noqa: S105
    SHOPIFY_CLIENT_SECRET = "shopify.client_secret"  # noqa: S105
    POS_TOKEN = "pos.token"  # noqa: S105
    MAIL_PASSWORD = "mail.password"  # noqa: S105
    CENTRAL_PASSWORD = "central.password"  # noqa: S105
    DESK_KEY = "desk.key"

    @classmethod
    def parse(cls, typed: str) -> SecretName:
        """The name that was typed. Raises UnknownSecretName, which lists the known ones."""
        try:
            return cls(typed.strip())
        except ValueError:
            raise UnknownSecretName(typed.strip(), ", ".join(cls)) from None


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
