"""What one desk's process is sent to do, as it is told to it over a pipe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from coupon_desk.training.addresses import Addresses
from tests.faults.plan import Plan

OWNER: Final = "owner"
MANAGER: Final = "manager"
CLERK: Final = "clerk"
PINS: Final = {OWNER: "739164", MANAGER: "482915", CLERK: "615273"}
CRASHED: Final = 70
"""The exit status of a process that ended in an error that is not a `DeskError`."""
NO_MUTANT: Final = 71
"""The exit status of a process in which a safeguard could not be taken out, because the program has changed."""
CRASH_FILE: Final = "crash.txt"
STACKS_FILE: Final = "stacks.txt"
"""Where a process writes what it is doing when it is asked with SIGUSR1."""
MISHAPS_FILE: Final = "mishaps.txt"


@dataclass(frozen=True, slots=True)
class Errand:
    """One process: which desk's, the so-manieth of that desk, on which coupon. `in_trouble`: the plan's mishaps befall it.

    A desk with an unfinished operation resumes, another cancels the coupon if `may_cancel`. `decides`: second persons look at
    what waits for them; `answers`: somebody answers what needs a person. `takes_over` is another desk's operation.
    """

    home: str
    desk: int
    process: int
    code: str
    addresses: str
    plan: Plan
    in_trouble: bool
    may_cancel: bool
    decides: bool = True
    answers: bool = False
    order: str | None = None
    takes_over: str | None = None
    mutant: str | None = None

    @property
    def folder(self) -> Path:
        """The home's folder."""
        return Path(self.home)

    @property
    def shop(self) -> Addresses:
        """Where the shop is."""
        return Addresses.from_json(self.addresses)

    def to_json(self) -> bytes:
        """As one line."""
        return msgspec.json.encode(self) + b"\n"

    @classmethod
    def from_json(cls, line: bytes) -> Errand:
        """What `to_json` wrote."""
        told: Any = msgspec.json.decode(line)
        return msgspec.convert(told, cls)
