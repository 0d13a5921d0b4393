"""What counts towards the limits of operators and customers, and towards those of approvers."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "allowances",
        sa.Column("operation", sa.String(36), primary_key=True),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("operator", sa.String(64), nullable=False),
        sa.Column("customer", sa.String(32)),
        sa.Column("points", sa.Integer, nullable=False),
        sa.Column("counts", sa.Boolean, nullable=False),
        sa.Column("counted_at", sa.String(27)),
        sa.Column("approver", sa.String(64)),
        sa.Column("approved_points", sa.Integer),
        sa.Column("approved_at", sa.String(27)),
        sa.Column("is_unreported", sa.Boolean, nullable=False),
    )
    op.execute(
        "INSERT INTO allowances (operation, sequence, operator, customer, points, counts, counted_at, is_unreported)"
        " SELECT id, COALESCE((SELECT MIN(sequence) FROM entries WHERE entries.operation = operations.id), 0), operator,"
        " (SELECT MAX(customer) FROM entries WHERE entries.operation = operations.id), points,"
        " kind <> 'invalidate' AND state <> 'refused', opened_at, kind = 'none' FROM operations"
    )
    for name, columns in (("operator", ["operator"]), ("customer", ["customer"]), ("approver", ["approver", "approved_at"])):
        op.create_index(f"ix_allowances_{name}", "allowances", columns)
