"""Receipts on paper: drawn for receipt printers, sent to real queues and to a printer on loopback, and noted in the trail."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import segno
import shiboken6
from PIL import Image
from PySide6.QtWidgets import QApplication

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.printers import Offered, Printers, WindowsPrinter
from coupon_desk.app.training import training_vault
from coupon_desk.cancellation.operation import CancelRequest, OperationKind, OperationState
from coupon_desk.clock import SystemClock, VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.desk.printing import Paper
from coupon_desk.desk.receipt_printing import offered_printers, picture_of, print_receipt
from coupon_desk.desk.receipt_view import ReceiptView
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.printers.faults import FaultKind, PrinterFault
from coupon_desk.printers.picture import Picture
from coupon_desk.printers.queues import Patience, Queue
from coupon_desk.printers.service import PrintService
from coupon_desk.receipt_settings import NetworkPrinter, Receipts
from coupon_desk.receipts.layout import ReceiptWidth, render
from coupon_desk.receipts.pictures import QUIET_DOTS, Logo
from coupon_desk.training.shop import TrainingShop
from coupon_desk.words import Language
from tests.receipts.conftest import EXAMPLE
from tests.surroundings import receipt_printer as stand_in
from tests.surroundings.print_service import print_service
from tests.surroundings.receipt_printer import ReceiptPrinterOfTests, receipt_printer
from tests.surroundings.tool import tool

TOKYO = ZoneInfo("Asia/Tokyo")


def seen(picture: Picture) -> Image.Image:
    """The picture as an image in which black is 0."""
    return Image.frombytes("1", (picture.width_dots, picture.height_dots), picture.rows, "raw", "1;I")


def drawn(width: ReceiptWidth, **changes: Any) -> Image.Image:
    html = render(replace(EXAMPLE, **changes), width, TOKYO)
    return seen(picture_of(html, Paper.of(width), Language.EN))


@pytest.mark.parametrize(("width", "dots"), [(ReceiptWidth.MM80, 576), (ReceiptWidth.MM58, 384)])
def test_a_receipt_printer_gets_a_picture_as_wide_as_its_head_with_a_qr_code_that_scanners_read(
    qapp: QApplication, width: ReceiptWidth, dots: int
) -> None:
    image = drawn(width)
    assert image.width == dots
    assert 0.03 < image.histogram()[0] / (image.width * image.height) < 0.25
    assert find_code(image, [[bool(dot) for dot in row] for row in segno.make_qr(EXAMPLE.reference, error="m").matrix])


def find_code(image: Image.Image, code: list[list[bool]]) -> bool:
    """Whether a scanner sees the code in the middle of the paper, each of its dots five of the printer's, with white around."""
    size = 5 * len(code)
    left = (image.width - size) // 2
    quiet = 5 * QUIET_DOTS

    def line(top: int, y: int) -> list[bool]:
        return [image.getpixel((left + x * 5 + 2, top + y * 5 + 2)) == 0 for x in range(len(code))]

    for top in range(quiet, image.height - size - quiet):
        if line(top, 0) == code[0] and [line(top, y) for y in range(len(code))] == code:
            framed = image.crop((left - quiet + 3, top - quiet + 3, left + size + quiet - 3, top + size + quiet - 3))
            framed.paste(255, (quiet - 6, quiet - 6, size + quiet, size + quiet))
            return framed.getextrema() == (255, 255)
    return False


def test_a_pale_logo_is_shaded_and_text_is_not(qapp: QApplication) -> None:
    file = io.BytesIO()
    Image.new("L", (300, 100), 0x99).save(file, "PNG")
    image = drawn(ReceiptWidth.MM80, logo=Logo(file.getvalue()))
    logo = image.crop((120, 8, 456, 120))
    black = logo.histogram()[0] / (logo.width * logo.height)
    assert 0.25 < black < 0.55


@pytest.fixture
def printer() -> Iterator[ReceiptPrinterOfTests]:
    with receipt_printer() as running:
        yield running


@pytest.fixture
def desk(
    filled_home: Path, shop: TrainingShop, clock: VirtualClock, tmp_path: Path, printer: ReceiptPrinterOfTests
) -> Iterator[CouponDesk]:
    """With a receipt printer at the counter, and lines of the shop's own on its receipts."""
    home = tmp_path / "home"
    shutil.copytree(filled_home, home)
    with (home / "config.toml").open("a", encoding="utf-8") as file:
        file.write(
            "\n[receipts]\nwidth = 'a4'\n[receipts.texts.ja]\nheader = ['銀座1-2-3']\n"
            f"[receipts.printers.Counter]\nconnection = 'network'\nhost = '127.0.0.1'\nport = {printer.port}\nwidth = '58mm'\n"
        )
    opened = CouponDesk.open(home, secrets=training_vault(shop.addresses), clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def view(desk: CouponDesk, shop: TrainingShop, stage: Stage) -> Iterator[ReceiptView]:
    """The receipt of a coupon that was just cancelled, on the screen."""
    manager = desk.people.sign_in("manager", "482915")
    asked = CancelRequest(
        CouponCode.parse(str(shop.showcase.example.code)),
        OperationKind.CANCEL,
        Reason.CUSTOMER_REQUEST,
        "Asked at the counter.",
    )
    made = ReceiptView(stage, desk, manager)
    made.show_receipt(desk.cancel(asked, manager, wait_seconds=900), is_copy=False)
    yield made
    if shiboken6.isValid(made):
        shiboken6.delete(made)


def issued(desk: CouponDesk) -> list[dict[str, Any]]:
    (operation,) = desk.operations()
    return [entry.body for entry in desk.trail.of_operation(operation.id) if entry.action == "receipt.issued"]


def test_a_receipt_comes_out_of_the_printer_at_the_counter_byte_for_byte_and_the_next_is_a_copy(
    view: ReceiptView, desk: CouponDesk, printer: ReceiptPrinterOfTests
) -> None:
    assert (view.printer_choice.currentText(), view.width_choice.currentText()) == ("Counter", "58 mm")
    assert not view.width_choice.isEnabled()
    view.language_choice.setCurrentIndex(view.language_choice.findText("English"))
    view.language_choice.activated.emit(0)
    assert "points returned" in view.paper.accessibleDescription()
    view.language_choice.setCurrentIndex(view.language_choice.findText("日本語"))
    view.language_choice.activated.emit(0)
    (operation,) = desk.operations()
    original = desk.receipt(operation.id, ReceiptWidth.MM58)

    view.print()

    assert view.told.title.text() == "Printed on Counter."
    assert rows_in(printer.wait()) == picture_of(original, Paper.of(ReceiptWidth.MM58), operation.language).rows
    assert "再発行" in view.paper.accessibleDescription()
    assert "銀座1-2-3" in view.paper.accessibleDescription()

    view.print()

    assert rows_in(printer.wait()) != rows_in(printer.printed[0])
    assert issued(desk) == [
        {"how": "printed", "copy": False, "printer": "Counter"},
        {"how": "printed", "copy": True, "printer": "Counter"},
    ]


def rows_in(escpos: bytes) -> bytes:
    """The dots of all strips of a picture in ESC/POS."""
    rows, place = b"", escpos.index(b"\x1dv0\0")
    while escpos[place : place + 4] == b"\x1dv0\0":
        width, height = (int.from_bytes(escpos[place + at : place + at + 2], "little") for at in (4, 6))
        rows += escpos[place + 8 : place + 8 + width * height]
        place += 8 + width * height
    return rows


def test_a_fault_is_told_and_the_receipt_is_an_original_until_the_printer_has_it(
    view: ReceiptView, desk: CouponDesk, printer: ReceiptPrinterOfTests
) -> None:
    printer.answers = stand_in.NO_PAPER
    view.print()
    assert view.told.title.text() == "The printer Counter has no paper."
    assert "Put paper in." in view.told.text.text()
    assert view.print_button.isEnabled()
    assert (issued(desk), desk.operations()[0].state) == ([], OperationState.COMPLETED)

    printer.answers = dict(stand_in.READY)
    printer.hangs_up = True
    view.print()
    assert "stopped answering" in view.told.title.text()
    assert [one["copy"] for one in issued(desk)] == [False]
    assert "再発行" in view.paper.accessibleDescription()


def test_a_fault_is_told_to_the_page_where_the_next_customer_came_before_it(
    view: ReceiptView, stage: Stage, printer: ReceiptPrinterOfTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    printer.answers = stand_in.OPEN
    waiting: list[Callable[[], None]] = []
    runs_now = stage.runner.read
    monkeypatch.setattr(stage.runner, "read", lambda *job: waiting.append(partial(runs_now, *job)))
    told: list[DeskError] = []
    stage.print_faults.told.connect(told.append)

    view.print()
    shiboken6.delete(view)
    waiting[0]()

    assert [str(fault.what) for fault in told] == ["The printer Counter is open."]


def test_the_queues_of_this_computer_are_offered_and_a_receipt_arrives_there_as_it_would_be_saved(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch, printer: ReceiptPrinterOfTests, tmp_path: Path
) -> None:
    html, paper = render(EXAMPLE, ReceiptWidth.MM80, TOKYO), Paper.of(ReceiptWidth.MM80)
    with print_service() as service:
        service.add_queue("Network", f"socket://127.0.0.1:{printer.port}/?snmp=false")
        monkeypatch.setenv("CUPS_SERVER", service.address)
        at_the_till = NetworkPrinter(host="127.0.0.1", port=9)
        printers = Printers(Receipts(printer="Network", printers={"Till": at_the_till}))
        assert offered_printers(printers) == (Offered("Network"), Offered("Till", ReceiptWidth.MM80), Offered("Counter"))
        assert isinstance(printers.find("Network"), Queue)
        patient = Queue("Network", PrintService(), SystemClock(), Patience(job_seconds=90))
        print_receipt(html, paper, Language.EN, patient, "COUPON-70934-AB12CD-500")
    taken = tmp_path / "taken.pdf"
    taken.write_bytes(printer.wait())
    told = subprocess.run([tool("pdftotext"), "-layout", str(taken), "-"], capture_output=True, text=True, check=True).stdout
    assert "Coupon cancelled" in told
    assert EXAMPLE.reference in told


def test_where_only_windows_prints_an_unknown_printer_is_told(qapp: QApplication) -> None:
    printers = Printers(Receipts(), has_print_service=False)
    assert printers.offered(("Office",)) == (Offered("Office"),)
    with pytest.raises(PrinterFault) as told:
        print_receipt("<p>receipt</p>", Paper.of(ReceiptWidth.A4), Language.EN, printers.find("Office"), "title")
    assert (printers.find("Office"), told.value.kind) == (WindowsPrinter("Office"), FaultKind.UNKNOWN)
