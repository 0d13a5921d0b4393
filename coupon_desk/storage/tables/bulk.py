"""Bulk cancellations and the lines of their lists: what was asked for, and what became of lines for which nothing was begun.

What became of all others stands in `operations`, under the bulk cancellation's id. What is said of a job as a whole stands in
the trail, sealed.
"""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from coupon_desk.storage.tables.metadata import metadata

bulk_jobs = Table(
    "bulk_jobs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("operator", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("total", Integer, nullable=False),
    Column("opened_by", Integer, nullable=False),
    Column("opened_at", String(27), nullable=False),
    Column("updated_at", String(27), nullable=False),
    Column("ended_at", String(27)),
    Column("because", Text),
    Index("ix_bulk_jobs_state", "state"),
    Index("ix_bulk_jobs_opened_at", "opened_at"),
)
"""`operator` and `role` are whose work it is now, `opened_by` is the place of the entry that opened it, `because` is why it is
paused, as JSON."""

bulk_rows = Table(
    "bulk_rows",
    metadata,
    Column("bulk", String(36), primary_key=True),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("typed", String(64), nullable=False),
    Column("code", String(32)),
    Column("reason", String(32)),
    Column("note", Text),
    Column("outcome", String(16)),
    Column("rule", String(32)),
    Column("why", Text),
    Index("ix_bulk_rows_code", "code"),
)
"""`code` is NULL where the line bears none, `reason` and `note` where those of the whole hold; `outcome`, `rule` and `why` (as
JSON) are NULL for what waits or was begun."""
