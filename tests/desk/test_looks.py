"""Language and theme, switched while the window is open; nothing is cut off in either."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit, QTableView, QWidget
from pytestqt.qtbot import QtBot

from coupon_desk.desk.stage import Stage
from coupon_desk.desk.theme import Scheme
from coupon_desk.desk.window import Window
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.training.shop import TrainingShop
from coupon_desk.words import Language, msg, say

Cut = Callable[[QWidget], list[str]]


def show(stage: Stage, language: Language, scheme: Scheme = Scheme.LIGHT) -> None:
    stage.speech.switch(language)
    stage.theme.apply(language, scheme)


def select(page: WorkPage, code: str) -> None:
    page.search.begin_with(code)
    page.search.text.returnPressed.emit()
    page.details.look()


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(
    "specimen", ["example", "used", "used_order_cancelled", "several_codes", "conversion_differs", "no_email"]
)
def test_no_text_of_the_window_is_cut_off_at_its_smallest_size(
    window: Window,
    page: WorkPage,
    stage: Stage,
    shop: TrainingShop,
    qtbot: QtBot,
    in_view: Cut,
    language: Language,
    specimen: str,
) -> None:
    show(stage, language)
    window.resize(1280, 720)
    select(page, str(shop.showcase.all()[specimen].code))
    qtbot.waitUntil(lambda: in_view(window) == [])


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("specimen", ["example", "used_order_cancelled", "several_codes"])
def test_no_text_of_the_dialog_is_cut_off(
    page: WorkPage, stage: Stage, shop: TrainingShop, qtbot: QtBot, in_view: Cut, language: Language, specimen: str
) -> None:
    show(stage, language)
    select(page, str(shop.showcase.all()[specimen].code))
    view = page.details.view
    assert view is not None
    dialog = page.dialogs.cancel(view)
    assert dialog.height() <= 690
    qtbot.waitUntil(lambda: in_view(dialog) == [])


@pytest.mark.parametrize("language", list(Language))
def test_no_text_of_the_sign_in_page_is_cut_off(
    window: Window, stage: Stage, qtbot: QtBot, in_view: Cut, language: Language
) -> None:
    show(stage, language)
    qtbot.waitUntil(lambda: in_view(window) == [])


def test_everything_is_said_again_when_the_language_changes(page: WorkPage, stage: Stage, shop: TrainingShop) -> None:
    select(page, str(shop.showcase.example.code))
    assert page.details.cancel.text() == "&Cancel coupon…"
    assert page.details.verdict.title.text() == "May be cancelled"
    show(stage, Language.JA)
    assert page.details.cancel.text() == "クーポンを取り消す(&C)…"
    assert page.details.verdict.title.text() == say(msg("May be cancelled"), Language.JA) != "May be cancelled"
    prompt = "Scan or type a code, a name or an e-mail"
    assert page.search.text.placeholderText() == say(msg(prompt), Language.JA) != prompt
    show(stage, Language.EN)
    assert page.details.cancel.text() == "&Cancel coupon…"


def test_the_window_is_dark_in_the_dark_theme_and_light_in_the_light_one(page: WorkPage, window: Window, stage: Stage) -> None:
    show(stage, Language.EN, Scheme.DARK)
    dark = window.grab().toImage().pixelColor(30, window.height() // 2).lightness()
    show(stage, Language.EN, Scheme.LIGHT)
    light = window.grab().toImage().pixelColor(30, window.height() // 2).lightness()
    assert dark < 60
    assert light > 230


def test_every_control_says_what_it_is_to_a_screen_reader(page: WorkPage, window: Window, shop: TrainingShop) -> None:
    select(page, str(shop.showcase.example.code))
    view = page.details.view
    assert view is not None
    dialog = page.dialogs.cancel(view)
    nameless = [
        f"{type(control).__name__} {control.objectName()}"
        for root in (window, dialog)
        for kind in (QAbstractButton, QLineEdit, QComboBox, QPlainTextEdit, QTableView)
        for control in root.findChildren(kind)
        if control.isVisible() and type(control.parentWidget()) is not QComboBox
        if not (control.accessibleName() or (isinstance(control, QAbstractButton) and control.text()))
        if not (isinstance(control, QAbstractButton) and isinstance(control.parentWidget(), QTableView))
    ]
    assert nameless == []


def test_a_look_that_is_worn_already_is_not_put_on_again(page: WorkPage, stage: Stage) -> None:
    changes: list[bool] = []
    stage.theme.changed.connect(lambda: changes.append(True))
    show(stage, Language.JA, Scheme.DARK)
    show(stage, Language.JA, Scheme.DARK)
    assert len(changes) == 1
