"""The keys on buttons, in every script."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QPushButton

from coupon_desk.desk.speech import Speech, with_key
from coupon_desk.words import Language, msg


@pytest.mark.parametrize(
    ("text", "key", "written"),
    [
        ("Cancel coupon…", "C", "&Cancel coupon…"),
        ("Receipt copy…", "Y", "Receipt cop&y…"),
        ("Close", "K", "Close"),
        ("レシートの控え…", "Y", "レシートの控え(&Y)…"),
        ("戻る", "K", "戻る(&K)"),
        ("Salt & pepper", "P", "Salt && &pepper"),
    ],
)
def test_the_key_is_marked_where_a_reader_of_the_language_looks_for_it(text: str, key: str, written: str) -> None:
    assert with_key(text, key) == written


def test_a_button_keeps_its_key_in_another_language_and_with_another_text(qapp: QApplication) -> None:
    speech = Speech(Language.EN)
    made = QPushButton()
    speech.tell(made, msg("Cancel coupon…"))
    speech.give_key(made, "C")
    assert made.shortcut() == QKeySequence("Alt+C")
    speech.switch(Language.JA)
    assert made.text() == "クーポンを取り消す(&C)…"
    assert made.shortcut() == QKeySequence("Alt+C")
    speech.tell(made, msg("Cancel coupon"))
    assert made.shortcut() == QKeySequence("Alt+C")
