"""From which day to which: two fields that say what they mean together."""

from __future__ import annotations

from datetime import date, datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from coupon_desk.app.trail_search import span_of
from coupon_desk.desk.controls import column, label, row
from coupon_desk.desk.day_field import DayField
from coupon_desk.desk.stage import Stage
from coupon_desk.words import msg


class TimeSpan(QWidget):
    """Two days, both inside the span; an empty one leaves it open."""

    changed = Signal()

    def __init__(self, stage: Stage, since: date | None, until: date | None) -> None:
        super().__init__()
        self.since = DayField(stage, msg("From this day on"))
        self.until = DayField(stage, msg("Up to this day"))
        self.since.setObjectName("span-since")
        self.until.setObjectName("span-until")
        self.since.show_day(since)
        self.until.show_day(until)
        for field in (self.since, self.until):
            field.changed.connect(lambda _day: self.changed.emit())
        self.setLayout(
            row(
                column(label(stage, msg("From"), "small"), self.since, spacing=3),
                column(label(stage, msg("Until"), "small"), self.until, spacing=3),
                spacing=12,
            )
        )

    @property
    def is_sound(self) -> bool:
        """Nothing is typed that is no day, and the first day is not after the last."""
        fields = (self.since, self.until)
        if any(field.text().strip() and field.day is None for field in fields):
            return False
        return self.since.day is None or self.until.day is None or self.since.day <= self.until.day

    @property
    def moments(self) -> tuple[datetime | None, datetime | None]:
        """The first moment inside and the first behind."""
        return span_of(self.since.day, self.until.day)
