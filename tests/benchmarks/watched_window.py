"""The program's window as benchmarks drive it: it signs in by itself and tells when the first rows are there."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QWidget

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.training import training_vault
from coupon_desk.desk import application, first_sight
from coupon_desk.desk.window import Window
from coupon_desk.training.addresses import Addresses


def run(home: Path, addresses: Addresses, login: str, pin: str, ready: Callable[[Window], object]) -> NoReturn:
    """Open the desk, sign in, call `ready` with the first rows, and end when the window is closed."""

    class Driven(first_sight.Frame):
        def furnish(self, inside: QWidget) -> None:
            super().furnish(inside)
            assert isinstance(inside, Window)
            self._window = inside
            inside.opened.connect(lambda _desk: QTimer.singleShot(0, self, self.sign_in))

        def sign_in(self) -> None:
            page = self._window.sign_in_page
            assert page is not None
            page.form.choose(login)
            page.form.pin.setText(pin)
            self._window.pages.currentChanged.connect(self.wait_for_rows)
            page.form.submit()

        def wait_for_rows(self) -> None:
            page = self._window.work_page
            if page is not None:
                page.rows.arrived.connect(self.begin, Qt.ConnectionType.SingleShotConnection)

        def begin(self) -> None:
            ready(self._window)

    vars(application)["Frame"] = Driven

    def open_desk() -> CouponDesk:
        return CouponDesk.open(home, secrets=training_vault(addresses))

    sys.exit(application.run(open_desk, config=home / "config.toml"))
