"""The time in which a confirmed cancellation can still be stopped: nothing has been sent in it, to nobody."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from coupon_desk.desk.controls import column, icon_label, label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.words import msg, msgn

TICK_MS = 1000


class Hold(QWidget):
    """Counts `seconds` down; 0 is a house that holds nothing. `over` comes when nobody has stopped it."""

    over = Signal()

    def __init__(self, stage: Stage, seconds: int) -> None:
        super().__init__()
        self._stage = stage
        self.seconds = seconds
        self._left = 0
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)
        picture = icon_label(stage, "expired", "accent", 40)
        self._title = label(stage, role="title")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, max(seconds, 1))
        self._bar.setFixedWidth(360)
        stage.speech.tell(self._bar, msg("Time in which it can be stopped"), "setAccessibleName")
        text = label(stage, msg("Nothing has been sent yet. Enter, Esc or “Stop” keep the coupon."), "muted")
        layout = column(0, picture, self._title, self._bar, text, 0, spacing=14)
        for one in (picture, self._title, self._bar, text):
            layout.setAlignment(one, Qt.AlignmentFlag.AlignHCenter)
        self.setLayout(row(layout, margins=(24, 0, 24, 0)))

    @property
    def is_running(self) -> bool:
        """Whether it can be stopped now."""
        return self._timer.isActive()

    def begin(self) -> None:
        """Count from the beginning."""
        self._left = self.seconds
        self._show()
        self._timer.start()

    def stop(self) -> None:
        """Count no further."""
        self._timer.stop()

    def tick(self) -> None:
        """A second less; nothing where it was stopped."""
        if not self.is_running:
            return
        self._left -= 1
        self._show()
        if self._left <= 0:
            self._timer.stop()
            self.over.emit()

    def _show(self) -> None:
        self._bar.setValue(self._left)
        self._stage.speech.tell(
            self._title, msgn("Begins in {seconds} second", "Begins in {seconds} seconds", seconds=self._left)
        )
