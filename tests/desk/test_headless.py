"""The demonstration without a display: one coupon cancelled by clicks, with pictures."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from PySide6.QtWidgets import QApplication

from coupon_desk.app.desk import CouponDesk
from coupon_desk.cancellation.operation import OperationState
from coupon_desk.coupons.code import CouponCode
from coupon_desk.desk.headless import cancel_and_picture
from coupon_desk.training.shop import TrainingShop


def test_the_example_is_cancelled_and_every_picture_shows_something(
    qapp: QApplication, desk: CouponDesk, shop: TrainingShop, tmp_path: Path
) -> None:
    said: list[str] = []
    outcome = cancel_and_picture(
        desk, "manager", "482915", CouponCode.parse(str(shop.showcase.example.code)), tmp_path / "pictures", said.append
    )
    assert outcome.operation.state is OperationState.COMPLETED
    assert outcome.operation.points_returned == 500
    assert "Return the points: done" in said
    pictures = [file for file in outcome.files if file.suffix == ".png"]
    assert len(pictures) == 10
    for file in pictures:
        with Image.open(file) as picture:
            assert picture.size == (1280, 800)
            colours = picture.convert("RGB").getcolors(maxcolors=1280 * 800)
            assert colours is not None
            assert len(colours) > 100, file.name
    receipts = [file for file in outcome.files if file.suffix == ".pdf"]
    assert {file.name for file in receipts} == {"receipt-a4.pdf", "receipt-80mm.pdf", "receipt-58mm.pdf"}
    assert all(file.read_bytes().startswith(b"%PDF-") for file in receipts)
    assert desk.verify_trail().is_intact
