"""Bulk cancellations with their lists, and to which of them an operation belongs."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("operations", sa.Column("bulk", sa.String(36)))
    op.add_column("operations", sa.Column("points_returned", sa.Integer, nullable=False, server_default="0"))
    op.create_index("ix_operations_bulk", "operations", ["bulk", "code"], unique=True)
    op.create_table(
        "bulk_jobs",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("operator", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("opened_by", sa.Integer, nullable=False),
        sa.Column("opened_at", sa.String(27), nullable=False),
        sa.Column("updated_at", sa.String(27), nullable=False),
        sa.Column("ended_at", sa.String(27)),
        sa.Column("because", sa.Text),
    )
    op.create_index("ix_bulk_jobs_state", "bulk_jobs", ["state"])
    op.create_index("ix_bulk_jobs_opened_at", "bulk_jobs", ["opened_at"])
    op.create_table(
        "bulk_rows",
        sa.Column("bulk", sa.String(36), primary_key=True),
        sa.Column("line", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("typed", sa.String(64), nullable=False),
        sa.Column("code", sa.String(32)),
        sa.Column("reason", sa.String(32)),
        sa.Column("note", sa.Text),
        sa.Column("outcome", sa.String(16)),
        sa.Column("rule", sa.String(32)),
        sa.Column("why", sa.Text),
    )
    op.create_index("ix_bulk_rows_code", "bulk_rows", ["code"])
