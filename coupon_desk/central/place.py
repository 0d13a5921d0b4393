"""The central database as the other rooms use it: connections that answer or say why not, from any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, cast

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, InvalidRequestError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from coupon_desk import settings
from coupon_desk.address import PostgresAddress
from coupon_desk.central.connecting import CONNECT_SECONDS, Connector
from coupon_desk.central.deadline import HasSocket, deadline
from coupon_desk.central.refusals import UnknownDesk, out_of_reach, refusal
from coupon_desk.central.version import require_served
from coupon_desk.clock import Clock
from coupon_desk.errors import ConfigurationError
from coupon_desk.words import msg

ANSWER_SECONDS: Final = 8.0
"""How long anything may take before the connection is cut."""

_MOST_CONNECTIONS: Final = 6


class Central:
    """One central database, as one login role. Safe to use from any thread. Opening it does no network.

    A connection that died while nobody used it is noticed and replaced; one that dies in use is told as RemoteUnavailable,
    and then what was asked may or may not have been done: ask only for what may be asked twice.
    """

    def __init__(self, address: PostgresAddress, connect: Callable[[], Any], clock: Clock) -> None:
        self.address = address
        self.clock = clock
        self._engine = create_engine(
            "postgresql+psycopg://",
            creator=connect,
            pool_size=2,
            max_overflow=_MOST_CONNECTIONS - 2,
            pool_timeout=ANSWER_SECONDS,
            pool_recycle=600,
            use_native_hstore=False,
        )
        event.listen(self._engine, "checkout", _ping)
        self._cuts: list[Callable[[], None]] = []
        self._watching = threading.Lock()
        self._each_by_itself: Engine = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def connection(self, *, seconds: float = ANSWER_SECONDS) -> Iterator[Connection]:
        """A connection on which each statement is a transaction of its own. Raises RemoteUnavailable, RemoteRefused.

        It is cut, and RemoteUnavailable is raised, when the block takes longer than `seconds`.
        """
        with _translated(), _connected(self._each_by_itself) as connection, self._watched(connection, seconds):
            yield connection

    @contextmanager
    def transaction(self, *, seconds: float = ANSWER_SECONDS) -> Iterator[Connection]:
        """One transaction: all of it is done when the block ends, or nothing is. Raises RemoteUnavailable, RemoteRefused."""
        with (
            _translated(),
            _connected(self._engine) as connection,
            self._watched(connection, seconds),
            connection.begin(),
        ):
            yield connection

    def own_desk(self) -> str:
        """The name that this desk has in the central database. Raises UnknownDesk, RemoteUnavailable, RemoteRefused."""
        with self.connection() as connection:
            name: str | None = connection.execute(text("SELECT coupon_desk.own_desk()")).scalar_one()
        if name is None:
            raise UnknownDesk
        return name

    def abort(self) -> None:
        """Cut every connection that is in use, for a quick shutdown; who waits there is told RemoteUnavailable."""
        with self._watching:
            for cut in self._cuts:
                cut()

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    @contextmanager
    def _watched(self, connection: Connection, seconds: float) -> Iterator[None]:
        with deadline(_socket(connection), seconds) as cut:
            with self._watching:
                self._cuts.append(cut)
            try:
                yield
            finally:
                with self._watching:
                    self._cuts.remove(cut)


def open_central(configured: settings.Central, password: Callable[[], str | None], clock: Clock) -> Central:
    """The central database that the configuration names, for a desk's work. No network.

    `password` gives the content of `central.password`, None where there is none. Raises ConfigurationError.
    """
    try:
        address = PostgresAddress.parse(configured.url)
    except ValueError as wrong:
        raise ConfigurationError(
            msg("The address of the central database ({key}) is wrong: {why}", key="central.url", why=str(wrong)),
            done=msg("Nothing was done."),
        ) from wrong
    return Central(address, Connector(address, password, inspect=require_served), clock)


def _ping(connection: Any, _record: object, _proxy: object) -> None:
    """A server that was restarted, or a firewall, ends connections that nobody uses; the pool then makes new ones."""
    import psycopg

    try:
        with deadline(connection, CONNECT_SECONDS):
            connection.autocommit = True
            connection.execute("SELECT 1")
            connection.autocommit = False
    except psycopg.Error as lost:
        raise InvalidatePoolError(str(lost)) from lost


def _connected(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except (PoolTimeout, InvalidRequestError) as wrong:  # all are in use, or each one that was made died at once
        raise out_of_reach(str(wrong)) from wrong


def _socket(connection: Connection) -> HasSocket:
    return cast("HasSocket", connection.connection.dbapi_connection)


@contextmanager
def _translated() -> Iterator[None]:
    import psycopg

    try:
        yield
    except DBAPIError as wrong:
        if isinstance(wrong.orig, psycopg.Error):
            raise refusal(wrong.orig) from wrong
        raise
    except psycopg.Error as wrong:
        raise refusal(wrong) from wrong
