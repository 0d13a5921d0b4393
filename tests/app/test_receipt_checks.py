"""What `doctor` says about the printers and the logo."""

from __future__ import annotations

from pathlib import Path

from coupon_desk.app.printers import Printers
from coupon_desk.app.receipt_checks import receipts
from coupon_desk.receipt_settings import NetworkPrinter, Receipts, ThermalPrinterSettings
from tests.surroundings import receipt_printer as stand_in
from tests.surroundings.receipt_printer import receipt_printer


def test_each_configured_printer_and_the_logo_is_looked_at(tmp_path: Path) -> None:
    with receipt_printer() as printer:
        at_the_till: dict[str, ThermalPrinterSettings] = {"Till": NetworkPrinter(host="127.0.0.1", port=printer.port)}
        settings = Receipts(printer="Office", logo="logo.png", printers=at_the_till)
        till, office, logo = receipts(settings, Printers(settings), tmp_path)
        assert (str(till.name), till.is_well, printer.wait()) == ("Printer Till", True, b"")
        assert (str(office.name), office.is_well) == ("Printer Office", False)
        assert "print service" in str(office.found)
        assert (logo.is_well, str(logo.mend)) == (False, "Put a PNG or JPEG file of at most 2 MB there.")

        printer.answers = stand_in.NO_PAPER
        (told,) = receipts(Receipts(printers=at_the_till), Printers(Receipts(printers=at_the_till)), tmp_path)
        assert (told.is_well, str(told.found)) == (False, "The printer Till has no paper.")


def test_where_nothing_is_configured_nothing_is_looked_at(tmp_path: Path) -> None:
    assert not list(receipts(Receipts(), Printers(Receipts()), tmp_path))
