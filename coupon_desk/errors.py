"""What can go wrong, as a person should hear it: what happened, what was and was not done, what to do next.

One family per room grows from `DeskError`; a room translates the errors of its libraries at its door. The three kinds of
`RemoteError` are the heart of "exactly once": refused (surely not done), unavailable (surely not begun), unknown (may be done).
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import ClassVar

from coupon_desk.words import Language, Message, msg, say


class ExitStatus(IntEnum):
    """The exit status of every command (INTERFACE.md §2); for several coupons the highest of theirs."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    NOT_FINISHED = 4
    NEEDS_A_PERSON = 5


class DeskError(Exception):
    """Something that a person has to know. Never carries a secret; `detail` is for the log only."""

    exit_status: ClassVar[ExitStatus] = ExitStatus.FAILED

    def __init__(self, what: Message, *, done: Message | None = None, todo: Message | None = None, detail: str = "") -> None:
        super().__init__(str(what))
        self.what = what
        self.done = done
        self.todo = todo
        self.detail = detail

    def sentences(self, language: Language) -> str:
        """What happened, what was done, and what to do next, as one text."""
        return " ".join(say(part, language) for part in (self.what, self.done, self.todo) if part is not None)


class ConfigurationError(DeskError):
    """The configuration or the way the program was called is wrong; nothing was done."""

    exit_status = ExitStatus.USAGE


class NotPermitted(DeskError):
    """A rule of the house or a right that is missing refuses this; nothing was done."""

    exit_status = ExitStatus.REFUSED


class StorageError(DeskError):
    """The local database or disk did not do what was asked; what was not written was not done."""


class System(StrEnum):
    """The remote systems."""

    SHOPIFY = "shopify"
    POINTS = "points"
    MAIL = "mail"
    CENTRAL = "central"

    @property
    def label(self) -> Message:
        """What a person calls it."""
        return _SYSTEM_LABELS[self]


_SYSTEM_LABELS = {
    System.SHOPIFY: msg("Shopify"),
    System.POINTS: msg("the point system"),
    System.MAIL: msg("the mail server"),
    System.CENTRAL: msg("the central database"),
}


class RemoteError(DeskError):
    """A remote system did not do what was asked. `request_id` is the remote system's own, for its support."""

    exit_status = ExitStatus.NOT_FINISHED

    def __init__(
        self,
        system: System,
        what: Message,
        *,
        done: Message | None = None,
        todo: Message | None = None,
        detail: str = "",
        request_id: str | None = None,
    ) -> None:
        super().__init__(what, done=done, todo=todo, detail=detail)
        self.system = system
        self.request_id = request_id


class RemoteRefused(RemoteError):
    """The remote system answered that it did not and will not do this; sending it again is useless."""

    exit_status = ExitStatus.NEEDS_A_PERSON


class StaleRecord(RemoteRefused):
    """Somebody changed the customer's record since it was read; nothing was written. Read it and try again."""


class RemoteUnavailable(RemoteError):
    """Proof that nothing was executed: not connected, throttled, told to come back. Trying again is safe.

    A read that got no usable answer ends here too: reading executes nothing.
    """

    def __init__(
        self,
        system: System,
        what: Message,
        *,
        retry_after_seconds: float | None = None,
        done: Message | None = None,
        todo: Message | None = None,
        detail: str = "",
        request_id: str | None = None,
    ) -> None:
        super().__init__(system, what, done=done, todo=todo, detail=detail, request_id=request_id)
        self.retry_after_seconds = retry_after_seconds


class OutcomeUnknown(RemoteError):
    """A write was sent and may or may not have happened: time-out, reset, 5xx, unreadable answer. Look, never resend."""

    exit_status = ExitStatus.NEEDS_A_PERSON
