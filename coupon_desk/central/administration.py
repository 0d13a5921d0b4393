"""The administrator's connection to the central database, for `central init`, `add-desk` and `disable-desk`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from coupon_desk.address import PostgresAddress
from coupon_desk.central.connecting import Connector
from coupon_desk.central.refusals import refusal
from coupon_desk.errors import RemoteRefused, System
from coupon_desk.words import msg

if TYPE_CHECKING:
    import psycopg

OWNER: Final = "coupon_desk_owner"
"""Owns everything in the schema; nobody can sign in as it."""

DESKS: Final = "coupon_desk_desk"
"""The group of all desks' login roles: appends entries, reads its own, works on claims through functions."""

AUDITORS: Final = "coupon_desk_auditor"
"""The group of those who read everything and write nothing."""

_STATEMENT_SECONDS: Final = 900.0  # an upgrade may build an index over millions of entries
_NO_RIGHT: Final = "42501"


@contextmanager
def as_administrator(address: PostgresAddress, password: Callable[[], str | None]) -> Iterator[psycopg.Connection[Any]]:
    """One transaction as an administrator: all of it is done when the block ends, or nothing is.

    Raises RemoteUnavailable, RemoteRefused, ConfigurationError.
    """
    connection = Connector(address, password, statement_seconds=_STATEMENT_SECONDS)()
    import psycopg

    try:
        with connection:
            yield connection
    except psycopg.Error as wrong:
        if wrong.sqlstate == _NO_RIGHT:
            raise RemoteRefused(
                System.CENTRAL,
                msg("This user may not administer the central database."),
                done=msg("Nothing was done."),
                todo=msg("Give with --url a user who may create roles and schemas there."),
                detail=str(wrong),
            ) from wrong
        raise refusal(wrong) from wrong
    finally:
        connection.close()
