"""One HTTP exchange with Shopify: explicit time-outs, sockets of reads that can be cut, and what each failure proves.

Reads and writes have connections of their own, because `abort_reads` shuts down every socket of the former and must never
touch a write.
"""

from __future__ import annotations

import socket
import ssl
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from coupon_desk.errors import RemoteUnavailable, System
from coupon_desk.shopify.refusals import Hopeless, Purpose, no_answer, refused
from coupon_desk.words import msg

CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 10.0

_TIMEOUT: Final = httpx.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS, write=READ_SECONDS, pool=READ_SECONDS)
_LIMITS: Final = httpx.Limits(max_connections=8, max_keepalive_connections=4, keepalive_expiry=15.0)
_HERE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


class Transport:
    """Connections to one shop. Safe to use from several threads."""

    def __init__(self, url: str, *, tls: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        self._host = host
        # A proxy of the environment is for the world outside, not for a training server on this computer.
        through_proxy = host not in _HERE
        context = tls or (_trust() if parts.scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        self._reads = _pool(context, through_proxy)
        self._writes = _pool(context, through_proxy)
        self._results = _pool(context, through_proxy)
        self._read_sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._aborts = 0

    @property
    def writes(self) -> httpx.Client:
        """The connections that are never cut."""
        return self._writes

    @property
    def aborts(self) -> int:
        """How often reads were aborted so far."""
        return self._aborts

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], purpose: Purpose, aborts: int | None = None
    ) -> httpx.Response:
        """One POST, sent once, its answer read to the end. A read that began before the latest abort is cut at once.

        Raises RemoteUnavailable where nothing was sent or a read got no answer, OutcomeUnknown where a write got none.
        """
        pool, extensions = self._writes, None
        if purpose is Purpose.READ:
            pool, extensions = self._reads, {"trace": partial(self._note_socket, aborts)}
        try:
            return pool.post(url, content=body, headers=headers, extensions=extensions)
        except _NOT_SENT as failure:
            raise _not_reached(self._host, failure) from failure
        except httpx.HTTPError as failure:
            raise no_answer(purpose, failure) from failure

    @contextmanager
    def open_result(self, url: str, position: int, aborts: int) -> Iterator[httpx.Response]:
        """One GET from another host, its answer read by the caller piece by piece; aborted like every read.

        Raises RemoteUnavailable, and RemoteRefused for an address that is neither https nor on this computer.
        """
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in _HERE:
            raise refused(msg("Shopify named an address that is not safe."), detail=f"scheme {parts.scheme}")
        headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={position}-"} if position else {})}
        extensions = {"trace": partial(self._note_socket, aborts)}
        try:
            with self._results.stream("GET", url, headers=headers, extensions=extensions) as response:
                yield response
        except _NOT_SENT as failure:
            raise _not_reached(parts.hostname or "", failure) from failure
        except httpx.HTTPError as failure:
            raise no_answer(Purpose.READ, failure) from failure

    def abort_reads(self) -> None:
        """Cut the sockets of all reads: whoever waits in one goes on at once. `close` alone would not free them."""
        with self._lock:
            self._aborts += 1
            sockets = list(self._read_sockets)
            self._read_sockets.clear()
        for connection in sockets:
            _cut(connection)

    def close(self) -> None:
        """Close all connections."""
        self._reads.close()
        self._writes.close()
        self._results.close()

    def _note_socket(self, aborts: int | None, event: str, noted: Mapping[str, Any]) -> None:
        if not event.endswith(("connect_tcp.complete", "start_tls.complete")):
            return
        connection = noted["return_value"].get_extra_info("socket")
        with self._lock:
            is_too_late = aborts is not None and aborts != self._aborts
            self._read_sockets.add(connection)
        if is_too_late:
            _cut(connection)


def _cut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other side has closed it already


def _pool(context: ssl.SSLContext, through_proxy: bool) -> httpx.Client:
    return httpx.Client(timeout=_TIMEOUT, limits=_LIMITS, verify=context, trust_env=through_proxy, follow_redirects=False)


def _trust() -> ssl.SSLContext:
    """The certificates that come with the program and those of this computer, which a company's proxy may need."""
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context


def _not_reached(host: str, failure: httpx.HTTPError) -> RemoteUnavailable:
    if _is_about_tls(failure):
        return Hopeless(
            System.SHOPIFY,
            msg("No safe connection to Shopify: the certificate of {host} is not trusted.", host=host),
            todo=msg("Nothing was done. Check the date of this computer and the network, a proxy may be in between."),
            detail=type(failure).__name__,
        )
    return RemoteUnavailable(
        System.SHOPIFY,
        msg("Shopify cannot be reached at {host}.", host=host),
        todo=msg("Nothing was done. Check the network and try again."),
        detail=type(failure).__name__,
    )


def _is_about_tls(failure: BaseException | None) -> bool:
    while failure is not None:
        if isinstance(failure, ssl.SSLError):
            return True
        failure = failure.__cause__ or failure.__context__
    return False
