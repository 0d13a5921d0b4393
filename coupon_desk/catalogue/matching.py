"""What was typed, as the ways in which a coupon may fit it: exactly, by its beginning, by the customer, or anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from coupon_desk.catalogue.asking import Values
from coupon_desk.catalogue.folding import FIELD_END, customer_digits, fold, gram_word
from coupon_desk.catalogue.query import Tier

_SHORTEST_CUSTOMER: Final = 4
_TRIGRAM: Final = 3
_LONGEST: Final = 1000
_BEYOND: Final = "~"
"""Sorts behind every character of a folded code."""


@dataclass(frozen=True, slots=True)
class Match:
    """A text to look for. Conditions are SQL; those with `hide` are only looked at where that is a `+`, not gone by.

    With `codes_only` it is looked for in codes and in nothing that tells of a person.
    """

    needle: str
    digits: str | None = None
    is_customer_id: bool = False
    codes_only: bool = False

    @property
    def by_code(self) -> bool:
        """Whether the text can be the beginning of a code."""
        return not self.is_customer_id and self.needle.isascii() and self.needle.isalnum()

    @property
    def by_customer(self) -> bool:
        """Whether the text can be the end of a customer's number; fewer digits would fit too many."""
        if self.codes_only:
            return False
        return self.is_customer_id or (self.digits is not None and len(self.digits) >= _SHORTEST_CUSTOMER)

    @property
    def by_text(self) -> bool:
        """Whether the text can be a part of anything; Shopify's global id means that customer and nothing else.

        The index of short texts holds names only.
        """
        return not self.is_customer_id and not (self.codes_only and self.is_short)

    @property
    def is_short(self) -> bool:
        """Whether the text is too short for the index of three characters."""
        return len(self.needle) < _TRIGRAM

    @property
    def text_tiers(self) -> tuple[Tier, ...]:
        """The ways in which the text can be a part of something, the best first."""
        if not self.by_text:
            return ()
        return (Tier.CONTAINS,) if self.codes_only else (Tier.STARTS, Tier.CONTAINS)

    @property
    def index(self) -> str:
        """The table that finds the text anywhere: by three characters, or by names' single characters and pairs."""
        return "coupon_grams" if self.is_short else "coupon_text"

    def exact(self, values: Values) -> str:
        """The code is the text."""
        return f"coupons.code_key = {values.bind(self.needle)}"

    def prefix(self, values: Values, hide: str = "") -> str:
        """The code begins with the text, or is the text."""
        low, high = values.bind(self.needle), values.bind(self.needle + _BEYOND)
        return f"{hide}coupons.code_key >= {low} AND {hide}coupons.code_key < {high}"

    def longer(self, values: Values) -> str:
        """The code is not the text."""
        return f"coupons.code_key <> {values.bind(self.needle)}"

    def customer(self, values: Values, hide: str = "") -> str:
        """The customer's number ends with the text; with Shopify's global id it is the text."""
        backwards = (self.digits or "")[::-1]
        if self.is_customer_id:
            return f"{hide}coupons.customer_key = {values.bind(backwards)}"
        low, high = values.bind(backwards), values.bind(backwards + _BEYOND)
        return f"{hide}coupons.customer_key >= {low} AND {hide}coupons.customer_key < {high}"

    def whole_customer(self, values: Values) -> str:
        """The customer's number is the text."""
        return f"coupons.customer_key = {values.bind((self.digits or '')[::-1])}"

    def not_by_number(self, values: Values, hide: str = "") -> list[str]:
        """What keeps coupons out that fit by their code's beginning or their customer's number."""
        conditions = [f"NOT ({self.prefix(values, hide)})"] if self.by_code else []
        if self.by_customer:
            conditions.append(f"(coupons.customer_key IS NULL OR NOT ({self.customer(values, hide)}))")
        return conditions

    def phrase(self, tier: Tier | None = None) -> str:
        """What the full-text index is asked for: the coupons of this tier alone, or of all that the text is a part of."""
        if tier is None or self.codes_only:
            return self._in_index()
        starts = self._in_index(FIELD_END)
        return starts if tier is Tier.STARTS else f"{self._in_index()} NOT {starts}"

    def inside(self, values: Values, hide: str, tier: Tier | None = None) -> str:
        """The same, told without help of the index.

        SQLite 3.40 answers a bare LIKE on one or two Japanese characters from the index, and wrongly: there, it is hidden.
        """
        if tier is None or self.codes_only:
            return self._standing(values, hide)
        starts = self._standing(values, hide, FIELD_END)
        return starts if tier is Tier.STARTS else f"{self._standing(values, hide)} AND NOT {starts}"

    def _in_index(self, before: str = "") -> str:
        gram = before + self.needle
        column = "{code} : " if self.codes_only else ""
        return f'{column}"{gram_word(gram) if self.is_short else gram}"'

    def _standing(self, values: Values, hide: str, before: str = "") -> str:
        gram = before + self.needle
        if self.is_short:
            return f"(' ' || coupon_grams.grams || ' ' LIKE {values.bind(f'% {gram_word(gram)} %')})"
        pattern = values.bind(f"%{gram}%")
        in_code = f"{hide}coupon_text.code LIKE {pattern}"
        return f"({in_code})" if self.codes_only else f"({in_code} OR {hide}coupon_text.text LIKE {pattern})"


def match(text: str, *, codes_only: bool = False) -> Match | None:
    """What to look for; None where the text holds nothing that could be found (only punctuation, or a page)."""
    digits = customer_digits(text)
    if digits is not None and len(digits) <= _LONGEST:
        return Match(digits, digits, is_customer_id=not fold(text).isdigit(), codes_only=codes_only)
    needle = fold(text)
    return Match(needle, codes_only=codes_only) if 0 < len(needle) <= _LONGEST else None
