"""Folds what people type, and what is searched, into one form, so that the two meet.

Width (full, half), case, accents of Latin letters, hiragana and katakana, spaces and punctuation make no difference.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

_KEPT_PUNCTUATION: Final = frozenset("@.+")
_KATAKANA_TO_HIRAGANA: Final = {ord(katakana): ord(katakana) - 0x60 for katakana in map(chr, range(0x30A1, 0x30F7))}
_LATIN_ACCENTS: Final = re.compile("[\u0300-\u036f]")
# The long-vowel mark belongs to kana; elsewhere it is what a Japanese keyboard types for a hyphen.
_STRAY_LONG_VOWEL: Final = re.compile("(?<![\u3041-\u309f\u30fc])\u30fc+")
_HYPHEN_LIKE: Final = str.maketrans(dict.fromkeys("\uff70", "\u30fc"))
_ASCII_NOISE: Final = dict.fromkeys(code for code in range(128) if not (chr(code).isalnum() or chr(code) in _KEPT_PUNCTUATION))
_GID: Final = re.compile(r"gid://shopify/customer/([0-9]+)", re.IGNORECASE)

FIELD_END: Final = "\n"
"""Stands before each field of a search text, and at its end; folded text never holds it, so no match runs from one field into
the next, and the beginning of a field can be looked for like any other characters.
"""

_NOBODY: Final = "\uffff"
_SORTED_CHARACTERS: Final = 24
_REMEMBERED: Final = 2048
"""A customer has several coupons, and many customers have the same name."""


def fold(text: str) -> str:
    """The one form of a text for searching; empty where nothing searchable is left. Folding twice changes nothing."""
    if text.isascii():
        return text.lower().translate(_ASCII_NOISE)
    before = None
    while text != before:
        before, text = text, _fold_once(text)
    return text


@lru_cache(_REMEMBERED)
def search_text(name: str, email: str | None, phone: str | None, customer_id: str | None) -> str:
    """All that a search may find of the person whose coupon it is, folded, each field between two ends; empty for nobody."""
    fields = [*names(name), fold(email or ""), *_phones(phone or ""), _digits(customer_id) or ""]
    kept = dict.fromkeys(field for field in fields if field)
    return FIELD_END.join(("", *kept, "")) if kept else ""


@lru_cache(_REMEMBERED)
def names(name: str) -> tuple[str, ...]:
    """A name folded, also with its last part first: people are looked for both ways round."""
    parts = [part for part in map(fold, name.split()) if part]
    if len(parts) < 2:
        return tuple(parts)
    return "".join(parts), "".join((parts[-1], *parts[:-1]))


@lru_cache(_REMEMBERED)
def grams(name: str) -> str:
    """Every single character and every pair of a name, as words for the full-text index; once more where the name begins
    with them.

    Full-text search by three characters cannot find 佐藤; written as code points, because the index's own idea of a word
    does not know every Japanese character.
    """
    forms = names(name)
    found = {gram for form in forms for size in (1, 2) for gram in _slices(form, size)}
    found |= {FIELD_END + form[:size] for form in forms for size in (1, 2)}
    return " ".join(sorted(map(gram_word, found)))


def gram_word(gram: str) -> str:
    """The word that stands for these few characters."""
    return "".join(f"{ord(character):06x}" for character in gram)


def customer_digits(text: str) -> str | None:
    """The number of the customer who is meant: digits alone, or Shopify's global id; None for anything else."""
    plain = unicodedata.normalize("NFKC", text).strip()
    found = _GID.fullmatch(plain)
    if found:
        return found[1]
    return plain if plain.isascii() and plain.isdigit() else None


def customer_key(customer_id: str | None) -> str | None:
    """A customer's number backwards, so that its last digits can be found by an index."""
    digits = _digits(customer_id)
    return digits[::-1] if digits else None


def customer_sort(name: str, customer_id: str | None) -> str:
    """By what customers are put in order: the beginning of the folded name, then the number; those without a name come last."""
    known = names(name)
    return f"{known[0][:_SORTED_CHARACTERS] if known else _NOBODY} {_digits(customer_id) or ''}"


def _fold_once(text: str) -> str:
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text.translate(_HYPHEN_LIKE)).casefold())
    plain = unicodedata.normalize("NFKC", _LATIN_ACCENTS.sub("", plain)).casefold().translate(_KATAKANA_TO_HIRAGANA)
    plain = _STRAY_LONG_VOWEL.sub("", plain)
    return "".join(character for character in plain if _is_searchable(character))


def _is_searchable(character: str) -> bool:
    return character in _KEPT_PUNCTUATION or unicodedata.category(character)[0] in "LNM"


def _digits(customer_id: str | None) -> str | None:
    digits = (customer_id or "").rsplit("/", 1)[-1]
    return digits if digits.isascii() and digits.isdigit() else None


def _phones(phone: str) -> Iterator[str]:
    """A phone number as written, and as it is dialled inside Japan: +81 90… is 090…."""
    folded = fold(phone)
    yield folded
    if folded.startswith("+81"):
        yield "0" + folded[3:].removeprefix("0")


def _slices(text: str, size: int) -> Iterator[str]:
    return (text[start : start + size] for start in range(len(text) - size + 1))
