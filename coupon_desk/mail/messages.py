"""What the customer is told, as subject, text and HTML in their language. No I/O but reading our own templates.

The prose stands in one template per language (`resources/mail/<language>/`), because a letter does not translate sentence by
sentence; the frame of the HTML is shared.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from coupon_desk.coupons.notice import CancellationNotice
from coupon_desk.words import Language, moment, number

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """A mail as the customer reads it. Personal data: never to a log."""

    subject: str
    text: str
    html: str


def render(notice: CancellationNotice, shop_name: str, zone: tzinfo | None = None) -> RenderedMail:
    """The mail of a notice; the moment of the cancellation in `zone`, or in this computer's own zone."""
    language = notice.language
    balance = notice.balance_after
    words = {
        "shop": one_line(shop_name),
        "name": one_line(notice.customer_name),
        "code": notice.code.text,
        "points": number(notice.points_returned, language),
        "is_one_point": notice.points_returned == 1,
        "balance": None if balance is None else number(balance, language),
        "is_one_balance": balance == 1,
        "cancelled_at": moment(notice.cancelled_at, language, zone),
        "for_cancelled_order": notice.for_cancelled_order,
    }
    return RenderedMail(
        subject=_fill(language, "subject.txt", words).strip(),
        text=_fill(language, "body.txt", words),
        html=_fill(language, "body.html", words),
    )


def one_line(text: str) -> str:
    """A name on one line: no line breaks that could begin a header, no characters that cannot be seen."""
    seen = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(seen.split())


def _fill(language: Language, template: str, words: dict[str, object]) -> str:
    return _environment().get_template(f"{language}/{template}").render(words)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FunctionLoader(_template),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _template(name: str) -> str:
    return files("coupon_desk").joinpath("resources", "mail", *name.split("/")).read_text(encoding="utf-8")
