"""The catalogue in any order and within ranges; its words with the customers' numbers.

What is derived from the facts about a coupon has a new form. The facts stay; the next sync is a full one, meets every coupon,
and writes what is derived of it anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

place = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ordered = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
numbers = ["expires_at", "starts_at", "points"]


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.add_column("coupons", sa.Column("customer_sort", ordered, nullable=False, server_default=""))
    op.add_column("coupons", sa.Column("points", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("coupons", sa.Column("form", sa.Integer, nullable=False, server_default="0"))
    for name in ("shelf_newest", "shelf_expiry", "shelf_starts", "code_key"):
        op.drop_index(f"ix_coupons_{name}", "coupons")
    op.create_index("ix_coupons_lean", "coupons", ["id", *numbers, "shelf"])
    op.create_index("ix_coupons_shelf_newest", "coupons", ["shelf", "id", *numbers])
    op.create_index("ix_coupons_shelf_expiry", "coupons", ["shelf", "expires_at", "id", "starts_at", "points"])
    op.create_index("ix_coupons_shelf_starts", "coupons", ["shelf", "starts_at", "id", "expires_at", "points"])
    op.create_index("ix_coupons_shelf_points", "coupons", ["shelf", "points", "id", "expires_at", "starts_at"])
    op.create_index("ix_coupons_shelf_code", "coupons", ["shelf", "code_key", "id", *numbers])
    op.create_index("ix_coupons_shelf_customer", "coupons", ["shelf", "customer_sort", "id", *numbers])
    if is_sqlite:
        _widen_the_full_text()
    else:
        op.add_column("coupon_text", sa.Column("code", sa.Text, nullable=False, server_default=""))
        op.execute("UPDATE coupon_text SET code = coupons.code_key FROM coupons WHERE coupons.id = coupon_text.rowid")
    op.execute("DELETE FROM sync_state WHERE name = 'shopify'")


def _widen_the_full_text() -> None:
    op.rename_table("coupon_text", "older_text")
    op.execute("CREATE VIRTUAL TABLE coupon_text USING fts5(code, text, tokenize='trigram case_sensitive 1', columnsize=0)")
    op.execute(
        "INSERT INTO coupon_text (rowid, code, text) "
        "SELECT older_text.rowid, coupons.code_key, older_text.text "
        "FROM older_text JOIN coupons ON coupons.id = older_text.rowid"
    )
    op.drop_table("older_text")
