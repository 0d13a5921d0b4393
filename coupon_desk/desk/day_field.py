"""A field for a day: typed, moved by arrows, or picked from a calendar; empty for any day."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

from PySide6.QtCore import QDate, QLocale, QPoint, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent
from PySide6.QtWidgets import QCalendarWidget, QFrame, QLineEdit, QToolButton

from coupon_desk.desk.controls import column, restyle
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Language, Message, msg

_DAY: Final = re.compile(r"(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|(\d{2})(\d{2}))")
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2999
"""No computer's clock stood earlier, none of ours will stand later."""

_LOCALES: Final = {Language.EN: QLocale.Language.English, Language.JA: QLocale.Language.Japanese}


class DayField(QLineEdit):
    """Holds a day or nothing; what is neither is marked as wrong and counts as nothing. `changed` tells the day or None."""

    changed = Signal(object)

    def __init__(self, stage: Stage, name: Message) -> None:
        super().__init__()
        self._stage = stage
        self._last: date | None = None
        stage.speech.tell(self, name, "setAccessibleName")
        stage.speech.tell(self, msg("YYYY-MM-DD"), "setPlaceholderText")
        stage.speech.tell(
            self, msg("A day as 2026-11-23. Arrow up and down move it, Alt and arrow down open the calendar."), "setToolTip"
        )
        self._opener = self.addAction(self._icon(), QLineEdit.ActionPosition.TrailingPosition)
        self._opener.triggered.connect(self.open_calendar)
        for made in self.findChildren(QToolButton):
            stage.speech.tell(made, msg("Calendar"), "setAccessibleName")
        self.textChanged.connect(lambda _text: self._tell())
        self.editingFinished.connect(self._tidy)
        stage.theme.changed.connect(self._tint)
        stage.speech.changed.connect(self._tidy)

    @property
    def day(self) -> date | None:
        """The day; None where the field is empty or holds none."""
        return read_day(self.text())

    def show_day(self, day: date | None) -> None:
        """Hold this day."""
        self.setText("" if day is None else self._written(day))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the day by one, from today where there is none."""
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()), 0)
        if step and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.open_calendar()
        elif step:
            self.show_day(self.day + timedelta(days=step) if self.day else date.today())  # noqa: DTZ011  # a day of this desk
        else:
            super().keyPressEvent(event)

    def open_calendar(self) -> None:
        """Let a day be picked."""
        popup = _CalendarPopup(self._stage, self, self.day)
        popup.picked.connect(self.show_day)
        popup.open_below(self)

    def _tell(self) -> None:
        day = self.day
        restyle(self, "wrong", "true" if self.text().strip() and day is None else "false")
        if day != self._last:
            self._last = day
            self.changed.emit(day)

    def _tidy(self) -> None:
        if self.day is not None:
            self.show_day(self.day)

    def _written(self, day: date) -> str:
        return day.strftime("%Y/%m/%d") if self._stage.speech.language is Language.JA else day.isoformat()

    def _tint(self) -> None:
        self._opener.setIcon(self._icon())

    def _icon(self) -> QIcon:
        theme = self._stage.theme
        return theme.icons.icon("calendar", QColor(theme.colours.muted), 16)


class _CalendarPopup(QFrame):
    """The days of a month; a click or Enter picks one, Esc picks none."""

    picked = Signal(object)

    def __init__(self, stage: Stage, field: DayField, day: date | None) -> None:
        super().__init__(field, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("role", "popup")
        self.calendar = QCalendarWidget()
        self.calendar.setLocale(QLocale(_LOCALES[stage.speech.language]))
        self.calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
        self.calendar.setGridVisible(False)
        icons, ink = stage.theme.icons, QColor(stage.theme.colours.text)
        for name, icon, said in (
            ("qt_calendar_prevmonth", "arrow-left", msg("Month before")),
            ("qt_calendar_nextmonth", "arrow-right", msg("Next month")),
        ):
            arrow = self.calendar.findChild(QToolButton, name)
            if isinstance(arrow, QToolButton):
                arrow.setIcon(icons.icon(icon, ink, 16))
                stage.speech.tell(arrow, said, "setAccessibleName")
        for weekday in (Qt.DayOfWeek.Saturday, Qt.DayOfWeek.Sunday):
            told = self.calendar.weekdayTextFormat(weekday)
            told.setForeground(QColor(stage.theme.colours.text))
            self.calendar.setWeekdayTextFormat(weekday, told)
        if day is not None:
            self.calendar.setSelectedDate(QDate(day.year, day.month, day.day))
        self.calendar.clicked.connect(self._pick)
        self.calendar.activated.connect(self._pick)
        self.setLayout(column(self.calendar, margins=(6, 6, 6, 6)))

    def open_below(self, field: DayField) -> None:
        """Under the field, and not beyond the screen."""
        self.adjustSize()
        corner = field.mapToGlobal(QPoint(0, field.height() + 2))
        screen = field.screen().availableGeometry()
        corner.setX(min(corner.x(), screen.right() - self.width()))
        self.move(corner)
        self.show()
        self.calendar.setFocus()

    def _pick(self, day: QDate) -> None:
        self.picked.emit(date(day.year(), day.month(), day.day()))
        self.close()


def read_day(typed: str) -> date | None:
    """The day that was typed: year, month and day with marks between, or eight digits; None for anything else."""
    found = _DAY.fullmatch(typed.strip())
    if found is None or not FIRST_YEAR <= int(found.group(1)) <= LAST_YEAR:
        return None
    try:
        year, month, day = (int(part) for part in found.groups() if part is not None)
        return date(year, month, day)
    except ValueError:
        return None
