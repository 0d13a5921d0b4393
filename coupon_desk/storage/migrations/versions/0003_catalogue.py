"""The catalogue, its search and its sync."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

place = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
bytewise = sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "coupons",
        sa.Column("id", place, primary_key=True, autoincrement=False),
        sa.Column("code", sa.String(32), nullable=False, unique=True),
        sa.Column("code_key", bytewise, nullable=False),
        sa.Column("customer_id", sa.String(64)),
        sa.Column("customer_key", bytewise),
        sa.Column("customer_name", sa.Text, nullable=False),
        sa.Column("customer_email", sa.Text),
        sa.Column("customer_phone", sa.Text),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("own_status", sa.String(16)),
        sa.Column("record_status", sa.String(12)),
        sa.Column("record_claimed", sa.Boolean, nullable=False),
        sa.Column("record_amount", sa.String(32)),
        sa.Column("record_issued_at", sa.BigInteger),
        sa.Column("record_expires_at", sa.BigInteger),
        sa.Column("record_seen_at", sa.BigInteger),
        sa.Column("discount_id", sa.String(64)),
        sa.Column("discount_usage", sa.Integer, nullable=False),
        sa.Column("discount_amount", sa.String(32)),
        sa.Column("discount_created_at", sa.BigInteger),
        sa.Column("discount_starts_at", sa.BigInteger),
        sa.Column("discount_ends_at", sa.BigInteger),
        sa.Column("discount_seen_at", sa.BigInteger),
        sa.Column("discount_missing", sa.Boolean, nullable=False),
        sa.Column("standing", sa.String(16), nullable=False),
        sa.Column("shelf", sa.String(12), nullable=False),
        sa.Column("issued_at", sa.BigInteger),
        sa.Column("starts_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_coupons_shelf_newest", "coupons", ["shelf", "id", "expires_at", "starts_at"])
    op.create_index("ix_coupons_shelf_expiry", "coupons", ["shelf", "expires_at", "starts_at", "id"])
    op.create_index("ix_coupons_shelf_starts", "coupons", ["shelf", "starts_at", "expires_at", "id"])
    op.create_index("ix_coupons_code_key", "coupons", ["code_key", "shelf", "expires_at", "starts_at", "id"])
    op.create_index("ix_coupons_customer_key", "coupons", ["customer_key"])
    op.create_table(
        "sync_state", sa.Column("name", sa.String(16), primary_key=True), sa.Column("value", sa.Text, nullable=False)
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE coupon_text USING fts5(text, tokenize='trigram case_sensitive 1', columnsize=0)")
        op.execute("CREATE VIRTUAL TABLE coupon_grams USING fts5(grams, tokenize='ascii', detail=none, columnsize=0)")
    else:
        for name, column in (("coupon_text", "text"), ("coupon_grams", "grams")):
            op.create_table(name, sa.Column("rowid", place, primary_key=True), sa.Column(column, sa.Text, nullable=False))
