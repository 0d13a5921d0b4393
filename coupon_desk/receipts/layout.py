"""Lays a receipt out as HTML for Qt's rich text engine: tables and sizes in pt, no flex, no grid.

One template is for a sheet of paper and one for the paper rolls of receipt printers, which know black and white only. Pictures
stand in the text itself, so that the HTML is the whole receipt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from coupon_desk.receipts.content import ReceiptContent
from coupon_desk.receipts.facts import words_of
from coupon_desk.receipts.pictures import qr_code

if TYPE_CHECKING:
    from jinja2 import Environment


QR_DOT_MM: Final = 0.625
"""Of one dot of the QR code: five of a receipt printer's."""


class ReceiptWidth(StrEnum):
    """The papers that a receipt is made for."""

    A4 = "a4"
    MM80 = "80mm"
    MM58 = "58mm"

    @property
    def page_mm(self) -> float:
        """The width of the paper in millimetres."""
        return _PAPERS[self].page_mm

    @property
    def margin_mm(self) -> float:
        """What stays white on each side, in millimetres; receipt printers cannot reach it."""
        return _PAPERS[self].margin_mm

    @property
    def content_mm(self) -> float:
        """The width that is laid out and printed, in millimetres."""
        return self.page_mm - 2 * self.margin_mm

    @property
    def is_roll(self) -> bool:
        """Whether the paper has no fixed length."""
        return self is not ReceiptWidth.A4


def render(content: ReceiptContent, width: ReceiptWidth, zone: tzinfo | None = None) -> str:
    """The receipt as HTML for a QTextDocument that is as wide as `width.content_mm` and has a document margin of 0.

    The moment is written in `zone`, or in this computer's own zone.
    """
    template = _environment().get_template("roll.html" if width.is_roll else "page.html")
    words, paper = words_of(content, zone), _PAPERS[width]
    logo = content.logo
    return template.render(
        receipt=words,
        paper=paper,
        language=content.language.value,
        logo=logo.placed(paper.logo_width_mm, paper.logo_height_mm) if logo is not None else None,
        # What proves nothing yet, a preview, has nothing that a scanner could find it by.
        qr=qr_code(content.reference, QR_DOT_MM) if words.proofs else None,
    )


@dataclass(frozen=True, slots=True)
class _Paper:
    """Sizes for one paper: text in points, groups of a proof by line."""

    page_mm: float
    margin_mm: float
    text_pt: float
    small_pt: float
    shop_pt: float
    title_pt: float
    headline_pt: float
    code_pt: float
    proof_pt: float
    proof_groups: int
    logo_width_mm: float
    logo_height_mm: float
    is_stacked: bool


_PAPERS: Final = {
    ReceiptWidth.A4: _Paper(210, 22, 10.5, 9, 12, 21, 27, 11, 8, 4, 60, 20, is_stacked=False),
    ReceiptWidth.MM80: _Paper(80, 4, 8.5, 7.5, 12, 11, 17, 9, 6.5, 4, 48, 18, is_stacked=False),
    ReceiptWidth.MM58: _Paper(58, 5, 8, 7, 11, 9.5, 12, 8.5, 6, 4, 36, 15, is_stacked=True),
}


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        loader=FunctionLoader(_template), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _template(name: str) -> str:
    return files("coupon_desk").joinpath("resources", "receipts", name).read_text(encoding="utf-8")
