"""The logo and the QR code of a receipt."""

from __future__ import annotations

import io
from base64 import b64decode

import pytest
import segno
from PIL import Image

from coupon_desk.receipts.pictures import QUIET_DOTS, Logo, qr_code

REFERENCE = "COUPON-70934-AB12CD-500"


def picture(kind: str, width: int = 300, height: int = 100) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "#0f6b57").save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize(("kind", "mime"), [("PNG", "image/png"), ("JPEG", "image/jpeg")])
def test_a_logo_fills_its_box_as_far_as_it_can(kind: str, mime: str) -> None:
    logo = Logo(picture(kind))
    placed = logo.placed(25.4, 25.4)
    assert (logo.size, placed.width, placed.height) == ((300, 100), 96, 32)
    assert placed.address.startswith(f"data:{mime};base64,")
    high = logo.placed(254, 12.7)
    assert (high.width, high.height) == (144, 48)


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"GIF89a",
        b"<svg/>",
        picture("PNG")[:20],
        picture("JPEG")[:30],
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xc0\0\x0b\x08\0\0\0\0",
    ],
)
def test_what_is_no_picture_is_no_logo(file: bytes) -> None:
    with pytest.raises(ValueError, match=r"PNG|JPEG|empty"):
        Logo(file)


def test_the_qr_code_of_a_reference_is_that_of_its_text() -> None:
    placed = qr_code(REFERENCE, 0.625)
    drawn = Image.open(io.BytesIO(b64decode(placed.address.split(",")[1]))).convert("1")
    matrix = segno.make_qr(REFERENCE, error="m").matrix
    dots = len(matrix) + 2 * QUIET_DOTS
    assert drawn.width == dots * 8
    assert placed.width == pytest.approx(dots * 0.625 / 25.4 * 96, abs=0.01)
    for y, row in enumerate(matrix):
        for x, is_dark in enumerate(row):
            assert bool(drawn.getpixel(((x + QUIET_DOTS) * 8 + 4, (y + QUIET_DOTS) * 8 + 4))) != bool(is_dark)
