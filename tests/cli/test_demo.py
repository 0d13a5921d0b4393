"""`demo` without a display, and with one: what it does around the window."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.printers import Printer
from coupon_desk.app.setup import Setup
from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind
from coupon_desk.cli.program import run
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.receipts.layout import ReceiptWidth
from coupon_desk.words import Language
from tests.cli.conftest import PROJECT


class PlainWindow:
    """A window that shows nothing: it cancels at once and keeps one picture."""

    def __init__(self) -> None:
        self.opened: list[CouponDesk] = []

    def open(
        self,
        open_desk: Callable[[], CouponDesk],
        config: Path | None = None,
        open_training: Callable[[], CouponDesk] | None = None,
        open_setup: Callable[[], Setup] | None = None,
    ) -> int:
        desk = open_desk()
        self.opened.append(desk)
        desk.close()
        return 0

    def cancel_and_picture(
        self, desk: CouponDesk, login: str, pin: str, code: CouponCode, folder: Path, say_step: Callable[[str], None]
    ) -> tuple[Operation, tuple[Path, ...]]:
        say_step("one step")
        session = desk.people.sign_in(login, pin)
        operation = desk.cancel(CancelRequest(code, OperationKind.CANCEL, Reason.OTHER, "Shown to visitors"), session)
        return operation, (folder / "window.png", folder / "receipt-a4.pdf")

    def write_pdf(self, html: str, width: ReceiptWidth, language: Language, file: Path, title: str) -> None:
        raise AssertionError("the pictures hold the receipt")

    def print_paper(self, html: str, width: ReceiptWidth, language: Language, printer: Printer, title: str) -> None:
        raise AssertionError("nothing is printed")


@pytest.fixture(autouse=True)
def without_display(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))


def test_without_a_display_one_coupon_is_cancelled_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUPON_DESK_HOME", str(tmp_path / "home"))
    for _ in range(2):
        out = io.BytesIO()
        with io.TextIOWrapper(out, encoding="utf-8") as stdout, monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", stdout)
            assert run(["demo", "--json"], PlainWindow()) == 0
            document = json.loads(out.getvalue())
        (operation,) = document["operations"]
        assert (operation["code"], operation["state"], operation["points_returned"]) == ("70934-AB12CD-500", "completed", 500)
        assert operation["receipt"] == str(tmp_path / "home" / "pictures" / "receipt-a4.pdf")
        assert document["trail"]["intact"] is True


def test_with_a_display_the_window_opens_on_a_home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    window = PlainWindow()

    assert run(["demo"], window) == 0

    (desk,) = window.opened
    assert desk.is_training
    assert desk.home.name == "training"
    assert desk.home.is_relative_to(tmp_path)


def test_the_home_of_a_real_shop_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.toml").write_text("# a real shop's", encoding="utf-8")

    assert run(["--home", str(tmp_path), "demo"], PlainWindow()) == 2

    assert "is the home of a real shop" in capsys.readouterr().err
    assert (tmp_path / "config.toml").read_text(encoding="utf-8") == "# a real shop's"
