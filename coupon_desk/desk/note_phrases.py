"""What is often written in a note, for each reason, so that nobody need type it with a queue waiting."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from coupon_desk.coupons.reasons import Reason
from coupon_desk.words import msg

PHRASES: Final = {
    Reason.CUSTOMER_REQUEST: (
        msg("Asked for the points back at the counter."),
        msg("The customer would rather save the points."),
        msg("The customer wants a coupon of another value."),
    ),
    Reason.CONVERTED_BY_MISTAKE: (
        msg("The customer did not mean to convert the points."),
        msg("The customer chose the wrong number of points."),
    ),
    Reason.ORDER_CANCELLED: (
        msg("The order that the coupon was for was cancelled."),
        msg("The article is sold out, and the order was cancelled."),
    ),
    Reason.STAFF_ERROR: (
        msg("We converted the points of the wrong customer."),
        msg("We chose the wrong coupon for the customer."),
    ),
    Reason.DUPLICATE_ISSUE: (msg("The coupon was issued twice; the other one stays."),),
    Reason.SYSTEM_ERROR: (
        msg("The website failed and issued it all the same."),
        msg("The coupon was not accepted at the checkout."),
    ),
    Reason.GOODWILL: (msg("As a gesture of goodwill after a complaint."),),
    Reason.SUSPECTED_FRAUD: (
        msg("The code was passed on to somebody else."),
        msg("The customer did not convert these points."),
    ),
    Reason.OTHER: (),
}

_BEFORE_SENTENCE: Final = re.compile(r"(?:.*(?:[。．！？\n]|[.!?]\s))?\s*", re.DOTALL)


def begun_sentence(note: str) -> str:
    """The last sentence of a note, as far as it is written."""
    before = _BEFORE_SENTENCE.match(note)
    return note[before.end() :] if before is not None else note


def completions(phrases: Iterable[str], begun: str) -> tuple[str, ...]:
    """The phrases with a word that begins with this; Japanese has no blanks, and there anything in them counts."""
    wanted = _folded(begun)
    if not wanted:
        return ()
    folded = ((phrase, _folded(phrase)) for phrase in phrases)
    is_anywhere = not wanted.isascii()
    return tuple(
        phrase for phrase, text in folded if text != wanted and (f" {wanted}" in f" {text}" or (is_anywhere and wanted in text))
    )


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()
