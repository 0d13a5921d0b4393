"""What people type and what is searched meet in one form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupon_desk.catalogue.folding import (
    FIELD_END,
    customer_digits,
    customer_key,
    fold,
    gram_word,
    grams,
    names,
    search_text,
)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_case_and_width_make_no_difference(text: str) -> None:
    full_width = "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in text)
    assert fold(full_width) == fold(text)


@given(st.text(alphabet=st.characters(codec="ascii")))
def test_capitals_and_spaces_make_no_difference(text: str) -> None:
    assert fold(text.upper()) == fold(text.lower()) == fold(" ".join(text))


@given(st.text())
def test_folded_text_never_holds_the_end_of_a_field(text: str) -> None:
    assert FIELD_END not in fold(text)


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("70934-AB12CD-500", "70934ab12cd500"),
        ("\uff17\uff10\uff19\uff13\uff14\u30fc\uff21\uff22\uff11\uff12\uff23\uff24\u2212\uff15\uff10\uff10", "70934ab12cd500"),
        ("70934\u2010AB12CD\u2014500", "70934ab12cd500"),
        ("\uff7b\uff84\uff70", "さとー"),
        ("サトー", "さとー"),
        ("がぎぐ", "がぎぐ"),
        ("\u304b\u3099", "が"),
        ("\uff76\uff9e", "が"),
        ("José Núñez", "josenunez"),
        ("Straße", "strasse"),
        ("O’Brien", "obrien"),
        ("hanako+shop@example.com", "hanako+shop@example.com"),
        ("(090) 1234-5678", "09012345678"),
        ("\U00020bb7野家", "\U00020bb7野家"),
        ("%_*?", ""),
        ("", ""),
    ],
)
def test_the_forms_that_keyboards_scanners_and_people_produce(typed: str, folded: str) -> None:
    assert fold(typed) == folded


def test_a_name_is_found_both_ways_round() -> None:
    assert names("佐藤 花子") == ("佐藤花子", "花子佐藤")
    assert names("Anna Maria Silva") == ("annamariasilva", "silvaannamaria")
    assert names("Cher") == ("cher",)
    assert names(" - ") == ()


def test_a_japanese_phone_number_is_found_as_it_is_dialled() -> None:
    text = search_text("", None, "+81 90-1234-5678", None)
    assert "09012345678" in text.split(FIELD_END)
    assert "+819012345678" in text.split(FIELD_END)


@given(st.text(max_size=12), st.integers(0, 11), st.integers(1, 2))
def test_every_character_and_pair_of_a_name_is_a_word_of_its_own(name: str, start: int, size: int) -> None:
    folded = names(name)[0] if names(name) else ""
    gram = folded[start : start + size]
    if len(gram) == size:
        assert gram_word(gram) in grams(name).split()


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("6543270934", "6543270934"),
        (" \uff16\uff15\uff14 ", "654"),
        ("gid://shopify/Customer/6543270934", "6543270934"),
        ("GID://Shopify/customer/1", "1"),
        ("70934-AB12CD-500", None),
        ("", None),
        ("gid://shopify/Order/1", None),
    ],
)
def test_a_customers_number_is_told_from_other_texts(typed: str, digits: str | None) -> None:
    assert customer_digits(typed) == digits


def test_a_customers_number_is_kept_backwards() -> None:
    assert customer_key("gid://shopify/Customer/6543270934") == "4390723456"
    assert customer_key("abc") is None
    assert customer_key(None) is None
