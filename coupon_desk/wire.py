"""A write to a remote system in two halves: prepared and written to the trail first, sent second.

What is sent is byte for byte what the trail holds, so that a request can be told apart, looked for, and repeated unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from coupon_desk.errors import System


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """A write that has not been sent. `call` names it, `target` is its path or id, `body` its exact text.

    `key` is its idempotency key. Holds no secret: the credentials are added when it is sent.
    """

    system: System
    call: str
    target: str
    body: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A write that surely happened. `server_time` is the remote clock's `Date`, None where it was not sent."""

    body: str
    request_id: str | None = None
    server_time: datetime | None = None
