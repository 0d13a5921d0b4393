"""The local copy of all coupons, what is searched in it, and how far its sync has come.

Times are whole microseconds since 1970, in UTC: they stand in several indexes of a million entries. `id` is the coupon's place
in the order of the table: it grows with the moment of issue, so that newest first is the order of the rows themselves.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text, column, table

from coupon_desk.storage.tables.metadata import metadata

PLACE = BigInteger().with_variant(Integer(), "sqlite")
"""Wide enough everywhere; SQLite makes only `INTEGER PRIMARY KEY` the row's own number."""

BYTEWISE = String(32).with_variant(String(32, collation="C"), "postgresql")
"""Text that is searched by its beginning, and so is ordered byte by byte."""

SORTED = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is put in order byte by byte, as SQLite does."""

NUMBERS = ("expires_at", "starts_at", "points")
"""What filters ask for: every index of `coupons` that leads to many of them holds these, so that none has to be looked up."""

coupons = Table(
    "coupons",
    metadata,
    Column("id", PLACE, primary_key=True, autoincrement=False),
    Column("code", String(32), nullable=False, unique=True),
    Column("code_key", BYTEWISE, nullable=False),
    Column("customer_id", String(64)),
    Column("customer_key", BYTEWISE),
    Column("customer_sort", SORTED, nullable=False, server_default=""),
    Column("customer_name", Text, nullable=False),
    Column("customer_email", Text),
    Column("customer_phone", Text),
    Column("currency", String(3), nullable=False),
    Column("own_status", String(16)),
    Column("record_status", String(12)),
    Column("record_claimed", Boolean, nullable=False),
    Column("record_amount", String(32)),
    Column("record_issued_at", BigInteger),
    Column("record_expires_at", BigInteger),
    Column("record_seen_at", BigInteger),
    Column("discount_id", String(64)),
    Column("discount_usage", Integer, nullable=False),
    Column("discount_amount", String(32)),
    Column("discount_created_at", BigInteger),
    Column("discount_starts_at", BigInteger),
    Column("discount_ends_at", BigInteger),
    Column("discount_seen_at", BigInteger),
    Column("discount_missing", Boolean, nullable=False),
    Column("standing", String(16), nullable=False),
    Column("shelf", String(12), nullable=False),
    Column("issued_at", BigInteger),
    Column("starts_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False, server_default="0"),
    Column("form", Integer, nullable=False, server_default="0"),
    Index("ix_coupons_lean", "id", *NUMBERS, "shelf"),
    Index("ix_coupons_shelf_newest", "shelf", "id", *NUMBERS),
    Index("ix_coupons_shelf_expiry", "shelf", "expires_at", "id", "starts_at", "points"),
    Index("ix_coupons_shelf_starts", "shelf", "starts_at", "id", "expires_at", "points"),
    Index("ix_coupons_shelf_points", "shelf", "points", "id", "expires_at", "starts_at"),
    Index("ix_coupons_shelf_code", "shelf", "code_key", "id", *NUMBERS),
    Index("ix_coupons_shelf_customer", "shelf", "customer_sort", "id", *NUMBERS),
    Index("ix_coupons_customer_key", "customer_key"),
)

coupon_text = table("coupon_text", column("rowid"), column("code"), column("text"))
"""The folded code and the folded texts of each coupon's customer: a full-text table by three characters on SQLite, a plain one
elsewhere.
"""

coupon_grams = table("coupon_grams", column("rowid"), column("grams"))
"""Single characters and pairs of each customer's name, for searches too short for `coupon_text`."""

sync_state = Table(
    "sync_state",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("value", Text, nullable=False),
)
