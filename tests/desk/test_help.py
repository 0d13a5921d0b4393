"""The manual: a page for every screen, the same in both languages, with keys that are true; and the diagnostics."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from zipfile import ZipFile

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QPushButton
from pytestqt.qtbot import QtBot

import coupon_desk.desk
from coupon_desk.desk.help_topics import PAGES, TOPICS, text_of, title_of
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.window import Window
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.words import Language

MANUAL = files("coupon_desk") / "resources" / "manual"
KEYS = r"`[^`]+`|Ctrl\+(?:[A-Za-z]+\+)?[A-Za-z]+|Ctrl\+,|F[0-9]"
SignIn = Callable[[str], WorkPage]


def links(text: str) -> list[str]:
    return re.findall(r"\]\(([^)]+)\)", text)


def test_every_dialog_and_page_has_its_page_of_the_manual() -> None:
    for file in sorted(Path(coupon_desk.desk.__file__).parent.glob("*.py")):
        module = import_module(f"coupon_desk.desk.{file.stem}")
        for name, found in vars(module).items():
            is_screen = isinstance(found, type) and issubclass(found, QDialog) and found.__module__ == module.__name__
            assert not is_screen or name in TOPICS or name == "HelpWindow", f"{name} in {file.name}"
    assert set(TOPICS.values()) | {"keys"} == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_the_same_in_both_languages_and_leads_somewhere(page: str) -> None:
    english, japanese = (text_of(page, language) for language in Language)
    assert [len(re.findall(sign, english, re.M)) for sign in ("^## ", "^\\|", "^\\* ", "^[0-9]\\.")] == [
        len(re.findall(sign, japanese, re.M)) for sign in ("^## ", "^\\|", "^\\* ", "^[0-9]\\.")
    ]
    assert links(english) == links(japanese)
    assert sorted(re.findall(KEYS, english)) == sorted(re.findall(KEYS, japanese))
    assert not re.search(r"[\u3040-\u30ff\u4e00-\u9fff] [A-Za-z0-9]|[A-Za-z0-9] [\u3040-\u30ff\u4e00-\u9fff]", japanese)
    for language in Language:
        for link in links(text_of(page, language)):
            assert (MANUAL / language / link).is_file(), link


def test_the_keys_that_the_manual_names_are_those_of_the_window(sign_in: SignIn, window: Window) -> None:
    page = sign_in("manager")
    named = set(re.findall(KEYS, text_of("keys", Language.EN)))
    elsewhere = {"F1", "F9", "Ctrl+A", "Ctrl+Tab", "Ctrl+Shift+Tab"}  # of the windows, of tables, of the review
    found = {one.key().toString() for one in page.findChildren(QShortcut)}
    found |= {action.shortcut().toString() for action in page.header.actions()}
    found |= {one.shortcut().toString() for one in page.findChildren(QPushButton)}
    assert {QKeySequence(key).toString() for key in named - elsewhere} - found == set()
    assert {key for key in found if key.startswith("Ctrl+") and key not in {"Ctrl+Return", "Ctrl+Enter"}} <= named


def test_f1_opens_the_page_for_the_screen_also_over_a_dialog_and_links_lead_on(
    window: Window, sign_in: SignIn, stage: Stage, qtbot: QtBot
) -> None:
    help_desk = window.help_desk
    help_desk._watch(window.windowHandle())  # offscreen, no window system brings one to the front
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_F1)
    shown = help_desk.open_help
    assert shown is not None
    assert shown.page == "first-steps"
    page = sign_in("owner")
    dialog = page.dialogs.people()
    help_desk._watch(dialog.windowHandle())
    QTest.keyClick(dialog.windowHandle(), Qt.Key.Key_F1)
    over = help_desk.open_help
    assert over is not None
    assert (over.page, over.parentWidget(), over.isModal()) == ("review-and-trail", dialog, False)
    dialog.reject()

    found = help_desk.show_help(page.search)
    assert found.page == "cancelling"
    assert found.focusWidget() is found.text, "the arrow keys turn its pages at once"
    found.text.anchorClicked.emit(QUrl("what-to-do-when.md"))
    assert found.page == "what-to-do-when"
    assert help_desk.show_help(page.search, "keys") is found
    assert "F9" in found.text.toPlainText()
    stage.speech.switch(Language.JA)
    assert found.text.toPlainText().startswith(title_of("keys", Language.JA))
    assert found.titles.button(PAGES.index("keys")).text() == title_of("keys", Language.JA)
    stage.speech.switch(Language.EN)
    found.close()


def test_the_diagnostics_are_written_from_the_help_button(window: Window, sign_in: SignIn, tmp_path: Path) -> None:
    page = sign_in("clerk")
    dialog = window.help_desk.show_diagnostics(page)
    assert dialog is not None
    file = tmp_path / "diagnostics.zip"
    dialog.save(file)
    assert str(file) in dialog.told.title.text()
    with ZipFile(file) as bundle:
        assert b'"platform": "offscreen"' in bundle.read("window.json")
    dialog.save(tmp_path / "nowhere" / "diagnostics.zip")
    assert "cannot be written" in dialog.told.title.text()
    dialog.reject()
