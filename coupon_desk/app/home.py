"""The home: one folder that holds everything (INTERFACE.md §3), and the lock that keeps it to one working program."""

from __future__ import annotations

import getpass
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from coupon_desk.errors import StorageError
from coupon_desk.words import msg

LOCK_SECONDS: Final = 3.0
"""How long a program waits for the one that works in the home, before it gives up."""


class HomeBusy(StorageError):
    """Another program works in this home; nothing was done."""


def desk_name() -> str:
    """What this desk is called in its trail and its log: this computer's name."""
    return platform.node()[:64] or "desk"


def os_user() -> str | None:
    """Who is signed in to this computer's system; None where it does not say."""
    try:
        return getpass.getuser()[:64]
    except (OSError, KeyError):  # no name in the environment, and none for this user id
        return None


@dataclass(frozen=True, slots=True)
class Home:
    """The folders and files of a home."""

    path: Path

    @property
    def config(self) -> Path:
        """The configuration."""
        return self.path / "config.toml"

    @property
    def database(self) -> Path:
        """The trail, the operators, the catalogue."""
        return self.path / "desk.sqlite3"

    @property
    def receipts(self) -> Path:
        """Receipts as PDF."""
        return self.path / "receipts"

    @property
    def drafts(self) -> Path:
        """Notes that were begun and not handed in."""
        return self.path / "drafts.json"

    @property
    def training_mark(self) -> Path:
        """Stands in the homes of training shops only."""
        return self.path / "training.json"

    def make(self) -> None:
        """Make the folder, readable by its owner alone. Raises StorageError."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as wrong:
            raise StorageError(
                msg("The home {home} cannot be made.", home=str(self.path)),
                done=msg("Nothing was done."),
                todo=msg("Check the rights of the folder, or choose another with --home."),
                detail=str(wrong),
            ) from wrong

    def lock(self) -> HomeLock:
        """The lock of this home, not yet taken."""
        return HomeLock(self.path / "desk.lock")


class HomeLock:
    """One working program per home: what one has begun, another would take for abandoned."""

    def __init__(self, file: Path) -> None:
        self._lock = FileLock(file, thread_local=False)

    def take(self) -> None:
        """Take it, or keep it. Raises HomeBusy when another program has it."""
        if self._lock.is_locked:
            return
        try:
            self._lock.acquire(timeout=LOCK_SECONDS, poll_interval=0.1)
        except Timeout as busy:
            raise HomeBusy(
                msg("Another Coupon Desk is working in this home."),
                done=msg("Nothing was done."),
                todo=msg("Close it, or work there, and try again."),
            ) from busy
        except OSError as wrong:
            raise StorageError(
                msg("The home cannot be written to."),
                done=msg("Nothing was done."),
                todo=msg("Check the rights of the home folder and try again."),
                detail=str(wrong),
            ) from wrong

    def release(self) -> None:
        """Let it go."""
        self._lock.release(force=True)
