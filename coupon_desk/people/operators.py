"""Who works at the desk: operators, new ones, and the session of one who signed in."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from coupon_desk.errors import ConfigurationError
from coupon_desk.people.roles import Right, Role
from coupon_desk.people.scope import checked_stores
from coupon_desk.words import Message, msg

_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
_LONGEST_NAME: Final = 100


class Source(StrEnum):
    """Who says that it is this operator: their PIN, or the company's provider. The codes are kept and never renamed."""

    PIN = "pin"
    COMPANY = "oidc"

    @property
    def label(self) -> Message:
        """What a person reads."""
        return msg("Company account") if self is Source.COMPANY else msg("PIN")


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator. `contacts` are their own e-mails and phone numbers, to see a coupon of their own.

    `stores` are those that they may work in, none named: all. `version` is that of the directory which all desks share, 0 for
    an operator who is known at this desk only.
    """

    login: str
    name: str
    role: Role
    contacts: tuple[str, ...] = field(repr=False)
    disabled: bool
    created_at: datetime
    stores: tuple[str, ...] = ()
    source: Source = Source.PIN
    version: int = 0


@dataclass(frozen=True, slots=True)
class NewOperator:
    """An operator who is to be added."""

    login: str
    name: str
    role: Role
    pin: str = field(repr=False)
    contacts: tuple[str, ...] = field(default=(), repr=False)
    stores: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Session:
    """An operator who signed in, as they were at that moment. Every right is asked again with `People.authorise`."""

    operator: Operator
    signed_in_at: datetime

    @property
    def login(self) -> str:
        """Who it is, as the trail names them."""
        return self.operator.login

    def may(self, right: Right) -> bool:
        """Whether a button for this makes sense; decides nothing."""
        return self.operator.role.may(right)


def fold_login(typed: str) -> str:
    """A login as it is kept: half-width, lower case, no spaces around it."""
    return unicodedata.normalize("NFKC", typed).strip().lower()


def is_login(text: str) -> bool:
    """Whether a folded text can be a login."""
    return _LOGIN.fullmatch(text) is not None


def checked(new: NewOperator) -> NewOperator:
    """The new operator with login, name, contacts and stores in their one form. Raises ConfigurationError."""
    login = fold_login(new.login)
    if not is_login(login):
        raise ConfigurationError(
            msg("“{login}” cannot be a login.", login=new.login.strip()[:40]),
            done=msg("Nothing was done."),
            todo=msg("A login has up to 32 letters a–z, digits, dots, hyphens or underscores."),
        )
    name = " ".join(new.name.split())
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise ConfigurationError(
            msg("An operator needs a name of up to {count} characters.", count=_LONGEST_NAME),
            done=msg("Nothing was done."),
        )
    contacts = tuple(dict.fromkeys(contact.strip() for contact in new.contacts if contact.strip()))
    return NewOperator(login, name, new.role, new.pin, contacts, checked_stores(new.stores))
