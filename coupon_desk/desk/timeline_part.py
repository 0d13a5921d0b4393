"""A coupon's life as one line: conversion, use, order, its cancelling, what was asked here, and the return."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QWidget

from coupon_desk.desk.controls import Elided, clear, column, label, row
from coupon_desk.desk.point_history import signed
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.timeline_event import TimelineEvent

GUTTER_PX: Final = 22
DOT_FROM_TOP_PX: Final = 11


class TimelinePart(QWidget):
    """Oldest first, one dot for each event on a line."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._lines = column(spacing=8, margins=(GUTTER_PX, 0, 0, 0))
        self._events: list[QFrame] = []
        self.setLayout(self._lines)
        stage.theme.changed.connect(self.update)

    def show_events(self, events: Iterable[TimelineEvent]) -> None:
        """Draw these."""
        clear(self._lines)
        self._events = [self._line(event) for event in events]
        for made in self._events:
            self._lines.addWidget(made)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The line, and the dots on it."""
        del event
        if not self._events:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = self._stage.theme.colours
        tops = [float(made.y() + DOT_FROM_TOP_PX) for made in self._events]
        painter.setPen(QPen(QColor(colours.line_strong), 2))
        painter.drawLine(QPointF(8, tops[0]), QPointF(8, tops[-1]))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.accent))
        for top in tops:
            painter.drawEllipse(QPointF(8, top), 4, 4)
        painter.end()

    def _line(self, event: TimelineEvent) -> QFrame:
        speech = self._stage.speech
        what = label(self._stage, event.what, wraps=True)
        points = label(self._stage, role="gain" if (event.points or 0) > 0 else "loss")
        points.setText(signed(speech.number(abs(event.points)), event.points) if event.points else "")
        when = Elided("small")
        when.say(speech.say(_who(event)) if event.who else speech.moment(event.at))
        texts = column(what, when, spacing=0)
        inside = row(texts, points, spacing=8)
        inside.setStretchFactor(texts, 1)
        inside.setAlignment(points, Qt.AlignmentFlag.AlignTop)
        made = QFrame()
        made.setLayout(inside)
        made.setAccessibleName(f"{speech.say(event.kind.label)}, {what.text()}, {when.whole()}")
        return made


def _who(event: TimelineEvent) -> Message:
    if event.approver is not None:
        return msg("{at}, {name}, approved by {approver}", at=event.at, name=event.who, approver=event.approver)
    return msg("{at}, {name}", at=event.at, name=event.who)
