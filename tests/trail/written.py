"""Writes many entries into a trail at once, as the pen would, for tests that need more of them than they have time for."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlalchemy import insert

from coupon_desk.storage.database import Database
from coupon_desk.storage.tables.trail import entries
from coupon_desk.trail.fields import VERSION
from coupon_desk.trail.pen import Surroundings, head_of
from coupon_desk.trail.verification import entry_hash

AT_ONCE = 5_000


def write_many(database: Database, count: int, text: str = "", at: str = "2026-11-23T09:00:00.000000Z") -> None:
    """So many entries after the newest, each transaction with some thousands of them."""
    template = _template(text, at)
    while count > 0:
        now = min(count, AT_ONCE)
        with database.write() as connection:
            head = head_of(connection)
            connection.execute(insert(entries), list(_rows(template, head.sequence, head.hash, now)))
        count -= now


def _rows(template: str, sequence: int, previous: str, count: int) -> Iterator[dict[str, object]]:
    for number in range(sequence + 1, sequence + count + 1):
        entry = template.replace("NUMBER", str(number))
        digest = entry_hash(VERSION, number, previous.encode(), entry.encode()).decode()
        yield {"sequence": number, "version": VERSION, "previous": previous, "entry": entry, "hash": digest}
        previous = digest


def _template(text: str, at: str) -> str:
    silent = ("actor", "after", "approver", "before", "clock_offset", "code", "coupon", "customer", "operation", "os_user")
    told: dict[str, object] = {
        **dict.fromkeys((*silent, "points", "reason", "result", "role", "sealed", "step")),
        "action": "test.written",
        "app": Surroundings("").app_version,
        "at": at,
        "body": {"number": "NUMBER", "text": text},
        "desk": "till 3",
        "logged_at": at,
        "request_ids": [],
        "v": VERSION,
    }
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
