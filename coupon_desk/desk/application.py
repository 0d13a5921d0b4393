"""Starts the window. It is on screen before the heavy parts are loaded: they come in with the desk, on a worker."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QLocale, QTimer
from PySide6.QtWidgets import QApplication

from coupon_desk.desk.garbage import WindowGarbage
from coupon_desk.desk.memory import WindowMemory
from coupon_desk.desk.speech import Speech
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.theme import Scheme, Theme
from coupon_desk.desk.threads import PoolRunner
from coupon_desk.desk.window import OpenDesk, Window
from coupon_desk.words import Language


def run(open_desk: OpenDesk, *, config: Path | None = None, open_training: OpenDesk | None = None) -> int:
    """Open the window and work until it is closed; returns the exit status.

    `open_desk` is called on a worker and may import what it needs. Where `config` is given and does not exist, the first-run
    page is shown, which offers `open_training`.
    """
    application = make_application()
    garbage = WindowGarbage()
    stage = Stage(PoolRunner(), Speech(system_language()), Theme(Scheme.SYSTEM))
    stage.theme.apply(stage.speech.language)
    window = Window(stage, open_desk, config=config, open_training=open_training)
    memory = WindowMemory(stage, window)
    if config is not None:
        memory.recall(config.parent)
    # The training shop's home is known only when it is open.
    window.opened.connect(lambda desk: memory.recall(desk.home))
    window.opened.connect(lambda _desk: garbage.spare_what_is_loaded())
    window.closing.connect(memory.keep)
    application.setQuitOnLastWindowClosed(False)
    window.closed.connect(lambda: QTimer.singleShot(0, application.quit))
    window.show()
    # After the first paint: whatever opening costs, the window is already there.
    QTimer.singleShot(0, window, window.open_desk)
    status = application.exec()
    garbage.release()
    return status


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
    return Language.of(QLocale.system().name(), Language.EN)
