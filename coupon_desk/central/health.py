"""Looks whether this desk can work with the central database, and whether it may do there no more than it should."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast

from sqlalchemy import Connection, text

from coupon_desk.central.place import Central
from coupon_desk.central.refusals import UnknownDesk
from coupon_desk.errors import RemoteRefused, System
from coupon_desk.words import msg

_GUARDED: Final = ("entries", "claims", "desks", "allowances", "requests", "people", "people_changes")
_TABLES: Final = (*_GUARDED, "schema_version")

# What no desk may, however it came by it; each row of the answer is one right too many.
_TOO_MUCH: Final = text(
    """
    SELECT t.name || ': ' || p.name
    FROM unnest(CAST(:tables AS text[])) AS t (name)
    CROSS JOIN unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES', 'INSERT', 'SELECT']) AS p (name)
    WHERE CASE
        WHEN p.name IN ('UPDATE', 'REFERENCES', 'INSERT', 'SELECT')
        THEN has_any_column_privilege('coupon_desk.' || t.name, p.name)
        ELSE has_table_privilege('coupon_desk.' || t.name, p.name)
    END
    AND (t.name, p.name) NOT IN (('entries', 'INSERT'), ('entries', 'SELECT'), ('schema_version', 'SELECT'))
    UNION ALL
    SELECT 'entries.received_at: INSERT' WHERE has_column_privilege('coupon_desk.entries', 'received_at', 'INSERT')
    UNION ALL
    SELECT 'schema: CREATE' WHERE has_schema_privilege('coupon_desk', 'CREATE')
    UNION ALL
    SELECT 'member of ' || r.rolname FROM pg_roles r
    WHERE r.rolname IN ('coupon_desk_owner', 'coupon_desk_auditor') AND pg_has_role(r.oid, 'MEMBER')
    UNION ALL
    SELECT 'superuser, or may change roles or bypass row security' FROM pg_roles r
    WHERE r.rolname = session_user AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolreplication)
    """
)
# What must be in place; each row is one that is not.
_MISSING: Final = text(
    """
    SELECT c.relname || ': row security' FROM pg_class c
    WHERE c.relnamespace = 'coupon_desk'::regnamespace AND c.relname = ANY (CAST(:guarded AS name[])) AND NOT c.relrowsecurity
    UNION ALL
    SELECT 'trigger ' || w.name FROM unnest(CAST(:triggers AS text[])) AS w (name)
    WHERE NOT EXISTS (
        SELECT FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'coupon_desk' AND t.tgname = w.name AND t.tgenabled = 'A'
    )
    UNION ALL
    SELECT 'entries: INSERT' WHERE NOT has_column_privilege('coupon_desk.entries', 'entry', 'INSERT')
    UNION ALL
    SELECT 'entries: SELECT' WHERE NOT has_table_privilege('coupon_desk.entries', 'SELECT')
    """
)
_TRIGGERS: Final = (
    "entries_follow",
    "entries_stay",
    "desks_stay",
    "claims_only_go_on",
    "claims_stay",
    "allowances_only_go_on",
    "allowances_stay",
    "requests_only_go_on",
    "requests_stay",
    "people_only_go_on",
    "people_stay",
    "people_changes_stay",
)
_NEWEST: Final = text("SELECT max(version) FROM coupon_desk.schema_version")
_HEAD: Final = text("SELECT sequence FROM coupon_desk.entries WHERE desk = :desk ORDER BY sequence DESC LIMIT 1")
_STANDING: Final = text("SELECT people, waiting_elsewhere, waiting_here, allowances FROM coupon_desk.standing(:shop)")
_CLAIMS: Final = text("SELECT shop, shown_as, operation, operator, made_at, is_returning FROM coupon_desk.own_claims()")


@dataclass(frozen=True, slots=True)
class CentralHealth:
    """What was found. `is_encrypted` is False over a socket of this computer too. `too_much`, `missing`: words for rights."""

    server: str
    desk: str
    schema_version: int
    is_encrypted: bool
    too_much: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenClaim:
    """A claim of this desk that is open. `coupon` is the masked code, `by` a login."""

    shop: str
    coupon: str
    operation: str
    by: str
    at: datetime
    is_returning: bool


@dataclass(frozen=True, slots=True)
class CentralState:
    """How this desk stands in the central database; `entries` of its trail are there.

    Of the shop: `people` who are listed and not disabled; requests of other desks that wait for a second person, and of this
    one that are open; how many operations of this desk count towards limits (`allowances`).
    """

    server: str
    desk: str
    schema_version: int
    is_encrypted: bool
    entries: int
    claims: tuple[OpenClaim, ...]
    people: int
    requests_elsewhere: int
    requests_here: int
    allowances: int


def check(central: Central) -> CentralHealth:
    """Look at reach, encryption, schema, name and rights. Raises RemoteUnavailable, RemoteRefused, ConfigurationError."""
    with central.connection() as connection:
        return CentralHealth(
            server=central.address.shown,
            desk=_desk(connection),
            schema_version=connection.execute(_NEWEST).scalar_one(),
            is_encrypted=_is_encrypted(connection),
            too_much=tuple(connection.execute(_TOO_MUCH, {"tables": list(_TABLES)}).scalars()),
            missing=tuple(connection.execute(_MISSING, {"triggers": list(_TRIGGERS), "guarded": list(_GUARDED)}).scalars()),
        )


def require_well(health: CentralHealth) -> None:
    """Go on only where the rights are as they should be. Raises RemoteRefused that names those that are not."""
    if health.too_much:
        raise RemoteRefused(
            System.CENTRAL,
            msg("This desk may do more in the central database than it should: {rights}.", rights=", ".join(health.too_much)),
            todo=msg("Have the administrator run “coupon-desk central init”, and give the desk a login role of its own."),
        )
    if health.missing:
        raise RemoteRefused(
            System.CENTRAL,
            msg("The central database lacks what keeps it from being changed: {parts}.", parts=", ".join(health.missing)),
            todo=msg("Have the administrator of the database look into it: somebody has changed its schema or rights."),
        )


def state(central: Central, shop: str) -> CentralState:
    """How this desk stands there; `shop` is Shopify's domain of the shop. Raises RemoteUnavailable, RemoteRefused."""
    with central.connection() as connection:
        desk = _desk(connection)
        standing = connection.execute(_STANDING, {"shop": shop}).one()
        return CentralState(
            server=central.address.shown,
            desk=desk,
            schema_version=connection.execute(_NEWEST).scalar_one(),
            is_encrypted=_is_encrypted(connection),
            entries=connection.execute(_HEAD, {"desk": desk}).scalar_one_or_none() or 0,
            claims=tuple(
                OpenClaim(row.shop, row.shown_as, row.operation, row.operator, row.made_at.astimezone(UTC), row.is_returning)
                for row in connection.execute(_CLAIMS)
            ),
            people=standing.people,
            requests_elsewhere=standing.waiting_elsewhere,
            requests_here=standing.waiting_here,
            allowances=standing.allowances,
        )


def _desk(connection: Connection) -> str:
    name: str | None = connection.execute(text("SELECT coupon_desk.own_desk()")).scalar_one()
    if name is None:
        raise UnknownDesk
    return name


def _is_encrypted(connection: Connection) -> bool:
    import psycopg

    driver = cast("psycopg.Connection[tuple[object, ...]]", connection.connection.dbapi_connection)
    return driver.pgconn.ssl_in_use
