"""A receipt on the screen as it will be on paper, with the ways to get it there: print, or save as PDF."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import shiboken6
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QScrollArea, QSizePolicy, QWidget

from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, button, column, frame, label, row
from coupon_desk.desk.paper_sheet import PaperSheet
from coupon_desk.desk.print_faults import PrintFaults
from coupon_desk.desk.printing import Paper, write_pdf
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.words import Language, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.app.printers import Offered
    from coupon_desk.cancellation.operation import Operation
    from coupon_desk.people.operators import Session

WIDTHS: Final = (("80mm", "80 mm"), ("58mm", "58 mm"), ("a4", "A4"))
LANGUAGES: Final = ((Language.EN, "English"), (Language.JA, "日本語"))
"""Each in its own words, so that the customer can point at it."""


class ReceiptView(QWidget):
    """Reads the receipt of one operation, shows it, prints it or saves it, and has that noted in the trail."""

    arrived = Signal()

    def __init__(self, stage: Stage, desk: CouponDesk, session: Session) -> None:
        super().__init__()
        self._stage = stage
        self._desk = desk
        self._session = session
        self._operation: Operation | None = None
        self._is_copy = False
        self._html = ""
        self._is_printing = False
        self.paper = PaperSheet()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(self.paper)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        stage.speech.tell(scroll, msg("Preview of the receipt"), "setAccessibleName")
        self.width_choice = QComboBox()
        stage.speech.tell(self.width_choice, msg("Paper"), "setAccessibleName")
        for name, text in WIDTHS:
            self.width_choice.addItem(text, name)
        self._choose_width(desk.settings.receipts.width)
        self.width_choice.currentIndexChanged.connect(lambda _place: self._read())
        self.language_choice = QComboBox()
        stage.speech.tell(self.language_choice, msg("Language of the receipt"), "setAccessibleName")
        for language, text in LANGUAGES:
            self.language_choice.addItem(text, language)
        self.language_choice.activated.connect(lambda _place: self._read())
        self.printer_choice = QComboBox()
        self.printer_choice.currentIndexChanged.connect(lambda _place: self._fit_paper())
        self.printer_choice.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        stage.speech.tell(self.printer_choice, msg("Printer"), "setAccessibleName")
        self.no_printer = label(stage, msg("No printer is set up on this computer."), "small", wraps=True)
        self.no_printer.hide()
        self.print_button = button(stage, msg("Print"), icon="printer", key="P")
        self.print_button.setObjectName("print")
        self.print_button.setEnabled(False)
        self.print_button.clicked.connect(self.print)
        self.save_button = button(stage, msg("Save PDF…"), icon="document", key="S")
        self.save_button.setObjectName("save-pdf")
        self.save_button.setEnabled(False)
        self.save_button.clicked.connect(self._ask_where)
        self.told = Banner(stage)
        choices = row(self.width_choice, self.language_choice, self.printer_choice, spacing=8)
        choices.setStretchFactor(self.printer_choice, 1)
        sheet = frame("well", column(scroll, margins=(0, 0, 0, 0)))
        whole = column(
            sheet, choices, self.no_printer, row(self.print_button, self.save_button, 0, spacing=8), self.told, spacing=8
        )
        whole.setStretchFactor(sheet, 1)
        self.setLayout(whole)

    def show_receipt(self, operation: Operation, *, is_copy: bool) -> None:
        """Show the receipt of this operation."""
        if self._operation is not None and self._operation.id == operation.id and self._html:
            return
        self._operation, self._is_copy = operation, is_copy
        self.language_choice.setCurrentIndex(self.language_choice.findData(operation.language))
        self._read()
        printers = self._desk.printers

        def look() -> tuple[Offered, ...]:
            from coupon_desk.desk.receipt_printing import offered_printers

            return offered_printers(printers)

        self._stage.runner.read(self, "printers", look, self._offer_printers, lambda _error: self._offer_printers(()))

    @property
    def is_ready(self) -> bool:
        """Whether the receipt is on the screen."""
        return bool(self._html)

    def save(self, target: Path) -> None:
        """Write the receipt as PDF."""
        operation = self._operation
        if operation is None or not self._html:
            return
        html, paper, language, is_copy = self._html, self._paper(), self._language(), self._is_copy
        issued, session = self._desk.issued_receipts, self._session

        def write(_tell: object) -> None:
            with issued.noting(operation.id, "pdf", session, is_copy=is_copy):
                write_pdf(html, paper, language, target, operation.reference)

        self._stage.runner.write(self, write, lambda _done: self._saved(target), self._fail)

    def print(self) -> None:
        """Print the receipt on the chosen printer."""
        operation, printer = self._operation, self.printer_choice.currentText()
        if operation is None or not printer or not self._html or self._is_printing:
            return
        html, paper, language, is_copy = self._html, self._paper(), self._language(), self._is_copy
        desk, session = self._desk, self._session

        def print_it() -> None:
            from coupon_desk.desk.receipt_printing import print_receipt

            with desk.issued_receipts.noting(operation.id, "printed", session, printer=printer, is_copy=is_copy):
                print_receipt(html, paper, language, desk.printers.find(printer), operation.reference)

        self._is_printing = True
        self.told.show_message(Tone.NEUTRAL, msg("Printing on {printer}…", printer=printer))
        # Not on the one worker that writes: a printer that hangs must not hold up a cancellation. And not for this view only:
        # the next customer does not wait until it is printed.
        faults = self._stage.print_faults
        self._stage.runner.read(
            faults, f"print {operation.id}", print_it, lambda _done: self._printed(printer), partial(self._not_printed, faults)
        )

    def _paper(self) -> Paper:
        from coupon_desk.receipts.layout import ReceiptWidth

        return Paper.of(ReceiptWidth(self.width_choice.currentData()))

    def _language(self) -> Language:
        return Language(self.language_choice.currentData())

    def _choose_width(self, width: str | None) -> None:
        if width is not None:
            self.width_choice.setCurrentIndex(self.width_choice.findData(width))

    def _fit_paper(self) -> None:
        """A receipt printer has its own paper in it."""
        width = self.printer_choice.currentData()
        if width is None and not self.width_choice.isEnabled():
            self._choose_width(self._desk.settings.receipts.width or "80mm")
        self.width_choice.setEnabled(width is None)
        self._choose_width(width)

    def _read(self) -> None:
        if self._operation is None:
            return
        # What is on the screen may be for other paper than what is chosen now.
        self._html = ""
        desk, session, operation, is_copy = self._desk, self._session, self._operation, self._is_copy
        name, language = str(self.width_choice.currentData()), self._language()

        def read() -> tuple[str, bool]:
            from coupon_desk.receipts.layout import ReceiptWidth

            copies = is_copy or desk.issued_receipts.is_on_paper(operation.id)
            return desk.receipt(operation.id, ReceiptWidth(name), language, copy_for=session if copies else None), copies

        self._stage.runner.read(self, "receipt", read, self._show, self._fail)

    def _show(self, read: tuple[str, bool]) -> None:
        if self._operation is None:
            return
        self._html, self._is_copy = read
        self.paper.show_receipt(self._html, self._paper(), self._language())
        self.save_button.setEnabled(True)
        self._allow_printing()
        self.arrived.emit()

    def _offer_printers(self, printers: tuple[Offered, ...]) -> None:
        self.printer_choice.clear()
        for printer in printers:
            self.printer_choice.addItem(printer.name, printer.width.value if printer.width is not None else None)
        self.printer_choice.setVisible(bool(printers))
        self.no_printer.setVisible(not printers)
        self._allow_printing()

    def _allow_printing(self) -> None:
        self.print_button.setEnabled(bool(self._html and self.printer_choice.currentText()))

    def _ask_where(self) -> None:
        if self._operation is None:
            return
        proposed = self._desk.home / "receipts" / f"{self._operation.reference}.pdf"
        proposed.parent.mkdir(parents=True, exist_ok=True)
        title = self._stage.speech.say(msg("Save the receipt"))
        chosen, _ = QFileDialog.getSaveFileName(self, title, str(proposed), "PDF (*.pdf)")
        if chosen:
            self.save(Path(chosen))

    def _saved(self, target: Path) -> None:
        self.told.show_message(Tone.SUCCESS, msg("Saved as {file}", file=str(target)))

    def _printed(self, printer: str) -> None:
        if shiboken6.isValid(self):
            self._is_printing = False
            self.told.show_message(Tone.SUCCESS, msg("Printed on {printer}.", printer=printer))
            self._read()

    def _not_printed(self, faults: PrintFaults, error: DeskError) -> None:
        if not shiboken6.isValid(self):
            faults.told.emit(error)
            return
        self._is_printing = False
        self._fail(error)
        # Where the printer has it all the same, what is printed next is a copy.
        self._read()

    def _fail(self, error: DeskError) -> None:
        self.told.show_message(Tone.WARN, error.what, error.todo)
