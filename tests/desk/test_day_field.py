"""A day is typed in any of the usual ways, moved by arrows, or picked; what is no day is marked and counts as none."""

from __future__ import annotations

from datetime import date

import pytest
from PySide6.QtCore import QDate, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCalendarWidget
from pytestqt.qtbot import QtBot

from coupon_desk.desk.day_field import DayField, read_day
from coupon_desk.desk.stage import Stage
from coupon_desk.words import Language, msg

DAY = date(2026, 11, 23)


@pytest.fixture
def field(stage: Stage, qtbot: QtBot) -> DayField:
    made = DayField(stage, msg("From this day on"))
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.mark.parametrize("typed", ["2026-11-23", "2026/11/23", "2026.11.23", "20261123", " 2026-11-23 "])
def test_a_day_is_read_however_it_is_written(typed: str) -> None:
    assert read_day(typed) == DAY


@pytest.mark.parametrize("typed", ["", "23", "2026-11", "2026-13-01", "2026-02-30", "0001-01-01", "9999-12-31", "yesterday"])
def test_what_is_no_day_of_a_shop_is_none(typed: str) -> None:
    assert read_day(typed) is None


def test_it_tells_each_new_day_once_and_marks_what_is_none(field: DayField) -> None:
    told: list[date | None] = []
    field.changed.connect(told.append)
    QTest.keyClicks(field, "2026-11-2")
    QTest.keyClicks(field, "3")
    assert told == [date(2026, 11, 2), DAY]
    assert field.property("wrong") == "false"
    QTest.keyClicks(field, "x")
    assert told[-1] is None
    assert field.property("wrong") == "true"
    field.clear()
    assert field.property("wrong") == "false"
    assert len(told) == 3


def test_arrows_move_the_day(field: DayField) -> None:
    field.show_day(DAY)
    QTest.keyClick(field, Qt.Key.Key_Up)
    assert field.day == date(2026, 11, 24)
    QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(field, Qt.Key.Key_Down)
    assert field.day == date(2026, 11, 22)


def test_it_is_written_as_the_language_writes_it(field: DayField, stage: Stage) -> None:
    field.show_day(DAY)
    assert field.text() == "2026-11-23"
    stage.speech.switch(Language.JA)
    assert field.text() == "2026/11/23"
    assert field.day == DAY


@pytest.mark.qt_log_ignore("does not support")  # the offscreen platform has no windows that stand before others
def test_a_day_is_picked_from_a_calendar_by_keys(field: DayField) -> None:
    field.show_day(DAY)
    QTest.keyClick(field, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    (calendar,) = (one for one in QApplication.allWidgets() if isinstance(one, QCalendarWidget) and one.isVisible())
    assert calendar.selectedDate() == QDate(2026, 11, 23)
    calendar.setSelectedDate(QDate(2026, 11, 5))
    calendar.activated.emit(calendar.selectedDate())
    assert field.day == date(2026, 11, 5)
    assert not calendar.isVisible()
