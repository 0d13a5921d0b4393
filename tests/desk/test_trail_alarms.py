"""Alarms about the trail stand over the work until they are gone; the status line says how far the trail is shipped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.training import training_vault
from coupon_desk.clock import VirtualClock
from coupon_desk.desk.alarm_strip import Alarm, AlarmStrip, ExplainDialog
from coupon_desk.desk.colours import Tone
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.status_line import StatusLine
from coupon_desk.desk.trail_watch import central_in_words
from coupon_desk.desk.window import Window
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.trail.shipping_state import ShippingState, ShippingStatus
from coupon_desk.training.shop import TrainingShop
from coupon_desk.words import msg
from tests.central.server import free_port
from tests.desk.conftest import SignIn
from tests.screens.place import PEOPLE
from tests.trail.conftest import tamper

PATIENCE_MS = 30_000
SINCE = datetime(2026, 11, 23, 10, 4, tzinfo=UTC)


@pytest.fixture
def other_key(desk: CouponDesk, shop: TrainingShop, clock: VirtualClock) -> None:
    """Another computer has signed this trail before, with a key of its own."""
    other = CouponDesk.open(desk.home, secrets=training_vault(shop.addresses), clock=clock)
    other.hold()
    other.close()


def texts(strip: AlarmStrip) -> list[str]:
    return [label.text() for label in strip.findChildren(QLabel) if label.text()]


def explain_button(page: WorkPage) -> QPushButton:
    (alarm,) = page.alarms.alarms
    button = page.alarms.findChild(QPushButton, f"explain-{alarm.sequence}")
    assert isinstance(button, QPushButton)
    return button


def test_another_key_is_an_alarm_until_an_administrator_explains_it(other_key: None, desk: CouponDesk, sign_in: SignIn) -> None:
    page = sign_in("owner")
    page.upkeep.watch.look()
    assert page.alarms.isVisible()
    assert "another key signs than before" in texts(page.alarms)[0]
    assert texts(page.alarms)[1].startswith("Work can go on.")
    explain_button(page).click()
    (dialog,) = page.dialogs.open
    assert isinstance(dialog, ExplainDialog)
    assert not dialog.explain.isEnabled()
    dialog.note.setText("The counter got a new computer; the old one is gone.")
    dialog.explain.click()
    assert not page.alarms.isVisible()
    assert desk.trail_alarms() == ()
    assert page.dialogs.open == ()


def test_who_may_not_explain_an_alarm_sees_it_and_why(other_key: None, sign_in: SignIn) -> None:
    page = sign_in("manager")
    page.upkeep.watch.look()
    assert page.alarms.isVisible()
    button = explain_button(page)
    assert not button.isEnabled()
    assert button.toolTip() == button.accessibleDescription() == "Your role (manager) may not change the settings."


def test_an_explanation_that_is_refused_says_why(other_key: None, desk: CouponDesk, sign_in: SignIn) -> None:
    page = sign_in("owner")
    page.upkeep.watch.look()
    explain_button(page).click()
    (dialog,) = page.dialogs.open
    assert isinstance(dialog, ExplainDialog)
    (question,) = desk.trail_alarms()
    desk.proofs.explain(question.sequence, "Explained at the other desk.", page.session)
    dialog.note.setText("Explained here, too.")
    dialog.explain.click()
    assert dialog.problem.isVisible()
    assert "asks for no explanation" in dialog.problem.title.text()
    dialog.reject()


def test_a_broken_trail_stands_over_the_work_and_in_the_status_line(desk: CouponDesk, sign_in: SignIn) -> None:
    page = sign_in("manager")
    assert not page.alarms.isVisible()
    tamper(desk.home / "desk.sqlite3", "UPDATE entries SET entry = replace(entry, 'owner', 'ownet') WHERE sequence = 2")
    page.upkeep.verify()
    assert page.alarms.isVisible()
    assert texts(page.alarms)[0] == "The trail is broken at entry 2: it was changed after it was written."
    assert texts(page.alarms)[1].startswith("Cancel nothing.")
    assert page.status.trail_text.text().startswith("The trail is broken")
    assert page.alarms.findChildren(QPushButton) == []


def test_more_alarms_than_there_is_room_for_are_counted(stage: Stage, qtbot: QtBot) -> None:
    strip = AlarmStrip(stage)
    qtbot.addWidget(strip)
    strip.show_alarms(tuple(Alarm(msg("Alarm {number}", number=number), None) for number in range(4)))
    assert texts(strip) == ["Alarm 0", "Alarm 1", "and 2 more"]
    strip.show_alarms(())
    assert strip.isHidden()


@pytest.mark.parametrize(
    ("state", "behind", "said", "tone"),
    [
        (ShippingStatus.UP_TO_DATE, 0, "Central: up to date", Tone.SUCCESS),
        (ShippingStatus.SENDING, 12, "Central: sending 12 entries", Tone.NEUTRAL),
        (ShippingStatus.WAITING, 12, "Central: 12 entries wait since {since}", Tone.NEUTRAL),
        (ShippingStatus.WAITING, 0, "Central: nothing waits", Tone.NEUTRAL),
        (ShippingStatus.OUT_OF_REACH, 1, "Central: out of reach, 1 entry waits since {since}", Tone.WARN),
        (ShippingStatus.OUT_OF_REACH, 0, "Central: out of reach", Tone.WARN),
        (ShippingStatus.ALARM, 3, "Central: alarm, nothing is sent", Tone.DANGER),
    ],
)
def test_the_lag_is_said_in_words(state: ShippingStatus, behind: int, said: str, tone: Tone) -> None:
    message, found = central_in_words(ShippingState(state, 40, behind, SINCE if behind else None))
    since = msg("{since}", since=SINCE)
    assert str(message) == said.format(since=since)
    assert found is tone


def test_the_status_line_shows_the_centre_only_where_there_is_one_and_never_by_colour_alone(stage: Stage, qtbot: QtBot) -> None:
    line = StatusLine(stage)
    qtbot.addWidget(line)
    line.show()
    line.show_central(None, Tone.NEUTRAL)
    assert not line.central_text.isVisible()
    icons = set()
    for tone in (Tone.SUCCESS, Tone.WARN, Tone.DANGER):
        line.show_central(msg("Central: up to date"), tone)
        assert line.central_text.isVisible()
        icons.add(line.central_icon.pixmap().cacheKey())
    assert len(icons) == 3


@pytest.fixture
def far_desk(filled_home: Path, shop: TrainingShop, clock: VirtualClock, tmp_path: Path) -> Iterator[CouponDesk]:
    """A desk whose central database nobody serves."""
    home = tmp_path / "far"
    shutil.copytree(filled_home, home)
    central = f'\n[central]\nurl = "postgresql+psycopg://desk@127.0.0.1:{free_port()}/coupons"\nrequired = false\n'
    with (home / "config.toml").open("a", encoding="utf-8") as config:
        config.write(central)
    opened = CouponDesk.open(home, secrets=training_vault(shop.addresses), clock=clock)
    yield opened
    opened.close()


def test_a_centre_out_of_reach_is_said_while_work_goes_on(pooled: Stage, far_desk: CouponDesk, qtbot: QtBot) -> None:
    """With the real threads, and garbage collected where it belongs: the trail is shipped on a thread of its own."""
    window = Window(pooled, lambda: far_desk, closes_desk=False)
    window.show()
    window.open_desk()
    qtbot.waitUntil(lambda: window.sign_in_page is not None and window.sign_in_page.form.login.count() > 0)
    assert window.sign_in_page is not None
    window.sign_in_page.form.choose("manager")
    window.sign_in_page.form.pin.setText(PEOPLE[1].pin)
    window.sign_in_page.form.submit()
    qtbot.waitUntil(lambda: window.work_page is not None, timeout=PATIENCE_MS)
    page = window.work_page
    assert page is not None
    qtbot.waitUntil(lambda: page.status.central_text.text().startswith("Central: out of reach, "), timeout=PATIENCE_MS)
    assert page.status.central_text.isVisible()
    qtbot.waitUntil(lambda: page.rows.rowCount() > 0 and not page.upkeep.is_syncing, timeout=PATIENCE_MS)
    assert not page.alarms.isVisible()
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=PATIENCE_MS)
