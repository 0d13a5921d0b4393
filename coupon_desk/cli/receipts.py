"""`receipt`: prints or writes the receipt of an operation again; and the first one, which `cancel` keeps in the home."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coupon_desk.cancellation.operation import Operation, OperationState
from coupon_desk.cli.call import Call
from coupon_desk.cli.operation_ids import named_operation
from coupon_desk.cli.options import for_scripts
from coupon_desk.cli.tables import Colour
from coupon_desk.cli.window import QtMissing
from coupon_desk.errors import ConfigurationError, DeskError, ExitStatus, StorageError
from coupon_desk.people.roles import Right
from coupon_desk.words import Language, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.people.operators import Session
    from coupon_desk.receipts.layout import ReceiptWidth

_log = logging.getLogger(__name__)


@click.command(short_help="Print or write a receipt again.")
@click.argument("operation", metavar="ID")
@click.option("--pdf", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write it as PDF.")
@click.option("--printer", metavar="NAME", help="Print it on this printer.")
@click.option("--width", type=click.Choice(["a4", "80mm", "58mm"]), help="The paper: that of the printer, else a4.")
@click.option("--receipt-language", type=click.Choice(["en", "ja"]), help="Another language than the customer's.")
@for_scripts
@click.pass_obj
def receipt(
    call: Call, operation: str, pdf: Path | None, printer: str | None, width: str | None, receipt_language: str | None
) -> int:
    """Print or write the receipt of an operation again, marked as a copy.

    ID is the operation's id, its beginning, or the coupon's code. Without --pdf and --printer the copy is kept in the home.
    """
    desk, session = call.worker(Right.REPRINT, operation)
    found, paper = named_operation(desk, operation), _paper(desk, printer, width)
    spoken = Language(receipt_language) if receipt_language is not None else found.language
    html = desk.receipt(found.id, paper, spoken, copy_for=session)
    written: dict[str, Any] = {"operation": found.id, "pdf": None, "printer": None, "width": paper.value, "copy": True}
    call.document = written
    if pdf is None and printer is None:
        pdf = _file_in_home(desk, found, "-copy.pdf")
    if pdf is not None:
        with desk.issued_receipts.noting(found.id, "pdf", session, is_copy=True):
            call.window.write_pdf(html, paper, spoken, pdf, found.reference)
        written["pdf"] = str(pdf)
        call.output.say(msg("The copy of the receipt is in {file}.", file=str(pdf)))
    if printer is not None:
        with desk.issued_receipts.noting(found.id, "printed", session, printer=printer, is_copy=True):
            call.window.print_paper(html, paper, spoken, desk.printers.find(printer), found.reference)
        written["printer"] = printer
        call.output.say(msg("The copy of the receipt was printed on {printer}.", printer=printer))
    if call.output.as_json:
        call.output.document(written)
    return ExitStatus.DONE


def _paper(desk: CouponDesk, printer: str | None, asked: str | None) -> ReceiptWidth:
    """The paper to lay out for. Raises ConfigurationError for one that is not in the printer."""
    from coupon_desk.receipts.layout import ReceiptWidth

    known = desk.printers.width_in(printer)
    if asked is not None and known is not None and known.value != asked:
        raise ConfigurationError(
            msg("The printer {printer} has paper of {width} in it.", printer=printer, width=known.value),
            done=msg("Nothing was printed."),
            todo=msg("Leave --width out, or choose another printer."),
        )
    return ReceiptWidth(asked or known or desk.settings.receipts.width or ReceiptWidth.A4)


def keep_receipt(call: Call, desk: CouponDesk, operation: Operation, session: Session) -> str | None:
    """Write the first receipt of a completed operation into the home; its path, None where there is none.

    The operation stands whatever becomes of its receipt: a failure is told and no error. Where Qt cannot lay it out as PDF the
    receipt is kept as HTML.
    """
    from coupon_desk.receipts.layout import ReceiptWidth

    if operation.state is not OperationState.COMPLETED:
        return None
    try:
        html = desk.receipt(operation.id, ReceiptWidth.A4)
        file = _file_in_home(desk, operation, ".pdf")
        with desk.issued_receipts.noting(operation.id, "pdf", session):
            try:
                call.window.write_pdf(html, ReceiptWidth.A4, operation.language, file, operation.reference)
            except QtMissing as no_qt:
                _log.info("no PDF without Qt", extra={"detail": no_qt.detail})
                file = _file_in_home(desk, operation, ".html")
                file.write_text(html, encoding="utf-8")
    except (DeskError, OSError) as failed:
        _log.info("the receipt was not kept: %s", type(failed).__name__, extra={"detail": str(failed)})
        call.output.note(
            msg("The receipt could not be written; “coupon-desk receipt {operation}” tries again.", operation=operation.id),
            Colour.WARNING,
        )
        return None
    return str(file)


def kept_receipt(desk: CouponDesk, operation: Operation) -> str | None:
    """The path of the receipt that was kept when the operation was completed, where it still is."""
    stem = f"{operation.code}-{operation.id[:8]}"
    files = (desk.home / "receipts" / f"{stem}{ending}" for ending in (".pdf", ".html"))
    return next((str(file) for file in files if file.exists()), None)


def _file_in_home(desk: CouponDesk, operation: Operation, ending: str) -> Path:
    folder = desk.home / "receipts"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as wrong:
        raise StorageError(
            msg("The folder {folder} cannot be made.", folder=str(folder)),
            todo=msg("Check the rights of the folder and try again."),
            detail=str(wrong),
        ) from wrong
    return folder / f"{operation.code}-{operation.id[:8]}{ending}"
