"""What can go wrong with the company's provider, as a person should hear it. No token ever stands in a detail."""

from __future__ import annotations

import re
from typing import Final

from coupon_desk.errors import ConfigurationError, NotPermitted
from coupon_desk.words import Message, msg

_CODE: Final = re.compile(r"[a-z_]{1,40}")


class ProviderRefused(NotPermitted):
    """Nobody was signed in: the provider said no, or what it said cannot be trusted. `why` is a stable code for the trail."""

    def __init__(self, why: str, what: Message, *, todo: Message | None = None, detail: str = "") -> None:
        super().__init__(what, done=msg("Nobody was signed in."), todo=todo or msg("Try again."), detail=detail)
        self.why = why


def untrusted(why: str, detail: str) -> ProviderRefused:
    """The provider's answer does not prove who it is."""
    return ProviderRefused(
        why,
        msg("The answer of the company's provider proves nothing ({why}).", why=why),
        todo=msg("Try again; if it happens again, tell the administrator."),
        detail=detail,
    )


def as_code(error: object) -> str:
    """A provider's error code (RFC 6749, 4.1.2.1); what is none is not repeated."""
    return error if isinstance(error, str) and _CODE.fullmatch(error) else "?"


def silent(detail: str) -> ProviderRefused:
    """The provider cannot be reached."""
    return ProviderRefused(
        "silent",
        msg("The company's provider does not answer."),
        todo=msg("Check the network, or sign in with your PIN."),
        detail=detail,
    )


def not_installed(detail: str) -> ConfigurationError:
    """The libraries are an optional extra."""
    return ConfigurationError(
        msg("Signing in with the company account is configured, but what it needs is not installed."),
        done=msg("Nothing was done."),
        todo=msg("Install it with: {command}", command='pip install "coupon-desk[company]"'),
        detail=detail,
    )
