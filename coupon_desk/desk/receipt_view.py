"""A receipt on the screen as it will be on paper, with the ways to get it there: print, or save as PDF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QTextDocument
from PySide6.QtWidgets import QComboBox, QFileDialog, QScrollArea, QSizePolicy, QWidget

from coupon_desk.desk.colours import Tone
from coupon_desk.desk.controls import Banner, button, column, frame, label, row
from coupon_desk.desk.printing import MM_PER_INCH, Paper, draw, lay_out, print_receipt, printers, write_pdf
from coupon_desk.desk.stage import Stage
from coupon_desk.errors import DeskError
from coupon_desk.words import Language, Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.cancellation.operation import Operation
    from coupon_desk.people.operators import Session

SCREEN_DPI: Final = 96
PREVIEW_MM: Final = 80.0


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
        self.paper = _PaperSheet()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(self.paper)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        stage.speech.tell(scroll, msg("Preview of the receipt"), "setAccessibleName")
        self.width_choice = QComboBox()
        stage.speech.tell(self.width_choice, msg("Paper"), "setAccessibleName")
        for name, text in (("80mm", "80 mm"), ("58mm", "58 mm"), ("a4", "A4")):
            self.width_choice.addItem(text, name)
        self.width_choice.currentIndexChanged.connect(lambda _place: self._read())
        self.printer_choice = QComboBox()
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
        choices = row(self.width_choice, self.printer_choice, spacing=8)
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
        self._read()
        self._stage.runner.read(self, "printers", printers, self._offer_printers, lambda _error: self._offer_printers(()))

    @property
    def is_ready(self) -> bool:
        """Whether the receipt is on the screen."""
        return bool(self._html)

    def save(self, target: Path) -> None:
        """Write the receipt as PDF."""
        if self._operation is None:
            return
        html, paper, language = self._html, self._paper(), self._operation.language
        title = self._operation.reference
        self._stage.runner.write(
            self,
            lambda _tell: write_pdf(html, paper, language, target, title),
            lambda _done: self._issued("pdf", msg("Saved as {file}", file=str(target))),
            self._fail,
        )

    def print(self) -> None:
        """Print the receipt on the chosen printer."""
        if self._operation is None or not self.printer_choice.currentText():
            return
        html, paper, language = self._html, self._paper(), self._operation.language
        printer, title = self.printer_choice.currentText(), self._operation.reference
        self.print_button.setEnabled(False)
        self._stage.runner.write(
            self,
            lambda _tell: print_receipt(html, paper, language, printer, title),
            lambda _done: self._issued("printed", msg("Sent to the printer {printer}.", printer=printer)),
            self._fail,
        )

    def _paper(self) -> Paper:
        from coupon_desk.receipts.layout import ReceiptWidth

        return Paper.of(ReceiptWidth(self.width_choice.currentData()))

    def _read(self) -> None:
        if self._operation is None:
            return
        desk, operation, copy_for = self._desk, self._operation, self._session if self._is_copy else None
        name = str(self.width_choice.currentData())

        def read() -> str:
            from coupon_desk.receipts.layout import ReceiptWidth

            return desk.receipt(operation.id, ReceiptWidth(name), operation.language, copy_for=copy_for)

        self._stage.runner.read(self, "receipt", read, self._show, self._fail)

    def _show(self, html: str) -> None:
        if self._operation is None:
            return
        self._html = html
        self.paper.show_receipt(html, self._paper(), self._operation.language)
        self.save_button.setEnabled(True)
        self.arrived.emit()

    def _offer_printers(self, names: tuple[str, ...]) -> None:
        self.printer_choice.clear()
        self.printer_choice.addItems(list(names))
        self.printer_choice.setVisible(bool(names))
        self.no_printer.setVisible(not names)
        self.print_button.setEnabled(bool(names))

    def _ask_where(self) -> None:
        if self._operation is None:
            return
        proposed = self._desk.home / "receipts" / f"{self._operation.reference}.pdf"
        proposed.parent.mkdir(parents=True, exist_ok=True)
        title = self._stage.speech.say(msg("Save the receipt"))
        chosen, _ = QFileDialog.getSaveFileName(self, title, str(proposed), "PDF (*.pdf)")
        if chosen:
            self.save(Path(chosen))

    def _issued(self, how: str, message: Message) -> None:
        self.told.show_message(Tone.SUCCESS, message)
        self.print_button.setEnabled(bool(self.printer_choice.currentText()))
        if self._operation is None:
            return
        desk, session, identity = self._desk, self._session, self._operation.id
        self._stage.runner.write(
            self, lambda _tell: desk.record_receipt(identity, how, session), lambda _done: None, self._fail
        )

    def _fail(self, error: DeskError) -> None:
        self.print_button.setEnabled(bool(self.printer_choice.currentText()))
        self.told.show_message(Tone.WARN, error.what, error.todo)


class _PaperSheet(QWidget):
    """White paper with the receipt on it, in both themes: paper is white."""

    def __init__(self) -> None:
        super().__init__()
        self._document: QTextDocument | None = None
        self._paper: Paper | None = None
        self._zoom = 1.0

    def show_receipt(self, html: str, paper: Paper, language: Language) -> None:
        """Lay the receipt out at the size of the screen; A4 is made to fit."""
        dots_per_mm = SCREEN_DPI / MM_PER_INCH
        self._paper = paper
        self._zoom = min(1.0, PREVIEW_MM / paper.width_mm)
        self._document = QTextDocument()
        lay_out(self._document, html, paper, language, dots_per_mm)
        height = self._document.size().height() + 2 * paper.margin_mm * dots_per_mm
        self.setMinimumHeight(round(height * self._zoom) + 28)
        self.setAccessibleDescription(self._document.toPlainText())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The sheet in the middle, the text on it."""
        del event
        if self._document is None or self._paper is None:
            return
        dots_per_mm = SCREEN_DPI / MM_PER_INCH
        width = self._paper.width_mm * dots_per_mm * self._zoom
        margin = self._paper.margin_mm * dots_per_mm * self._zoom
        height = self._document.size().height() * self._zoom + 2 * margin
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left = (self.width() - width) / 2
        sheet = QRectF(left, 14, width, height)
        for spread in (4, 2, 1):
            painter.fillRect(sheet.adjusted(-spread, -spread + 1, spread, spread + 1), QColor(0, 0, 0, 10))
        painter.fillRect(sheet, QColor("#ffffff"))
        painter.translate(left + margin, 14 + margin)
        painter.scale(self._zoom, self._zoom)
        draw(self._document, painter, QRectF(0, 0, self._document.size().width(), self._document.size().height()))
        painter.end()
