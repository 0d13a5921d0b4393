"""Receipts laid out on their paper, and as PDF: A4 and rolls of 80 and 58 mm, from one HTML.

Not `QTextDocument.print_`, which adds margins and a page number. A roll is as long as its text: it is laid out first.
"""

from __future__ import annotations

import math
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
FOOT_BEGINS: Final = 0.955
"""Where the number of a page stands, as a part of the height of the paper."""


class NotWritten(DeskError):
    """The disk did not take the receipt; the cancellation itself is not touched by this."""


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
    """Write the receipt as PDF. Raises NotWritten."""
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


def _not_written(target: Path) -> NotWritten:
    return NotWritten(
        msg("The receipt could not be written to {file}.", file=str(target)),
        done=msg("What was done stands: only the receipt is missing."),
        todo=msg("Choose another folder; the receipt can be made again at any time."),
    )
