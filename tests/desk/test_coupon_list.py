"""The list under one's hands: scrolling, sorting, selecting, copying, and staying where one was while it is refreshed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from coupon_desk.app.desk import CouponDesk
from coupon_desk.catalogue.query import CouponQuery, Sort, SortBy, StatusFilter
from coupon_desk.catalogue.rows import CatalogueRow, DiscountFacts
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.status import CouponStatus
from coupon_desk.desk import selection
from coupon_desk.desk.columns import Column, with_column
from coupon_desk.desk.coupon_pages import KEPT_ROWS
from coupon_desk.desk.coupon_rows import CouponRows
from coupon_desk.desk.selection import Selected
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.window import Window
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.words import Language, Message, msg
from tests.screens.place import PEOPLE

NEWEST = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def issue(desk: CouponDesk, code: str, at: datetime) -> CouponCode:
    """A coupon that comes into the list from the shop."""
    made = CouponCode(code)
    facts = DiscountFacts(f"gid://{code}", 0, at, NEWEST + timedelta(days=300), at)
    desk.catalogue.upsert([CatalogueRow(made, updated_at=at, discount=facts, currency="JPY")])
    return made


def code_at(page: WorkPage, row: int) -> CouponCode:
    return page.rows.codes(row, row)[0]


def press(page: WorkPage, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(page.table, key, modifiers)


def click(page: WorkPage, row: int, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    place = page.table.visualRect(page.rows.index(row, Column.STATUS)).center()
    QTest.mouseClick(page.table.viewport(), Qt.MouseButton.LeftButton, modifiers, place)


def clipboard() -> str:
    return QGuiApplication.clipboard().text()


@pytest.fixture
def listed(page: WorkPage) -> WorkPage:
    """The manager at the list, with the keyboard in it."""
    page.table.setFocus()
    page.table.select(page.rows.index(0, 0))
    return page


def test_a_long_list_is_scrolled_through_with_few_rows_in_memory(stage: Stage, desk: CouponDesk) -> None:
    facts = DiscountFacts("gid://d", 0, NEWEST, None, NEWEST)
    desk.catalogue.upsert(
        CatalogueRow(CouponCode(f"54321-AB{number:04}-300"), NEWEST, discount=facts, currency="JPY") for number in range(1900)
    )
    rows = CouponRows(stage, desk.coupons, desk.people.sign_in("owner", PEOPLE[0].pin))
    QAbstractItemModelTester(rows, QAbstractItemModelTester.FailureReportingMode.Warning)
    rows.show(CouponQuery())
    most = 0
    while rows.has_more:
        rows.look_at(rows.rowCount() - 15, rows.rowCount() - 1)
        most = max(most, sum(1 for _ in rows.resident()))
    codes = rows.codes(0, rows.rowCount() - 1)
    assert len(codes) == len(set(codes)) == rows.rowCount() > 1900
    assert most <= 2 * KEPT_ROWS + 300
    assert rows.row_at(3) is None
    assert rows.index(3, Column.CODE).data() == "Loading…"
    rows.look_at(0, 14)
    shown = rows.row_at(3)
    assert shown is not None
    assert shown.coupon.code == codes[3]


def test_a_refresh_keeps_the_place_the_selection_and_the_keyboard(listed: WorkPage, desk: CouponDesk, qtbot: QtBot) -> None:
    page = listed
    page.table.verticalScrollBar().setValue(44 * 20 + 7)
    click(page, 22)
    click(page, 25, CONTROL)
    selected, current, top = page.selected(), code_at(page, 25), code_at(page, 20)
    codes = [issue(desk, f"10000-NEWNE{number}-500", NEWEST + timedelta(minutes=number)) for number in range(3)]
    page.rows.refresh()
    assert code_at(page, 0) == codes[-1]
    assert page.selected() == selected
    assert page.table.hasFocus()
    now = page.table.current()
    assert now is not None
    assert now.code == current
    assert page.table.verticalScrollBar().value() == 44 * 23 + 7
    assert code_at(page, 23) == top
    rows = sorted(index.row() for index in page.table.selectionModel().selectedRows())
    assert rows == [25, 28]


def test_what_is_no_longer_found_is_no_longer_selected_and_the_keyboard_stays_near(listed: WorkPage, desk: CouponDesk) -> None:
    page = listed
    page.search.choose(StatusFilter.UNUSED)
    page.table.setFocus()
    click(page, 2)
    click(page, 4, SHIFT)
    gone, stays = code_at(page, 3), (code_at(page, 2), code_at(page, 4))
    shown = page.details.code.text()
    desk.catalogue.set_status(gone, CouponStatus.CANCELLED, NEWEST)
    page.rows.refresh()
    assert page.selected() == stays
    assert page.details.code.text() == shown


def test_shift_and_control_select_many_and_the_line_says_their_points(listed: WorkPage) -> None:
    page = listed
    told: list[Selected] = []
    page.selection_changed.connect(told.append)
    press(page, Qt.Key.Key_Down, SHIFT)
    press(page, Qt.Key.Key_Down, SHIFT)
    click(page, 5, CONTROL)
    codes = (*page.rows.codes(0, 2), code_at(page, 5))
    assert page.selected() == codes == told[-1].codes
    points = sum(code.points for code in codes)
    assert page.selection_line.text.whole() == f"4 selected · {points:,} points"
    page.search.choose(StatusFilter.USED)
    assert all(code not in page.selected() for code in codes)


def test_control_a_selects_all_that_match_also_what_was_not_scrolled_to(listed: WorkPage, desk: CouponDesk) -> None:
    page = listed
    page.rows.show(CouponQuery(limit=20))
    everything = desk.catalogue.counts(CouponQuery()).shown.value
    assert page.rows.rowCount() == 20 < everything
    page.table.setFocus()
    press(page, Qt.Key.Key_A, CONTROL)
    assert len(page.selected()) == everything
    page.table.scrollToBottom()
    assert page.rows.rowCount() > 20
    assert len(page.table.selectionModel().selectedRows()) == page.rows.rowCount()
    press(page, Qt.Key.Key_Escape)
    assert page.selected() == ()


def test_more_than_can_be_looked_over_is_not_selected_and_said(listed: WorkPage, monkeypatch: pytest.MonkeyPatch) -> None:
    page = listed
    monkeypatch.setattr(selection, "MOST_SELECTED", 10)
    press(page, Qt.Key.Key_End, SHIFT)
    assert len(page.selected()) == 10
    assert len(page.table.selectionModel().selectedRows()) == 10
    assert "the most at once" in page.selection_line.text.whole()


def test_an_action_is_offered_from_so_many_on_and_is_given_the_codes(listed: WorkPage) -> None:
    page = listed
    given: list[tuple[CouponCode, ...]] = []

    def words(count: int) -> Message:
        return msg("Cancel {count} coupons…", count=count)

    action = page.selection_line.add_action(words, given.append, name="three", at_least=3)
    press(page, Qt.Key.Key_Down, SHIFT)
    assert action.isHidden()
    press(page, Qt.Key.Key_Down, SHIFT)
    assert not action.isHidden()
    assert action.text() == "Cancel 3 coupons…"
    action.click()
    assert given == [page.rows.codes(0, 2)]
    page.selection_line.clear.click()
    assert action.isHidden()


def test_control_enter_cancels_several_together(listed: WorkPage) -> None:
    page = listed
    press(page, Qt.Key.Key_Down, SHIFT)
    several = page.selection_line.first_action
    assert several is not None
    pressed: list[bool] = []
    several.clicked.disconnect()
    several.clicked.connect(lambda: pressed.append(True))
    QTest.keyClick(page.table, Qt.Key.Key_Return, CONTROL)
    assert pressed == [True]
    assert page.dialogs.open == ()


def test_copying_gives_rows_as_they_are_shown_and_codes_alone(listed: WorkPage) -> None:
    page = listed
    page.table.show_layout(with_column(page.table.columns, Column.ISSUED, is_shown=False))
    press(page, Qt.Key.Key_Down, SHIFT)
    press(page, Qt.Key.Key_C, CONTROL)
    lines = [line.split("\t") for line in clipboard().split("\n")]
    columns = [shown.column for shown in page.table.columns]
    assert lines == [[page.rows.index(row, column).data() for column in columns] for row in (0, 1)]
    assert page.selection_line.text.whole() == "2 coupons copied"
    press(page, Qt.Key.Key_C, CONTROL | SHIFT)
    assert clipboard() == "\n".join(code.text for code in page.rows.codes(0, 1))
    page.selection_line.end()


def test_the_head_sorts_by_click_and_by_keyboard_and_says_so(listed: WorkPage) -> None:
    page = listed
    page.table.select(page.rows.index(3, 0))
    selected, head = page.selected(), page.table.head
    place = QPoint(head.sectionViewportPosition(Column.POINTS) + 30, 10)
    QTest.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert page.search.query.sort == Sort(SortBy.POINTS, descending=True)
    points = [code.points for code in page.rows.codes(0, page.rows.rowCount() - 1)]
    assert points == sorted(points, reverse=True)
    assert page.selected() == selected
    head.setFocus()
    QTest.keyClick(head, Qt.Key.Key_Right)
    assert head.accessibleName() == "Customer: the space bar sorts by it"
    QTest.keyClick(head, Qt.Key.Key_Right)
    assert head.accessibleName() == "Points: sorted, the largest first"
    QTest.keyClick(head, Qt.Key.Key_Space)
    assert head.accessibleName() == "Points: sorted, the smallest first"
    QTest.keyClick(head, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert [shown.column for shown in page.table.columns][2:4] == [Column.AMOUNT, Column.POINTS]
    QTest.keyClick(head, Qt.Key.Key_Right, SHIFT)
    assert page.table.columns[3].width_px == Column.POINTS.width_px + 12
    QTest.keyClick(head, Qt.Key.Key_Delete)
    assert page.table.isColumnHidden(Column.POINTS)
    QTest.keyClick(head, Qt.Key.Key_Down)
    assert page.table.hasFocus()


def test_the_code_stays_in_view_when_the_rest_moves_sideways(listed: WorkPage, window: Window) -> None:
    page = listed
    columns = page.table.columns
    for column in (Column.EMAIL, Column.CUSTOMER_ID, Column.UPDATED):
        columns = with_column(columns, column, is_shown=True)
    page.table.show_layout(columns)
    at_rest = page.table.grab().toImage().copy(0, 0, 150, 200)
    page.table.horizontalScrollBar().setValue(300)
    moved = page.table.grab().toImage().copy(0, 0, 150, 200)
    assert at_rest == moved
    assert page.table.indexAt(QPoint(20, 60)).column() == Column.CODE
    assert page.table.visualRect(page.rows.index(1, Column.CODE)).left() == 0
    head = page.table.head
    QTest.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(40, 10))
    assert page.search.query.sort == Sort(SortBy.CODE)
    page.table.setFocus()
    page.table.setCurrentIndex(page.rows.index(1, Column.UPDATED))
    for _ in Column:
        press(page, Qt.Key.Key_Left)
        rect = page.table.visualRect(page.table.currentIndex())
        assert page.table.currentIndex().column() == Column.CODE or rect.left() >= head.frozen_px()


def test_filters_ask_at_once_and_their_chips_take_them_off(page: WorkPage, stage: Stage) -> None:
    bar = page.search
    QTest.keyClick(bar.text, Qt.Key.Key_F, CONTROL | SHIFT)
    assert bar.panel.isVisible()
    assert bar.panel.issued_from.hasFocus()
    QTest.keyClicks(bar.panel.points_from, "500")
    QTest.keyClicks(bar.panel.points_until, "8")
    assert bar.panel.points_until.property("wrong") == "true"
    QTest.keyClicks(bar.panel.points_until, "00")
    assert (bar.query.points_from, bar.query.points_until) == (500, 800)
    assert {code.points for code in page.rows.codes(0, page.rows.rowCount() - 1)} <= {500, 800}
    bar.panel.statuses[StatusFilter.UNUSED].click()
    bar.panel.statuses[StatusFilter.USED].click()
    assert bar.filters.text() == "Filters (2)"
    QTest.keyClick(bar.panel.days, Qt.Key.Key_Escape)
    assert bar.filters.hasFocus()
    chips = [chip for chip in bar.chips.findChildren(QPushButton) if chip.isVisible()]
    assert [chip.text() for chip in chips] == ["Unused or Used", "500 – 800 points"]
    stage.speech.switch(Language.JA)
    chips[1].click()
    assert bar.query == CouponQuery(statuses=frozenset({StatusFilter.UNUSED, StatusFilter.USED}))
    assert bar.panel.points_from.text() == ""
