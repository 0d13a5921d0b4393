"""The trail as texts that are hashed whole, found by columns that the database reads out of them; keys that seal and hash.

Old entries become version 1: the exact text over which their hash was taken. No hash changes, so that what verified before
verifies now, and what was tampered with before is found at the same entry.
"""

import json
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TELLING = ("at", "actor", "action", "operation", "step", "code", "coupon", "customer", "result")
INDEXES = {
    "at": "(at)",
    "actor": "(actor, action)",
    "action": "(action, result)",
    "operation": "(operation)",
    "step": "(step)",
    "code": "(code) WHERE version = 1",
    "coupon": "(coupon)",
    "customer": "(customer)",
    "result": "(result)",
}
COLUMNS = ("action", "actor", "at", "body", "code", "desk", "operation", "previous", "sequence", "step", "hash")
BATCH = 5_000


def upgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    _set_aside(on_sqlite)
    _make_entries(on_sqlite)
    _copy(on_sqlite)
    op.execute("DROP TABLE entries_before")
    for name, columns in INDEXES.items():
        op.execute(f"CREATE INDEX ix_entries_{name} ON entries {columns}")
    _refuse_changes(on_sqlite)
    op.create_table(
        "subject_keys",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("coupon", sa.String(32), nullable=False, unique=True),
        sa.Column("customer", sa.String(32)),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("made_at", sa.String(27), nullable=False),
    )
    op.create_index("ix_subject_keys_customer", "subject_keys", ["customer"])
    kept = op.create_table(
        "trail_secrets",
        sa.Column("name", sa.String(16), primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )
    op.bulk_insert(kept, [{"name": "keyed_hash", "value": secrets.token_bytes(32)}])


def _set_aside(on_sqlite: bool) -> None:
    """What a person with the file may have removed is not missed."""
    if on_sqlite:
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER IF EXISTS entries_refuse_{verb}")
    else:
        op.execute("DROP TRIGGER IF EXISTS entries_refuse_change ON entries")
    for column in ("operation", "code", "action"):
        op.execute(f"DROP INDEX IF EXISTS ix_entries_{column}")
    op.execute("ALTER TABLE entries RENAME TO entries_before")
    if not on_sqlite:
        for kind in ("pk", "uq"):
            suffix = "" if kind == "pk" else "_hash"
            op.execute(f"ALTER TABLE entries_before DROP CONSTRAINT IF EXISTS {kind}_entries{suffix}")


def _make_entries(on_sqlite: bool) -> None:
    if on_sqlite:
        told = "CASE WHEN json_valid(entry) THEN json_extract(entry, '$.{name}') END) VIRTUAL"
        kind = "STRICT"
    else:
        told, kind = "CAST(entry AS json) ->> '{name}') STORED", ""
    columns = ", ".join(f"{name} TEXT GENERATED ALWAYS AS ({told.format(name=name)}" for name in TELLING)
    op.execute(
        "CREATE TABLE entries (sequence INTEGER NOT NULL PRIMARY KEY, version INTEGER NOT NULL, previous TEXT NOT NULL,"
        f" entry TEXT NOT NULL, hash TEXT NOT NULL, {columns}) {kind}".rstrip()
    )


def _copy(on_sqlite: bool) -> None:
    connection = op.get_bind()
    made = sa.table("entries", *(sa.column(name) for name in ("sequence", "version", "previous", "entry", "hash")))
    for batch in _batches(connection, on_sqlite):
        connection.execute(made.insert(), [_as_text(row) for row in batch])


def _batches(connection: sa.Connection, on_sqlite: bool) -> Iterator[list[Mapping[str, Any]]]:
    """The old rows in their order. As bytes on SQLite: in a file that was tampered with, not every text need be one."""
    place: sa.ColumnClause[int] = sa.column("sequence", sa.Integer)
    texts = [sa.column(name, sa.Text) for name in COLUMNS if name != "sequence"]
    read = [sa.cast(column, sa.LargeBinary).label(column.name) if on_sqlite else column for column in texts]
    before = sa.table("entries_before", place, *texts)
    query = sa.select(place, *read).select_from(before).order_by(place).limit(BATCH)
    rows = connection.execute(query).mappings().all()
    while rows:
        yield [dict(row) for row in rows]
        rows = connection.execute(query.where(place > rows[-1]["sequence"])).mappings().all()


def _as_text(row: Mapping[str, Any]) -> dict[str, Any]:
    """The text over which the old layout took its hash: the body as it stands, everything else written around it in order."""
    told = {name: value.decode("utf-8", "replace") if isinstance(value, bytes) else value for name, value in row.items()}
    fields = [f'"{name}":{told[name] if name == "body" else _json(told[name])}' for name in COLUMNS if name != "hash"]
    return {
        "sequence": told["sequence"],
        "version": 1,
        "previous": told["previous"] or "",
        "entry": "{" + ",".join(fields) + "}",
        "hash": told["hash"] or "",
    }


def _json(value: str | int | None) -> str:
    return json.dumps(value, ensure_ascii=False)


def _refuse_changes(on_sqlite: bool) -> None:
    if not on_sqlite:
        op.execute(
            "CREATE TRIGGER entries_refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON entries "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER entries_refuse_{verb.lower()} BEFORE {verb} ON entries"
            " BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END"
        )
