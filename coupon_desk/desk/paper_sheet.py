"""A receipt on the screen as it will be on paper."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QTextDocument
from PySide6.QtWidgets import QWidget

from coupon_desk.desk.printing import MM_PER_INCH, Paper, draw, lay_out
from coupon_desk.words import Language

SCREEN_DPI: Final = 96
PREVIEW_MM: Final = 80.0


class PaperSheet(QWidget):
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
