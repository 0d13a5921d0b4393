"""Keeps this desk's register in step with the directory that all desks share, which is the truth about everybody listed there.

Who is known at this desk only stays so: the first desk publishes its people where the directory is empty, after that an
administrator shares them one by one. A silent centre changes nothing here; what that means is decided by who asks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, TypeVar

from coupon_desk.central.listed import Listed
from coupon_desk.clock import Clock
from coupon_desk.errors import RemoteError
from coupon_desk.people import register
from coupon_desk.people.directory import Directory
from coupon_desk.people.witness import Statement, Witness
from coupon_desk.storage.database import Database

T = TypeVar("T")

LOOK_SECONDS: Final = 2.0
"""How long a person who signs in waits for the centre."""

SILENCE_SECONDS: Final = 5.0
"""For so long after a silence nobody waits again."""

_log = logging.getLogger(__name__)


class Mirror:
    """This desk's copy of the directory. Safe to use from any thread; without a directory nothing is ever asked."""

    def __init__(self, database: Database, witness: Witness, clock: Clock, directory: Directory | None) -> None:
        self._database = database
        self._witness = witness
        self._clock = clock
        self.directory = directory
        self._is_filled = False
        self._silence: tuple[float, RemoteError] | None = None

    def refresh(self, login: str) -> RemoteError | None:
        """Bring one operator up to date from the centre. Tells why that could not be; None where it could, or needn't be."""
        directory = self.directory
        if directory is None:
            return None

        def look() -> None:
            listed = directory.find(login, seconds=LOOK_SECONDS)
            if listed is None and not self._is_filled:
                self._publish(directory)
                listed = directory.find(login, seconds=LOOK_SECONDS)
            self.keep(login, listed)

        return self._try(look)

    def refresh_all(self) -> RemoteError | None:
        """Bring everybody up to date from the centre; see `refresh`."""
        directory = self.directory
        if directory is None:
            return None

        def look() -> None:
            if not self._is_filled:
                self._publish(directory)
            for listed in directory.everybody(seconds=LOOK_SECONDS):
                self.keep(listed.login, listed)

        return self._try(look)

    def keep(self, login: str, listed: Listed | None) -> None:
        """Take over what the directory says of an operator: another role, a disabled login and the like stand in the trail."""
        with self._database.read() as connection:
            kept = register.find(connection, login)
        if listed is None:
            if kept is not None and kept.operator.version:
                with self._database.write() as connection:
                    register.put(connection, register.at_version(kept, 0))
            return
        self._is_filled = True
        if kept is None or kept.operator.version < listed.version:
            with self._witness.writing() as statement:
                take_over(statement, listed)

    def _publish(self, directory: Directory) -> None:
        """Give the people of this desk to a directory that has nobody yet."""
        with self._database.read() as connection:
            people = register.everybody(connection)
        if not people:
            return
        if directory.publish([register.listed_of(one, 1) for one in people], seconds=LOOK_SECONDS):
            logins = [one.operator.login for one in people]
            with self._witness.writing() as statement:
                statement.record("people_published", {"logins": logins}, result="done")
                for one in people:
                    register.put(statement.connection, register.at_version(one, 1))
        self._is_filled = True

    def _try(self, look: Callable[[], None]) -> RemoteError | None:
        silence = self._silence
        if silence is not None and self._clock.monotonic() - silence[0] < SILENCE_SECONDS:
            return silence[1]
        try:
            look()
        except RemoteError as silent:
            _log.info("the centre does not tell about operators: %s", silent)
            self._silence = (self._clock.monotonic(), silent)
            return silent
        self._silence = None
        return None


def take_over(statement: Statement, listed: Listed) -> None:
    """Keep what the directory says, where it is newer than what is kept, and write down what that changes here."""
    new, old = register.kept_of(listed), register.find(statement.connection, listed.login)
    if old is not None and old.operator.version >= listed.version:
        return
    after = _shown(new)
    before = _shown(old) if old is not None else None
    register.put(statement.connection, new)
    if after != before:
        body = {"login": listed.login, "version": listed.version}
        statement.record("operator_mirrored", body, result="done", before=before, after=after)


def _shown(kept: register.Kept) -> dict[str, object]:
    operator = kept.operator
    return {"role": operator.role.value, "disabled": operator.disabled, "stores": list(operator.stores)}
