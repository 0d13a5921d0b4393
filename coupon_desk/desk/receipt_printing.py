"""Receipts on paper: as PDF for a queue, as picture for a receipt printer, drawn by Qt itself where only Windows prints."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPageSize, QPainter, QTextCharFormat, QTextCursor, QTextDocument

from coupon_desk.desk.printing import MM_PER_INCH, Paper, draw, lay_out, write_pdf
from coupon_desk.printers.faults import FaultKind, PrinterFault
from coupon_desk.printers.picture import Picture
from coupon_desk.printers.queues import Queue
from coupon_desk.printers.raw_queue import RawQueue
from coupon_desk.printers.thermal import ThermalPrinter

if TYPE_CHECKING:
    from coupon_desk.app.printers import Offered, Printer, Printers
    from coupon_desk.words import Language

DOTS_PER_MM: Final = 8
"""Of receipt printers: 203 dots an inch."""
PICTURE: Final = "\ufffc"
"""What stands for a picture in a text."""


def offered_printers(printers: Printers) -> tuple[Offered, ...]:
    """The printers that can be chosen, the usual one first. May block: ask on a worker."""
    if printers.has_print_service:
        return printers.offered()
    from PySide6.QtPrintSupport import QPrinterInfo

    usual = QPrinterInfo.defaultPrinterName()
    return printers.offered(sorted(QPrinterInfo.availablePrinterNames(), key=lambda name: (name != usual, name)))


def print_receipt(html: str, paper: Paper, language: Language, printer: Printer, title: str) -> None:
    """Print the receipt and see that it is printed. Raises PrinterFault. Blocks: call it on a worker."""
    match printer:
        case ThermalPrinter():
            printer.print_picture(picture_of(html, paper, language))
        case RawQueue():
            printer.print_picture(picture_of(html, paper, language), title)
        case Queue():
            with tempfile.TemporaryDirectory(prefix="coupon-desk-") as folder:
                file = Path(folder) / "receipt.pdf"
                write_pdf(html, paper, language, file, title)
                printer.print_document(file.read_bytes(), title)
        case _:
            _print_by_qt(html, paper, language, printer.name, title)


def picture_of(html: str, paper: Paper, language: Language) -> Picture:
    """The receipt as a receipt printer burns it: without the margins, which it cannot reach, and each dot black or white."""
    measure = _canvas(1, 1)
    laid_out = QTextDocument()
    laid_out.documentLayout().setPaintDevice(measure)
    lay_out(laid_out, html, paper, language, DOTS_PER_MM)
    _sharpen(laid_out)
    width, height = round(paper.content_mm) * DOTS_PER_MM, math.ceil(laid_out.size().height())
    grey = _canvas(width, height)
    painter = QPainter(grey)
    draw(laid_out, painter, QRectF(0, 0, width, height))
    painter.end()
    dots = _in_dots(grey, Qt.ImageConversionFlag.ThresholdDither)
    painter = QPainter(dots)
    shaded = _in_dots(grey, Qt.ImageConversionFlag.DiffuseDither)
    for place in _pictures_in(laid_out):
        painter.drawImage(place, shaded, place)
    painter.end()
    # Lines of an image begin at every fourth byte; those of a picture follow each other.
    stride, rows = dots.bytesPerLine(), bytes(dots.constBits())
    black = 0xFF if dots.color(1) == QColor("#000000").rgb() else 0x00
    lines = (rows[at : at + width // 8] for at in range(0, stride * height, stride))
    return Picture(width, bytes(byte if black else byte ^ 0xFF for byte in b"".join(lines)))


def _canvas(width: int, height: int) -> QImage:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.setDotsPerMeterX(DOTS_PER_MM * 1000)
    image.setDotsPerMeterY(DOTS_PER_MM * 1000)
    image.fill(QColor("#ffffff"))
    return image


def _sharpen(laid_out: QTextDocument) -> None:
    """Letters without grey edges: what is neither black nor white comes out ragged."""
    sharp = QTextCharFormat()
    sharp.setFontStyleStrategy(QFont.StyleStrategy.NoAntialias)
    everything = QTextCursor(laid_out)
    everything.select(QTextCursor.SelectionType.Document)
    everything.mergeCharFormat(sharp)


def _in_dots(grey: QImage, way: Qt.ImageConversionFlag) -> QImage:
    return grey.convertToFormat(QImage.Format.Format_Mono, Qt.ImageConversionFlag.MonoOnly | way)


def _pictures_in(laid_out: QTextDocument) -> Iterator[QRect]:
    block = laid_out.begin()
    while block.isValid():
        if PICTURE in block.text():
            yield laid_out.documentLayout().blockBoundingRect(block).toAlignedRect()
        block = block.next()


def _print_by_qt(html: str, paper: Paper, language: Language, printer: str, title: str) -> None:
    from PySide6.QtPrintSupport import QPrinter, QPrinterInfo

    known = QPrinterInfo.printerInfo(printer)
    if known.isNull():
        raise PrinterFault(FaultKind.UNKNOWN, printer)
    # Qt reports success for a printer that does not print (measured), so it is asked before.
    if known.state() == QPrinter.PrinterState.Error:
        raise PrinterFault(FaultKind.OFFLINE, printer)
    device = QPrinter(known, QPrinter.PrinterMode.HighResolution)
    device.setDocName(title)
    device.setFullPage(True)
    dots_per_mm = device.resolution() / MM_PER_INCH
    laid_out = QTextDocument()
    laid_out.documentLayout().setPaintDevice(device)
    lay_out(laid_out, html, paper, language, dots_per_mm)
    height_mm = paper.height_mm or laid_out.size().height() / dots_per_mm + 2 * paper.margin_mm
    device.setPageSize(
        QPageSize(QSizeF(paper.width_mm, height_mm), QPageSize.Unit.Millimeter, title, QPageSize.SizeMatchPolicy.FuzzyMatch)
    )
    painter = QPainter()
    if not device.isValid() or not painter.begin(device):
        raise PrinterFault(FaultKind.FAILED, printer)
    painter.translate(paper.margin_mm * dots_per_mm, paper.margin_mm * dots_per_mm)
    draw(laid_out, painter, QRectF(0, 0, laid_out.size().width(), laid_out.size().height()))
    painter.end()
