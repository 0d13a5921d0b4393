"""Where operators may work, how they sign in, and which version of them the directory of all desks had."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("operators", sa.Column("stores", sa.Text, nullable=False, server_default="[]"))
    op.add_column("operators", sa.Column("source", sa.String(8), nullable=False, server_default="pin"))
    op.add_column("operators", sa.Column("subject", sa.Text, nullable=False, server_default=""))
    op.add_column("operators", sa.Column("version", sa.Integer, nullable=False, server_default="0"))
