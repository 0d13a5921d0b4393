"""Starts the window. It is on screen before anything else is loaded: its pages come then, and the heavy parts on a worker."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QTimer
from PySide6.QtWidgets import QApplication

from coupon_desk.desk.first_sight import Frame

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.app.setup import Setup
    from coupon_desk.words import Language

    OpenDesk = Callable[[], CouponDesk]
    OpenSetup = Callable[[], Setup]


def run(
    open_desk: OpenDesk,
    *,
    config: Path | None = None,
    open_training: OpenDesk | None = None,
    open_setup: OpenSetup | None = None,
) -> int:
    """Open the window and work until it is closed; returns the exit status.

    `open_desk` is called on a worker and may import what it needs. Where `config` is given and does not exist, the first-run
    page is shown, which offers `open_training` and, with `open_setup`, the assistant.
    """
    application = make_application()
    application.setQuitOnLastWindowClosed(False)
    frame = Frame(config.parent if config is not None else None)
    frame.left.connect(lambda: QTimer.singleShot(0, application.quit))
    furnished: list[_Furnished] = []
    failed: list[Exception] = []

    def furnish() -> None:
        try:
            furnished.append(_Furnished(frame, open_desk, config, open_training, open_setup))
        except Exception as failure:  # nothing can be shown: whoever called tells why
            failed.append(failure)
            application.quit()

    frame.seen.connect(furnish)
    frame.show()
    status = application.exec()
    for one in furnished:
        one.garbage.release()
    for failure in failed:
        raise failure
    return status


class _Furnished:
    """What is loaded when the frame was seen: the window proper, what it remembers, and who collects its garbage."""

    def __init__(
        self,
        frame: Frame,
        open_desk: OpenDesk,
        config: Path | None,
        open_training: OpenDesk | None,
        open_setup: OpenSetup | None,
    ) -> None:
        from coupon_desk.desk.garbage import WindowGarbage
        from coupon_desk.desk.memory import WindowMemory
        from coupon_desk.desk.speech import Speech
        from coupon_desk.desk.stage import Stage
        from coupon_desk.desk.theme import Scheme, Theme
        from coupon_desk.desk.threads import PoolRunner
        from coupon_desk.desk.window import Window

        self.garbage = WindowGarbage()
        stage = Stage(PoolRunner(), Speech(system_language()), Theme(Scheme.SYSTEM))
        memory = WindowMemory(stage, frame)
        if config is not None:
            memory.recall(config.parent)
        stage.theme.apply(stage.speech.language)
        self.window = Window(stage, open_desk, config=config, open_training=open_training, open_setup=open_setup)
        # The training shop's home is known only when it is open.
        self.window.opened.connect(lambda desk: memory.recall(desk.home))
        self.window.opened.connect(lambda _desk: self.garbage.spare_what_is_loaded())
        self.window.closing.connect(memory.keep)
        self.window.closed.connect(lambda: QTimer.singleShot(0, frame, frame.end))
        frame.furnish(self.window)
        # Behind the first page, not before it: whatever opening costs, somebody can type by then.
        QTimer.singleShot(0, self.window, self.window.open_desk)


def make_application() -> QApplication:
    """The one QApplication of the process."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    application = QApplication(sys.argv[:1])
    application.setApplicationName("Coupon Desk")
    application.setDesktopFileName("coupon-desk")
    return application


def system_language() -> Language:
    """The language of this computer where we speak it, else English."""
    from coupon_desk.words import Language

    return Language.of(QLocale.system().name(), Language.EN)
