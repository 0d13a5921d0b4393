"""What a newly built catalogue has to take over from the one before: our own words, and what was learned while it was built."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any, Final

from sqlalchemy import or_, select

from coupon_desk.catalogue import writing
from coupon_desk.catalogue.facts import Facts, facts_of
from coupon_desk.catalogue.folding import customer_key
from coupon_desk.storage.database import Database
from coupon_desk.storage.tables.catalogue import coupons

ROWS_AT_ONCE: Final = 500

_RECORD: Final = (
    *("record_status", "record_claimed", "record_amount", "record_issued_at", "record_expires_at", "record_seen_at"),
    *("customer_id", "customer_name", "customer_email", "customer_phone"),
)
_DISCOUNT: Final = (
    *("discount_id", "discount_usage", "discount_amount", "discount_created_at", "discount_starts_at"),
    *("discount_ends_at", "discount_seen_at", "discount_missing"),
)


class Succession:
    """From one database to the next. `since` is when the new one began to be built, in the catalogue's microseconds.

    `unreadable` are the keys of customers whose record could not be read, and stays as it was.
    """

    def __init__(self, before: Database, after: Database, since: int, unreadable: Collection[str]) -> None:
        self._before = before
        self._after = after
        self._since = since
        self._unreadable = frozenset(unreadable)

    def codes(self) -> Sequence[str]:
        """The coupons of which the new one may not know the latest."""
        learned = [
            coupons.c.own_status.is_not(None),
            coupons.c.record_seen_at >= self._since,
            coupons.c.discount_seen_at >= self._since,
        ]
        with self._before.read() as connection:
            found = set(connection.scalars(select(coupons.c.code).where(or_(*learned))))
            for keys in _batches(sorted(self._unreadable)):
                kept = coupons.c.customer_key.in_(keys) & coupons.c.record_status.is_not(None)
                found.update(connection.scalars(select(coupons.c.code).where(kept)))
        return sorted(found)

    def carry(self, codes: Collection[str], stopped: Callable[[], bool] = lambda: False) -> bool:
        """Let the new one know the latest of these coupons; False where it was stopped."""
        for batch in _batches(sorted(codes)):
            if stopped():
                return False
            with self._before.read() as connection:
                rows = connection.execute(select(coupons).where(coupons.c.code.in_(batch)))
                known = {row.code: facts_of(row) for row in rows}
            with self._after.write() as connection:
                changes = {code: partial(self._merged, known.get(code)) for code in batch}
                writing.carry_out(connection, writing.plan(connection, changes))
        return True

    def _merged(self, old: Facts | None, new: Facts) -> Facts:
        if old is None:  # somebody had it forgotten meanwhile
            return Facts(new.code)
        taken: dict[str, Any] = {"own_status": old.own_status, "updated_at": max(old.updated_at, new.updated_at)}
        is_unreadable = new.record_status is None and customer_key(old.customer_id) in self._unreadable
        if is_unreadable or (old.record_seen_at or 0) >= self._since:
            taken |= {name: getattr(old, name) for name in _RECORD}
        if (old.discount_seen_at or 0) >= self._since:
            taken |= {name: getattr(old, name) for name in _DISCOUNT}
        if new.customer_id is None:
            taken["customer_id"] = old.customer_id
        return replace(new, **taken)


def _batches(items: Sequence[str]) -> Iterator[list[str]]:
    iterator = iter(items)
    while batch := list(islice(iterator, ROWS_AT_ONCE)):
        yield batch
