"""How far the trail has come into the central database: one row, which the centre's own head corrects at each contact."""

from sqlalchemy import Column, Integer, String, Table, Text

from coupon_desk.storage.tables.metadata import metadata

shipping = Table(
    "shipping",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("desk", String(64), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("unreachable_at", String(27)),
    Column("alarm", Text),
)
"""`desk` is its name in the centre, `sequence` and `hash` are what the centre confirmed last, `unreachable_at` is when it last
gave no answer (NULL once it did), `alarm` is the open alarm as JSON."""
