"""Prints a receipt as the desk does: Qt's rich text engine on a PDF of the paper's size."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMarginsF, QSizeF
from PySide6.QtGui import QPageSize, QPainter, QPdfWriter, QTextDocument

from coupon_desk.receipts.layout import ReceiptWidth

MM_PER_INCH = 25.4
DOTS_PER_INCH = 1200
A4_MM = 297.0


def print_pdf(html: str, width: ReceiptWidth, file: Path) -> float:
    """Writes the PDF and returns the height of the receipt in millimetres. Needs a QGuiApplication."""
    writer = QPdfWriter(str(file))
    writer.setResolution(DOTS_PER_INCH)
    per_mm = DOTS_PER_INCH / MM_PER_INCH
    document = QTextDocument()
    document.documentLayout().setPaintDevice(writer)
    document.setDocumentMargin(0)
    document.setHtml(html)
    document.setTextWidth(width.content_mm * per_mm)
    height_mm = document.size().height() / per_mm
    page_mm = height_mm + 2 * width.margin_mm if width.is_roll else A4_MM
    writer.setPageSize(QPageSize(QSizeF(width.page_mm, page_mm), QPageSize.Unit.Millimeter, "receipt", _EXACT))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    painter = QPainter(writer)
    painter.translate(width.margin_mm * per_mm, width.margin_mm * per_mm)
    document.drawContents(painter)
    painter.end()
    return height_mm


_EXACT = QPageSize.SizeMatchPolicy.ExactMatch
