"""What a shop puts on its receipts."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from coupon_desk.app.letterhead import with_letterhead
from coupon_desk.receipt_settings import Receipts, ReceiptTexts
from coupon_desk.words import Language
from tests.receipts.conftest import EXAMPLE

TEXTS = {Language.JA: ReceiptTexts(["銀座1-2-3"], ["またお越しください。"]), Language.EN: ReceiptTexts(["1-2-3 Ginza"])}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    file = io.BytesIO()
    Image.new("L", (20, 10)).save(file, "PNG")
    (tmp_path / "logo.png").write_bytes(file.getvalue())
    return tmp_path


def test_the_lines_are_those_of_the_customers_language_and_the_logo_lies_beside_the_configuration(home: Path) -> None:
    receipt = with_letterhead(EXAMPLE, Receipts(logo="logo.png", texts=TEXTS), home)
    assert (receipt.header, receipt.footer) == (("1-2-3 Ginza",), ())
    assert receipt.logo is not None
    assert receipt.logo.size == (20, 10)


def test_a_shop_with_lines_in_one_language_says_them_to_everybody(home: Path) -> None:
    receipt = with_letterhead(EXAMPLE, Receipts(texts={Language.JA: TEXTS[Language.JA]}), home)
    assert receipt.header == ("銀座1-2-3",)


@pytest.mark.parametrize("wrong", ["missing.png", "text.png", "huge.png"])
def test_a_logo_that_cannot_be_read_keeps_no_customer_waiting(home: Path, wrong: str) -> None:
    (home / "text.png").write_text("no picture", encoding="utf-8")
    with (home / "huge.png").open("wb") as file:
        file.truncate(2_000_001)
    receipt = with_letterhead(EXAMPLE, Receipts(logo=wrong, texts=TEXTS), home)
    assert receipt.logo is None
    assert receipt.header == ("1-2-3 Ginza",)
