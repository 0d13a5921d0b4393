"""The trail's window: who may see it, what is found in it, what an entry says in full."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import delete

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.trail_search import EntryKind, TrailSearch
from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.theme import Scheme
from coupon_desk.desk.trail_rows import PAGE, Column, SecondRole, TrailRows
from coupon_desk.desk.trail_window import TrailWindow
from coupon_desk.desk.window import Window
from coupon_desk.storage.database import Database
from coupon_desk.storage.tables.trail import subject_keys
from coupon_desk.training.shop import TrainingShop
from coupon_desk.words import Language
from tests.desk.conftest import SignIn
from tests.screens.place import PEOPLE

Cut = Callable[[QWidget], list[str]]


@pytest.fixture
def operation(desk: CouponDesk, shop: TrainingShop) -> Operation:
    """The manager has cancelled the example."""
    manager = desk.people.sign_in("manager", PEOPLE[1].pin)
    code = CouponCode.parse(str(shop.showcase.example.code))
    request = CancelRequest(code, OperationKind.CANCEL, Reason.CUSTOMER_REQUEST, "Asked at the counter.")
    return desk.cancel(request, manager, wait_seconds=60.0)


@pytest.fixture
def trail(operation: Operation, sign_in: SignIn) -> TrailWindow:
    """The owner has opened the trail."""
    return opened(sign_in, "owner")


def opened(sign_in: SignIn, login: str) -> TrailWindow:
    page = sign_in(login)
    page.header.trail.click()
    (window,) = page.dialogs.open
    assert isinstance(window, TrailWindow)
    return window


def actions(trail: TrailWindow) -> list[str]:
    """The actions of the rows, from the top."""
    lines = (trail.rows.line_at(trail.rows.index(place, 0)) for place in range(trail.rows.rowCount()))
    return [line.entry.action for line in lines if line is not None]


def search(trail: TrailWindow, name: str, text: str) -> None:
    """Type into a field and press Enter, as a person does."""
    field = trail.filters.findChild(QLineEdit, name)
    assert isinstance(field, QLineEdit)
    field.clear()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def choose(trail: TrailWindow, name: str, code: str) -> None:
    """Pick a choice by its code."""
    choice = trail.filters.findChild(QComboBox, name)
    assert isinstance(choice, QComboBox)
    choice.setCurrentIndex(choice.findData(code))
    choice.activated.emit(choice.currentIndex())


def select(trail: TrailWindow, action: str, step: str | None = None) -> None:
    """Select the newest entry of an action."""
    for place in range(trail.rows.rowCount()):
        line = trail.rows.line_at(trail.rows.index(place, 0))
        if line is not None and line.entry.action == action and line.entry.step == step:
            trail.table.select(trail.rows.index(place, 0))
            return
    raise AssertionError(f"no {action} {step}")


def said(trail: TrailWindow, name: str) -> str | None:
    """What the details say beside a name."""
    found = {fact.name: fact.value for fact in trail.details.facts}
    assert all(fact.value.split()[0] in trail.details.text.toPlainText() for fact in trail.details.facts)
    return found.get(name)


def test_a_manager_opens_it_by_key_and_that_stands_in_the_trail(sign_in: SignIn, window: Window, operation: Operation) -> None:
    page = sign_in("manager")
    QTest.keyClick(window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    (trail,) = page.dialogs.open
    assert isinstance(trail, TrailWindow)
    assert actions(trail)[0] == "trail.read"
    first = trail.rows.line_at(trail.rows.index(0, 0))
    assert first is not None
    assert first.entry.actor == "manager"
    page.header.trail.click()
    assert page.dialogs.open == (trail,)


def test_a_clerk_sees_the_button_and_why_it_cannot_be_pressed(sign_in: SignIn, window: Window) -> None:
    page = sign_in("clerk")
    button = page.header.trail
    assert button.isVisible()
    assert not button.isEnabled()
    why = "Your role (clerk) may not read the trail."
    assert (button.toolTip(), button.accessibleDescription()) == (why, why)
    QTest.keyClick(window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert page.dialogs.open == ()


def test_the_newest_stand_first_and_the_count_says_how_many_there_are(trail: TrailWindow, desk: CouponDesk) -> None:
    lines = [trail.rows.line_at(trail.rows.index(place, 0)) for place in range(trail.rows.rowCount())]
    sequences = [line.entry.sequence for line in lines if line is not None]
    assert sequences == sorted(sequences, reverse=True)
    assert trail.bar.count.text() == f"{desk.trail.head().sequence} entries"


def test_a_row_says_in_words_what_happened_to_whom_by_whom_and_how_it_ended(trail: TrailWindow, operation: Operation) -> None:
    select(trail, "step.done", "return_points")
    row = trail.table.currentIndex().row()
    texts = [trail.rows.index(row, column).data() for column in Column]
    under = [trail.rows.index(row, column).data(SecondRole) for column in Column]
    assert texts[1:] == ["Return the points", operation.code.text, "Done", "500"]
    assert under[1] == "Mika Tanaka, manager"
    assert under[2]
    assert under[3] == "Customer changed their mind"
    spoken = trail.rows.index(row, Column.WHEN).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.startswith("Return the points, Mika Tanaka, manager, Done")


def test_each_filter_finds_what_it_names_and_show_everything_leads_back(trail: TrailWindow, operation: Operation) -> None:
    everything = trail.rows.rowCount()
    search(trail, "trail-code", operation.code.text.lower())
    of_coupon = actions(trail)
    assert 10 < len(of_coupon) < everything
    assert {action.partition(".")[0] for action in of_coupon} == {"operation", "step"}
    choose(trail, "trail-kind", EntryKind.RETURN_POINTS.value)
    assert set(actions(trail)) <= {"step.started", "step.sent", "step.done", "step.looked"}
    choose(trail, "trail-result", "done")
    assert actions(trail) == ["step.done"]
    QTest.mouseClick(trail.bar.everything, Qt.MouseButton.LeftButton)
    assert trail.rows.rowCount() == everything
    assert trail.filters.search == TrailSearch()
    assert not trail.bar.everything.isVisible()
    choose(trail, "trail-operator", "clerk")
    assert trail.list.currentIndex() == 1
    choose(trail, "trail-operator", "owner")
    assert set(actions(trail)) == {"trail.read", "signed_in", "operator_added"}
    search(trail, "trail-since", "20991231")
    assert actions(trail) == []
    search(trail, "trail-since", "not a day")
    assert trail.filters.since.property("wrong") == "true"
    assert "signed_in" in actions(trail)


def test_the_details_say_all_that_the_entry_says(trail: TrailWindow, operation: Operation) -> None:
    select(trail, "step.done", "return_points")
    shown = trail.details.shown
    assert shown is not None
    assert trail.details.title.text() == "Return the points"
    assert said(trail, "Operator") == "Mika Tanaka (manager)"
    assert said(trail, "Coupon") == operation.code.text
    assert said(trail, "Operation") == operation.id
    assert said(trail, "State") == "at work → done"
    assert said(trail, "Points") == "500"
    assert said(trail, "Hash") == shown.entry.hash
    assert said(trail, "Hash of the entry before") == shown.entry.previous
    assert said(trail, "Balance after")
    trail.details.copy.click()
    copied = QApplication.clipboard().text()
    assert f"Hash: {shown.entry.hash}" in copied
    assert f"Operation: {operation.id}" in copied


def test_from_an_entry_one_comes_to_all_of_its_operation_its_coupon_and_its_customer(
    trail: TrailWindow, operation: Operation
) -> None:
    select(trail, "step.done", "return_points")
    trail.details.same_operation.click()
    of_operation = actions(trail)
    assert of_operation[-1] == "operation.opened"
    assert trail.table.selected() == trail.details.shown
    trail.details.same_coupon.click()
    assert actions(trail) == of_operation
    trail.details.same_customer.click()
    assert 0 < len(actions(trail)) <= len(of_operation)


def test_everything_can_be_done_by_keys(trail: TrailWindow, qtbot: QtBot) -> None:
    trail.activateWindow()
    qtbot.waitUntil(trail.filters.code.hasFocus)
    passed = []
    for _ in range(10):
        focused = trail.focusWidget()
        passed.append(focused.objectName())
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    fields = ("code", "customer", "operator", "kind", "result", "operation", "since", "until")
    assert passed[:8] == [f"trail-{name}" for name in fields]
    assert passed[8:] == ["trail-table", "trail-refresh"]
    QTest.keyClick(trail, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert trail.filters.code.hasFocus()
    QTest.keyClick(trail.filters.code, Qt.Key.Key_Down)
    assert trail.table.hasFocus()
    first = trail.details.shown
    assert first is not None
    QTest.keyClick(trail.table, Qt.Key.Key_Down)
    second = trail.details.shown
    assert second is not None
    assert second.entry.sequence == first.entry.sequence - 1
    QTest.keyClick(trail, Qt.Key.Key_V, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(trail.proof.isVisible)
    QTest.keyClick(trail, Qt.Key.Key_Escape)
    assert not trail.isVisible()


def test_what_was_erased_says_so_and_keeps_who_when_and_what(
    trail: TrailWindow, desk: CouponDesk, operation: Operation
) -> None:
    database = Database.open(desk.home / "desk.sqlite3")
    with database.write() as connection:
        connection.execute(delete(subject_keys))
    database.close()
    trail.refresh()
    select(trail, "step.done", "return_points")
    assert trail.details.unreadable.isVisible()
    assert trail.details.unreadable.title.text() == "What this entry said was erased."
    assert said(trail, "Coupon") == operation.code.masked
    assert said(trail, "State") == "at work → done"
    assert said(trail, "Customer") is None
    assert said(trail, "Balance after") is None


def test_rows_come_page_by_page_and_each_entry_once(stage: Stage, desk: CouponDesk) -> None:
    owner = desk.people.sign_in("owner", PEOPLE[0].pin)
    for number in range(2 * PAGE):
        desk.trail.record("looked", {"number": number})
    rows = TrailRows(stage, desk.reading, owner)
    QAbstractItemModelTester(rows, QAbstractItemModelTester.FailureReportingMode.Warning)
    rows.show(TrailSearch())
    assert rows.rowCount() == PAGE
    while rows.canFetchMore(QModelIndex()):
        before = rows.rowCount()
        rows.fetchMore(QModelIndex())
        assert before < rows.rowCount() <= before + PAGE
    lines = [rows.line_at(rows.index(place, 0)) for place in range(rows.rowCount())]
    assert [line.entry.sequence for line in lines if line] == list(range(desk.trail.head().sequence, 0, -1))


def test_the_words_follow_the_language_while_it_is_open(trail: TrailWindow, stage: Stage) -> None:
    select(trail, "step.done", "return_points")
    row = trail.table.currentIndex().row()
    stage.speech.switch(Language.JA)
    assert trail.rows.index(row, Column.WHAT).data() == "ポイント返還"
    assert trail.details.title.text() == "ポイント返還"
    kinds = trail.filters.kind
    assert kinds.itemText(kinds.findData(EntryKind.RETURN_POINTS.value)) == "ポイント返還"
    stage.speech.switch(Language.EN)
    assert trail.rows.index(row, Column.WHAT).data() == "Return the points"


def test_it_is_dark_in_the_dark_theme(trail: TrailWindow, stage: Stage) -> None:
    stage.theme.apply(Language.EN, Scheme.DARK)
    dark = trail.grab().toImage().pixelColor(10, trail.height() - 20).lightness()
    stage.theme.apply(Language.EN, Scheme.LIGHT)
    light = trail.grab().toImage().pixelColor(10, trail.height() - 20).lightness()
    assert dark < 60
    assert light > 230


def test_a_locked_desk_shows_nothing_of_the_trail(trail: TrailWindow, window: Window, sign_in: SignIn) -> None:
    dialog = trail.export()
    window.lock()
    assert not trail.isVisible()
    assert not dialog.isVisible()
    sign_in("owner")
    assert trail.isVisible()
    assert dialog.isVisible()
    dialog.reject()


def test_closing_the_main_window_closes_the_trail(trail: TrailWindow, window: Window) -> None:
    window.close()
    assert not trail.isVisible()


def test_with_the_real_threads_the_rows_arrive_and_the_newest_search_counts(pooled_window: Window, qtbot: QtBot) -> None:
    sign_in = pooled_window.sign_in_page
    assert sign_in is not None
    sign_in.form.choose("owner")
    sign_in.form.pin.setText(PEOPLE[0].pin)
    sign_in.form.submit()
    qtbot.waitUntil(lambda: pooled_window.work_page is not None)
    page = pooled_window.work_page
    assert page is not None
    qtbot.waitUntil(page.header.trail.isEnabled)
    page.header.trail.click()
    (trail,) = page.dialogs.open
    assert isinstance(trail, TrailWindow)
    qtbot.waitUntil(lambda: trail.rows.rowCount() > 0)
    trail.show_search(TrailSearch(operator="clerk"))
    trail.show_search(TrailSearch(kind=EntryKind.PEOPLE))
    qtbot.waitUntil(lambda: set(actions(trail)) == {"operator_added"})
    qtbot.waitUntil(lambda: not page.upkeep.is_syncing, timeout=20_000)
