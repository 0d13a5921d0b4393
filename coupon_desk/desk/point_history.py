"""The customer's points as a list of lines; the coupon's conversion and its return are joined by a bracket."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QFrame, QWidget

from coupon_desk.coupons.points import PointEntry
from coupon_desk.desk.controls import Elided, clear, column, label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.words import msg

GUTTER_PX: Final = 26


class PointHistory(QWidget):
    """Newest first. Lines under the coupon's own reference are tinted; conversion and return are linked."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._lines = column(spacing=4, margins=(GUTTER_PX, 0, 0, 0))
        self._conversion: QFrame | None = None
        self._returned: QFrame | None = None
        self.setLayout(self._lines)
        stage.theme.changed.connect(self.update)

    def show_entries(self, entries: Iterable[PointEntry], conversion: PointEntry | None, returned: PointEntry | None) -> None:
        """Draw these entries; the two of the coupon are among them."""
        clear(self._lines)
        self._conversion = self._returned = None
        for entry in entries:
            is_conversion = conversion is not None and entry.id == conversion.id
            is_return = returned is not None and entry.id == returned.id
            line = self._line(entry, is_conversion=is_conversion, is_return=is_return)
            self._lines.addWidget(line)
            if is_conversion:
                self._conversion = line
            if is_return:
                self._returned = line
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The bracket in the gutter, with an arrow from the conversion to the return."""
        del event
        if self._conversion is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = self._stage.theme.colours
        start = self._conversion.geometry().center().y()
        pen = QPen(QColor(colours.success if self._returned else colours.line_strong), 2)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        right, left = float(GUTTER_PX - 4), 8.0
        if self._returned is None:
            painter.drawEllipse(QPointF(right - 6, start), 4, 4)
        else:
            end = self._returned.geometry().center().y()
            turn = 8.0 if start > end else -8.0
            path = QPainterPath(QPointF(right, start))
            path.lineTo(left + 8, start)
            path.quadTo(left, start, left, start - turn)
            path.lineTo(left, end + turn)
            path.quadTo(left, end, left + 8, end)
            path.lineTo(right - 5, end)
            painter.drawPath(path)
            painter.setBrush(pen.color())
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawPolygon(QPolygonF([QPointF(right, end), QPointF(right - 7, end - 4.5), QPointF(right - 7, end + 4.5)]))
        painter.end()

    def _line(self, entry: PointEntry, *, is_conversion: bool, is_return: bool) -> QFrame:
        speech = self._stage.speech
        reason = Elided("strong" if is_conversion or is_return else "body")
        if is_conversion:
            reason.say(speech.say(msg("Converted into this coupon")))
        elif is_return:
            reason.say(speech.say(msg("Returned from this coupon")))
        else:
            reason.say(entry.reason or "–")
        when = Elided("small")
        when.say(speech.moment(entry.created_at))
        points = label(self._stage, role="gain" if entry.points > 0 else "loss")
        points.setText(signed(speech.number(abs(entry.points)), entry.points))
        balance = label(self._stage, role="small")
        if entry.balance is not None:
            balance.setText(speech.say(msg("Balance {balance}", balance=entry.balance)))
        figures = column(points, balance, spacing=0)
        figures.setAlignment(points, Qt.AlignmentFlag.AlignRight)
        figures.setAlignment(balance, Qt.AlignmentFlag.AlignRight)
        texts = column(reason, when, spacing=0)
        made = QFrame()
        made.setProperty("role", "banner")
        if is_return:
            made.setProperty("tone", "success")
        elif is_conversion:
            made.setProperty("tone", "neutral")
        inside = row(texts, figures, spacing=10, margins=(10, 6, 10, 6))
        inside.setStretchFactor(texts, 1)
        made.setLayout(inside)
        made.setAccessibleName(f"{reason.whole()}, {points.text()}, {when.whole()}")
        return made


def signed(digits: str, points: int) -> str:
    """A number with its sign, a real minus."""
    return f"+{digits}" if points > 0 else f"−{digits}"
