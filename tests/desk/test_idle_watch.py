"""Who touches the window is there, whichever window of the desk it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from pytestqt.qtbot import QtBot

from coupon_desk.clock import VirtualClock
from coupon_desk.desk.idle_watch import IdleWatch
from coupon_desk.people.idle import IdleLock

AFTER_SECONDS = 60.0
NOWHERE = QPointF(1, 1)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))


@pytest.fixture
def lock(clock: VirtualClock) -> IdleLock:
    return IdleLock(clock, AFTER_SECONDS)


@pytest.fixture
def window(lock: IdleLock, qtbot: QtBot) -> Iterator[QWidget]:
    made = QWidget()
    watch = IdleWatch(lock, made)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    watch.begin()
    yield made
    watch.end()
    made.close()


def key() -> QKeyEvent:
    return QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier, "a")


def movement() -> QMouseEvent:
    none = Qt.MouseButton.NoButton
    return QMouseEvent(QEvent.Type.MouseMove, NOWHERE, NOWHERE, none, none, Qt.KeyboardModifier.NoModifier)


@pytest.mark.parametrize("touch", [key, movement])
def test_a_key_or_a_movement_begins_the_time_anew(
    window: QWidget, lock: IdleLock, clock: VirtualClock, touch: Callable[[], QEvent]
) -> None:
    clock.sleep(AFTER_SECONDS - 1)
    QApplication.sendEvent(window.windowHandle(), touch())
    clock.sleep(AFTER_SECONDS - 1)
    assert not lock.is_due()
    clock.sleep(2)
    assert lock.is_due()


def test_a_key_in_a_dialog_counts_as_well(window: QWidget, lock: IdleLock, clock: VirtualClock, qtbot: QtBot) -> None:
    dialog = QDialog(window)
    dialog.open()
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    clock.sleep(AFTER_SECONDS - 1)
    QApplication.sendEvent(dialog.windowHandle(), key())
    assert lock.seconds_left() == AFTER_SECONDS
    dialog.close()


def test_what_nobody_does_is_no_touch(window: QWidget, lock: IdleLock, clock: VirtualClock) -> None:
    clock.sleep(AFTER_SECONDS - 1)
    window.resize(300, 200)
    window.repaint()
    QApplication.processEvents()
    assert lock.seconds_left() == 1


def test_it_tells_when_nobody_was_there_for_so_long(window: QWidget, clock: VirtualClock, qtbot: QtBot) -> None:
    watch = window.findChild(IdleWatch)
    assert isinstance(watch, IdleWatch)
    with qtbot.waitSignal(watch.due, timeout=10_000):
        clock.sleep(AFTER_SECONDS)
