"""How the rows of the coupon table are drawn: a column at a time, each text measured once and each pill drawn once.

A delegate would be asked for each cell, with a model index and an option made for it: that takes longer than the drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, QRect, Qt, Slot
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QAbstractScrollArea

from coupon_desk.coupons.status import CouponStatus
from coupon_desk.desk.columns import Column
from coupon_desk.desk.coupon_words import Row
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.statuses import draw_pill, pill_width
from coupon_desk.desk.theme import font

ROW_HEIGHT_PX: Final = 44
ROOM_PX: Final = 12
PILL_PX: Final = 24
MOST_MEASURED: Final = 4000
_QUIET: Final = frozenset({Column.ISSUED, Column.EXPIRES, Column.EMAIL, Column.CUSTOMER_ID, Column.UPDATED})


@dataclass(frozen=True, slots=True)
class Line:
    """One row to draw, at this height of the viewport; `row` is None while it is on its way."""

    top_px: int
    row: Row | None
    is_selected: bool
    is_current: bool


@dataclass(frozen=True, slots=True)
class Strip:
    """One column to draw, at this place of the viewport."""

    column: Column
    left_px: int
    width_px: int


class CouponCells(QObject):
    """Draws lines and strips in the look of the desk, and has its area painted again when that is another."""

    def __init__(self, stage: Stage, area: QAbstractScrollArea) -> None:
        super().__init__(area)
        self._stage = stage
        self._area = area
        stage.theme.changed.connect(self._take_look)
        stage.speech.changed.connect(self._take_look)
        self._take_look()

    def draw(self, painter: QPainter, lines: Sequence[Line], strips: Sequence[Strip], width_px: int, frozen_px: int) -> None:
        """The rows over the whole width; where `frozen_px` is not 0, the first column stands there over the others."""
        self._draw_grounds(painter, lines, width_px)
        for strip in strips:
            if not (frozen_px and strip.column is Column.CODE) and strip.left_px + strip.width_px > frozen_px:
                self._draw_strip(painter, lines, strip)
        if frozen_px:
            for line in lines:
                painter.fillRect(0, line.top_px, frozen_px, ROW_HEIGHT_PX, self._surface)
            self._draw_grounds(painter, lines, frozen_px)
            self._draw_strip(painter, lines, Strip(Column.CODE, 0, frozen_px))
            if lines:
                painter.setPen(self._edge)
                painter.drawLine(frozen_px - 1, lines[0].top_px, frozen_px - 1, lines[-1].top_px + ROW_HEIGHT_PX - 1)

    def _draw_grounds(self, painter: QPainter, lines: Sequence[Line], width_px: int) -> None:
        """Selected rows are tinted with a bar at the left, the current one is framed, and a hairline is under each."""
        for line in lines:
            if line.is_selected:
                painter.fillRect(0, line.top_px, width_px, ROW_HEIGHT_PX, self._tint)
                painter.fillRect(0, line.top_px, 3, ROW_HEIGHT_PX - 1, self._accent)
        painter.setPen(self._hairline)
        for line in lines:
            bottom = line.top_px + ROW_HEIGHT_PX - 1
            painter.drawLine(0, bottom, width_px, bottom)
        painter.setPen(self._frame)
        for line in lines:
            if line.is_current:
                painter.drawLine(0, line.top_px + 1, width_px, line.top_px + 1)
                painter.drawLine(0, line.top_px + ROW_HEIGHT_PX - 2, width_px, line.top_px + ROW_HEIGHT_PX - 2)

    def _draw_strip(self, painter: QPainter, lines: Sequence[Line], strip: Strip) -> None:
        column, left = strip.column, strip.left_px + ROOM_PX
        room = strip.width_px - 2 * ROOM_PX
        is_mono, is_figure, is_status = column is Column.CODE, column.is_figure, column is Column.STATUS
        metrics = self._mono_metrics if is_mono else self._metrics
        baseline = (ROW_HEIGHT_PX + metrics.ascent() - metrics.descent()) // 2
        painter.setFont(self._mono if is_mono else self._font)
        painter.setPen(self._muted if column in _QUIET else self._text)
        for line in lines:
            if line.row is None:
                painter.fillRect(left, line.top_px + ROW_HEIGHT_PX // 2 - 4, max(min(room, 90), 0), 8, self._sunken)
                continue
            text = line.row.texts[column]
            if is_status:
                pill = self._pill(painter, line.row.coupon.status, text, room + 8, is_selected=line.is_selected)
                painter.drawPixmap(left - 2, line.top_px + (ROW_HEIGHT_PX - PILL_PX) // 2, pill)
            else:
                shown, width = self._fit(text, room, metrics, is_mono=is_mono)
                painter.drawText(left + room - width if is_figure else left, line.top_px + baseline, shown)

    def _fit(self, text: str, room_px: int, metrics: QFontMetrics, *, is_mono: bool) -> tuple[str, int]:
        """As much of a text as there is room for, and how wide that is."""
        if is_mono and text.isascii() and (width := len(text) * self._letter_px) <= room_px:
            return text, width
        key = (text, room_px, is_mono)
        found = self._fitting.get(key)
        if found is None:
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room_px)
            found = (shown, metrics.horizontalAdvance(shown))
            if len(self._fitting) >= MOST_MEASURED:
                self._fitting.clear()
            self._fitting[key] = found
        return found

    def _pill(self, painter: QPainter, status: CouponStatus, word: str, room_px: int, *, is_selected: bool) -> QPixmap:
        scale = painter.device().devicePixelRatioF()
        key = (status, word, room_px, is_selected, scale)
        if key not in self._pills:
            width = max(min(pill_width(self._metrics, word), room_px), PILL_PX)
            picture = QPixmap(round(width * scale), round(PILL_PX * scale))
            picture.setDevicePixelRatio(scale)
            picture.fill(Qt.GlobalColor.transparent)
            inside = QPainter(picture)
            inside.setFont(self._font)
            ground = self._surface if is_selected else None
            draw_pill(inside, QRect(0, 0, width, PILL_PX), self._stage, status, word, ground)
            inside.end()
            self._pills[key] = picture
        return self._pills[key]

    @Slot()
    def _take_look(self) -> None:
        colours, language = self._stage.theme.colours, self._stage.speech.language
        self._text, self._muted, self._accent = QColor(colours.text), QColor(colours.muted), QColor(colours.accent)
        self._surface, self._tint, self._sunken = QColor(colours.surface), QColor(colours.accent_soft), QColor(colours.hover)
        self._hairline, self._frame = QPen(QColor(colours.line), 1), QPen(self._accent, 2)
        self._edge = QPen(QColor(colours.line_strong), 1)
        self._font: QFont = font(language)
        self._mono: QFont = font(language, is_monospaced=True)
        self._metrics, self._mono_metrics = QFontMetrics(self._font), QFontMetrics(self._mono)
        self._letter_px = self._mono_metrics.horizontalAdvance("0")
        self._fitting: dict[tuple[str, int, bool], tuple[str, int]] = {}
        self._pills: dict[tuple[CouponStatus, str, int, bool, float], QPixmap] = {}
        self._area.viewport().update()
