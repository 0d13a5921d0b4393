"""The trail's entries, and the index of operations that can be rebuilt from them."""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text

from coupon_desk.storage.tables.metadata import metadata

entries = Table(
    "entries",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("at", String(27), nullable=False),
    Column("desk", String(64), nullable=False),
    Column("actor", String(64)),
    Column("action", String(64), nullable=False),
    Column("operation", String(36)),
    Column("step", String(32)),
    Column("code", String(32)),
    Column("body", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Index("ix_entries_operation", "operation"),
    Index("ix_entries_code", "code"),
    Index("ix_entries_action", "action"),
)

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
    Index("ix_operations_code", "code"),
    Index("ix_operations_due_at", "due_at"),
    Index("ix_operations_has_open_work", "has_open_work"),
    Index("ix_operations_opened_at", "opened_at"),
)
