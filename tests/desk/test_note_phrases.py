"""A few letters find a phrase, in both languages."""

from __future__ import annotations

import pytest

from coupon_desk.coupons.reasons import Reason
from coupon_desk.desk.note_phrases import PHRASES, begun_sentence, completions

OFFERED = ("The customer wants a coupon.", "We chose the wrong coupon.", "お客様がポイントの返還を希望されました。")


@pytest.mark.parametrize(
    ("begun", "found"),
    [
        ("we", OFFERED[1:2]),
        ("WRONG C", OFFERED[1:2]),
        ("coup", OFFERED[:2]),
        ("oupon", ()),
        ("返還", OFFERED[2:]),
        ("ﾎﾟｲﾝﾄ", OFFERED[2:]),
        ("We chose the wrong coupon.", ()),
        ("  ", ()),
    ],
)
def test_letters_find_the_phrases_that_have_them(begun: str, found: tuple[str, ...]) -> None:
    assert completions(OFFERED, begun) == found


@pytest.mark.parametrize(
    ("note", "sentence"),
    [
        ("", ""),
        ("The cus", "The cus"),
        ("He said so. The", "The"),
        ("He said so.", "He said so."),
        ("10.5 points. Th", "Th"),
        ("one\ntwo", "two"),
        ("希望された。返", "返"),
    ],
)
def test_a_phrase_takes_the_place_of_the_sentence_that_was_begun(note: str, sentence: str) -> None:
    assert begun_sentence(note) == sentence


def test_every_reason_but_other_has_phrases() -> None:
    assert {reason for reason in Reason.choices() if not PHRASES[reason]} == {Reason.OTHER}
