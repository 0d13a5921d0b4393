"""One call of the program: what the command line asked for, and the home that is opened for it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coupon_desk.cli.asking import own_pin
from coupon_desk.cli.output import Output
from coupon_desk.computer import default_home
from coupon_desk.errors import ConfigurationError
from coupon_desk.people.roles import Right
from coupon_desk.words import Language, msg

if TYPE_CHECKING:
    from coupon_desk.app.desk import CouponDesk
    from coupon_desk.cli.window import Window
    from coupon_desk.logs import Log
    from coupon_desk.people.operators import Session
    from coupon_desk.vault import KeyringVault


class Call:
    """What belongs to one call. `document` is what the command's JSON document holds so far, also when an error ends it."""

    def __init__(self, output: Output, window: Window) -> None:
        self.output = output
        self.window = window
        self.home_asked: Path | None = None
        self.operator: str | None = None
        self.pin = ""
        self.document: dict[str, Any] = {}
        self.desk: CouponDesk | None = None
        self._log: Log | None = None

    @property
    def home(self) -> Path:
        """The home: `--home`, `COUPON_DESK_HOME`, or the platform's usual place."""
        if self.home_asked is not None:
            return self.home_asked.expanduser()
        return default_home()

    def open(self) -> CouponDesk:
        """The desk of this home, opened once. Raises DeskError."""
        if self.desk is None:
            from coupon_desk.app.desk import CouponDesk

            if self.home.is_dir():
                self.log()
            self.desk = CouponDesk.open(self.home, secrets=self.vault() if self._log else None, log=self._log)
            self.log()
        return self.desk

    def reader(self, right: Right | None = Right.SEE, about: str = "") -> tuple[CouponDesk, Session | None]:
        """The desk and who reads; nobody signs in where there is no operator yet. Raises DeskError.

        `right` None: what is called below asks for it.
        """
        desk = self.open()
        if desk.people.is_empty():
            return desk, None
        return desk, self._signed_in(desk, right, about)

    def worker(self, right: Right | None = None, about: str = "") -> tuple[CouponDesk, Session]:
        """The desk, held against other programs, and who works. Raises DeskError.

        `right` is asked for here where nothing below asks for it.
        """
        desk = self.open()
        if desk.people.is_empty():
            raise nobody_yet()
        session = self._signed_in(desk, right, about)
        desk.hold()
        return desk, session

    def vault(self) -> KeyringVault:
        """The keyring of this home; whatever passes through is masked in the log."""
        from coupon_desk.vault import KeyringVault

        return KeyringVault(self.home, revealed=self.log().mask.register)

    def log(self) -> Log:
        """The log of this home, opened once."""
        if self._log is None:
            from coupon_desk.logs import install_excepthook, setup

            self._log = setup(self.home)
            install_excepthook(self._log, self.output.language)
        return self._log

    def close(self) -> None:
        """Let go of what was opened."""
        if self.desk is not None:
            self.desk.close()
            self.desk = None
        if self._log is not None:
            self._log.close()
            self._log = None

    def _signed_in(self, desk: CouponDesk, right: Right | None, about: str) -> Session:
        if self.operator is None:
            raise ConfigurationError(
                msg("This command has to know who you are."),
                done=msg("Nothing was done."),
                todo=msg("Say it with --operator LOGIN."),
            )
        self.pin = own_pin(self.operator, self.output.language)
        session = desk.people.sign_in(self.operator, self.pin)
        if right is not None:
            desk.people.authorise(session, right, about)
        return session


def nobody_yet() -> ConfigurationError:
    """What to raise where there is no operator and somebody has to answer for what is done."""
    return ConfigurationError(
        msg("Nobody works in this home yet."),
        done=msg("Nothing was done."),
        todo=msg("Add the first operator with “coupon-desk people add LOGIN --name NAME --role admin”."),
    )


def language_of_surroundings() -> Language:
    """The language that the operating system tells, English where it is one that we do not speak."""
    if sys.platform == "win32":
        import ctypes
        import locale

        return Language.of(locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage()), Language.EN)
    told = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), None)
    return Language.of(told, Language.EN)
