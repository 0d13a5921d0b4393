"""Views of the list: what they hold, how they are kept, and that they come back."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from coupon_desk.catalogue.query import CouponQuery, Sort, SortBy, StatusFilter
from coupon_desk.desk import table_memory
from coupon_desk.desk.columns import LAYOUT_AT_FIRST, Column, Shown, next_sort, sound, with_column
from coupon_desk.desk.query_days import first_day, first_moment, last_day, moment_behind
from coupon_desk.desk.table_memory import FILE, TableState
from coupon_desk.desk.views import EXPIRING, View, pack_query, unpack_layout, unpack_query
from coupon_desk.desk.work_page import WorkPage
from tests.desk.conftest import SignIn

RICH = CouponQuery(
    statuses=frozenset({StatusFilter.UNUSED, StatusFilter.SCHEDULED}),
    expiring_days=30,
    issued_from=first_moment(date(2026, 1, 1)),
    issued_until=moment_behind(date(2026, 6, 30)),
    expires_until=moment_behind(date(2027, 3, 1)),
    points_from=500,
    sort=Sort(SortBy.POINTS, descending=True),
)


@pytest.fixture
def tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as there:
        there.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


def test_a_day_is_all_of_it_where_the_shop_is(tokyo: None) -> None:
    assert os.environ["TZ"] == "Asia/Tokyo"
    begin, end = first_moment(date(2026, 11, 23)), moment_behind(date(2026, 11, 23))
    assert begin == datetime(2026, 11, 22, 15, tzinfo=UTC)
    assert end == datetime(2026, 11, 23, 15, tzinfo=UTC)
    assert (first_day(begin), last_day(end)) == (date(2026, 11, 23), date(2026, 11, 23))


def test_a_view_comes_back_as_it_was_written(tmp_path: Path) -> None:
    layout = sound((Shown(Column.CODE, 200), Shown(Column.EMAIL), Shown(Column.POINTS, 90)))
    state = TableState((View("März & Co", RICH, layout),), "März & Co", RICH, layout)
    table_memory.write(tmp_path, state)
    assert table_memory.read(tmp_path) == state
    assert [file.name for file in tmp_path.iterdir()] == [FILE]


def test_the_same_view_means_the_same_days_in_another_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = pack_query(RICH)
    assert packed["issued"] == ["2026-01-01", "2026-06-30"]
    assert unpack_query(json.loads(json.dumps(packed))) == RICH


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"views": 1}', '{"views": [{}], "view": "", "query": {}, "columns": []}'])
def test_a_file_without_sense_is_no_hindrance(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    assert table_memory.read(tmp_path) == TableState()


def test_the_code_is_always_the_first_column_and_no_width_hides_the_rest() -> None:
    layout = unpack_layout([["points", 3], ["code", 99999], ["points", 70], ["gone", 10]])
    assert layout == (Shown(Column.CODE, 900), Shown(Column.POINTS, 60))
    assert with_column(layout, Column.CODE, is_shown=False) == (Shown(Column.CODE), Shown(Column.POINTS, 60))


def test_a_head_pressed_three_times_leads_back() -> None:
    orders = [Sort()]
    for _ in range(3):
        orders.append(next_sort(Column.POINTS, orders[-1]))
    assert orders == [Sort(), Sort(SortBy.POINTS, descending=True), Sort(SortBy.POINTS), Sort()]
    assert next_sort(Column.AMOUNT, orders[1]) == orders[1]


def press(page: WorkPage, name: str) -> None:
    page.view_button.fill()
    action = next(one for one in page.view_button.menu_of_views.actions() if one.objectName() == name)
    action.trigger()


def save(page: WorkPage, name: str) -> None:
    press(page, "view-save")
    dialog = page.view_button.dialog
    assert dialog is not None
    QTest.keyClicks(dialog.name, name)
    QTest.keyClick(dialog.name, Qt.Key.Key_Return)


def names(page: WorkPage) -> list[str]:
    page.view_button.fill()
    return [one.objectName() for one in page.view_button.menu_of_views.actions() if one.objectName().startswith("view:")]


def test_a_view_is_saved_switched_renamed_and_deleted(page: WorkPage) -> None:
    page.search.asked.put(CouponQuery(statuses=frozenset({StatusFilter.USED}), points_from=500))
    page.table.show_layout(with_column(page.table.columns, Column.EMAIL, is_shown=True))
    save(page, "Big and used")
    assert page.view_button.text() == "Big and used"
    press(page, f"view:{EXPIRING.name}")
    assert page.search.query == EXPIRING.query
    assert page.view_button.accessibleName() == "View of the list: Expiring within 14 days"
    press(page, "view:Big and used")
    assert page.search.query.points_from == 500
    press(page, "view-rename")
    dialog = page.view_button.dialog
    assert dialog is not None
    QTest.keyClicks(dialog.name, "Used ones")
    dialog.save.click()
    assert names(page)[-1] == "view:Used ones"
    page.search.panel.points_from.setText("800")
    assert page.view_button.accessibleName() == "View of the list: Used ones (changed)"
    press(page, "view-save-changes")
    assert page.views.opened.query.points_from == 800
    press(page, "view-delete")
    assert not any(name.endswith("Used ones") for name in names(page))
    assert page.search.query.points_from == 800


def test_the_list_comes_back_as_it_was_left(sign_in: SignIn) -> None:
    page = sign_in("manager")
    save(page, "Mine")
    page.table.head.resizeSection(Column.STATUS, 190)
    page.table.head.moveSection(page.table.head.visualIndex(Column.EXPIRES), 1)
    page.table.show_layout(with_column(page.table.columns, Column.AMOUNT, is_shown=False))
    page.table.head.sort_asked.emit(Column.EXPIRES)
    columns = page.table.columns
    page.leave()
    again = sign_in("owner")
    assert again is not page
    assert again.table.columns == columns
    assert [shown.column for shown in columns][:3] == [Column.CODE, Column.EXPIRES, Column.CUSTOMER]
    assert again.table.columnWidth(Column.STATUS) == 190
    assert again.table.isColumnHidden(Column.AMOUNT)
    assert again.search.query.sort == Sort(SortBy.EXPIRES)
    assert again.view_button.text() == "Mine (changed)"
    assert names(again)[-1] == "view:Mine"


@pytest.mark.qt_log_ignore("does not support raise", "does not support grabbing")
def test_the_menu_of_columns_stays_open_while_one_ticks_by_keyboard(page: WorkPage) -> None:
    menu: QMenu = page.column_menu
    page.column_menu.open_at(page.mapToGlobal(page.rect().center()))
    QTest.keyClick(menu, Qt.Key.Key_Space)
    assert page.table.isColumnHidden(Column.CUSTOMER)
    assert menu.isVisible()
    QTest.keyClick(menu, Qt.Key.Key_Space)
    assert not page.table.isColumnHidden(Column.CUSTOMER)
    page.column_menu.action_of(Column.EMAIL).trigger()
    assert page.table.columns[-1].column is Column.EMAIL
    QTest.keyClick(menu, Qt.Key.Key_Escape)
    assert not menu.isVisible()
    page.table.show_layout(LAYOUT_AT_FIRST)
    assert page.table.columns == LAYOUT_AT_FIRST
