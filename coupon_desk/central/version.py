"""The version of the schema in the central database, and which versions this program can work with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from coupon_desk.central.refusals import SchemaMismatch

if TYPE_CHECKING:
    import psycopg

KNOWN: Final = 3
"""The newest version that this program knows, and the one that it needs."""

_NEWEST: Final = "SELECT version, serves_since FROM coupon_desk.schema_version ORDER BY version DESC LIMIT 1"


def require_served(connection: psycopg.Connection[Any]) -> None:
    """Go on only where the schema serves this program. Raises SchemaMismatch.

    `serves_since` of a newer schema names the oldest version whose programs can go on working with it: a chain of shops is
    not upgraded in one moment.
    """
    row = connection.execute(_NEWEST).fetchone()
    if row is None:
        raise SchemaMismatch(None, is_newer=False)
    version, serves_since = row
    if version < KNOWN:
        raise SchemaMismatch(version, is_newer=False)
    if serves_since > KNOWN:
        raise SchemaMismatch(version, is_newer=True)
