"""What this room needs of the trail, as `trail.Trail` has it: a change of people and its entry are written together."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection

from coupon_desk.people.roles import Right, Role


class Recorder(Protocol):
    """Takes down what people did."""

    def record(
        self,
        action: str,
        body: Mapping[str, object],
        *,
        actor: str | None = None,
        role: str | None = None,
        result: str | None = None,
        reason: str | None = None,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
    ) -> object:
        """Record one thing that `actor` (a login, or nobody known) did: with which result and why, and what it changed."""


class Statement(Recorder, Protocol):
    """One transaction of the witness, in whose database the people are kept."""

    @property
    def connection(self) -> Connection:
        """What else is written here is on disk together with what is recorded, or not at all."""


class Witness(Recorder, Protocol):
    """Writes down what happened, for good; each thing that is recorded by itself in a transaction of its own."""

    def writing(self) -> AbstractContextManager[Statement]:
        """One transaction. Raises StorageError; then nothing was written."""


def note_refusal(witness: Recorder, login: str, role: Role | None, right: Right | None, about: str, why: str) -> None:
    """Record that a right was refused to a login, in which role (None: unknown here), and by which rule."""
    name = role.value if role else ""
    body = {"about": about, "right": right.value if right else "", "role": name, "why": why}
    witness.record("right_refused", body, actor=login, role=name or None, result="refused", reason=why)
