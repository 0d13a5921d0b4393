"""The code of a coupon: five digits of the customer's id, six random characters, points (`70934-AB12CD-500`)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from coupon_desk.coupons.points import Points
from coupon_desk.errors import DeskError, ExitStatus
from coupon_desk.words import msg

_FORM: Final = re.compile(r"(?P<digits>[0-9]{1,5})-(?P<token>[A-Z0-9]{6})-(?P<points>[1-9][0-9]{0,8})")
# What keyboards, input methods and scanners produce where the code has a hyphen.
_HYPHENS: Final = str.maketrans(dict.fromkeys("‐‑‒–—―−ー－﹣ｰ_", "-"))


class InvalidCode(DeskError):
    """The text is not the code of a coupon."""

    exit_status = ExitStatus.USAGE


@dataclass(frozen=True, slots=True, order=True)
class CouponCode:
    """A code in its one canonical form: half-width, upper case, plain hyphens. Make one with `parse`."""

    text: str

    @classmethod
    def parse(cls, typed: str) -> CouponCode:
        """The code that was typed or scanned, folded in width, case, spaces and hyphens. Raises InvalidCode."""
        if _FORM.fullmatch(typed) is not None:  # most are canonical, and a sync reads a million
            return cls(typed)
        folded = fold(typed)
        if _FORM.fullmatch(folded) is None:
            raise InvalidCode(
                msg("“{typed}” is not the code of a coupon.", typed=typed.strip()[:60]),
                todo=msg("A code looks like 70934-AB12CD-500. Nothing was done."),
            )
        return cls(folded)

    @property
    def customer_digits(self) -> str:
        """The last five digits of the customer's id (fewer where the id is shorter)."""
        return self.text.split("-")[0]

    @property
    def points(self) -> Points:
        """The points that were converted, as the code says."""
        return Points(int(self.text.split("-")[2]))

    @property
    def reference(self) -> str:
        """What links conversion and return in the point history (INTERFACE.md §6)."""
        return f"COUPON-{self.text}"

    @property
    def masked(self) -> str:
        """The code where not everybody may read it: `70934-******-500`."""
        digits, token, points = self.text.split("-")
        return f"{digits}-{'*' * len(token)}-{points}"

    def belongs_to(self, customer_id: str) -> bool:
        """Whether the digits are the end of this customer's id; a Shopify gid or the bare number."""
        return customer_id.rsplit("/", 1)[-1].endswith(self.customer_digits)

    def __str__(self) -> str:
        """The canonical text."""
        return self.text


def is_code(typed: str) -> bool:
    """Whether the text is a code, however it was typed or scanned."""
    return _FORM.fullmatch(fold(typed)) is not None


def fold(typed: str) -> str:
    """Typed or scanned text as codes are written: NFKC, upper case, no spaces, plain hyphens."""
    plain = unicodedata.normalize("NFKC", typed.translate(_HYPHENS)).translate(_HYPHENS)
    return "".join(character for character in plain.upper() if character.isprintable() and not character.isspace())
