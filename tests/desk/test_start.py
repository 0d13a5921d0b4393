"""What can be seen comes first: the frame, the door, and only then the heavy parts of the program."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.home import Home
from coupon_desk.desk import door
from coupon_desk.desk.colours import DARK, LIGHT
from coupon_desk.desk.first_sight import LOOKS, Frame
from coupon_desk.desk.memory import Remembered, write
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.theme import Scheme
from coupon_desk.desk.window import Window

PROGRAM = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from coupon_desk.desk import application, first_sight

HEAVY = {"sqlalchemy", "httpx", "keyring", "jinja2", "babel", "argon2", "alembic", "xlsxwriter", "graphql", "msgspec", "click"}
PAGES = {"coupon_desk.desk.window", "coupon_desk.desk.work_page", "coupon_desk.desk.stage", "coupon_desk.words"}

class Watched(first_sight.Frame):
    def _see(self):
        if not self._was_seen:
            print("seen", sorted((HEAVY | PAGES) & set(sys.modules)), self.isVisible(), self.windowTitle())
        super()._see()

def open_desk():
    from coupon_desk.errors import DeskError
    from coupon_desk.words import msg
    window = next(widget for widget in QApplication.topLevelWidgets() if widget.isVisible())
    print("opening", sorted(HEAVY & set(sys.modules)), window.windowTitle())
    QTimer.singleShot(0, window, window.close)
    raise DeskError(msg("Seen enough."))

application.Frame = Watched
sys.exit(application.run(open_desk))
"""


def test_nothing_heavy_is_loaded_before_the_window_is_seen_and_none_of_its_pages() -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == ["seen [] True Coupon Desk", "opening [] Coupon Desk"]


def test_the_frame_wears_the_chosen_theme_from_the_first_moment(qapp: QApplication, tmp_path: Path) -> None:
    assert {"light": (LIGHT.canvas, LIGHT.text), "dark": (DARK.canvas, DARK.text)} == LOOKS
    write(tmp_path, Remembered(None, Scheme.DARK, None))
    dark, plain = Frame(tmp_path), Frame(None)
    assert (DARK.canvas in dark.styleSheet(), plain.styleSheet()) == (True, "")
    (tmp_path / "desk.json").write_text("[]", encoding="utf-8")
    assert Frame(tmp_path).styleSheet() == ""


def test_a_frame_that_is_closed_before_anything_is_in_it_says_so(qapp: QApplication, qtbot: QtBot) -> None:
    frame = Frame(None)
    frame.show()
    with qtbot.waitSignal(frame.left):
        frame.close()
    assert not frame.isVisible()


def test_the_frame_closes_when_what_is_in_it_has_ended(stage: Stage, desk: CouponDesk, qtbot: QtBot) -> None:
    frame, window = Frame(None), Window(stage, lambda: desk, closes_desk=False)
    frame.furnish(window)
    window.closed.connect(frame.end)
    frame.show()
    window.open_desk()
    assert frame.windowTitle() == window.windowTitle() == "Ginza store – Coupon Desk"
    with qtbot.waitSignal(frame.left):
        frame.close()


def test_the_door_stands_there_before_the_desk_is_open_and_a_pin_waits_for_it(stage: Stage, desk: CouponDesk) -> None:
    Home(desk.home).training_mark.unlink()
    desk.is_training = False
    door.remember(desk, desk.people.list())
    config = desk.home / "config.toml"
    window = Window(stage, lambda: desk, config=config, closes_desk=False)
    window.show()
    page = window._door_page
    assert page is not None
    assert window.page is page
    assert page._shop.text() == "Ginza store"
    page.form.choose("manager")
    page.form.pin.setText("482915")
    page.form.submit()
    assert not page.form.submit_button.isEnabled()
    window.open_desk()
    assert window.work_page is not None
    assert window.work_page.session.login == "manager"
    window.close()
    window.close()


def test_what_is_typed_at_the_door_stays_when_the_desk_has_opened(stage: Stage, desk: CouponDesk) -> None:
    Home(desk.home).training_mark.unlink()
    desk.is_training = False
    (desk.home / door.FILE).write_text(json.dumps({"shop": "Old name", "people": [["gone", "G. One"], ["clerk", "D. W."]]}))
    window = Window(stage, lambda: desk, config=desk.home / "config.toml", closes_desk=False)
    window.show()
    assert window._door_page is not None
    form = window._door_page.form
    form.choose("clerk")
    form.pin.setText("6152")
    window.open_desk()
    assert window.page is window.sign_in_page is window._door_page
    assert (form.login.currentData(), form.pin.text()) == ("clerk", "6152")
    assert (form.login.findData("gone"), form.login.count()) == (-1, 3)
    assert door.read(desk.home) == door.Door("Ginza store", tuple((one.login, one.name) for one in desk.people.list()))
    window.close()
    window.close()


def test_a_door_without_sense_and_that_of_a_training_shop_are_not_shown(stage: Stage, desk: CouponDesk) -> None:
    for text in ("", "[]", "{}", '{"shop": "x", "people": [1]}', '{"shop": "x", "people": []}'):
        (desk.home / door.FILE).write_text(text, encoding="utf-8")
        assert door.read(desk.home) is None
    door.remember(desk, desk.people.list())
    assert not (desk.home / door.FILE).exists()
