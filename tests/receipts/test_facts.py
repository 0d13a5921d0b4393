"""What stands on a receipt, and what does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from zoneinfo import ZoneInfo

import pytest

from coupon_desk.coupons.reasons import Reason
from coupon_desk.receipts.content import ReceiptContent, ReceiptKind
from coupon_desk.receipts.facts import Fact, words_of
from coupon_desk.words import Language

Content = Callable[..., ReceiptContent]
TOKYO = ZoneInfo("Asia/Tokyo")


def test_the_receipt_of_a_cancelled_coupon_says_what_was_done_by_whom_and_when(content: Content) -> None:
    words = words_of(content(), TOKYO)

    assert (words.shop, words.title, words.at) == ("Ginza store", "Coupon cancelled", "23 Nov 2026, 12:00")
    assert words.headline == "500 points returned"
    assert words.balance == "Point balance 1,200 → 1,700"
    assert words.facts == (
        Fact("Coupon code", "70934-AB12CD-500", is_code=True),
        Fact("Value", "¥500"),
        Fact("Customer", "Hanako S•••"),
        Fact("Reason", "Customer changed their mind"),
        Fact("Served by", "Mika Tanaka"),
        Fact("Reference", "COUPON-70934-AB12CD-500", is_code=True),
    )
    assert words.closing[0] == "This coupon code can no longer be used."
    assert words.copy_mark == ""


def test_the_receipt_can_be_found_and_proved_in_the_trail(content: Content) -> None:
    operation, trail = words_of(content(), TOKYO).proofs
    assert (operation.label, operation.groups) == ("Operation no.", (content().operation_id,))
    assert trail.label == "Trail head"
    assert "".join(trail.groups) == f"1286:{content().trail_head}"
    assert [len(group) for group in trail.groups] == [13, *[8] * 7]


def test_the_japanese_receipt_says_the_same(content: Content) -> None:
    words = words_of(content(language=Language.JA, shop_name="銀座店"), TOKYO)
    assert (words.shop, words.title, words.at) == ("銀座店", "クーポン取り消し", "2026/11/23 12:00")
    assert words.headline == "500ポイント返還"
    assert words.balance == "ポイント残高 1,200 → 1,700"
    assert words.facts[0] == Fact("クーポンコード", "70934-AB12CD-500", is_code=True)
    assert words.facts[1] == Fact("クーポン額面", "¥500")


def test_an_invalidated_coupon_returns_nothing_and_accuses_nobody(content: Content) -> None:
    words = words_of(
        content(kind=ReceiptKind.INVALIDATED, points_returned=0, balance_after=1200, reason=Reason.SUSPECTED_FRAUD), TOKYO
    )
    assert (words.title, words.headline) == ("Coupon invalidated", "No points returned")
    assert words.balance == "Point balance 1,200"
    assert "Reason" not in [fact.label for fact in words.facts]
    assert not [sentence for sentence in words.closing if "proof" in sentence]


def test_an_invalidation_that_returned_points_cannot_be_written(content: Content) -> None:
    with pytest.raises(ValueError, match="returns no points"):
        content(kind=ReceiptKind.INVALIDATED)


def test_a_grant_for_a_cancelled_order_names_the_order(content: Content) -> None:
    words = words_of(content(kind=ReceiptKind.ORDER_REFUND, order="#1001", reason=Reason.ORDER_CANCELLED), TOKYO)
    assert words.title == "Points returned for a cancelled order"
    assert Fact("Cancelled order", "#1001") in words.facts
    assert "This coupon code can no longer be used." not in words.closing


@pytest.mark.parametrize(("points", "headline"), [(1, "1 point returned"), (12500, "12,500 points returned")])
def test_the_headline_counts_points(content: Content, points: int, headline: str) -> None:
    assert words_of(content(points_returned=points), TOKYO).headline == headline


def test_what_is_not_known_is_left_out(content: Content) -> None:
    words = words_of(content(balance_before=None, balance_after=None, amount=None, customer_name=None), TOKYO)
    assert words.balance == ""
    assert [fact.label for fact in words.facts] == ["Coupon code", "Reason", "Served by", "Reference"]


def test_a_balance_of_nothing_is_a_balance(content: Content) -> None:
    assert words_of(content(balance_before=0, balance_after=500), TOKYO).balance == "Point balance 0 → 500"
    assert words_of(content(balance_before=None, balance_after=0), TOKYO).balance == "Point balance 0"


def test_a_second_print_is_marked_as_a_copy(content: Content) -> None:
    assert words_of(content(is_copy=True), TOKYO).copy_mark == "COPY"
    assert words_of(content(is_copy=True, language=Language.JA), TOKYO).copy_mark == "控え（再発行）"


def test_a_preview_says_so_and_proves_nothing(content: Content) -> None:
    words = words_of(content(is_preview=True), TOKYO)
    assert (words.copy_mark, words.proofs) == ("PREVIEW", ())


def test_the_operators_note_has_no_place_on_the_customers_receipt() -> None:
    assert "note" not in {field.name for field in fields(ReceiptContent)}


def test_braces_in_a_name_are_letters(content: Content) -> None:
    assert Fact("Customer", "{at} {0}") in words_of(content(customer_name="{at} {0}"), TOKYO).facts
