"""A program that works in the home: what its start, its end and a changed configuration leave in the trail, and its signing.

A start that is followed by another start has ended in no good way: the power went, or the program was killed.
"""

from __future__ import annotations

import hashlib
import logging
import platform
import threading
from pathlib import Path
from typing import Final

from coupon_desk.app.settings_trail import differences, flattened
from coupon_desk.errors import DeskError
from coupon_desk.settings import Settings
from coupon_desk.trail.checkpoints import Checkpoints
from coupon_desk.trail.trail import Trail

_log = logging.getLogger(__name__)

STARTED: Final = "program.started"
STOPPED: Final = "program.stopped"
SETTINGS: Final = "settings.changed"

LAST_SECONDS: Final = 5.0
"""So long a program that ends waits for its last checkpoint: a keyring may ask somebody, and nobody may be there any more."""


class WorkingProgram:
    """Begins once, when the home is taken, and ends once. Safe to use from any thread."""

    def __init__(self, home: Path, settings: Settings, trail: Trail, checkpoints: Checkpoints) -> None:
        self._home = home_id(home)
        self._settings = settings
        self._trail = trail
        self._checkpoints = checkpoints
        self._beginning = threading.Lock()
        self._has_begun = False

    def go_on(self) -> None:
        """The first time, say in the trail that the program works here; later, sign what has come. Raises StorageError."""
        with self._beginning:
            if self._has_begun:
                self._checkpoints.keep_up()
                return
            # Before anything is written: whether this is the database that was signed last.
            self._checkpoints.begin()
            self._say_started()
            self._say_settings()
            self._has_begun = True

    def end(self) -> None:
        """Say that the program stops, and sign it. Raises nothing, and may be called on any thread, the window's too."""
        with self._beginning:
            if not self._has_begun:
                return
            self._has_begun = False
        # The window's thread must not wait for a keyring.
        last = threading.Thread(target=self._say_stopped, name="last-checkpoint", daemon=True)
        last.start()
        last.join(LAST_SECONDS)

    def _say_started(self) -> None:
        last = self._trail.newest(STARTED, STOPPED)
        was_cut_off = last is not None and last.action == STARTED
        body = {"home": self._home, "python": platform.python_version(), "system": platform.system()}
        self._trail.record(STARTED, body, result="started", reason="after_cut_off" if was_cut_off else None)

    def _say_settings(self) -> None:
        now = flattened(self._settings)
        last = self._trail.newest(SETTINGS)
        if last is None:
            self._trail.record(SETTINGS, {"settings": now}, result="first")
            return
        before, after = differences(last.body["settings"], now)
        if before or after:
            self._trail.record(SETTINGS, {"settings": now}, result="changed", before=before, after=after)

    def _say_stopped(self) -> None:
        try:
            self._trail.record(STOPPED, {"home": self._home}, result="stopped")
            self._checkpoints.finish()
        except DeskError as wrong:
            _log.info("the end of the program is not in the trail: %s", wrong, extra={"detail": wrong.detail})


def home_id(home: Path) -> str:
    """Tells one home from another without naming its folder, which may bear a person's name."""
    return hashlib.sha256(str(home.expanduser().resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:16]
