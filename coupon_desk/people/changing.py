"""Changes operators: at this desk together with the entry about it, and before that in the directory that all desks share.

At one desk a change and its entry are one transaction. In the centre the house's rule holds: written first, then done; so
`people_change_begun` stands before a change of somebody listed there, and the change's own entry, or `people_change_failed`,
after it. What became of a change whose answer was lost shows when the operator is looked up next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from sqlalchemy import Connection

from coupon_desk.central.listed import Listed, Put, PutOutcome
from coupon_desk.errors import NotPermitted, RemoteError, RemoteUnavailable, System
from coupon_desk.people import lockout, register
from coupon_desk.people.directory import Directory
from coupon_desk.people.mirror import Mirror
from coupon_desk.people.operators import Operator
from coupon_desk.people.register import Kept
from coupon_desk.people.witness import Statement, Witness
from coupon_desk.storage.database import Database
from coupon_desk.words import Message, msg

PUT_SECONDS: Final = 6.0
"""How long a change may take in the centre, each of the two times that it is asked."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one operator, as the trail tells it.

    `edit` makes the operator what they shall be, out of what they are (None: nobody). `rules` raises NotPermitted where it may
    not be, given the open transaction. `by` is who does it, `role` as what; None where nobody is known yet.
    """

    action: str
    login: str
    edit: Callable[[Kept | None], Kept]
    rules: Callable[[Connection], None]
    by: str | None
    role: str | None
    facts: Mapping[str, object]
    shown: Callable[[Operator], Mapping[str, object]] | None = None
    ends_lock: bool = False
    shares: bool = False


class Changes:
    """Makes changes, one at a time for each caller. Safe to use from any thread."""

    def __init__(self, database: Database, witness: Witness, mirror: Mirror) -> None:
        self._database = database
        self._witness = witness
        self._mirror = mirror

    def make(self, change: Change) -> Operator:
        """Make the change, in the centre too where the operator is listed there or shall be.

        Raises NotPermitted, RemoteUnavailable, RemoteRefused and StorageError; nothing was changed then, or, after
        `people_change_failed`, what the centre says holds.
        """
        silent = self._mirror.refresh(change.login)
        if silent is not None:
            raise needs_centre(silent)
        with self._database.read() as connection:
            change.rules(connection)
            before = register.find(connection, change.login)
        directory = self._mirror.directory
        is_new = before is None
        if directory is None or not (is_new or change.shares or (before is not None and before.operator.version)):
            return self._here(change)
        return self._everywhere(change, before, directory)

    def _here(self, change: Change) -> Operator:
        with self._witness.writing() as statement:
            change.rules(statement.connection)
            after = change.edit(register.find(statement.connection, change.login))
            return self._write(statement, change, after)

    def _everywhere(self, change: Change, before: Kept | None, directory: Directory) -> Operator:
        version = before.operator.version + 1 if before is not None else 1
        wanted = register.listed_of(change.edit(before), version)
        mark = uuid4().hex
        body = {"action": change.action, "login": change.login, "change": mark, **change.facts}
        self._witness.record("people_change_begun", body, actor=change.by, role=change.role, result="started")
        try:
            answer = self._put(directory, wanted, mark, change.by or change.login)
        except RemoteError as wrong:
            self._fail(change, body, "unanswered" if isinstance(wrong, RemoteUnavailable) else "refused")
            raise
        if answer.outcome is not PutOutcome.DONE:
            self._fail(change, body, answer.outcome.value)
            self._mirror.keep(change.login, answer.there)
            raise _refusal(answer.outcome, change.login)
        return self._finish(change, answer.there or wanted)

    def _put(self, directory: Directory, wanted: Listed, mark: str, by: str) -> Put:
        """Ask once more where the answer was lost: the mark tells the centre that it is the same change."""
        try:
            return directory.put(wanted, change=mark, by=by, seconds=PUT_SECONDS)
        except RemoteUnavailable:
            return directory.put(wanted, change=mark, by=by, seconds=PUT_SECONDS)

    def _finish(self, change: Change, listed: Listed) -> Operator:
        with self._witness.writing() as statement:
            kept = register.find(statement.connection, change.login)
            if kept is not None and kept.operator.version > listed.version:  # changed again, and mirrored meanwhile
                return self._write(statement, change, kept)
            return self._write(statement, change, register.kept_of(listed))

    def _write(self, statement: Statement, change: Change, after: Kept) -> Operator:
        old = register.find(statement.connection, change.login)
        statement.record(
            change.action,
            {"login": change.login, **change.facts},
            actor=change.by,
            role=change.role,
            result="done",
            before=change.shown(old.operator) if change.shown and old is not None else None,
            after=change.shown(after.operator) if change.shown else None,
        )
        register.put(statement.connection, after)
        if change.ends_lock:
            lockout.forget_tries(statement.connection, change.login)
        return after.operator

    def _fail(self, change: Change, body: Mapping[str, object], why: str) -> None:
        self._witness.record(
            "people_change_failed", {**body, "why": why}, actor=change.by, role=change.role, result="failed", reason=why
        )


def needs_centre(silent: RemoteError) -> RemoteError:
    """What is told where operators cannot be changed because the centre does not answer."""
    return RemoteUnavailable(
        System.CENTRAL,
        msg("Operators belong to all desks, and the central database cannot be asked: {why}", why=silent.what),
        done=msg("Nothing was changed."),
        todo=silent.todo,
        detail=silent.detail,
    )


def refused(what: Message, *, todo: Message | None = None) -> NotPermitted:
    """A rule of this room says no."""
    return NotPermitted(what, done=msg("Nothing was done."), todo=todo)


def last_admin() -> NotPermitted:
    """Nobody could manage operators any more."""
    return refused(msg("This is the last administrator."), todo=msg("Add another administrator first."))


def _refusal(outcome: PutOutcome, login: str) -> NotPermitted:
    match outcome:
        case PutOutcome.LAST_ADMIN:
            return last_admin()
        case PutOutcome.NOT_PERMITTED:
            return refused(
                msg("Only an administrator whom all desks know may change operators."),
                todo=msg("Have one of them sign in, or share your login with “coupon-desk people share”."),
            )
        case _:
            return refused(
                msg("{login} was changed at another desk just now.", login=login),
                todo=msg("Look at what stands there and try again."),
            )
