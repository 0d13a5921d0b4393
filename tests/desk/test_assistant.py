"""The first run: from an empty home, through the assistant, to a desk that works; and the settings on the same pages."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.home import Home
from coupon_desk.app.setup import Setup
from coupon_desk.clock import VirtualClock
from coupon_desk.desk.assistant_page import AssistantPage
from coupon_desk.desk.setting_form import SettingForm
from coupon_desk.desk.setting_input import SettingInput
from coupon_desk.desk.settings_window import SettingsWindow
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.start_pages import FirstAdminPage, FirstRunPage
from coupon_desk.desk.window import Window
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.training.shop import TrainingShop
from coupon_desk.vault import MemoryVault, SecretName
from coupon_desk.words import Language

Cut = Callable[[QWidget], list[str]]
SignIn = Callable[[str], WorkPage]


@pytest.fixture
def vault() -> MemoryVault:
    return MemoryVault()


@pytest.fixture
def first(stage: Stage, clock: VirtualClock, vault: MemoryVault, tmp_path: Path, qtbot: QtBot) -> Iterator[Window]:
    """The window of a home in which there is nothing yet."""
    home = tmp_path / "new"
    made = Window(
        stage,
        lambda: CouponDesk.open(home, secrets=vault, clock=clock),
        config=home / "config.toml",
        open_setup=lambda: Setup(home, vault, clock),
    )
    made.resize(1280, 720)
    made.show()
    made.open_desk()
    yield made
    made.close()
    made.close()


def setting(form: SettingForm, key: str) -> SettingInput:
    return next(each for each in form.inputs if each.field.key == key)


def put(form: SettingForm, key: str, text: str) -> None:
    control = setting(form, key).control
    assert isinstance(control, QLineEdit)
    control.setText(text)
    control.textEdited.emit(text)


def assistant_of(window: Window) -> AssistantPage:
    page = window.page
    assert isinstance(page, FirstRunPage)
    page.setup.click()
    assistant = window.page
    assert isinstance(assistant, AssistantPage)
    return assistant


def test_a_shop_is_set_up_from_nothing_to_its_first_administrator(
    first: Window, shop: TrainingShop, vault: MemoryVault, stage: Stage, qtbot: QtBot, in_view: Cut
) -> None:
    assistant = assistant_of(first)
    store, shopify, points, mail, _ = assistant.forms
    assert first.focusWidget() is setting(store, "shop.name").control
    assistant.next.click()
    assert assistant.place == 0
    assert assistant.problem.title.text() == "Name of the shop: this cannot be right."
    put(store, "shop.name", "Ueno store")
    assistant.next.click()

    put(shopify, "shopify.domain", "https://admin.shopify.com/store/ginza-training/apps")
    shopify.more.click()
    put(shopify, "shopify.endpoint", shop.addresses.shopify_endpoint)
    put(shopify, "shopify.token", shop.addresses.token)
    shop.configure(scopes=frozenset({"read_discounts", "write_customers", "read_orders"}))
    shopify.connection.start.click()
    assert [str(check.name) for check in shopify.connection.checks if not check.is_well] == ["Permission write_discounts"]
    shop.configure(scopes=frozenset({"write_discounts", "write_customers", "read_orders"}))
    shopify.connection.start.click()
    assert shopify.connection.told.title.text() == "Everything here works."
    assert vault.names() == ()
    assistant.next.click()
    assert vault.names() == (SecretName.SHOPIFY_TOKEN,)
    token = setting(shopify, "shopify.token").control
    assert isinstance(token, QLineEdit)
    assert (token.text(), token.placeholderText()) == ("", "Kept in the keyring. Type to replace it.")

    put(points, "pos.endpoint", shop.addresses.pos_endpoint)
    assistant.next.click()
    put(mail, "mail.sender", "Ueno store <points@example.com>")
    put(mail, "mail.host", shop.addresses.smtp_host)
    put(mail, "mail.port", str(shop.addresses.smtp_port))
    setting(mail, "mail.security").show_value("none")
    assistant.next.click()
    assistant.next.click()
    assert assistant.end.missing.title.text() == "Still missing: Access token."
    assert [check.is_well for check in assistant.end.connection.checks] == [True, True, True, False, True]
    for language in Language:
        stage.speech.switch(language)
        stage.theme.apply(language)
        for place in range(assistant.pages.count()):
            assistant._show(place)
            qtbot.waitUntil(lambda: in_view(assistant) == [])
    assistant.next.click()

    page = first.page
    assert isinstance(page, FirstAdminPage)
    config = tomllib.loads((Path(first._config or "")).read_text("utf-8"))
    assert config["shopify"] == {"domain": "ginza-training.myshopify.com", "endpoint": shop.addresses.shopify_endpoint}
    assert "central" not in config
    page.login.setText("owner")
    page.name.setText("Kenji Watanabe")
    page.pin.setText("739164")
    page.again.setText("739164")
    page.submit()
    assert first.page is first.sign_in_page


def test_another_desks_file_fills_the_pages_and_one_can_go_back(first: Window, desk: CouponDesk, tmp_path: Path) -> None:
    page = first.page
    assert isinstance(page, FirstRunPage)
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[shop]\n", "utf-8")
    page.file_chosen.emit(wrong)
    assert page.problem.isVisible()
    file = tmp_path / "other.toml"
    desk.setup.export_to(file)
    page.file_chosen.emit(file)
    assistant = first.page
    assert isinstance(assistant, AssistantPage)
    assert assistant.values()["mail.sender"] == "Ginza store <points@example.com>"
    assistant.back.click()
    assert first.page is page


@pytest.fixture
def settings(desk: CouponDesk, sign_in: SignIn) -> Iterator[Callable[[str], SettingsWindow]]:
    Home(desk.home).training_mark.unlink()
    desk.is_training = False
    opened: list[SettingsWindow] = []

    def settings(login: str) -> SettingsWindow:
        page = sign_in(login)
        QTest.keyClick(page.header, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
        page.header.settings_asked.emit()
        dialog = page.dialogs.open[-1]
        assert isinstance(dialog, SettingsWindow)
        opened.append(dialog)
        return dialog

    yield settings
    for dialog in opened:
        dialog.reject()


def test_an_administrator_changes_a_setting_and_the_desk_opens_anew_with_it(
    settings: Callable[[str], SettingsWindow], desk: CouponDesk, window: Window, clock: VirtualClock
) -> None:
    dialog = settings("owner")
    rules = next(form for form in dialog.forms if form.page.name == "rules")
    put(rules, "policy.idle_minutes", "0")
    dialog.save_button.click()
    assert dialog.pages.currentWidget() is rules
    assert dialog.told.title.text() == "The desk locks itself after minutes: this cannot be right."
    put(rules, "policy.idle_minutes", "２５")
    put(dialog.forms[3], "mail.password", "let me in")
    dialog.save_button.click()
    assert dialog.told.title.text() == "Saved. It holds when the desk is opened anew."
    assert "let me in" not in (desk.home / "config.toml").read_text("utf-8")
    assert SecretName.MAIL_PASSWORD in desk.secrets.names()
    window._open_desk = lambda: CouponDesk.open(desk.home, secrets=desk.secrets, clock=clock)
    dialog.reopen.click()
    again = window.desk
    assert again is not None
    assert again.settings.policy.idle_minutes == 25
    assert window.page is window.sign_in_page
    window.close()
    again.close()


def test_the_desk_opens_anew_on_the_real_threads(
    pooled_window: Window, desk: CouponDesk, clock: VirtualClock, qtbot: QtBot
) -> None:
    window = pooled_window
    sign_in_page = window.sign_in_page
    assert sign_in_page is not None
    sign_in_page.form.choose("owner")
    sign_in_page.form.pin.setText("739164")
    sign_in_page.form.submit()
    qtbot.waitUntil(lambda: window.work_page is not None)
    window._open_desk = lambda: CouponDesk.open(desk.home, secrets=desk.secrets, clock=clock)
    window.reopen()
    qtbot.waitUntil(lambda: window.sign_in_page not in {None, sign_in_page}, timeout=20_000)
    again = window.desk
    assert again is not None
    assert again is not desk
    qtbot.waitUntil(lambda: window.sign_in_page is not None and window.sign_in_page.form.login.count() > 0)
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=20_000)
    again.close()


def test_taking_over_in_the_settings_changes_nothing_before_somebody_saves(
    settings: Callable[[str], SettingsWindow], desk: CouponDesk, tmp_path: Path
) -> None:
    before = (desk.home / "config.toml").read_text("utf-8")
    dialog = settings("owner")
    file = tmp_path / "handed-on.toml"
    dialog.hand_out(file)
    text = file.read_text("utf-8")
    file.write_text(text.replace('"Ginza store"', '"Ueno store"') + "\n[limits.clerk]\ncancellations_per_day = 3\n", "utf-8")
    dialog.take_over(file)
    assert dialog.forms[0].values()["shop.name"] == "Ueno store"
    assert (desk.home / "config.toml").read_text("utf-8") == before
    dialog.save_button.click()
    saved = tomllib.loads((desk.home / "config.toml").read_text("utf-8"))
    assert (saved["shop"]["name"], saved["limits"]["clerk"]) == ("Ueno store", {"cancellations_per_day": 3})


def test_whoever_may_change_nothing_reads_why(
    settings: Callable[[str], SettingsWindow], stage: Stage, in_view: Cut, qtbot: QtBot
) -> None:
    dialog = settings("manager")
    assert dialog.told.title.text() == "Your role (manager) may not change the settings."
    assert not dialog.save_button.isEnabled()
    assert dialog.save_button.toolTip() == "Your role (manager) may not change the settings."
    assert not any(each.isEnabled() for form in dialog.forms for each in form.inputs)
    for language in Language:
        stage.speech.switch(language)
        stage.theme.apply(language)
        for place in range(len(dialog.forms)):
            dialog.turn_to(place)
            qtbot.waitUntil(lambda: in_view(dialog) == [])
