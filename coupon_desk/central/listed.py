"""One operator as the directory of all desks holds them, and what became of a change there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Listed:
    """One operator in the central directory. `role` and `source` are codes of the room `people`, which alone knows their sense.

    `pin_hash` is empty where the operator has no PIN; `subject` is who they are at the company's provider, empty where unknown.
    `version` is 1 for an operator who was just added and counts up with each change.
    """

    login: str
    name: str
    role: str
    contacts: tuple[str, ...] = field(repr=False)
    stores: tuple[str, ...]
    pin_hash: str = field(repr=False)
    disabled: bool
    source: str
    subject: str = field(repr=False)
    created_at: datetime
    version: int


class PutOutcome(StrEnum):
    """What the directory made of a change."""

    DONE = "done"
    CHANGED = "changed"
    LAST_ADMIN = "last_admin"
    NOT_PERMITTED = "not_permitted"


@dataclass(frozen=True, slots=True)
class Put:
    """The outcome of a change, and the operator as they stand in the directory now; None where they are not in it.

    CHANGED: somebody else changed them since the version that was expected. LAST_ADMIN: nobody could manage operators any
    more. NOT_PERMITTED: who asked is no enabled administrator in the directory.
    """

    outcome: PutOutcome
    there: Listed | None
