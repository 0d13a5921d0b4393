"""The whole way in a real window on a real display, by key strokes alone and in both languages: from PIN to receipt."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from coupon_desk.cancellation.operation import OperationKind
from coupon_desk.clock import SystemClock
from coupon_desk.coupons.reasons import Reason
from coupon_desk.desk.note_phrases import PHRASES
from coupon_desk.desk.scanner_pace import ECHO_MS
from coupon_desk.storage.database import Database
from coupon_desk.trail.entry import Entry
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.trail import Trail
from coupon_desk.words import Language, msg, say
from tests.surroundings.keyboard import PATIENCE_SECONDS, Keyboard, keyboard_on
from tests.surroundings.tool import ends_with_us, running, wait_until

CODES = {Language.EN: "70934-AB12CD-500", Language.JA: "12974-Y2HM6S-500"}
PIN = "482915"
SIGN_IN_SECONDS = 10.0
STEPS_TO_LANGUAGES = 3
ISSUED = "SELECT actor, code FROM entries WHERE action = 'receipt.issued'"
AT_THE_DOOR, AT_WORK = "Ginza store – Coupon Desk", "Ginza store – Mika Tanaka – Coupon Desk"
DIALOG, SAVING = OperationKind.CANCEL.label, msg("Save the receipt")


@contextmanager
def desk_in_x(environment: dict[str, str], home: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [*ends_with_us(), sys.executable, "-m", "coupon_desk", "--home", str(home), "demo"]
    with running(command, environment={**environment, "LC_ALL": "C.UTF-8", "LANGUAGE": ""}, log=log) as process:
        yield process


@pytest.fixture
def keyboard(xvfb: dict[str, str]) -> Iterator[Keyboard]:
    with keyboard_on(xvfb["DISPLAY"]) as made:
        yield made


def rows(home: Path, question: str) -> list[tuple[Any, ...]]:
    database = home / "desk.sqlite3"
    if not database.exists():
        return []
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(question).fetchall()


def openings(home: Path) -> list[Entry]:
    database = Database.open(home / "desk.sqlite3")
    try:
        trail = Trail(database, Surroundings("reader"), SystemClock())
        return [entry for entry in trail.between() if entry.action == "operation.opened"]
    finally:
        database.close()


class Counter:
    """Somebody at the counter with a keyboard and a scanner, who reads the titles of windows and looks into the home."""

    def __init__(self, keyboard: Keyboard, home: Path) -> None:
        self.keyboard = keyboard
        self.home = home

    def sign_in(self) -> None:
        """Type the PIN until it is taken: the page comes a moment after its title, and what is typed before is lost."""
        self.keyboard.wait_for(AT_THE_DOOR)

        def is_signed_in() -> bool:
            self.keyboard.press("ctrl+a")
            self.keyboard.type(PIN)
            self.keyboard.press("Return")
            return self.keyboard.is_in_front(AT_WORK, seconds=SIGN_IN_SECONDS)

        assert any(is_signed_in() for _ in range(3)), f"“{AT_WORK}” is in front"

    def open_dialog(self, language: Language) -> None:
        """Scan, and scan again: only a person's Enter opens the dialog, with the coupon checked in the background."""
        self.keyboard.scan(CODES[language])
        self.keyboard.scan(CODES[language])
        self.keyboard.press("Return", after_ms=2 * ECHO_MS)
        self.keyboard.wait_for(say(DIALOG, language))

    def wait_until_cancelled(self, language: Language) -> None:
        done = f"SELECT operator, points FROM operations WHERE state = 'completed' AND code = '{CODES[language]}'"
        wait_until(lambda: bool(rows(self.home, done)), "the operation is completed", seconds=PATIENCE_SECONDS)
        assert rows(self.home, done) == [("manager", 500)]

    def save_receipt(self, language: Language) -> None:
        before = len(rows(self.home, ISSUED))

        def it_can_be_saved() -> bool:
            self.keyboard.press("alt+s")
            return self.keyboard.is_in_front(say(SAVING, language), seconds=0.5)

        wait_until(it_can_be_saved, "the receipt is on the screen", seconds=PATIENCE_SECONDS)
        self.keyboard.press("Return")
        wait_until(lambda: len(rows(self.home, ISSUED)) > before, "the receipt is saved", seconds=PATIENCE_SECONDS)
        self.keyboard.wait_for(say(DIALOG, language))

    def speak_japanese(self) -> None:
        """The button for it is the third before the search."""
        self.keyboard.press("ctrl+f", *["shift+Tab"] * STEPS_TO_LANGUAGES, "space", "Down", "Down", "Return", "ctrl+f")


def test_coupons_are_cancelled_and_their_receipts_saved_by_key_strokes_alone_in_both_languages(
    xvfb: dict[str, str], keyboard: Keyboard, tmp_path: Path
) -> None:
    home, log = tmp_path / "home", tmp_path / "desk.log"
    counter = Counter(keyboard, home)
    with desk_in_x(xvfb, home, log) as desk:
        counter.sign_in()
        counter.open_dialog(Language.EN)
        keyboard.type("1As")
        keyboard.press("F9")  # somebody else may sign in; the same person finds the half-written note again
        keyboard.wait_for(AT_THE_DOOR)
        keyboard.type(PIN)
        keyboard.press("Return")
        keyboard.wait_for(say(DIALOG, Language.EN))
        keyboard.type("k")
        keyboard.scan(CODES[Language.JA])  # the next customer's coupon, too early: it changes nothing
        keyboard.type("e")
        keyboard.press("Tab", "ctrl+Return")
        counter.wait_until_cancelled(Language.EN)
        counter.save_receipt(Language.EN)
        keyboard.press("Escape")
        keyboard.wait_for(AT_WORK)

        counter.speak_japanese()
        counter.open_dialog(Language.JA)
        keyboard.press("1", "Down", "Down", "Return", "ctrl+Return")
        counter.wait_until_cancelled(Language.JA)
        counter.save_receipt(Language.JA)
        keyboard.press("Escape")
        keyboard.wait_for(AT_WORK)
        keyboard.press("alt+F4")
        assert desk.wait(timeout=PATIENCE_SECONDS) == 0

    assert sorted(rows(home, ISSUED)) == [("manager", "12974-******-500"), ("manager", "70934-******-500")]
    receipts = [file.read_bytes() for file in (home / "receipts").iterdir()]
    assert [receipt[:5] for receipt in receipts] == [b"%PDF-"] * 2
    assert [(one.body["code"], one.body["reason"], one.body["note"]) for one in openings(home)] == [
        (CODES[language], "customer_request", say(PHRASES[Reason.CUSTOMER_REQUEST][0], language)) for language in Language
    ]
    assert (home / "desk.json").exists()
    assert "Traceback" not in log.read_text(encoding="utf-8")
