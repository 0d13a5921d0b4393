"""Whether two people are the same, as far as their e-mails and telephone numbers tell: however these were typed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

_FEWEST_DIGITS: Final = 8
"""Fewer digits are an extension or a note, and would make strangers the same person."""


def is_same_person(contacts: Iterable[str | None], others: Iterable[str | None]) -> bool:
    """Whether they share an e-mail, whatever its case, or a telephone number, with or without its country."""
    ours = {folded for contact in contacts if (folded := fold_contact(contact))}
    theirs = {folded for contact in others if (folded := fold_contact(contact))}
    return any(_is_same(one, other) for one in ours for other in theirs)


def fold_contact(contact: str | None) -> str:
    """An e-mail half-width and in lower case; a telephone number as its digits without leading zeros; else nothing."""
    plain = unicodedata.normalize("NFKC", contact or "").strip().casefold()
    if "@" in plain:
        return plain
    digits = "".join(str(unicodedata.digit(character)) for character in plain if character.isdigit()).lstrip("0")
    return digits if len(digits) >= _FEWEST_DIGITS else ""


def _is_same(one: str, other: str) -> bool:
    """A number with its country ends as the one without: +81 90-1234-5678 is 090-1234-5678."""
    if "@" in one or "@" in other:
        return one == other
    return one.endswith(other) or other.endswith(one)
