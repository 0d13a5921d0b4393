"""A language that is as long as any: English with a third more letters, and accents above and below."""

from __future__ import annotations

import gettext
from collections.abc import Iterator
from contextlib import contextmanager
from string import Formatter
from typing import Final
from unittest.mock import patch

from coupon_desk import words
from coupon_desk.words import Language

_LONGER: Final = {"a": "åa", "e": "ëe", "i": "ïi", "o": "öo", "u": "üu", "A": "Å", "E": "Ë", "I": "Ï", "O": "Ö", "U": "Ü"}
"""Vowels are a bit more than a third of an English text: doubled, they make it as long as German or French are."""


class _Stretched(gettext.NullTranslations):
    def gettext(self, message: str) -> str:
        return stretch(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return stretch(msgid1 if n == 1 else msgid2)


def stretch(text: str) -> str:
    """The text in the long language; placeholders stay as they are."""
    parts = []
    for literal, name, _form, _conversion in Formatter().parse(text):
        parts.append("".join(_LONGER.get(letter, letter) for letter in literal))
        parts.append(f"{{{name}}}" if name else "")
    return "".join(parts)


@contextmanager
def english_is_stretched() -> Iterator[None]:
    """As long as the block, what is said in English is said in the long language."""
    long, real = _Stretched(), words._catalogue
    with patch.object(words, "_catalogue", lambda language: long if language is Language.EN else real(language)):
        yield
