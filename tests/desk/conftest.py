"""A window on a real training shop over loopback, on a virtual clock: waiting takes no time."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.training import training_vault
from coupon_desk.clock import VirtualClock
from coupon_desk.desk.garbage import WindowGarbage
from coupon_desk.desk.inline_runner import InlineRunner
from coupon_desk.desk.speech import Speech
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.theme import Scheme, Theme
from coupon_desk.desk.threads import PoolRunner
from coupon_desk.desk.window import Window
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.training.shop import TrainingShop
from coupon_desk.words import Language
from tests.screens.clipped import clipped
from tests.screens.place import MORNING, fill, pin_of

SignIn = Callable[[str], WorkPage]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The offscreen platform says of each window that it keeps no minimum size; that is no fault of ours."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore("does not support propagateSizeHints"))


@pytest.fixture(scope="module", autouse=True)
def garbage_collected_here() -> Iterator[None]:
    """Servers run on threads of this process: a window that Python collected there would crash Qt."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture(autouse=True)
def nothing_left_open(qapp: QApplication) -> Iterator[None]:
    """A window or a running timer that a test leaves behind fails it."""
    yield
    for widget in qapp.topLevelWidgets():
        if isinstance(widget, Window):
            widget.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = [type(widget).__name__ for widget in qapp.topLevelWidgets() if widget.isVisible()]
    running = [
        type(timer.parent()).__name__
        for widget in qapp.topLevelWidgets()
        for timer in widget.findChildren(QTimer)
        if timer.isActive()
    ]
    assert (left, running) == ([], [])


@pytest.fixture(scope="module")
def clock() -> VirtualClock:
    return VirtualClock(MORNING)


@pytest.fixture(scope="module")
def opened_shop(clock: VirtualClock) -> Iterator[TrainingShop]:
    with TrainingShop.start(coupons=60, seed=7, clock=clock) as shop:
        yield shop


@pytest.fixture
def shop(opened_shop: TrainingShop) -> TrainingShop:
    opened_shop.reset()
    return opened_shop


@pytest.fixture(scope="module")
def filled_home(opened_shop: TrainingShop, clock: VirtualClock, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with its people and its list, made once and copied for each test."""
    home = tmp_path_factory.mktemp("filled")
    opened_shop.reset()
    fill(home, opened_shop, clock)
    return home


@pytest.fixture
def desk(filled_home: Path, shop: TrainingShop, clock: VirtualClock, tmp_path: Path) -> Iterator[CouponDesk]:
    home = tmp_path / "home"
    shutil.copytree(filled_home, home)
    opened = CouponDesk.open(home, secrets=training_vault(shop.addresses), clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def stage(qapp: QApplication) -> Stage:
    """Everything runs at once, on this thread, in English and in light."""
    made = Stage(InlineRunner(), Speech(Language.EN), Theme(Scheme.LIGHT))
    made.theme.apply(Language.EN)
    return made


@pytest.fixture
def pooled(qapp: QApplication) -> Iterator[Stage]:
    """The real threads, with garbage collection where it belongs."""
    garbage = WindowGarbage()
    made = Stage(PoolRunner(), Speech(Language.EN), Theme(Scheme.LIGHT))
    made.theme.apply(Language.EN)
    yield made
    ended: list[bool] = []
    made.runner.finish(lambda: ended.append(True))
    garbage.release()
    assert ended == [True]


@pytest.fixture
def window(stage: Stage, desk: CouponDesk, qtbot: QtBot) -> Iterator[Window]:
    """The window in front of the sign-in page."""
    made = Window(stage, lambda: desk, closes_desk=False)
    made.show()
    qtbot.waitExposed(made)
    made.open_desk()
    yield made
    _end(made)


@pytest.fixture
def pooled_window(pooled: Stage, desk: CouponDesk, qtbot: QtBot) -> Iterator[Window]:
    """The same with the real threads."""
    made = Window(pooled, lambda: desk, closes_desk=False)
    made.show()
    made.open_desk()
    qtbot.waitUntil(lambda: made.sign_in_page is not None and made.sign_in_page.form.login.count() > 0)
    yield made
    if made.isVisible():
        made.close()
    qtbot.waitUntil(lambda: not made.isVisible(), timeout=20_000)


@pytest.fixture
def sign_in(window: Window) -> SignIn:
    """Signs an operator in and gives the page that they work on."""

    def sign_in(login: str) -> WorkPage:
        page = window.sign_in_page
        assert page is not None
        page.form.choose(login)
        page.form.pin.setText(pin_of(login))
        page.form.submit()
        assert window.work_page is not None
        return window.work_page

    return sign_in


@pytest.fixture
def page(sign_in: SignIn) -> WorkPage:
    """The manager at work."""
    return sign_in("manager")


@pytest.fixture
def in_view() -> Callable[[QWidget], list[str]]:
    """The texts of a widget that are cut off."""
    return clipped


def _end(window: Window) -> None:
    for dialog in window.work_page.dialogs.open if window.work_page is not None else ():
        dialog.reject()
    window.close()
    window.close()
