"""Slows guessing down: wrong PINs are counted in the database, and after a few the login is locked for longer and longer.

A try is counted before its PIN is checked, so that neither a crash nor many tries at once give free guesses. Logins that
nobody has are counted too, or a lock would tell which logins exist; what was typed is not kept, for it may be a PIN that was
typed into the wrong field.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from coupon_desk.clock import from_text, to_text
from coupon_desk.storage.tables.people import sign_in_tries

FREE_TRIES: Final = 5
"""The fifth wrong PIN locks."""

FIRST_LOCK: Final = timedelta(seconds=30)
LONGEST_LOCK: Final = timedelta(hours=1)
FORGET_AFTER: Final = timedelta(hours=24)
"""A login that nobody tried for so long starts afresh."""

_CROWD: Final = 1024


@dataclass(frozen=True, slots=True)
class Try:
    """One counted try. `locked_until` is when the next one may be made, if this one fails."""

    failures: int
    locked_until: datetime | None
    is_refused: bool


def key_of(login: str, *, is_known: bool) -> str:
    """Under which name tries are counted: unknown logins share a fixed number of names, from which none can be read back."""
    if is_known:
        return login
    return f"?{int.from_bytes(hashlib.blake2b(login.encode(), digest_size=8).digest()) % _CROWD}"


def lock_after(failures: int) -> timedelta | None:
    """How long so many wrong PINs lock: nothing at first, then 30 seconds, doubling up to an hour."""
    if failures < FREE_TRIES:
        return None
    doublings = min(failures - FREE_TRIES, 16)
    return min(FIRST_LOCK * (1 << doublings), LONGEST_LOCK)


def count_try(connection: Connection, key: str, now: datetime) -> Try:
    """Count a try, or refuse it while the lock lasts. Call in a writing transaction of its own, before the PIN is checked."""
    row = _row(connection, key, now)
    failures = row.failures
    locked_until = from_text(row.locked_until) if row.locked_until else None
    if locked_until is not None and locked_until > now:
        if locked_until > now + LONGEST_LOCK:  # the clock was set back since
            locked_until = now + LONGEST_LOCK
            _keep(connection, key, failures, locked_until, now)
        return Try(failures, locked_until, is_refused=True)
    if now - from_text(row.last_at) > FORGET_AFTER:
        failures = 0
    failures += 1
    lock = lock_after(failures)
    locked_until = now + lock if lock else None
    _keep(connection, key, failures, locked_until, now)
    return Try(failures, locked_until, is_refused=False)


def forget_tries(connection: Connection, key: str) -> None:
    """Start afresh: the PIN was right, or an administrator has set a new one."""
    connection.execute(delete(sign_in_tries).where(sign_in_tries.c.key == key))


def _row(connection: Connection, key: str, now: datetime) -> Row[Any]:
    """The row of the key, made where there is none, and held until the transaction ends: two tries at once count as two."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    fresh = {"key": key, "failures": 0, "last_at": to_text(now)}
    connection.execute(insert(sign_in_tries).values(fresh).on_conflict_do_nothing())
    return connection.execute(select(sign_in_tries).where(sign_in_tries.c.key == key).with_for_update()).one()


def _keep(connection: Connection, key: str, failures: int, locked_until: datetime | None, now: datetime) -> None:
    connection.execute(
        update(sign_in_tries)
        .where(sign_in_tries.c.key == key)
        .values(failures=failures, locked_until=to_text(locked_until) if locked_until else None, last_at=to_text(now))
    )
