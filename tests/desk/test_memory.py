"""The window comes back as it was left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from coupon_desk.desk.inline_runner import InlineRunner
from coupon_desk.desk.memory import FILE, Remembered, WindowMemory, read, write
from coupon_desk.desk.speech import Speech
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.theme import Scheme, Theme
from coupon_desk.words import Language


class Opened:
    """A window with a memory, as the program has it."""

    def __init__(self, home: Path) -> None:
        self.stage = Stage(InlineRunner(), Speech(Language.EN), Theme(Scheme.SYSTEM))
        self.stage.theme.apply(Language.EN)
        self.window = QMainWindow()
        self.memory = WindowMemory(self.stage, self.window)
        self.memory.recall(home)
        self.window.show()

    def close(self) -> None:
        self.memory.keep()
        self.window.close()


@pytest.fixture
def opened(qtbot: QtBot, tmp_path: Path) -> Iterator[Opened]:
    made = Opened(tmp_path)
    yield made
    made.window.close()


def test_language_theme_and_size_come_back(opened: Opened, tmp_path: Path, qtbot: QtBot) -> None:
    opened.stage.speech.switch(Language.JA)
    opened.stage.theme.apply(Language.JA, Scheme.DARK)
    opened.window.resize(640, 480)
    opened.close()
    again = Opened(tmp_path)
    assert again.stage.speech.language is Language.JA
    assert again.stage.theme.scheme is Scheme.DARK
    assert again.window.size() == QSize(640, 480)
    again.close()


def test_a_choice_is_kept_at_once_and_not_first_when_the_window_closes(opened: Opened, tmp_path: Path) -> None:
    opened.stage.speech.switch(Language.JA)
    assert read(tmp_path).language is Language.JA


def test_what_nobody_chose_follows_the_system_also_next_time(opened: Opened, tmp_path: Path) -> None:
    opened.close()
    assert read(tmp_path).language is None
    assert read(tmp_path).theme is Scheme.SYSTEM


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{}", '{"language": "xx", "theme": null, "geometry": null}', '{"language": 1}', "\u0000"]
)
def test_a_file_without_sense_is_no_hindrance(tmp_path: Path, text: str, qtbot: QtBot) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    made = Opened(tmp_path)
    assert made.stage.speech.language is Language.EN
    made.close()
    assert json.loads((tmp_path / FILE).read_text(encoding="utf-8"))["language"] is None


def test_a_window_that_was_moved_and_then_killed_comes_back_where_it_was(opened: Opened, tmp_path: Path, qtbot: QtBot) -> None:
    opened.window.resize(700, 500)
    qtbot.waitUntil(lambda: read(tmp_path).geometry is not None)
    again = Opened(tmp_path)
    assert again.window.size() == QSize(700, 500)
    again.close()


def test_geometry_without_sense_is_no_hindrance(tmp_path: Path, qtbot: QtBot) -> None:
    write(tmp_path, Remembered(Language.JA, Scheme.LIGHT, "ünsinn"))
    made = Opened(tmp_path)
    assert made.stage.speech.language is Language.JA
    made.close()


def test_a_home_that_cannot_be_written_to_is_no_hindrance(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    write(missing, Remembered(Language.JA))
    assert read(missing) == Remembered()


def test_nothing_is_left_but_the_file(opened: Opened, tmp_path: Path) -> None:
    opened.close()
    assert [file.name for file in tmp_path.iterdir()] == [FILE]
