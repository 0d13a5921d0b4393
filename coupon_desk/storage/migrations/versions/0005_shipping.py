"""How far the trail has come into the central database."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "shipping",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("desk", sa.String(64), nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("unreachable_at", sa.String(27)),
        sa.Column("alarm", sa.Text),
    )
