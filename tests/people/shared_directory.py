"""The directory of all desks in memory, by the same rules as the database's, and a line to it that can be broken."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from coupon_desk.central.listed import Listed, Put, PutOutcome
from coupon_desk.errors import RemoteUnavailable, System
from coupon_desk.words import msg


def silence() -> RemoteUnavailable:
    return RemoteUnavailable(System.CENTRAL, msg("The central database is out of reach."))


@dataclass
class SharedDirectory:
    """What stands in the centre."""

    people: dict[str, Listed] = field(default_factory=dict)
    changes: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def has_admin(self) -> bool:
        return any(one.role == "admin" and not one.disabled for one in self.people.values())


@dataclass
class Line:
    """`people.directory.Directory` as one desk has it. `breaks` names what happens to the next calls, one after the other."""

    directory: SharedDirectory
    is_cut: bool = False
    loses_answers: int = 0
    asked: list[str] = field(default_factory=list)
    before_put: Callable[[], None] = lambda: None

    def find(self, login: str, *, seconds: float) -> Listed | None:
        self._ask(f"find {login}")
        return self.directory.people.get(login)

    def everybody(self, *, seconds: float) -> tuple[Listed, ...]:
        self._ask("everybody")
        return tuple(self.directory.people[login] for login in sorted(self.directory.people))

    def publish(self, people: Sequence[Listed], *, seconds: float) -> bool:
        self._ask("publish")
        with self.directory.lock:
            if self.directory.people:
                return False
            self.directory.people.update({one.login: one for one in people})
        self._answer()
        return True

    def put(self, listed: Listed, *, change: str, by: str, seconds: float) -> Put:
        self.before_put()
        self._ask(f"put {listed.login}")
        with self.directory.lock:
            put = self._put(listed, change, by)
        self._answer()
        return put

    def _put(self, listed: Listed, change: str, by: str) -> Put:
        people = self.directory.people
        there, asker = people.get(listed.login), people.get(by)
        if there is not None and self.directory.changes.get(listed.login) == change:
            return Put(PutOutcome.DONE, there)
        if (there.version if there else 0) != listed.version - 1:
            return Put(PutOutcome.CHANGED, there)
        is_admin = asker is not None and not asker.disabled and asker.role == "admin"
        if not is_admin and not (by == listed.login and _is_theirs(there, listed, is_first=not people)):
            return Put(PutOutcome.NOT_PERMITTED, there)
        people[listed.login] = listed
        if not self.directory.has_admin():
            if there is None:
                del people[listed.login]
            else:
                people[listed.login] = there
            return Put(PutOutcome.LAST_ADMIN, there)
        self.directory.changes[listed.login] = change
        return Put(PutOutcome.DONE, listed)

    def _ask(self, what: str) -> None:
        if self.is_cut:
            raise silence()
        self.asked.append(what)

    def _answer(self) -> None:
        if self.loses_answers:
            self.loses_answers -= 1
            raise silence()


def _is_theirs(there: Listed | None, listed: Listed, *, is_first: bool) -> bool:
    """Whether an operator who is no administrator may make this of themself."""
    if there is None:
        return is_first or listed.source == "oidc"
    if there.source == "oidc":
        return listed.source == "oidc" and there.disabled == listed.disabled and there.subject in {"", listed.subject}
    return _guarded(there) == _guarded(listed)


def _guarded(one: Listed) -> tuple[object, ...]:
    """What only an administrator may change."""
    return one.role, one.stores, one.disabled, one.source, one.subject
