"""What the customer is told, as subject, text and HTML in their language. No I/O but reading our own templates.

The prose stands in one template per language (`resources/mail/<language>/`), because a letter does not translate sentence by
sentence; the frame of the HTML is shared.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta, tzinfo
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from coupon_desk.coupons.notice import CancellationNotice, Notice, ReminderNotice
from coupon_desk.words import Language, day, moment, money, number

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """A mail as the customer reads it. Personal data: never to a log."""

    subject: str
    text: str
    html: str


def render(notice: Notice, shop_name: str, zone: tzinfo | None = None) -> RenderedMail:
    """The mail of a notice; moments in `zone`, or in this computer's own zone."""
    language = notice.language
    if isinstance(notice, ReminderNotice):
        kind, words = "reminder_", _of_reminder(notice, zone)
    else:
        kind, words = "", _of_cancellation(notice, zone)
    words |= {"shop": one_line(shop_name), "name": one_line(notice.customer_name), "code": notice.code.text}
    return RenderedMail(
        subject=_fill(language, f"{kind}subject.txt", words).strip(),
        text=_fill(language, f"{kind}body.txt", words),
        html=_fill(language, f"{kind}body.html", words),
    )


def _of_cancellation(notice: CancellationNotice, zone: tzinfo | None) -> dict[str, object]:
    language, balance = notice.language, notice.balance_after
    return {
        "points": number(notice.points_returned, language),
        "is_one_point": notice.points_returned == 1,
        "balance": None if balance is None else number(balance, language),
        "is_one_balance": balance == 1,
        "cancelled_at": moment(notice.cancelled_at, language, zone),
        "for_cancelled_order": notice.for_cancelled_order,
    }


def _of_reminder(notice: ReminderNotice, zone: tzinfo | None) -> dict[str, object]:
    language = notice.language
    # The end itself is too late: one that ends at midnight is good until the day before.
    last = notice.expires_at - timedelta(seconds=1)
    return {
        "worth": None if notice.worth is None else money(notice.worth, language),
        "last_day": day(last, language, zone),
        "last_moment": moment(last, language, zone),
        "unsubscribe_url": notice.unsubscribe_url,
    }


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
