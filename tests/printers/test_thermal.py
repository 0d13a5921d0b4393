"""Receipt printers over the network, a serial line and USB: what arrives there, and what a person is told."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import usb.backend.libusb1

from coupon_desk.printers import escpos_devices
from coupon_desk.printers.faults import FaultKind, PrinterFault
from coupon_desk.printers.picture import Picture
from coupon_desk.printers.thermal import ThermalPrinter
from coupon_desk.receipt_settings import NetworkPrinter, SerialPrinter, UsbPrinter
from coupon_desk.words import Language
from tests.surroundings import receipt_printer as stand_in
from tests.surroundings.receipt_printer import ReceiptPrinterOfTests, receipt_printer
from tests.surroundings.usb_printer import PRODUCT, VENDOR, UsbBus

PICTURE = Picture(24, bytes(range(250)) * 3 * 4)


def in_escpos(picture: Picture) -> bytes:
    """What has to arrive: ESC @, GS v 0 for each strip of 256 lines, six lines of feed, a partial cut."""
    width, strips = picture.width_dots // 8, b""
    for top in range(0, picture.height_dots, 256):
        height = min(256, picture.height_dots - top)
        head = b"\x1dv0\0" + width.to_bytes(2, "little") + height.to_bytes(2, "little")
        strips += head + picture.rows[top * width : (top + height) * width]
    return b"\x1b@" + strips + b"\x1bd\x06\x1dV\x01"


@pytest.fixture
def printer() -> Iterator[ReceiptPrinterOfTests]:
    with receipt_printer() as running:
        yield running


def at(printer: ReceiptPrinterOfTests) -> ThermalPrinter:
    return ThermalPrinter("Counter", NetworkPrinter(host="127.0.0.1", port=printer.port))


def fault_of(printer: ThermalPrinter) -> PrinterFault:
    with pytest.raises(PrinterFault) as told:
        printer.print_picture(PICTURE)
    assert printer.name in told.value.sentences(Language.EN)
    return told.value


def test_a_picture_arrives_over_the_network_byte_for_byte(printer: ReceiptPrinterOfTests) -> None:
    at(printer).print_picture(PICTURE)
    assert printer.wait() == in_escpos(PICTURE)


def test_paper_that_runs_low_still_prints(printer: ReceiptPrinterOfTests) -> None:
    printer.answers = stand_in.PAPER_RUNS_LOW
    at(printer).print_picture(PICTURE)
    assert printer.wait() == in_escpos(PICTURE)


def test_a_printer_that_answers_no_questions_is_printed_on_all_the_same(
    printer: ReceiptPrinterOfTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(escpos_devices, "ANSWER_SECONDS", 0.05)
    printer.answers = stand_in.SILENT
    at(printer).print_picture(PICTURE)
    # The question stays in what it took for a picture: printers that don't know it skip it.
    assert printer.wait() == in_escpos(PICTURE)


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        (stand_in.OFFLINE, FaultKind.OFFLINE),
        (stand_in.OPEN, FaultKind.COVER_OPEN),
        (stand_in.NO_PAPER, FaultKind.NO_PAPER),
    ],
)
def test_a_printer_that_is_not_ready_is_sent_nothing(
    printer: ReceiptPrinterOfTests, answers: dict[bytes, int], kind: FaultKind
) -> None:
    printer.answers = answers
    fault = fault_of(at(printer))
    assert (fault.kind, fault.is_handed_over) == (kind, False)
    assert printer.wait() == b""


def test_paper_that_runs_out_on_the_way_is_noticed(printer: ReceiptPrinterOfTests, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escpos_devices, "PAPER_SECONDS", 0.05)
    printer.then = {question: answer for question, answer in stand_in.NO_PAPER.items() if question != stand_in.PRINTED}
    fault = fault_of(at(printer))
    assert (fault.kind, fault.is_handed_over, fault.waits) == (FaultKind.NO_PAPER, True, False)


def test_a_late_answer_is_not_taken_for_another(printer: ReceiptPrinterOfTests, monkeypatch: pytest.MonkeyPatch) -> None:
    printer.late = stand_in.PRINTED
    monkeypatch.setattr(escpos_devices, "PAPER_SECONDS", 0.05)
    at(printer).print_picture(PICTURE)
    assert printer.wait() == in_escpos(PICTURE)


def test_a_connection_that_breaks_on_the_way_is_noticed(printer: ReceiptPrinterOfTests) -> None:
    printer.hangs_up = True
    fault = fault_of(at(printer))
    assert (fault.kind, fault.is_handed_over) == (FaultKind.BROKEN_OFF, True)


def test_a_printer_that_is_not_there_is_noticed_on_every_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usb.backend.libusb1, "get_backend", UsbBus)
    with receipt_printer() as gone:
        port = gone.port
    for way in (
        NetworkPrinter(host="127.0.0.1", port=port),
        SerialPrinter(device="/dev/no-such-line"),
        UsbPrinter(vendor=VENDOR, product=PRODUCT + 1),
    ):
        fault = fault_of(ThermalPrinter("Counter", way))
        assert (fault.kind, fault.is_handed_over) == (FaultKind.UNREACHABLE, False)


def test_a_picture_arrives_over_a_serial_line(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()
    line = os.ttyname(theirs)
    told = bytearray()

    def answer() -> None:
        while len(told) < len(in_escpos(PICTURE)) + 13:
            told.extend(os.read(ours, 65536))
            for question, said in stand_in.READY.items():
                if told.endswith(question):
                    os.write(ours, bytes((said,)))

    worker = threading.Thread(target=answer)
    worker.start()
    ThermalPrinter("Counter", SerialPrinter(device=line, baud=115200)).print_picture(PICTURE)
    worker.join()
    os.close(ours)
    os.close(theirs)
    before = stand_in.STATE + stand_in.PAPER
    assert bytes(told) == before + in_escpos(PICTURE) + stand_in.PRINTED + before[:3] + stand_in.PAPER


def test_a_picture_arrives_over_usb(monkeypatch: pytest.MonkeyPatch) -> None:
    bus = UsbBus()
    monkeypatch.setattr(usb.backend.libusb1, "get_backend", lambda: bus)
    ThermalPrinter("Counter", UsbPrinter(vendor=VENDOR, product=PRODUCT)).print_picture(PICTURE)
    assert bus.printed == in_escpos(PICTURE)


def test_where_usb_has_no_library_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("libusb0", "libusb1", "openusb"):
        monkeypatch.setattr(f"usb.backend.{name}.get_backend", lambda: None)
    assert fault_of(ThermalPrinter("Counter", UsbPrinter(vendor=1, product=2))).kind is FaultKind.NO_LIBRARY


@pytest.mark.parametrize(("width", "rows"), [(12, b"\0\0"), (16, b""), (16, b"\0\0\0")])
def test_a_picture_is_whole_bytes(width: int, rows: bytes) -> None:
    with pytest.raises(ValueError, match="no picture"):
        Picture(width, rows)


def test_loading_the_library_leaves_nothing_behind(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", LOAD],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stdout, told.stderr) == (0, "[] False\n", "")
    assert not list(tmp_path.iterdir())


LOAD = """
import logging, os
from coupon_desk.printers.escpos_devices import in_escpos
from coupon_desk.printers.picture import Picture
in_escpos(Picture(8, b"x"))
print(logging.getLogger().handlers, "ESCPOS_CAPABILITIES_FILE" in os.environ)
"""
