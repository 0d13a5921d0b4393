"""What this room needs of the trail, as `trail.Trail` has it: a change of people and its entry are written together."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection


class Statement(Protocol):
    """One transaction of the witness, in whose database the people are kept."""

    @property
    def connection(self) -> Connection:
        """What else is written here is on disk together with what is recorded, or not at all."""

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


class Witness(Protocol):
    """Writes down what happened, for good."""

    def writing(self) -> AbstractContextManager[Statement]:
        """One transaction. Raises StorageError; then nothing was written."""

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
    ) -> None:
        """Record one thing in a transaction of its own."""
