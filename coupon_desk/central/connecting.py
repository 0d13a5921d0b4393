"""One connection to the central database: with which parameters it is made, and what it is told before it is used."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from coupon_desk import VERSION
from coupon_desk.address import PostgresAddress
from coupon_desk.central.deadline import deadline
from coupon_desk.central.refusals import not_connected, refusal
from coupon_desk.errors import ConfigurationError
from coupon_desk.words import msg

if TYPE_CHECKING:
    import psycopg

CONNECT_SECONDS: Final = 3
"""How long a server may take to accept us, sign-in included."""

STATEMENT_SECONDS: Final = 5.0
"""How long the server works on one statement before it gives up by itself."""


class Connector:
    """Makes connections. `password` is asked for each one; None where the server takes no password (peer, trust)."""

    def __init__(
        self,
        address: PostgresAddress,
        password: Callable[[], str | None],
        *,
        statement_seconds: float = STATEMENT_SECONDS,
        inspect: Callable[[psycopg.Connection[Any]], None] = lambda _: None,
    ) -> None:
        """`inspect` looks at each new connection and raises DeskError where it is not fit. Raises ConfigurationError."""
        self._driver = _driver()
        self._parameters = parameters(address)
        self._password = password
        self._statement_seconds = statement_seconds
        self._inspect = inspect

    def __call__(self) -> psycopg.Connection[Any]:
        """A new connection. Raises RemoteUnavailable, RemoteRefused, and what `password` raises."""
        secret = self._password()
        try:
            connection: psycopg.Connection[Any] = self._driver.connect(
                "", **self._parameters, **({"password": secret} if secret else {}), prepare_threshold=None
            )
        except self._driver.OperationalError as wrong:
            raise not_connected(wrong) from wrong
        except self._driver.Error as wrong:
            raise refusal(wrong) from wrong
        try:
            with deadline(connection, CONNECT_SECONDS):
                self._prepare(connection)
        except self._driver.Error as wrong:
            connection.close()
            raise refusal(wrong) from wrong
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: psycopg.Connection[Any]) -> None:
        """In SQL and not among the parameters: poolers between us and the server don't pass those on."""
        connection.autocommit = True
        milliseconds = int(self._statement_seconds * 1000)
        connection.execute(
            f"SET statement_timeout = {milliseconds}; SET lock_timeout = {milliseconds}; "
            f"SET idle_in_transaction_session_timeout = {2 * milliseconds}; "
            "SET default_transaction_isolation = 'read committed'; SET datestyle = 'ISO'; SET search_path = pg_catalog"
        )
        self._inspect(connection)
        connection.autocommit = False


def parameters(address: PostgresAddress) -> Mapping[str, Any]:
    """libpq's parameters for an address, without the password."""
    told: dict[str, Any] = {
        **address.options,
        "host": ",".join(address.hosts),
        "application_name": f"coupon-desk {VERSION}",
        "connect_timeout": CONNECT_SECONDS,
        "gssencmode": "disable",  # would take the place of TLS
        "keepalives_idle": 10,
        "keepalives_interval": 3,
        "keepalives_count": 3,
        "tcp_user_timeout": 8000,
    }
    if address.ports:
        told["port"] = ",".join(str(port) for port in address.ports)
    if address.user is not None:
        told["user"] = address.user
    if address.database is not None:
        told["dbname"] = address.database
    if told["sslmode"] == "verify-full" and "sslrootcert" not in told:
        # The driver's wheels look for "system" where their own OpenSSL was built; Python knows where this system keeps it.
        told["sslrootcert"] = ssl.get_default_verify_paths().cafile or "system"
    return told


def _driver() -> Any:
    """The driver is an optional extra."""
    try:
        import psycopg
    except ImportError as missing:
        raise ConfigurationError(
            msg("The central database is configured, but the driver for PostgreSQL is not installed."),
            done=msg("Nothing was done."),
            todo=msg("Install it with: {command}", command='pip install "coupon-desk[central]"'),
            detail=str(missing),
        ) from missing
    return psycopg
