"""The whole way in a real window on a real display, by key strokes alone: from the PIN to the saved receipt."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from coupon_desk.clock import SystemClock
from coupon_desk.storage.database import Database
from coupon_desk.trail.entry import Entry
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.trail import Trail
from tests.surroundings.tool import ends_with_us, running, tool, wait_until

CODE = "70934-AB12CD-500"
NOTE = "Asked for her points at the counter"
PATIENCE_SECONDS = 40.0
SIGN_IN_SECONDS = 10.0


class Keyboard:
    """Types into whichever window is in front, as a person does, and sees windows by their titles."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment

    def type(self, text: str) -> None:
        self._xdotool("type", "--delay", "8", text)

    def press(self, *keys: str) -> None:
        self._xdotool("key", "--delay", "8", *keys)

    def title_in_front(self) -> str:
        return self._xdotool("getactivewindow", "getwindowname")

    def wait_for(self, title: str) -> None:
        wait_until(lambda: self.title_in_front() == title, f"“{title}” is in front", seconds=PATIENCE_SECONDS)

    def sign_in(self, pin: str, title: str) -> None:
        """Type the PIN until it is taken: the page comes a moment after its title, and what is typed before is lost."""

        def is_signed_in() -> bool:
            self.press("ctrl+a")
            self.type(pin)
            self.press("Return")
            until = time.monotonic() + SIGN_IN_SECONDS
            while self.title_in_front() != title and time.monotonic() < until:
                time.sleep(0.05)
            return self.title_in_front() == title

        assert any(is_signed_in() for _ in range(3)), f"“{title}” is in front"

    def _xdotool(self, *words: str) -> str:
        asked = subprocess.run(
            [tool("xdotool"), *words], env=self._environment, capture_output=True, text=True, check=False, timeout=20
        )
        return asked.stdout.strip()


@contextmanager
def desk_in_x(environment: dict[str, str], home: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [*ends_with_us(), sys.executable, "-m", "coupon_desk", "--home", str(home), "demo"]
    with running(command, environment={**environment, "LC_ALL": "C.UTF-8", "LANGUAGE": ""}, log=log) as process:
        yield process


@pytest.fixture
def keyboard(xvfb: dict[str, str]) -> Keyboard:
    return Keyboard(xvfb)


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


def test_a_coupon_is_cancelled_and_its_receipt_saved_by_key_strokes_alone(
    xvfb: dict[str, str], keyboard: Keyboard, tmp_path: Path
) -> None:
    home, log = tmp_path / "home", tmp_path / "desk.log"
    with desk_in_x(xvfb, home, log) as desk:
        keyboard.wait_for("Ginza store – Coupon Desk")
        keyboard.sign_in("482915", "Ginza store – Mika Tanaka – Coupon Desk")
        keyboard.type(CODE)
        keyboard.press("Return")
        keyboard.press("ctrl+Return")
        keyboard.wait_for("Cancel coupon")
        keyboard.press("1")
        keyboard.type(NOTE[:12])
        keyboard.press("F9")  # somebody else may sign in; the same person finds the half-written note again
        keyboard.wait_for("Ginza store – Coupon Desk")
        keyboard.type("482915")
        keyboard.press("Return")
        keyboard.wait_for("Cancel coupon")
        keyboard.type(NOTE[12:])
        keyboard.press("ctrl+Return")
        done = "SELECT code, operator, points FROM operations WHERE state = 'completed'"
        wait_until(lambda: bool(rows(home, done)), "the operation is completed", seconds=PATIENCE_SECONDS)
        assert rows(home, done) == [(CODE, "manager", 500)]

        def the_receipt_can_be_saved() -> bool:
            keyboard.press("alt+s")
            return keyboard.title_in_front() == "Save the receipt"

        wait_until(the_receipt_can_be_saved, "the receipt is on the screen", seconds=PATIENCE_SECONDS)
        keyboard.press("Return")
        issued = "SELECT actor, code FROM entries WHERE action = 'receipt.issued'"
        wait_until(lambda: bool(rows(home, issued)), "the receipt is saved", seconds=PATIENCE_SECONDS)
        assert rows(home, issued) == [("manager", "70934-******-500")]
        (receipt,) = (home / "receipts").iterdir()
        assert receipt.read_bytes().startswith(b"%PDF-")

        keyboard.wait_for("Cancel coupon")
        keyboard.press("Escape")
        keyboard.wait_for("Ginza store – Mika Tanaka – Coupon Desk")
        keyboard.press("alt+F4")
        assert desk.wait(timeout=PATIENCE_SECONDS) == 0
    assert (home / "desk.json").exists()
    assert [(one.body["code"], one.body["reason"], one.body["note"]) for one in openings(home)] == [
        (CODE, "customer_request", NOTE)
    ]
    assert "Traceback" not in log.read_text(encoding="utf-8")
