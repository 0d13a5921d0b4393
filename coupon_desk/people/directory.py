"""What the people of one desk need of the directory that all desks share, as `central.directory` has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from coupon_desk.central.listed import Listed, Put


class Directory(Protocol):
    """The operators of one shop in the central database. Safe to use from any thread.

    All methods raise RemoteUnavailable and RemoteRefused; `seconds` is how long the answer may take.
    """

    def find(self, login: str, *, seconds: float) -> Listed | None:
        """The operator with this login, disabled or not."""

    def everybody(self, *, seconds: float) -> tuple[Listed, ...]:
        """All operators by login, disabled ones too."""

    def publish(self, people: Sequence[Listed], *, seconds: float) -> bool:
        """Add all of them, as version 1, where the directory has nobody yet; False, and nothing done, where it has somebody."""

    def put(self, listed: Listed, *, change: str, by: str, seconds: float) -> Put:
        """Make the operator what `listed` says, where they stand at version `listed.version - 1` (0: not listed), or nothing.

        `change` is the id of this very change: asked again after a lost answer, what was done already is told as DONE. `by` is
        the login of who asks: an enabled administrator of the directory, or the operator themself.
        """
