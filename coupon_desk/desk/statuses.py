"""How each status of a coupon, of a step and of an operation is drawn: a tone and an icon, always beside its word."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from coupon_desk.cancellation.operation import OperationState, StepState
from coupon_desk.coupons.status import CouponStatus
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.stage import Stage

COUPON: Final = {
    CouponStatus.UNUSED: (Tone.SUCCESS, "unused"),
    CouponStatus.SCHEDULED: (Tone.ACCENT, "scheduled"),
    CouponStatus.USED: (Tone.NEUTRAL, "used"),
    CouponStatus.EXPIRED: (Tone.NEUTRAL, "expired"),
    CouponStatus.CANCELLED: (Tone.DANGER, "cancelled"),
    CouponStatus.CANCELLING: (Tone.WARN, "cancelling"),
    CouponStatus.NEEDS_ATTENTION: (Tone.WARN, "attention"),
}

STEP: Final = {
    StepState.PENDING: (Tone.NEUTRAL, "unused"),
    StepState.RUNNING: (Tone.ACCENT, "cancelling"),
    StepState.DONE: (Tone.SUCCESS, "used"),
    StepState.UNKNOWN: (Tone.WARN, "question"),
    StepState.DELAYED: (Tone.WARN, "expired"),
    StepState.REFUSED: (Tone.DANGER, "refused"),
    StepState.SKIPPED: (Tone.NEUTRAL, "skipped"),
}

OPERATION: Final = {
    OperationState.AWAITING_APPROVAL: (Tone.WARN, "people"),
    OperationState.RUNNING: (Tone.ACCENT, "cancelling"),
    OperationState.COMPLETED: (Tone.SUCCESS, "used"),
    OperationState.REFUSED: (Tone.DANGER, "refused"),
    OperationState.NEEDS_ATTENTION: (Tone.WARN, "attention"),
}

StatusRole: Final = Qt.ItemDataRole.UserRole + 1

_HEIGHT: Final = 24
_ICON: Final = 14


class StatusPill(QWidget):
    """A status as a pill: icon and word on a soft ground."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._status = CouponStatus.UNUSED
        stage.speech.changed.connect(self._renew)
        stage.theme.changed.connect(self.update)

    def show_status(self, status: CouponStatus) -> None:
        """Draw this status."""
        self._status = status
        self._renew()

    def sizeHint(self) -> QSize:
        """As wide as the word."""
        return QSize(pill_width(self.fontMetrics(), self._word()), _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Never cut."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The pill."""
        del event
        painter = QPainter(self)
        painter.setFont(self.font())
        draw_pill(painter, self.rect(), self._stage, self._status, self._word())
        painter.end()

    def _renew(self) -> None:
        self.setAccessibleName(self._word())
        self.updateGeometry()
        self.update()

    def _word(self) -> str:
        return self._stage.speech.say(self._status.label)


def pill_width(metrics: QFontMetrics, word: str) -> int:
    """How wide a pill with this word is."""
    return 9 + _ICON + 6 + metrics.horizontalAdvance(word) + 11


def draw_pill(painter: QPainter, rect: QRect, stage: Stage, status: CouponStatus, word: str, on: QColor | None = None) -> None:
    """Draw a status as a pill into this place; `on` is its ground where its own could not be seen."""
    tone, icon = COUPON[status]
    ink, ground = stage.theme.colours.tone(tone)
    ground = on or ground
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(QRectF(rect), rect.height() / 2, rect.height() / 2)
    scale = painter.device().devicePixelRatioF()
    picture = stage.theme.icons.pixmap(icon, QColor(ink), _ICON, scale)
    painter.drawPixmap(rect.left() + 9, rect.top() + (rect.height() - _ICON) // 2, picture)
    painter.setPen(ink)
    room = rect.adjusted(9 + _ICON + 6, 0, -4, 0)
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, word)
    painter.restore()
