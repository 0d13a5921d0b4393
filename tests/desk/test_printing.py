"""Receipts as PDF."""

from __future__ import annotations

import subprocess
import unicodedata
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from coupon_desk.desk.printing import NotWritten, Paper, write_pdf
from coupon_desk.receipts.layout import ReceiptWidth
from coupon_desk.words import Language
from tests.surroundings.tool import tool

HTML = "<p><b>クーポン取り消し</b></p><p>500 points returned</p><p>COUPON-70934-AB12CD-500</p>"


def told_by(name: str, file: Path, *more: str) -> str:
    return subprocess.run([tool(name), str(file), *more], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("width", "millimetres"), [(ReceiptWidth.A4, 210.0), (ReceiptWidth.MM80, 80.0), (ReceiptWidth.MM58, 58.0)]
)
def test_a_receipt_fills_one_page_of_its_paper_and_its_text_can_be_read(
    qapp: QApplication, tmp_path: Path, width: ReceiptWidth, millimetres: float
) -> None:
    file = tmp_path / "receipt.pdf"
    write_pdf(HTML, Paper.of(width), Language.JA, file, "COUPON-70934-AB12CD-500")
    facts = dict(line.split(":", 1) for line in told_by("pdfinfo", file).splitlines())
    assert facts["Pages"].strip() == "1"
    page_width, page_height = (float(part) for part in facts["Page size"].split("pts")[0].split("x"))
    assert page_width == pytest.approx(millimetres / 25.4 * 72, abs=1)
    if width is ReceiptWidth.A4:
        assert page_height == pytest.approx(842, abs=1)
    else:
        assert page_height < 200
    text = told_by("pdftotext", file, "-")
    assert "points returned" in text
    assert "クーポン" in unicodedata.normalize("NFKC", text)


def test_a_roll_is_as_long_as_its_text(qapp: QApplication, tmp_path: Path) -> None:
    sizes = []
    for lines in (5, 40):
        file = tmp_path / f"{lines}.pdf"
        write_pdf("<p>line</p>" * lines, Paper.of(ReceiptWidth.MM80), Language.EN, file, "roll")
        facts = dict(line.split(":", 1) for line in told_by("pdfinfo", file).splitlines())
        assert facts["Pages"].strip() == "1"
        sizes.append(float(facts["Page size"].split("x")[1].split("pts")[0]))
    assert sizes[1] > sizes[0] * 4


def test_a_long_page_goes_on_overleaf_and_cuts_no_line(qapp: QApplication, tmp_path: Path) -> None:
    file = tmp_path / "long.pdf"
    words = [f"{first}{second}{first}" for first in "abcdefghij" for second in "klmnopqrs"]
    rows = "".join(f"<tr><td style='padding:9px'>{word}</td></tr>" for word in words)
    write_pdf(f"<table>{rows}</table>", Paper.of(ReceiptWidth.A4), Language.EN, file, "long")
    facts = dict(line.split(":", 1) for line in told_by("pdfinfo", file).splitlines())
    pages = int(facts["Pages"])
    assert pages > 1
    told = unicodedata.normalize("NFKC", told_by("pdftotext", file, "-layout", "-")).replace(" ", "")
    numbers = [f"{number}/{pages}" for number in range(1, pages + 1)]
    assert [line for line in told.split() if line in numbers] == numbers
    # A line that is cut stands on both pages: at the end of one and at the beginning of the next.
    assert [line for line in told.split() if line not in numbers] == words


def test_a_folder_that_is_not_there_is_said_in_a_sentence(qapp: QApplication, tmp_path: Path) -> None:
    with pytest.raises(NotWritten) as refused:
        write_pdf(HTML, Paper.of(ReceiptWidth.MM80), Language.EN, tmp_path / "missing" / "receipt.pdf", "receipt")
    assert "What was done stands" in refused.value.sentences(Language.EN)
