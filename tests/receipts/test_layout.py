"""How a receipt lies on its paper, drawn by Qt's own rich text engine."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image
from PySide6.QtGui import QGuiApplication, QImage, QPainter, QTextDocument

from coupon_desk.coupons.reasons import Reason
from coupon_desk.receipts.content import ReceiptContent, ReceiptKind
from coupon_desk.receipts.layout import ReceiptWidth, render
from coupon_desk.receipts.pictures import Logo
from coupon_desk.words import Language
from tests.receipts.paper import MM_PER_INCH, print_pdf

Content = Callable[..., ReceiptContent]
TOKYO = ZoneInfo("Asia/Tokyo")
EVERY_PAPER = [*product(ReceiptWidth, Language)]
DOTS_PER_MM = 8.0  # 203 dots per inch, as receipt printers have


def a_logo(width: int, height: int) -> Logo:
    picture = io.BytesIO()
    Image.new("L", (width, height), 0).save(picture, "PNG")
    return Logo(picture.getvalue())


def changes_for(kind: ReceiptKind) -> dict[str, object]:
    match kind:
        case ReceiptKind.CANCELLED:
            return {"kind": kind}
        case ReceiptKind.INVALIDATED:
            return {"kind": kind, "points_returned": 0, "balance_after": None}
        case ReceiptKind.ORDER_REFUND:
            return {"kind": kind, "order": "#1001", "is_copy": True}
        case ReceiptKind.RELEASED:
            return {"kind": kind, "reason": Reason.RELEASED}


def drawn(html: str, width: ReceiptWidth) -> tuple[QTextDocument, QImage]:
    """The receipt on an image that is as wide as the paper."""
    image = QImage(round(width.page_mm * DOTS_PER_MM), round(320 * DOTS_PER_MM), QImage.Format.Format_RGB32)
    image.setDotsPerMeterX(round(DOTS_PER_MM * 1000))
    image.setDotsPerMeterY(round(DOTS_PER_MM * 1000))
    image.fill(0xFFFFFF)
    document = QTextDocument()
    document.documentLayout().setPaintDevice(image)
    document.setDocumentMargin(0)
    document.setHtml(html)
    document.setTextWidth(width.content_mm * DOTS_PER_MM)
    painter = QPainter(image)
    painter.translate(width.margin_mm * DOTS_PER_MM, width.margin_mm * DOTS_PER_MM)
    document.drawContents(painter)
    painter.end()
    return document, image


def inked_columns(image: QImage) -> tuple[int, int]:
    """The first and the last column with ink."""
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    size = (image.width(), image.height())
    seen = Image.frombytes("L", size, bytes(grey.constBits()), "raw", "L", grey.bytesPerLine())
    box = seen.point([255 if level < 200 else 0 for level in range(256)]).getbbox()
    assert box is not None
    return box[0], box[2] - 1


@pytest.mark.parametrize(("width", "language", "kind"), [*product(ReceiptWidth, Language, ReceiptKind)])
def test_everything_lies_between_the_margins(
    qapp: QGuiApplication, content: Content, width: ReceiptWidth, language: Language, kind: ReceiptKind
) -> None:
    document, image = drawn(render(content(language=language, **changes_for(kind)), width, TOKYO), width)

    assert document.idealWidth() <= document.textWidth() + 1
    left, right = inked_columns(image)
    assert left >= width.margin_mm * DOTS_PER_MM - 1
    assert right <= (width.page_mm - width.margin_mm) * DOTS_PER_MM + 1


@pytest.mark.parametrize(("width", "language"), EVERY_PAPER)
def test_long_names_break_into_lines_and_not_out_of_the_paper(
    qapp: QGuiApplication, content: Content, width: ReceiptWidth, language: Language
) -> None:
    long = content(
        language=language,
        shop_name="The Grand Ginza Flagship Store of Very Fine Things",
        customer_name="Wolfeschlegelsteinhausenbergerdorff 佐藤花子佐藤花子佐藤花子佐藤花子",
        operator_name="Maximiliana Featherstonehaugh-Cholmondeley",
        header=("The Building of Many Shops, Eleventh Floor, 1-2-3 Ginza, Chuo-ku, Tokyo 104-0061",),
        footer=("またのご来店を心よりお待ちしております。" * 3,),
        logo=a_logo(4000, 100),
        points_returned=123456789,
        balance_after=123457989,
        is_copy=True,
    )
    document, _ = drawn(render(long, width, TOKYO), width)
    assert document.idealWidth() <= document.textWidth() + 1


@pytest.mark.parametrize(("width", "language"), EVERY_PAPER)
def test_what_is_read_on_the_paper_is_what_the_receipt_says(
    qapp: QGuiApplication, content: Content, width: ReceiptWidth, language: Language
) -> None:
    document = QTextDocument()
    document.setHtml(render(content(language=language), width, TOKYO))
    read = document.toPlainText()
    for said in ("Ginza store", "70934-AB12CD-500", "COUPON-70934-AB12CD-500", "¥500", "1,200 → 1,700", "Mika Tanaka"):
        assert said in read
    assert "5d6c5f1e-0f0c-4a55-9a43-1f9e3f3c9b11" in read
    assert "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" in "".join(read.split())


@pytest.mark.parametrize("width", ReceiptWidth)
def test_the_shops_own_lines_stand_below_its_name_and_at_the_end(
    qapp: QGuiApplication, content: Content, width: ReceiptWidth
) -> None:
    document = QTextDocument()
    document.setHtml(render(content(header=("1-2-3 Ginza",), footer=("See you again",)), width, TOKYO))
    read = document.toPlainText()
    places = [read.index(said) for said in ("Ginza store", "1-2-3 Ginza", "500 points", "Please contact us", "See you again")]
    assert places == sorted(places)


def test_the_points_returned_are_the_biggest_thing_on_the_paper(qapp: QGuiApplication, content: Content) -> None:
    for width in ReceiptWidth:
        document = QTextDocument()
        document.setHtml(render(content(), width, TOKYO))
        size = {
            said: document.find(said).charFormat().fontPointSize()
            for said in ("Ginza store", "Coupon cancelled", "500 points returned", "Point balance", "Reason", "2d711642")
        }
        assert min(size.values()) > 0
        assert [said for said in size if size[said] == max(size.values())] == ["500 points returned"]


@pytest.mark.parametrize("width", ReceiptWidth)
def test_a_font_with_japanese_letters_comes_first(qapp: QGuiApplication, content: Content, width: ReceiptWidth) -> None:
    document = QTextDocument()
    document.setHtml(render(content(), width, TOKYO))
    assert document.find("Ginza store").charFormat().font().families()[0] == "Noto Sans CJK JP"
    assert document.find("AB12CD").charFormat().font().families()[0] == "Noto Sans Mono CJK JP"


@pytest.mark.parametrize("width", [ReceiptWidth.MM80, ReceiptWidth.MM58])
def test_a_roll_is_black_and_white(content: Content, width: ReceiptWidth) -> None:
    colours = re.findall(r"#[0-9a-fA-F]{6}\b", render(content(is_copy=True), width, TOKYO))
    assert set(colours) == {"#000000"}


@pytest.mark.parametrize("width", ReceiptWidth)
def test_a_name_cannot_bring_html(content: Content, width: ReceiptWidth) -> None:
    html = render(content(customer_name="<img src='http://x/'>", shop_name="A & B"), width, TOKYO)
    assert "<img src='http" not in html
    assert "A &amp; B" in html


@pytest.mark.parametrize("width", ReceiptWidth)
def test_nothing_is_used_that_the_engine_does_not_know(content: Content, width: ReceiptWidth) -> None:
    html = render(content(is_copy=True), width, TOKYO)
    without_pictures = re.sub(r"data:image/[^\"]*", "", html)
    for unknown in ("flex", "grid", "<div", "<style", "url(", "rem;", "vw"):
        assert unknown not in without_pictures


@pytest.mark.parametrize(("width", "language"), EVERY_PAPER)
def test_it_prints_on_one_page_of_its_paper(
    qapp: QGuiApplication, content: Content, tmp_path: Path, width: ReceiptWidth, language: Language
) -> None:
    file = tmp_path / "receipt.pdf"
    height_mm = print_pdf(render(content(language=language, is_copy=True), width, TOKYO), width, file)

    page_mm = 297.0 if width is ReceiptWidth.A4 else height_mm + 2 * width.margin_mm
    pdf = file.read_bytes()
    boxes = re.findall(rb"/MediaBox \[0 0 ([0-9.]+) ([0-9.]+)\]", pdf)
    assert len(boxes) == 1
    assert float(boxes[0][0]) == pytest.approx(width.page_mm / MM_PER_INCH * 72, abs=1)
    assert float(boxes[0][1]) == pytest.approx(page_mm / MM_PER_INCH * 72, abs=1)
    assert 80 < height_mm < 297 - 2 * ReceiptWidth.A4.margin_mm


def test_the_widths_fit_what_receipt_printers_print() -> None:
    assert {width: width.content_mm for width in ReceiptWidth} == {
        ReceiptWidth.A4: 166,
        ReceiptWidth.MM80: 72,
        ReceiptWidth.MM58: 48,
    }
