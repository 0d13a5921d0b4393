"""Language and theme, switched while the window is open; nothing is cut off in either."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

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


def test_a_look_that_is_worn_already_is_not_put_on_again(page: WorkPage, stage: Stage) -> None:
    changes: list[bool] = []
    stage.theme.changed.connect(lambda: changes.append(True))
    show(stage, Language.JA, Scheme.DARK)
    show(stage, Language.JA, Scheme.DARK)
    assert len(changes) == 1
