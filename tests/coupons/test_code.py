"""The code of a coupon."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupon_desk.coupons.code import CouponCode, InvalidCode
from coupon_desk.errors import ExitStatus

codes = st.builds(
    "{}-{}-{}".format,
    st.text("0123456789", min_size=1, max_size=5),
    st.text(string.ascii_uppercase + string.digits, min_size=6, max_size=6),
    st.integers(min_value=1, max_value=999_999_999),
)


@pytest.mark.parametrize(
    "typed",
    [
        "70934-AB12CD-500",
        " 70934-ab12cd-500\n",
        "７０９３４－ＡＢ１２ＣＤ－５００",
        "70934—Ab12Cd—500",
        "70934ーab12cdー500",
        "70934 - AB12CD - 500",
        "\ufeff70934-AB12CD-500\r",
    ],
)
def test_however_it_was_typed_or_scanned_the_code_is_the_same(typed: str) -> None:
    assert CouponCode.parse(typed) == CouponCode("70934-AB12CD-500")


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "70934",
        "70934-AB12CD",
        "70934-AB12C-500",
        "709341-AB12CD-500",
        "70934-AB12CD-0",
        "70934-AB12CD--5",
        "x" * 500,
    ],
)
def test_what_is_no_code_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(InvalidCode) as refused:
        CouponCode.parse(typed)
    assert refused.value.exit_status is ExitStatus.USAGE
    assert "70934-AB12CD-500" in str(refused.value.todo)
    assert len(str(refused.value.what)) < 120


def test_a_code_tells_its_parts() -> None:
    code = CouponCode.parse("70934-AB12CD-500")
    assert (code.customer_digits, code.points, code.reference) == ("70934", 500, "COUPON-70934-AB12CD-500")
    assert code.masked == "70934-******-500"


def test_a_code_knows_whose_it_is() -> None:
    code = CouponCode.parse("70934-AB12CD-500")
    assert code.belongs_to("gid://shopify/Customer/6201170934")
    assert code.belongs_to("6201170934")
    assert not code.belongs_to("gid://shopify/Customer/6201170935")


@given(codes)
def test_parsing_is_the_identity_on_every_canonical_code(text: str) -> None:
    code = CouponCode.parse(text)
    assert str(code) == text
    assert CouponCode.parse(text.lower()) == code


@given(st.text())
def test_any_text_is_a_code_or_is_refused_and_nothing_else(typed: str) -> None:
    try:
        code = CouponCode.parse(typed)
    except InvalidCode:
        return
    assert CouponCode.parse(code.text) == code
