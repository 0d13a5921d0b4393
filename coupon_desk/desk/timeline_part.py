"""A life as one line: issue, conversion, use, order, what was asked and done here, and the return that belongs to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QWidget

from coupon_desk.desk.controls import Elided, clear, column, label, row
from coupon_desk.desk.point_history import signed
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.timeline_event import TimelineEvent

GUTTER_PX: Final = 34
LINE_PX: Final = 22
LINK_PX: Final = 6
DOT_FROM_TOP_PX: Final = 11
MARK_PX: Final = 16


class TimelinePart(QWidget):
    """Oldest first, a dot for each event on a line, a mark where another source contradicts.

    The points that became a coupon and those that came back from it are joined by a bracket: they bear the same reference.
    """

    def __init__(self, stage: Stage, *, with_codes: bool = False) -> None:
        super().__init__()
        self._stage = stage
        self._with_codes = with_codes
        self._lines = column(spacing=8, margins=(GUTTER_PX, 0, 0, 0))
        self._events: tuple[TimelineEvent, ...] = ()
        self._frames: list[QFrame] = []
        self.setLayout(self._lines)
        stage.theme.changed.connect(self.update)

    def show_events(self, events: Iterable[TimelineEvent]) -> None:
        """Draw these."""
        clear(self._lines)
        self._events = tuple(events)
        self._frames = [self._line(event) for event in self._events]
        for made in self._frames:
            self._lines.addWidget(made)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The line, the dots and marks on it, and the brackets beside it."""
        del event
        if not self._frames:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = self._stage.theme.colours
        tops = [float(made.y() + DOT_FROM_TOP_PX) for made in self._frames]
        painter.setPen(QPen(QColor(colours.line_strong), 2))
        painter.drawLine(QPointF(LINE_PX, tops[0]), QPointF(LINE_PX, tops[-1]))
        painter.setPen(QPen(QColor(colours.success), 2))
        for start, end in self._links():
            painter.drawPath(_bracket(tops[start], tops[end]))
        painter.setPen(Qt.PenStyle.NoPen)
        for shown, top in zip(self._events, tops, strict=True):
            if shown.is_doubtful:
                self._draw_mark(painter, top)
            else:
                painter.setBrush(QColor(colours.success if shown.kind.moves_points else colours.accent))
                painter.drawEllipse(QPointF(LINE_PX, top), 4, 4)
        painter.end()

    def _links(self) -> list[tuple[int, int]]:
        """The places of conversions and of the returns under the same reference."""
        moved = [(place, event) for place, event in enumerate(self._events) if event.kind.moves_points]
        return [
            (start, end)
            for start, before in moved
            for end, after in moved
            if (before.points or 0) < 0 < (after.points or 0) and before.reference == after.reference
        ]

    def _draw_mark(self, painter: QPainter, top: float) -> None:
        """An icon in place of the dot, on a ground that covers the line."""
        colours, side = self._stage.theme.colours, MARK_PX
        painter.setBrush(QColor(colours.surface))
        painter.drawEllipse(QPointF(LINE_PX, top), side / 2 + 1, side / 2 + 1)
        scale = painter.device().devicePixelRatioF()
        picture = self._stage.theme.icons.pixmap("attention", QColor(colours.warn), side, scale)
        painter.drawPixmap(int(LINE_PX - side / 2), int(top - side / 2), picture)

    def _line(self, event: TimelineEvent) -> QFrame:
        speech = self._stage.speech
        what = label(self._stage, event.what, wraps=True)
        is_gain = (event.points or 0) > 0
        points = label(self._stage, role="gain" if is_gain else "loss")
        shows_points = bool(event.points) and event.kind.moves_points
        points.setText(signed(speech.number(abs(event.points)), event.points) if event.points and shows_points else "")
        told = Elided("small")
        told.say(" · ".join(self._told(event)))
        texts = column(what, told, spacing=0)
        if event.kind.moves_points:
            reference = Elided("small")
            reference.say(event.reference)
            texts.addWidget(reference)
        if event.note is not None:
            note = label(self._stage, role="small", wraps=True)
            note.setText(event.note)
            texts.addWidget(note)
        if event.is_doubtful:
            texts.addWidget(label(self._stage, msg("Contradicted: see the differences"), "doubt"))
        inside = row(texts, points, spacing=8)
        inside.setStretchFactor(texts, 1)
        inside.setAlignment(points, Qt.AlignmentFlag.AlignTop)
        made = QFrame()
        made.setLayout(inside)
        spoken = [speech.say(event.kind.label), what.text(), told.whole()]
        if event.kind.moves_points:
            spoken.append(event.reference)
        if event.note is not None:
            spoken.append(event.note)
        if event.is_doubtful:
            spoken.append(speech.say(msg("contradicted by another source")))
        made.setAccessibleName(", ".join(spoken))
        return made

    def _told(self, event: TimelineEvent) -> list[str]:
        """When and by whom; the coupon where there are several and no reference names it."""
        speech = self._stage.speech
        names_coupon = self._with_codes and event.code is not None and not event.kind.moves_points
        parts = [event.code.text] if names_coupon and event.code is not None else []
        parts.append(speech.say(_who(event)) if event.who else speech.moment(event.at))
        return parts


def _bracket(start: float, end: float) -> QPainterPath:
    path = QPainterPath(QPointF(LINE_PX - 7, start))
    path.lineTo(LINK_PX + 5, start)
    path.quadTo(LINK_PX, start, LINK_PX, start + 5)
    path.lineTo(LINK_PX, end - 5)
    path.quadTo(LINK_PX, end, LINK_PX + 5, end)
    path.lineTo(LINE_PX - 7, end)
    return path


def _who(event: TimelineEvent) -> Message:
    if event.approver is not None:
        return msg("{at}, {name}, approved by {approver}", at=event.at, name=event.who, approver=event.approver)
    return msg("{at}, {name}", at=event.at, name=event.who)
