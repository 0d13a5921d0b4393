"""A desk on the training shop with a virtual clock, and its window: what is pictured is the same each time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.home import Home
from coupon_desk.app.training import training_config, training_vault
from coupon_desk.clock import VirtualClock
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.window import Window
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.people.operators import NewOperator, Session
from coupon_desk.people.roles import Role
from coupon_desk.training.shop import TrainingShop

PEOPLE: Final = (
    NewOperator("owner", "Kenji Watanabe", Role.ADMIN, "739164"),
    NewOperator("manager", "Mika Tanaka", Role.MANAGER, "482915"),
    NewOperator("clerk", "Daniel Weber", Role.CLERK, "615273"),
)
MORNING: Final = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def pin_of(login: str) -> str:
    """The PIN of one of the operators."""
    return next(person.pin for person in PEOPLE if person.login == login)


def fill(home: Path, shop: TrainingShop, clock: VirtualClock) -> None:
    """Make a home with its operators and its list of coupons."""
    (home / "config.toml").write_text(training_config(shop.addresses), encoding="utf-8")
    Home(home).training_mark.touch()
    opened = CouponDesk.open(home, secrets=training_vault(shop.addresses), clock=clock)
    opened.people.add(PEOPLE[0], None)
    owner = opened.people.sign_in("owner", PEOPLE[0].pin)
    for person in PEOPLE[1:]:
        opened.people.add(person, owner)
    opened.sync(full=True)
    opened.close()


@dataclass(slots=True)
class Place:
    """One open desk and the window on it."""

    shop: TrainingShop
    desk: CouponDesk
    window: Window
    stage: Stage

    def session(self, login: str) -> Session:
        """Somebody else at work, beside the window."""
        return self.desk.people.sign_in(login, pin_of(login))

    def sign_in(self, login: str) -> WorkPage:
        """Somebody signs in at the window."""
        self.window.switch()
        page = self.window.sign_in_page
        assert page is not None
        page.form.choose(login)
        page.form.pin.setText(pin_of(login))
        page.form.submit()
        assert self.window.work_page is not None
        return self.window.work_page


@contextmanager
def opened_place(folder: Path, stage: Stage) -> Iterator[Place]:
    """A shop, a desk in a folder of its own, and its window at the sign-in page, 1280 × 720 pixels large."""
    clock = VirtualClock(MORNING)
    home = folder / "home"
    home.mkdir(parents=True)
    with TrainingShop.start(coupons=60, seed=7, clock=clock) as shop:
        fill(home, shop, clock)
        desk = CouponDesk.open(home, secrets=training_vault(shop.addresses), clock=clock)
        window = Window(stage, lambda: desk, closes_desk=False)
        window.resize(1280, 720)
        window.show()
        window.open_desk()
        try:
            yield Place(shop, desk, window, stage)
        finally:
            if window.work_page is not None:
                for dialog in window.work_page.dialogs.open:
                    dialog.reject()
            window.close()
            window.close()
            window.deleteLater()
            QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            desk.close()
            shutil.rmtree(home)
