"""Receipts on paper and as PDF: A4 and rolls of 80 and 58 mm, from one HTML.

Not `QTextDocument.print_`, which adds margins and a page number. A roll is as long as its text: it is laid out first.
Printing goes through `lp` where there is one, because Qt reports success for queues that reject the job (measured).
"""

from __future__ import annotations

import math
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFont,
    QPageLayout,
    QPageSize,
    QPainter,
    QPalette,
    QPdfWriter,
    QTextDocument,
)

from coupon_desk.desk.theme import families
from coupon_desk.errors import DeskError
from coupon_desk.words import Language, msg

if TYPE_CHECKING:
    from coupon_desk.receipts.layout import ReceiptWidth

RESOLUTION_DPI: Final = 300
TEXT_POINTS: Final = 9
MM_PER_INCH: Final = 25.4
A4_HEIGHT_MM: Final = 297.0
PRINT_SECONDS: Final = 20
FOOT_BEGINS: Final = 0.955
"""Where the number of a page stands, as a part of the height of the paper."""


class NotPrinted(DeskError):
    """The printer or the disk did not take the receipt; the cancellation itself is not touched by this."""


@dataclass(frozen=True, slots=True)
class Paper:
    """The measures of a receipt's paper in millimetres; `height_mm` None is a roll."""

    width_mm: float
    margin_mm: float
    height_mm: float | None

    @classmethod
    def of(cls, width: ReceiptWidth) -> Paper:
        """The paper for a width."""
        return cls(width.page_mm, width.margin_mm, A4_HEIGHT_MM if width.value == "a4" else None)

    @property
    def content_mm(self) -> float:
        """Where text may stand."""
        return self.width_mm - 2 * self.margin_mm


def write_pdf(html: str, paper: Paper, language: Language, target: Path, title: str) -> None:
    """Write the receipt as PDF. Raises NotPrinted."""
    try:
        target.open("wb").close()
    except OSError as refused:
        raise _not_written(target) from refused
    writer = QPdfWriter(str(target))
    writer.setResolution(RESOLUTION_DPI)
    writer.setTitle(title)
    writer.setCreator("Coupon Desk")
    dots_per_mm = RESOLUTION_DPI / MM_PER_INCH
    laid_out = QTextDocument()
    laid_out.documentLayout().setPaintDevice(writer)
    lay_out(laid_out, html, paper, language, dots_per_mm)
    if paper.height_mm is not None:
        # So that no line is cut by the end of a page.
        laid_out.setPageSize(QSizeF(paper.content_mm, paper.height_mm - 2 * paper.margin_mm) * dots_per_mm)
    height_mm = paper.height_mm or laid_out.size().height() / dots_per_mm + 2 * paper.margin_mm
    size = QPageSize(QSizeF(paper.width_mm, height_mm), QPageSize.Unit.Millimeter, title, QPageSize.SizeMatchPolicy.ExactMatch)
    writer.setPageLayout(QPageLayout(size, QPageLayout.Orientation.Portrait, QMarginsF(), QPageLayout.Unit.Millimeter))
    painter = QPainter()
    if not painter.begin(writer):
        raise _not_written(target)
    page = (height_mm - 2 * paper.margin_mm) * dots_per_mm
    pages = max(1, math.ceil((laid_out.size().height() - 1) / page))
    for number in range(1, pages + 1):
        if number > 1:
            writer.newPage()
        top = (number - 1) * page
        painter.save()
        painter.translate(paper.margin_mm * dots_per_mm, paper.margin_mm * dots_per_mm - top)
        draw(laid_out, painter, QRectF(0, top, laid_out.size().width(), page))
        painter.restore()
        if pages > 1:
            _number_page(
                painter, laid_out.defaultFont(), f"{number} / {pages}", QSizeF(paper.width_mm, height_mm) * dots_per_mm
            )
    painter.end()
    if not target.exists() or target.stat().st_size == 0:
        raise _not_written(target)


def lay_out(laid_out: QTextDocument, html: str, paper: Paper, language: Language, dots_per_mm: float) -> None:
    """Put the receipt into a document for this paper; its size is in dots afterwards."""
    font = QFont()
    font.setFamilies(families(language))
    font.setPointSizeF(TEXT_POINTS)
    laid_out.setDefaultFont(font)
    laid_out.setDocumentMargin(0)
    laid_out.setHtml(html)
    laid_out.setTextWidth(paper.content_mm * dots_per_mm)


def draw(laid_out: QTextDocument, painter: QPainter, clip: QRectF) -> None:
    """Draw in ink on paper, whatever the theme of the window."""
    context = QAbstractTextDocumentLayout.PaintContext()
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Text, QColor("#000000"))
    context.palette = palette
    context.clip = clip
    painter.setClipRect(clip)
    laid_out.documentLayout().draw(painter, context)


def _number_page(painter: QPainter, font: QFont, text: str, paper: QSizeF) -> None:
    """In the middle of the margin below."""
    painter.setFont(font)
    painter.setPen(QColor("#5c6965"))
    below = QRectF(0, paper.height() * FOOT_BEGINS, paper.width(), paper.height() * (1 - FOOT_BEGINS))
    painter.drawText(below, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)


def printers() -> tuple[str, ...]:
    """The printers of this computer, the usual one first. May block: ask on a worker."""
    from PySide6.QtPrintSupport import QPrinterInfo

    usual = QPrinterInfo.defaultPrinterName()
    names = QPrinterInfo.availablePrinterNames()
    return tuple(sorted(names, key=lambda name: (name != usual, name)))


def print_receipt(html: str, paper: Paper, language: Language, printer: str, title: str) -> None:
    """Print the receipt and see that the queue took it. Raises NotPrinted. Blocks: call it on a worker."""
    lp = shutil.which("lp")
    if lp is None:
        _print_by_qt(html, paper, language, printer, title)
        return
    with tempfile.TemporaryDirectory(prefix="coupon-desk-") as folder:
        file = Path(folder) / "receipt.pdf"
        write_pdf(html, paper, language, file, title)
        try:
            told = subprocess.run(
                [lp, "-d", printer, "-t", title, str(file)], capture_output=True, text=True, check=False, timeout=PRINT_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as away:
            raise _not_taken(printer, str(away)) from away
    if told.returncode != 0:
        raise _not_taken(printer, told.stderr)


def _print_by_qt(html: str, paper: Paper, language: Language, printer: str, title: str) -> None:
    from PySide6.QtPrintSupport import QPrinter, QPrinterInfo

    device = QPrinter(QPrinterInfo.printerInfo(printer), QPrinter.PrinterMode.HighResolution)
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
        raise _not_taken(printer, "")
    painter.translate(paper.margin_mm * dots_per_mm, paper.margin_mm * dots_per_mm)
    draw(laid_out, painter, QRectF(0, 0, laid_out.size().width(), laid_out.size().height()))
    painter.end()


def _not_written(target: Path) -> NotPrinted:
    return NotPrinted(
        msg("The receipt could not be written to {file}.", file=str(target)),
        done=msg("What was done stands: only the receipt is missing."),
        todo=msg("Choose another folder; the receipt can be made again at any time."),
    )


def _not_taken(printer: str, detail: str) -> NotPrinted:
    return NotPrinted(
        msg("The printer {printer} did not print the receipt.", printer=printer),
        done=msg("What was done stands: only the receipt is missing."),
        todo=msg("Check the printer, or save the receipt as PDF; it can be printed again at any time."),
        detail=detail,
    )
