"""The filters beside the status: when issued, when it ends, how many points, and several statuses at once."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIntValidator, QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLineEdit, QPushButton, QSizePolicy, QWidget

from coupon_desk.catalogue.query import CouponQuery, StatusFilter
from coupon_desk.desk.asked import Asked
from coupon_desk.desk.controls import button, column, label, restyle, row
from coupon_desk.desk.day_field import DayField
from coupon_desk.desk.query_days import first_day, first_moment, last_day, moment_behind
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Message, msg

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_POINTS: Final = 999_999_999
MOST_DAYS: Final = 36_500
STATUSES: Final = tuple(status for status in StatusFilter if status is not StatusFilter.ALL)


class FilterPanel(QFrame):
    """A row of named fields that ask as soon as they are changed; `left` says that Esc was pressed."""

    left = Signal()

    def __init__(self, stage: Stage, asked: Asked) -> None:
        super().__init__()
        self._stage = stage
        self._asked = asked
        self._is_showing = False
        self.setProperty("role", "well")
        self.setObjectName("filter-panel")
        self.issued_from = self._day("filter-issued-from", msg("Issued on this day or later"))
        self.issued_until = self._day("filter-issued-until", msg("Issued on this day or earlier"))
        self.expires_from = self._day("filter-expires-from", msg("Ends on this day or later"))
        self.expires_until = self._day("filter-expires-until", msg("Ends on this day or earlier"))
        self.points_from = self._figure("filter-points-from", msg("So many points or more"), MOST_POINTS)
        self.points_until = self._figure("filter-points-until", msg("So many points or fewer"), MOST_POINTS)
        self.days = self._figure("filter-days", msg("Can be used and ends within so many days"), MOST_DAYS)
        self.statuses = {status: self._status(status) for status in STATUSES}
        self.clear_all = button(stage, msg("Clear filters"), "link")
        self.clear_all.setObjectName("filter-clear")
        self.clear_all.clicked.connect(self.clear)
        fields: tuple[tuple[Message, QWidget, int], ...] = (
            (msg("Issued from"), self.issued_from, 4),
            (msg("until"), self.issued_until, 4),
            (msg("Expires from"), self.expires_from, 4),
            (msg("until"), self.expires_until, 4),
            (msg("Points from"), self.points_from, 2),
            (msg("to"), self.points_until, 2),
            (msg("Within days"), self.days, 2),
        )
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(3)
        for place, (title, field, stretch) in enumerate(fields):
            field.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            grid.addWidget(label(stage, title, "small"), 0, place)
            grid.addWidget(field, 1, place)
            grid.setColumnStretch(place, stretch)
        self.setLayout(
            column(grid, row(*self.statuses.values(), 0, self.clear_all, spacing=4), spacing=10, margins=(12, 10, 12, 10))
        )
        asked.changed.connect(self.show_query)
        self.show_query(asked.query)

    def show_query(self, query: CouponQuery) -> None:
        """Hold what is asked for; a field that somebody is typing in keeps what they type."""
        with self._showing():
            for day_field, day in (
                (self.issued_from, first_day(query.issued_from)),
                (self.issued_until, last_day(query.issued_until)),
                (self.expires_from, first_day(query.expires_from)),
                (self.expires_until, last_day(query.expires_until)),
            ):
                if day_field.day != day:
                    day_field.show_day(day)
            for field, figure in (
                (self.points_from, query.points_from),
                (self.points_until, query.points_until),
                (self.days, query.expiring_days),
            ):
                if _figure_in(field) != figure:
                    field.setText("" if figure is None else str(figure))
            for status, toggle in self.statuses.items():
                toggle.setChecked(status in query.statuses)
        self._mark()

    def focus(self) -> None:
        """Come here."""
        self.issued_from.setFocus(Qt.FocusReason.OtherFocusReason)

    def clear(self) -> None:
        """Take every filter off; what was typed and the order stay."""
        query = self._asked.query
        self._asked.put(CouponQuery(text=query.text, sort=query.sort))
        self.show_query(self._asked.query)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leaves."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _ask(self) -> None:
        if self._is_showing:
            return
        self._mark()
        if self._wrong():
            return
        self._asked.put(
            replace(
                self._asked.query,
                statuses=frozenset(status for status, toggle in self.statuses.items() if toggle.isChecked()),
                expiring_days=_figure_in(self.days),
                issued_from=first_moment(self.issued_from.day),
                issued_until=moment_behind(self.issued_until.day),
                expires_from=first_moment(self.expires_from.day),
                expires_until=moment_behind(self.expires_until.day),
                points_from=_figure_in(self.points_from),
                points_until=_figure_in(self.points_until),
            )
        )

    def _wrong(self) -> list[QLineEdit]:
        """The ends of ranges that end before they begin."""
        wrong: list[QLineEdit] = []
        for begin, end in ((self.issued_from, self.issued_until), (self.expires_from, self.expires_until)):
            if begin.day is not None and end.day is not None and begin.day > end.day:
                wrong.append(end)
        least, most = _figure_in(self.points_from), _figure_in(self.points_until)
        if least is not None and most is not None and least > most:
            wrong.append(self.points_until)
        return wrong

    def _mark(self) -> None:
        wrong = self._wrong()
        for field in (self.issued_until, self.expires_until, self.points_until):
            is_unread = isinstance(field, DayField) and bool(field.text().strip()) and field.day is None
            restyle(field, "wrong", "true" if field in wrong or is_unread else "false")

    @contextmanager
    def _showing(self) -> Iterator[None]:
        self._is_showing = True
        yield
        self._is_showing = False

    def _day(self, name: str, told: Message) -> DayField:
        made = DayField(self._stage, told)
        made.setObjectName(name)
        made.changed.connect(lambda _day: self._ask())
        return made

    def _figure(self, name: str, told: Message, most: int) -> QLineEdit:
        made = QLineEdit()
        made.setObjectName(name)
        made.setValidator(QIntValidator(0, most, made))
        self._stage.speech.tell(made, told, "setAccessibleName")
        self._stage.speech.tell(made, told, "setToolTip")
        made.textChanged.connect(lambda _text: self._ask())
        return made

    def _status(self, status: StatusFilter) -> QPushButton:
        made = button(self._stage, status.label, "toggle")
        made.setObjectName(f"filter-status-{status.value}")
        made.setCheckable(True)
        made.clicked.connect(self._ask)
        return made


def _figure_in(field: QLineEdit) -> int | None:
    text = field.text().strip()
    return int(text) if text.isdecimal() else None
