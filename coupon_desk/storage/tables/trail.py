"""The trail's entries, the keys that seal personal data in them, and the index of operations that can be rebuilt from them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Computed, Index, Integer, LargeBinary, String, Table, Text, text

from coupon_desk.storage.tables.metadata import metadata


def _found_by(name: str) -> Column[str]:
    """A column that the database reads out of the entry's own text, and so cannot disagree with what was hashed."""
    told = f"CASE WHEN json_valid(entry) THEN json_extract(entry, '$.{name}') END"
    return Column(name, Text, Computed(told, persisted=False))


entries = Table(
    "entries",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("previous", Text, nullable=False),
    Column("entry", Text, nullable=False),
    Column("hash", Text, nullable=False),
    _found_by("at"),
    _found_by("actor"),
    _found_by("action"),
    _found_by("operation"),
    _found_by("step"),
    _found_by("code"),
    _found_by("coupon"),
    _found_by("customer"),
    _found_by("result"),
    Index("ix_entries_at", "at"),
    Index("ix_entries_actor", "actor", "action"),
    Index("ix_entries_action", "action", "result"),
    Index("ix_entries_operation", "operation"),
    Index("ix_entries_step", "step"),
    Index("ix_entries_code", "code", sqlite_where=text("version = 1"), postgresql_where=text("version = 1")),
    Index("ix_entries_coupon", "coupon"),
    Index("ix_entries_customer", "customer"),
    Index("ix_entries_result", "result"),
)
"""`entry` is the exact text that was hashed. Entries of version 1 bear the whole code, those of version 2 its keyed hash."""

_TELLING: Final = ("at", "actor", "action", "operation", "step", "code", "coupon", "customer", "result")

ENTRIES_ON_SQLITE: Final = {
    "entries": (
        "CREATE TABLE entries (sequence INTEGER NOT NULL PRIMARY KEY, version INTEGER NOT NULL, previous TEXT NOT NULL,"
        " entry TEXT NOT NULL, hash TEXT NOT NULL, "
        + ", ".join(
            f"{name} TEXT GENERATED ALWAYS AS (CASE WHEN json_valid(entry) THEN json_extract(entry, '$.{name}') END) VIRTUAL"
            for name in _TELLING
        )
        + ") STRICT"
    ),
    "ix_entries_at": "CREATE INDEX ix_entries_at ON entries (at)",
    "ix_entries_actor": "CREATE INDEX ix_entries_actor ON entries (actor, action)",
    "ix_entries_action": "CREATE INDEX ix_entries_action ON entries (action, result)",
    "ix_entries_operation": "CREATE INDEX ix_entries_operation ON entries (operation)",
    "ix_entries_step": "CREATE INDEX ix_entries_step ON entries (step)",
    "ix_entries_code": "CREATE INDEX ix_entries_code ON entries (code) WHERE version = 1",
    "ix_entries_coupon": "CREATE INDEX ix_entries_coupon ON entries (coupon)",
    "ix_entries_customer": "CREATE INDEX ix_entries_customer ON entries (customer)",
    "ix_entries_result": "CREATE INDEX ix_entries_result ON entries (result)",
    "entries_refuse_update": (
        "CREATE TRIGGER entries_refuse_update BEFORE UPDATE ON entries"
        " BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END"
    ),
    "entries_refuse_delete": (
        "CREATE TRIGGER entries_refuse_delete BEFORE DELETE ON entries"
        " BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END"
    ),
}
"""What a SQLite database says of the table and all that hangs on it; verifying the trail holds it against this."""

subject_keys = Table(
    "subject_keys",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("coupon", String(32), nullable=False, unique=True),
    Column("customer", String(32)),
    Column("key", LargeBinary, nullable=False),
    Column("made_at", String(27), nullable=False),
    Index("ix_subject_keys_customer", "customer"),
)
"""One key per coupon; without it nobody can read what was sealed under it any more."""

trail_secrets = Table(
    "trail_secrets",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
"""What only this database knows: the key of its keyed hashes."""

operations = Table(
    "operations",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("code", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(20), nullable=False),
    Column("operator", String(64), nullable=False),
    Column("points", Integer, nullable=False),
    Column("opened_at", String(27), nullable=False),
    Column("updated_at", String(27), nullable=False),
    Column("due_at", String(27)),
    Column("open_code", String(32), unique=True),
    Column("has_open_work", Boolean, nullable=False),
    Column("bulk", String(36)),
    Column("points_returned", Integer, nullable=False, server_default="0"),
    Index("ix_operations_bulk", "bulk", "code", unique=True),
    Index("ix_operations_code", "code"),
    Index("ix_operations_due_at", "due_at"),
    Index("ix_operations_has_open_work", "has_open_work"),
    Index("ix_operations_opened_at", "opened_at"),
)

allowances = Table(
    "allowances",
    metadata,
    Column("operation", String(36), primary_key=True),
    Column("sequence", Integer, nullable=False),
    Column("operator", String(64), nullable=False),
    Column("customer", String(32)),
    Column("points", Integer, nullable=False),
    Column("counts", Boolean, nullable=False),
    Column("counted_at", String(27)),
    Column("approver", String(64)),
    Column("approved_points", Integer),
    Column("approved_at", String(27)),
    Column("is_unreported", Boolean, nullable=False),
    Index("ix_allowances_operator", "operator"),
    Index("ix_allowances_customer", "customer"),
    Index("ix_allowances_approver", "approver", "approved_at"),
)
"""What counts towards limits. Rows stay when personal data is erased: they hold logins, numbers and a keyed hash alone."""
