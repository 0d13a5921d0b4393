"""Operators, and the tries to sign in that guard their PINs."""

from sqlalchemy import Boolean, Column, Integer, String, Table, Text

from coupon_desk.storage.tables.metadata import metadata

operators = Table(
    "operators",
    metadata,
    Column("login", String(32), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("role", String(16), nullable=False),
    Column("contacts", Text, nullable=False),
    Column("pin_hash", Text, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", String(27), nullable=False),
    Column("stores", Text, nullable=False, server_default="[]"),
    Column("source", String(8), nullable=False, server_default="pin"),
    Column("subject", Text, nullable=False, server_default=""),
    Column("version", Integer, nullable=False, server_default="0"),
)

sign_in_tries = Table(
    "sign_in_tries",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("locked_until", String(27)),
    Column("last_at", String(27), nullable=False),
)
