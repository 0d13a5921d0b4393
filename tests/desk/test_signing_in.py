"""Signing in, locking, switching, and what comes before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.training import training_config, training_vault
from coupon_desk.clock import VirtualClock
from coupon_desk.desk.cancel_dialog import CancelDialog
from coupon_desk.desk.header import TrainingStrip
from coupon_desk.desk.sign_in_page import SignInPage
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.start_pages import FirstAdminPage, FirstRunPage, ProblemPage
from coupon_desk.desk.window import Window
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.errors import ConfigurationError
from coupon_desk.people.roles import Role
from coupon_desk.training.shop import TrainingShop
from coupon_desk.words import msg

SignIn = Callable[[str], WorkPage]


def test_a_wrong_pin_is_refused_in_the_window_and_the_field_is_empty_again(window: Window, qtbot: QtBot) -> None:
    assert window.sign_in_page is not None
    form = window.sign_in_page.form
    form.choose("manager")
    QTest.keyClicks(form.pin, "000000")
    QTest.keyClick(form.pin, Qt.Key.Key_Return)
    assert window.work_page is None
    assert form.problem.isVisible()
    assert form.problem.title.text() != ""
    assert form.pin.text() == ""


def test_full_width_digits_are_taken_as_a_pin(window: Window) -> None:
    assert window.sign_in_page is not None
    form = window.sign_in_page.form
    form.choose("manager")
    form.pin.setText("４８２９１５")
    form.submit()
    assert window.work_page is not None
    assert window.work_page.session.login == "manager"


def test_caps_lock_is_noticed_by_what_arrives(window: Window, qtbot: QtBot) -> None:
    assert window.sign_in_page is not None
    form = window.sign_in_page.form
    QTest.keyClicks(form.pin, "A")
    assert form.capitals.isVisible()
    QTest.keyClicks(form.pin, "a")
    assert not form.capitals.isVisible()


def test_the_lock_keeps_the_work_and_the_open_dialog(window: Window, sign_in: SignIn, shop: TrainingShop) -> None:
    page = sign_in("manager")
    page.search.begin_with(str(shop.showcase.example.code))
    page.search.text.returnPressed.emit()
    page.details.look()
    page.details.cancel.click()
    (dialog,) = page.dialogs.open
    window.lock()
    assert isinstance(window.page, SignInPage)
    assert not dialog.isVisible()
    assert sign_in("manager") is page
    assert isinstance(window.pages.currentWidget(), WorkPage)
    assert dialog.isVisible()
    assert page.search.text.text() == str(shop.showcase.example.code)


def test_another_operator_begins_anew(window: Window, sign_in: SignIn) -> None:
    page = sign_in("manager")
    page.search.begin_with("somebody")
    window.lock()
    other = sign_in("clerk")
    assert other is not page
    assert other.search.text.text() == ""
    assert other.session.login == "clerk"


def test_the_desk_locks_itself_when_nobody_touches_it(stage: Stage, desk: CouponDesk, qtbot: QtBot) -> None:
    window = Window(stage, lambda: desk, idle_seconds=0.05, closes_desk=False)
    window.show()
    window.open_desk()
    assert window.sign_in_page is not None
    window.sign_in_page.form.choose("manager")
    window.sign_in_page.form.pin.setText("482915")
    window.sign_in_page.form.submit()
    assert isinstance(window.page, WorkPage)
    qtbot.waitUntil(lambda: isinstance(window.page, SignInPage))
    window.close()
    window.close()


def test_what_a_role_may_not_do_is_said_and_not_hidden(sign_in: SignIn, shop: TrainingShop) -> None:
    page = sign_in("clerk")
    page.search.begin_with(str(shop.showcase.example.code))
    page.search.text.returnPressed.emit()
    page.details.look()
    assert page.details.cancel.isEnabled()
    assert page.details.invalidate.isEnabled()
    assert page.header.trail.isVisible()
    assert not page.header.trail.isEnabled()
    assert page.header.trail.toolTip() == "Your role (clerk) may not read the trail."


def test_a_desk_that_cannot_be_opened_says_why_and_tries_again(
    stage: Stage, desk: CouponDesk, qtbot: QtBot, qapp: QApplication
) -> None:
    answers: list[ConfigurationError | CouponDesk] = [
        ConfigurationError(msg("The key is wrong."), done=msg("Nothing was done."), todo=msg("Mend it.")),
        desk,
    ]

    def open_desk() -> CouponDesk:
        answer = answers.pop(0)
        if isinstance(answer, ConfigurationError):
            raise answer
        return answer

    window = Window(stage, open_desk, closes_desk=False)
    window.show()
    window.open_desk()
    page = window.page
    assert isinstance(page, ProblemPage)
    assert (page.banner.title.text(), page.banner.text.text()) == ("The key is wrong.", "Mend it.")
    assert page.done.text() == "Nothing was done."
    page.retry.click()
    assert window.page is window.sign_in_page
    window.close()
    window.close()


def test_without_a_configuration_the_training_shop_is_offered(stage: Stage, desk: CouponDesk, tmp_path: Path) -> None:
    def nowhere() -> CouponDesk:
        raise AssertionError("the shop of this home must not be opened")

    window = Window(stage, nowhere, config=tmp_path / "config.toml", open_training=lambda: desk, closes_desk=False)
    window.show()
    window.open_desk()
    page = window.page
    assert isinstance(page, FirstRunPage)
    assert window.focusWidget() is page.training
    page.training.click()
    assert window.page is window.sign_in_page
    window.close()
    window.close()


def test_the_first_operator_is_added_in_the_window(
    stage: Stage, shop: TrainingShop, clock: VirtualClock, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text(training_config(shop.addresses), encoding="utf-8")
    desk = CouponDesk.open(tmp_path, secrets=training_vault(shop.addresses), clock=clock)
    window = Window(stage, lambda: desk)
    window.show()
    window.open_desk()
    page = window.page
    assert isinstance(page, FirstAdminPage)
    page.login.setText("owner")
    page.name.setText("Kenji Watanabe")
    page.pin.setText("739164")
    page.again.setText("739165")
    page.submit()
    assert page.problem.title.text() == "The two PINs differ; enter them again."
    page.again.setText("739164")
    page.submit()
    assert window.page is window.sign_in_page
    assert [operator.login for operator in desk.people.list()] == ["owner"]
    window.close()
    window.close()


def test_the_training_shop_cannot_be_mistaken_for_the_shop(sign_in: SignIn, window: Window) -> None:
    page = sign_in("manager")
    strips = page.findChildren(TrainingStrip)
    assert [strip.isVisible() for strip in strips] == [True]
    assert window.findChildren(QPushButton, "lock")


def test_the_training_shop_says_whose_pin_to_use(window: Window) -> None:
    assert window.sign_in_page is not None
    assert window.sign_in_page.practice is not None
    assert window.sign_in_page.practice.text() == "To practise: Mika Tanaka, PIN 482915"
    assert window.sign_in_page.form.login.currentData() == "manager"


def test_f9_lets_the_one_who_worked_here_before_in_with_nothing_but_a_pin(
    window: Window, sign_in: SignIn, shop: TrainingShop, qtbot: QtBot
) -> None:
    sign_in("clerk")
    window.lock()
    page = sign_in("manager")
    page.search.begin_with(str(shop.showcase.example.code))
    page.search.text.returnPressed.emit()
    page.details.look()
    page.details.cancel.click()
    (dialog,) = page.dialogs.open
    assert isinstance(dialog, CancelDialog)
    dialog.form.note.setPlainText("Customer asks at the coun")
    window._idle._watch(dialog.windowHandle())  # offscreen, no window system brings a dialog to the front
    QTest.keyClick(dialog.windowHandle(), Qt.Key.Key_F9)
    locked = window.page
    assert isinstance(locked, SignInPage)
    form = locked.form
    assert form.login.currentData() == "clerk"
    assert form.pin.hasFocus() or window.focusWidget() is form.pin
    QTest.keyClick(form.pin, Qt.Key.Key_Down)
    assert form.login.currentData() == "manager"
    QTest.keyClicks(form.pin, "482915")
    QTest.keyClick(form.pin, Qt.Key.Key_Return)
    assert window.pages.currentWidget() is page
    assert dialog.isVisible()
    assert dialog.form.note.toPlainText() == "Customer asks at the coun"


def test_whoever_is_disabled_while_at_work_is_locked_out_with_the_reason(
    window: Window, sign_in: SignIn, desk: CouponDesk
) -> None:
    sign_in("manager")
    window._session_watch.look()
    assert isinstance(window.page, WorkPage)
    owner = desk.people.sign_in("owner", "739164")
    desk.people.disable("manager", owner)
    window._session_watch.look()
    assert isinstance(window.page, SignInPage)
    assert window.page.form.problem.title.text() == "Your login was disabled."
    assert window.page.form.login.findData("manager") < 0


def test_who_comes_back_with_another_role_begins_anew(window: Window, sign_in: SignIn, desk: CouponDesk) -> None:
    page = sign_in("manager")
    window.lock()
    desk.people.change_role("manager", Role.CLERK, desk.people.sign_in("owner", "739164"))
    again = sign_in("manager")
    assert again is not page
    assert again.session.operator.role is Role.CLERK


def test_the_desk_locks_itself_after_the_minutes_that_are_configured(window: Window, desk: CouponDesk) -> None:
    assert desk.settings.policy.idle_minutes == 10
    window._idle_lock.touch()
    assert 590 < window._idle_lock.seconds_left() <= 600
