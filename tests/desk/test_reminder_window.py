"""The window of the coupons that expire soon."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from coupon_desk.app.desk import CouponDesk
from coupon_desk.coupons.code import CouponCode
from coupon_desk.desk.reminder_window import ReminderWindow
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.typed_count import TypedCount, typed_number
from coupon_desk.desk.window import Window
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.shop import TrainingShop

SignIn = Callable[[str], WorkPage]
Cut = Callable[[QWidget], list[str]]

WAIT_MS = 20_000


def opened(page: WorkPage, days: int = 14) -> ReminderWindow:
    page.header.reminders.trigger()
    window = page.dialogs.reminders()
    window.activateWindow()
    window.show_days(days)
    return window


def states(window: ReminderWindow) -> dict[str, str]:
    lines = (window.lines.line_at(window.lines.index(row, 0)) for row in range(window.lines.rowCount()))
    return {line.code: line.key for line in lines if line is not None}


def test_who_would_be_reminded_is_shown_before_anything_is_sent(page: WorkPage, shop: TrainingShop, qtbot: QtBot) -> None:
    code = shop.showcase.expiring_soon.code
    window = opened(page)
    assert states(window)[code] == "due"
    assert window.look_button.isVisible()
    assert not window.send_button.isVisible()

    window.look_button.click()
    assert window.send_button.isVisible()
    assert not shop.mailbox.mails
    due = sum(state == "due" for state in states(window).values())
    assert window.send_button.text().replace("&", "") == f"Send {due} reminder{'s' if due != 1 else ''}"
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT_MS)
    QTest.keyClick(window.table, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)

    assert len(shop.mailbox.mails) == due > 0
    assert states(window)[code] == "sent"
    assert "sent" in window.told.title.text()
    window.reject()
    window = opened(page)
    assert states(window)[code] == "sent"
    window.reject()


def test_of_what_is_selected_in_the_list_only_that_is_looked_at(page: WorkPage, shop: TrainingShop) -> None:
    code = CouponCode.parse(shop.showcase.expiring_soon.code)
    page.table.selectAll()
    assert page.remind_selected.isVisible()
    window = page.dialogs.reminders((code,))

    window.look()
    window.send()

    assert states(window) == {code.text: "sent"}
    assert len(shop.mailbox.mails) == 1
    window.reject()


def test_a_reminder_whose_outcome_is_unknown_says_so(page: WorkPage, shop: TrainingShop) -> None:
    window = opened(page)
    window.look()
    shop.faults.add(Fault("mail.content", FaultKind.LOST_ANSWER))

    window.send()

    assert "unknown" in states(window).values()
    assert "ask the customer" in window.told.text.text()
    window.reject()


def test_who_may_not_remind_sees_why(sign_in: SignIn, shop: TrainingShop) -> None:
    window = opened(sign_in("clerk"))

    window.look()

    assert not window.look_button.isEnabled()
    assert "may not remind customers" in window.hint.text()
    assert not shop.mailbox.mails
    window.reject()


def test_it_is_closed_while_it_sends_and_the_sending_goes_on(
    pooled_window: Window, shop: TrainingShop, qtbot: QtBot, desk: CouponDesk
) -> None:
    sign_in = pooled_window.sign_in_page
    assert sign_in is not None
    sign_in.form.choose("manager")
    sign_in.form.pin.setText("482915")
    sign_in.form.submit()
    qtbot.waitUntil(lambda: pooled_window.work_page is not None, timeout=WAIT_MS)
    page = pooled_window.work_page
    assert page is not None
    qtbot.waitUntil(page.header.trail.isEnabled, timeout=WAIT_MS)
    window = page.dialogs.reminders()
    window.show_days(14)
    qtbot.waitUntil(lambda: window.lines.rowCount() > 0, timeout=WAIT_MS)
    window.look()
    qtbot.waitUntil(window.send_button.isVisible, timeout=WAIT_MS)
    with qtbot.waitSignal(window.sent, timeout=WAIT_MS):
        window.send()
        window.reject()
    assert shop.mailbox.mails

    code = CouponCode.parse(shop.showcase.expiring_soon.code)
    assert [entry.action for entry in desk.trail.of_code(code)][-1] == "reminder.sent"
    page.dialogs.reminders().reject()


@pytest.mark.parametrize(
    ("typed", "number"), [("120", 120), ("1,200", 1200), ("１２０", 120), (" 1 200 ", 1200), ("", None), ("twelve", None)]
)
def test_a_number_is_understood_as_people_type_it(typed: str, number: int | None) -> None:
    assert typed_number(typed) == number


def test_the_number_is_asked_for_above_the_limit_alone(stage: Stage, qtbot: QtBot) -> None:
    asked = TypedCount(stage)
    qtbot.addWidget(asked)
    asked.ask(20, above=20)
    assert (asked.is_asked, asked.is_right) == (False, True)
    asked.ask(21, above=20)
    asked.field.setText("21")
    assert (asked.is_asked, asked.is_right) == (True, True)
    asked.ask(22, above=20)
    assert (asked.field.text(), asked.is_right) == ("", False)
