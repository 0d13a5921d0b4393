"""Creates the schema of the central database, brings an older one up to date, and puts the rights in order. Idempotent."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from coupon_desk import VERSION
from coupon_desk.central.administration import AUDITORS, DESKS, OWNER
from coupon_desk.central.refusals import SchemaMismatch
from coupon_desk.central.version import KNOWN
from coupon_desk.errors import RemoteRefused, System
from coupon_desk.words import msg

if TYPE_CHECKING:
    import psycopg

OLDEST_SERVER: Final = 130000
"""PostgreSQL 13, as libpq numbers versions."""


@dataclass(frozen=True, slots=True)
class Step:
    """One version of the schema: what leads to it, who may do what with that, and the oldest version whose programs go on.

    The rights are put in order again at every `prepare`, and so mend what somebody has changed.
    """

    version: int
    structure: tuple[str, ...]
    rights: str
    serves_since: int


STEPS: Final = (
    Step(1, ("0001_entries.sql",), "0001_rights.sql", serves_since=1),
    Step(2, ("0002_claims.sql",), "0002_rights.sql", serves_since=1),
    Step(3, ("0003_allowances.sql", "0003_requests.sql", "0003_people.sql"), "0003_rights.sql", serves_since=1),
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What `prepare` found and what stands there now; `before` is None where there was nothing."""

    before: int | None
    version: int


def prepare(connection: psycopg.Connection[Any], steps: tuple[Step, ...] = STEPS) -> Prepared:
    """Bring roles, schema and rights to what this program needs, in the administrator's open transaction.

    Raises SchemaMismatch for a newer schema, RemoteRefused where the server is too old or the schema is somebody else's.
    """
    if connection.info.server_version < OLDEST_SERVER:
        raise RemoteRefused(
            System.CENTRAL,
            msg("The server of the central database is too old; PostgreSQL 13 or newer is needed."),
            done=msg("Nothing was done."),
            todo=msg("Take a newer server."),
            detail=str(connection.info.server_version),
        )
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('coupon_desk'))")
    _make_groups(connection)
    _make_schema(connection)
    before = _version(connection)
    if before is not None and before > KNOWN:
        raise SchemaMismatch(before, is_newer=True)
    for step in steps:
        if before is None or step.version > before:
            for name in step.structure:
                connection.execute(_script(name))
            connection.execute(
                "INSERT INTO coupon_desk.schema_version (version, serves_since, program) VALUES (%s, %s, %s)",
                (step.version, step.serves_since, VERSION),
            )
    for step in steps:
        connection.execute(_script(step.rights))
    connection.execute("RESET ROLE")
    return Prepared(before, max(before or 0, steps[-1].version))


def _make_groups(connection: psycopg.Connection[Any]) -> None:
    for name in (OWNER, DESKS, AUDITORS):
        if not _one(connection, "SELECT count(*) FROM pg_roles WHERE rolname = %s", name):
            connection.execute(f"CREATE ROLE {name} NOLOGIN".encode())
    # Since PostgreSQL 16 who makes a role may give it to himself, but does not have it yet.
    kind = "SET" if connection.info.server_version >= 160000 else "MEMBER"
    if not _one(connection, "SELECT pg_has_role(%s::name, %s)", OWNER, kind):
        connection.execute(f"GRANT {OWNER} TO CURRENT_USER".encode())
    if _one(connection, "SELECT has_database_privilege(current_database()::text, %s)", "CONNECT WITH GRANT OPTION"):
        database = connection.info.dbname.replace('"', '""')
        connection.execute(f'GRANT CONNECT ON DATABASE "{database}" TO {DESKS}, {AUDITORS}'.encode())


def _make_schema(connection: psycopg.Connection[Any]) -> None:
    owner = _one(
        connection,
        "SELECT (SELECT pg_get_userbyid(nspowner)::text FROM pg_namespace WHERE nspname = %s)",
        "coupon_desk",
    )
    if owner is None:
        connection.execute(f"CREATE SCHEMA coupon_desk AUTHORIZATION {OWNER}".encode())
    elif owner != OWNER:
        raise RemoteRefused(
            System.CENTRAL,
            msg("The database has a schema “coupon_desk” that belongs to somebody else ({owner}).", owner=str(owner)),
            done=msg("Nothing was done."),
            todo=msg("Use another database."),
        )
    connection.execute(f"SET LOCAL ROLE {OWNER}".encode())
    connection.execute(
        "CREATE TABLE IF NOT EXISTS coupon_desk.schema_version (version integer PRIMARY KEY, serves_since integer NOT NULL, "
        "applied_at timestamptz NOT NULL DEFAULT now(), program text NOT NULL)"
    )


def _version(connection: psycopg.Connection[Any]) -> int | None:
    found = _one(connection, "SELECT max(version) FROM coupon_desk.schema_version")
    return found if isinstance(found, int) else None


def _one(connection: psycopg.Connection[Any], query: str, *values: object) -> object:
    row = connection.execute(query.encode(), values).fetchone()
    return row[0] if row is not None else None


def _script(name: str) -> bytes:
    return (files("coupon_desk.central") / "sql" / name).read_bytes()
