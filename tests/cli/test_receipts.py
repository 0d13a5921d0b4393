"""`receipt`: on a printer at the counter, and what is said where it does not print."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from coupon_desk.training.shop import TrainingShop
from tests.cli.conftest import CommandLine
from tests.surroundings import receipt_printer as stand_in
from tests.surroundings.receipt_printer import receipt_printer


def test_a_copy_comes_out_of_the_printer_at_the_counter_or_its_fault_is_told(cli: CommandLine, shop: TrainingShop) -> None:
    code = str(shop.showcase.example.code)
    with receipt_printer() as printer, (cli.home / "config.toml").open("a", encoding="utf-8") as config:
        config.write(
            "\n[receipts.printers.Counter]\nconnection = 'network'\nhost = '127.0.0.1'\n"
            f"port = {printer.port}\nwidth = '58mm'\n"
        )
        config.flush()
        assert cli.here("cancel", code, "--reason", "customer_request", "--note", "Changed her mind").status == 0

        printed = cli.here("receipt", code, "--printer", "Counter", "--receipt-language", "en", "--json")
        assert (printed.status, printed.document["width"], printed.document["printer"]) == (0, "58mm", "Counter")
        assert b"\x1dv0\0\x30\0" in printer.wait()  # 48 bytes a line: the 384 dots of such a printer

        printer.answers = stand_in.OPEN
        told = cli.here("receipt", code, "--printer", "Counter")
        assert told.status == 1
        assert "The printer Counter is open." in told.err + told.out
        assert "Close it." in told.err + told.out

        too_wide = cli.here("receipt", code, "--printer", "Counter", "--width", "a4")
        assert (too_wide.status, "58mm" in too_wide.err + too_wide.out) == (2, True)

    with closing(sqlite3.connect(cli.home / "desk.sqlite3")) as database:
        issued = database.execute("SELECT count(*) FROM entries WHERE action = 'receipt.issued'").fetchone()
    assert issued == (2,)  # the first, kept in the home, and the copy; what was not printed is not told as printed
