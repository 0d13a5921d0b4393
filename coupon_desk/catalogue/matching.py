"""What was typed, as the ways in which a coupon may fit it: exactly, by its beginning, by the customer, or anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from coupon_desk.catalogue.folding import customer_digits, fold, gram_word

_SHORTEST_CUSTOMER: Final = 4
_TRIGRAM: Final = 3
_BEYOND: Final = "~"
"""Sorts behind every character of a folded code."""


@dataclass(frozen=True, slots=True)
class Match:
    """A text to look for. All conditions are SQL on `coupons`, their values in `values`.

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
        """Whether the text can be the end of a customer's id; fewer digits would fit too many."""
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
    def values(self) -> dict[str, str]:
        """The values that the conditions name."""
        backwards = (self.digits or "")[::-1]
        return {
            "code": self.needle,
            "code_end": self.needle + _BEYOND,
            "customer": backwards,
            "customer_end": backwards + ("" if self.is_customer_id else _BEYOND),
            "phrase": f'"{gram_word(self.needle) if self.is_short else self.needle}"',
            "needle": self.needle,
            "word": f" {gram_word(self.needle)} ",
        }

    def exact(self) -> str:
        """The code is the text."""
        return "coupons.code_key = :code"

    def names_one(self) -> list[str]:
        """Conditions any of which tells that the text names a coupon or a customer as a whole.

        Then nothing is looked for that merely holds the text somewhere: nobody wants it, and the long text of a whole code
        takes the full-text index longer than everything else.
        """
        by_code = [self.exact()] if self.by_code else []
        return by_code + (["coupons.customer_key = :customer"] if self.by_customer else [])

    def prefix(self, hide: str = "") -> str:
        """The code begins with the text, or is the text."""
        return f"{hide}coupons.code_key >= :code AND {hide}coupons.code_key < :code_end"

    def customer(self, hide: str = "") -> str:
        """The customer's id ends with the text."""
        return f"{hide}coupons.customer_key >= :customer AND {hide}coupons.customer_key <= :customer_end"

    @property
    def index(self) -> str:
        """The table that finds the text anywhere: by three characters, or by names' single characters and pairs."""
        return "coupon_grams" if self.is_short else "coupon_text"

    def inside(self, hide: str = "") -> str:
        """The text stands in what the index holds, told without its help.

        SQLite 3.40 answers a bare LIKE on one or two Japanese characters from the index, and wrongly: there, it is hidden.
        """
        if self.is_short:
            return "' ' || coupon_grams.grams || ' ' LIKE '%' || :word || '%'"
        return f"{hide}coupon_text.text LIKE '%' || :needle || '%'"

    def in_code(self) -> list[str]:
        """What keeps coupons out that hold the text elsewhere than in their code, where only codes are looked through."""
        return ["coupons.code_key LIKE '%' || :needle || '%'"] if self.codes_only else []

    def not_by_code(self, hide: str = "") -> list[str]:
        """What keeps coupons whose code begins with the text out of the tiers below."""
        return [f"NOT ({self.prefix(hide)})"] if self.by_code else []

    def not_better(self, hide: str = "") -> list[str]:
        """What keeps coupons of all better tiers out of the last one, and those that may not be found by this text."""
        conditions = self.not_by_code(hide) + self.in_code()
        if self.by_customer:
            conditions.append(f"(coupons.customer_key IS NULL OR NOT ({self.customer(hide)}))")
        return conditions


def match(text: str, *, codes_only: bool = False) -> Match | None:
    """What to look for; None where the text holds nothing that could be found (only punctuation)."""
    digits = customer_digits(text)
    if digits is not None:
        return Match(digits, digits, is_customer_id=not fold(text).isdigit(), codes_only=codes_only)
    needle = fold(text)
    return Match(needle, codes_only=codes_only) if needle else None
