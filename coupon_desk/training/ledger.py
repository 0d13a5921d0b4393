"""The point system's accounts: balance, history, and what it remembers of idempotency keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from coupon_desk.coupons.points import EntryType, PointEntry


@dataclass(slots=True)
class Account:
    """One customer's points; entries oldest first."""

    id: str
    entries: list[PointEntry]

    @property
    def balance(self) -> int:
        """What the customer has."""
        return (self.entries[-1].balance or 0) if self.entries else 0

    def add(self, points: int, reason: str, reference: str | None, at: datetime) -> PointEntry:
        """Write one entry; negative points deduct."""
        kind = EntryType.ADD if points > 0 else EntryType.DEDUCT
        entry = PointEntry(entry_id(self.id, len(self.entries)), kind, points, reason, reference, at, self.balance + points)
        self.entries.append(entry)
        return entry

    def seen(self, until: datetime | None) -> list[PointEntry]:
        """The history newest first, as it was at a moment."""
        return [entry for entry in reversed(self.entries) if until is None or entry.created_at <= until]


@dataclass(slots=True)
class Ledger:
    """All accounts. `open` makes the untouched ones when they are first asked for. Not locked: the world that owns it is."""

    open: Callable[[str], list[PointEntry] | None]
    keys: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    _accounts: dict[str, Account | None] = field(default_factory=dict)
    _changed: dict[str, Account] = field(default_factory=dict)

    def account(self, account_id: str) -> Account | None:
        """An account; None for a customer whom the point system does not know."""
        if account_id in self._accounts:
            return self._accounts[account_id]
        history = self.open(account_id)
        return None if history is None else Account(account_id, history)

    def put(self, account_id: str, history: list[PointEntry] | None) -> None:
        """An account as it always was; None takes it away."""
        self._accounts[account_id] = None if history is None else Account(account_id, history)

    def add(self, account_id: str, points: int, reason: str, reference: str | None, at: datetime) -> PointEntry | None:
        """Write one entry; None for an unknown customer."""
        account = self.account(account_id)
        if account is None:
            return None
        self._accounts[account_id] = self._changed[account_id] = account
        return account.add(points, reason, reference, at)

    def changed(self) -> Iterable[Account]:
        """The accounts that were written to since the shop opened."""
        return tuple(self._changed.values())


def entries(account: str, moves: list[tuple[datetime, int, str, str | None]]) -> list[PointEntry]:
    """A point history from moves (when, signed points, reason, reference), oldest first, with running balance."""
    history: list[PointEntry] = []
    balance = 0
    for at, points, reason, reference in sorted(moves, key=lambda move: move[0]):
        balance += points
        kind = EntryType.ADD if points > 0 else EntryType.DEDUCT
        history.append(PointEntry(entry_id(account, len(history)), kind, points, reason, reference, at, balance))
    return history


def entry_id(account: str, place: int) -> str:
    """The id of the entry at a place in an account's history, from 0."""
    return f"pt-{account}-{place + 1:04d}"
