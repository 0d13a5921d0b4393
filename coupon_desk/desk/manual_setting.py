"""Sets a page of the manual: room around headings, paragraphs and cells, and pictures that fit the page."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import (
    QColor,
    QImage,
    QTextBlockFormat,
    QTextCursor,
    QTextDocument,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
)
from PySide6.QtWidgets import QTextBrowser

PICTURE_PX: Final = 600
HEADING_ROOM_PX: Final = (22.0, 8.0)
PARAGRAPH_ROOM_PX: Final = 9.0
LINE_HEIGHT_PERCENT: Final = 135.0
CELL_ROOM_PX: Final = 8.0


class ManualText(QTextBrowser):
    """A browser whose pictures are as wide as the page, and smooth."""

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """A picture in the size in which it is shown; Qt's own scaling drops lines of it."""
        if kind != QTextDocument.ResourceType.ImageResource.value:
            return super().loadResource(kind, name)
        scale = self.devicePixelRatioF()
        picture = QImage(self.document().baseUrl().resolved(QUrl(name)).toLocalFile())
        smooth = picture.scaledToWidth(round(PICTURE_PX * scale), Qt.TransformationMode.SmoothTransformation)
        smooth.setDevicePixelRatio(scale)
        return smooth


def typeset(document: QTextDocument, line: QColor) -> None:
    """Set a document that came from Markdown; `line` is the colour of its rules."""
    block = document.begin()
    while block.isValid():
        cursor = QTextCursor(block)
        cursor.mergeBlockFormat(_spaced(cursor, is_first=block == document.begin()))
        block = block.next()
    for frame in document.rootFrame().childFrames():
        if isinstance(frame, QTextTable):
            rules = frame.format()
            rules.setCellPadding(CELL_ROOM_PX)
            rules.setCellSpacing(0)
            rules.setBorder(1)
            rules.setBorderBrush(line)
            rules.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
            rules.setBorderCollapse(True)
            rules.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
            frame.setFormat(rules)


def _spaced(cursor: QTextCursor, *, is_first: bool) -> QTextBlockFormat:
    spaced = QTextBlockFormat()
    if not _has_picture(cursor):
        spaced.setLineHeight(LINE_HEIGHT_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
    if cursor.currentTable() is None:
        before, after = HEADING_ROOM_PX if cursor.blockFormat().headingLevel() else (0.0, PARAGRAPH_ROOM_PX)
        spaced.setTopMargin(0.0 if is_first else before)
        spaced.setBottomMargin(after)
    return spaced


def _has_picture(cursor: QTextCursor) -> bool:
    """Room in proportion to its height would be more than a picture's line needs."""
    parts = cursor.block().begin()
    return not parts.atEnd() and parts.fragment().charFormat().isImageFormat()
