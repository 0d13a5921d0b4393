"""Whether an operator is the customer, however the two were typed."""

import pytest

from coupon_desk.coupons.contacts import is_same_person


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mika@Example.com", " mika@example.COM "),
        ("ｍｉｋａ@example.com", "mika@example.com"),
        ("+81 90-1234-5678", "090 1234 5678"),
        ("０９０－１２３４－５６７８", "+819012345678"),
        ("0081 90 1234 5678", "(090) 1234-5678"),
    ],
)
def test_the_same_contact_is_known_again(one: str, other: str) -> None:
    assert is_same_person([one], [None, other])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mika@example.com", "mika@example.org"),
        ("090-1234-5678", "090-1234-5679"),
        ("5678", "090-1234-5678"),
        ("", ""),
        (None, None),
        ("12345678@example.com", "12345678"),
    ],
)
def test_another_one_is_not(one: str | None, other: str | None) -> None:
    assert not is_same_person([one], [other])
