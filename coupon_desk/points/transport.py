"""How a request reaches the point system over HTTP, and what a broken way there proves.

Reads and writes have connections of their own: a read may be aborted at any moment, a write never is. A write gets a fresh
connection, because a kept one that the server has just closed looks the same as an answer that was lost.
"""

from __future__ import annotations

import logging
import re
import socket
import ssl
import threading
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from coupon_desk import VERSION
from coupon_desk.clock import Clock, ClockOffset
from coupon_desk.errors import DeskError, OutcomeUnknown, RemoteRefused, RemoteUnavailable, System
from coupon_desk.words import msg

CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 30.0
"""A whole answer must be there by then, however steadily it trickles."""
ANSWER_BYTES: Final = 4 * 1024 * 1024

_LOOPBACK: Final = re.compile(r"https?://(127\.|localhost\b|\[::1\])")
_SENT_NOTHING: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer. `server_time` is the remote clock's `Date`, `retry_after_seconds` what it asked us to wait."""

    status: int
    content: bytes
    request_id: str | None
    server_time: datetime | None
    retry_after_seconds: float | None


class Transport:
    """Sends requests to one endpoint. Safe to use from several threads.

    `offset` is told the server's clock with each answer.
    """

    def __init__(
        self,
        endpoint: str,
        token: Callable[[], str],
        clock: Clock,
        tls: ssl.SSLContext | None = None,
        offset: ClockOffset | None = None,
    ) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._token = token
        self._clock = clock
        self._offset = offset or ClockOffset(clock)
        self._aborted = False
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._lock = threading.Lock()
        verify = tls if tls is not None else _trust(self._endpoint)
        # A proxy of the environment is right for a shop's network and wrong for a server on this computer.
        trust_env = _LOOPBACK.match(self._endpoint) is None
        timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
        self._reads = httpx.Client(verify=verify, trust_env=trust_env, timeout=timeout)
        fresh = httpx.Limits(max_keepalive_connections=0)
        self._writes = httpx.Client(verify=verify, trust_env=trust_env, timeout=timeout, limits=fresh)

    @property
    def is_aborted(self) -> bool:
        """Whether reads have ended for good."""
        return self._aborted

    def read(self, path: str, query: Mapping[str, str | int] | None = None) -> HttpAnswer:
        """One GET, not retried. Raises RemoteUnavailable where no whole answer came, RemoteRefused for an unusable token."""
        if self._aborted:
            raise _ended()
        request = self._request(self._reads, "GET", path, {"Cache-Control": "no-cache"}, query=query)
        request.extensions["trace"] = self._remember
        try:
            return self._answer(self._reads, request)
        except _SENT_NOTHING as broken:
            raise _not_reached(broken) from None
        except (httpx.HTTPError, httpx.StreamError, OSError, ValueError) as broken:
            if self._aborted:
                raise _ended() from None
            raise RemoteUnavailable(
                System.POINTS, msg("The point system did not answer."), detail=type(broken).__name__
            ) from None

    def write(self, path: str, body: bytes, key: str | None) -> HttpAnswer:
        """One POST, sent once.

        Raises RemoteUnavailable where it surely was not sent, RemoteRefused for an unusable token, OutcomeUnknown where it
        was sent and no whole answer came.
        """
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["Idempotency-Key"] = key
        request = self._request(self._writes, "POST", path, headers, body=body)
        try:
            return self._answer(self._writes, request)
        except _SENT_NOTHING as broken:
            raise _not_reached(broken) from None
        except (httpx.HTTPError, httpx.StreamError, OSError, ValueError) as broken:
            raise OutcomeUnknown(
                System.POINTS,
                msg("The point system did not answer whether it added the points."),
                todo=msg("The point history will tell; nothing is sent again before."),
                detail=type(broken).__name__,
            ) from None

    def abort_reads(self) -> None:
        """End reads for good, those in flight at once: their threads get RemoteUnavailable. Writes go on to their end."""
        with self._lock:
            self._aborted = True
            sockets = tuple(self._sockets)
        for each in sockets:
            _shut(each)

    def close(self) -> None:
        """Give the connections back."""
        self._reads.close()
        self._writes.close()

    def _request(
        self,
        client: httpx.Client,
        method: str,
        path: str,
        headers: Mapping[str, str],
        *,
        query: Mapping[str, str | int] | None = None,
        body: bytes | None = None,
    ) -> httpx.Request:
        own = {
            "Authorization": f"Bearer {self._usable_token()}",
            "Accept": "application/json, application/problem+json",
            "User-Agent": f"coupon-desk/{VERSION}",
        }
        try:
            return client.build_request(method, self._endpoint + path, params=query, content=body, headers={**own, **headers})
        except httpx.InvalidURL:
            raise RemoteRefused(
                System.POINTS,
                msg("The address of the point system is not an address; nothing was sent."),
                todo=msg("Check the address in the configuration ([pos] endpoint)."),
            ) from None

    def _usable_token(self) -> str:
        try:
            token = self._token().strip()
        except DeskError as missing:
            raise RemoteUnavailable(System.POINTS, missing.what, todo=missing.todo, detail=missing.detail) from missing
        # httpx would name the token in its own error.
        if not token or not token.isascii() or not token.isprintable():
            raise RemoteRefused(
                System.POINTS,
                msg("The stored token of the point system is empty or damaged; nothing was sent."),
                todo=msg("Store it again with “coupon-desk secrets set pos.token”."),
            )
        return token

    def _answer(self, client: httpx.Client, request: httpx.Request) -> HttpAnswer:
        began = self._clock.monotonic()
        response = client.send(request, stream=True, follow_redirects=False)
        try:
            content = bytearray()
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > ANSWER_BYTES or self._clock.monotonic() - began > ANSWER_SECONDS:
                    raise httpx.ReadTimeout("no end of the answer", request=request)
        finally:
            response.close()
        request_id = response.headers.get("X-Request-Id", "")[:100] or None
        server_time = _moment(response.headers.get("Date"))
        self._offset.heard(server_time)
        _log.debug("%s answered %s, request id %s", request.method, response.status_code, request_id)
        return HttpAnswer(
            status=response.status_code,
            content=bytes(content),
            request_id=request_id,
            server_time=server_time,
            retry_after_seconds=self._wait(response.headers.get("Retry-After")),
        )

    def _wait(self, retry_after: str | None) -> float | None:
        # RFC 9110 §10.2.3: whole seconds or a date.
        if retry_after is None:
            return None
        if retry_after.strip().isdecimal():
            return float(retry_after)
        moment = _moment(retry_after)
        return max(0.0, (moment - self._clock.now()).total_seconds()) if moment is not None else None

    def _remember(self, event: str, about: Mapping[str, Any]) -> None:
        # `client.close()` does not wake a thread that waits for an answer; shutting its socket down does, and httpx hands
        # the socket out only through its trace extension.
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            opened = about["return_value"].get_extra_info("socket")
            with self._lock:
                self._sockets.add(opened)
                too_late = self._aborted
            if too_late:
                _shut(opened)


def _trust(endpoint: str) -> ssl.SSLContext:
    # Reading the certificates takes tens of milliseconds, and a server on this computer has none.
    return httpx.create_ssl_context() if endpoint.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _shut(opened: socket.socket) -> None:
    # The plain socket's method: the TLS one takes the session away from under the thread that reads.
    with suppress(OSError):
        socket.socket.shutdown(opened, socket.SHUT_RDWR)


def _ended() -> RemoteUnavailable:
    return RemoteUnavailable(System.POINTS, msg("The program is closing; the point system was not asked any more."))


def _not_reached(broken: httpx.HTTPError) -> RemoteUnavailable:
    if isinstance(broken.__cause__, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(broken):
        return RemoteUnavailable(
            System.POINTS,
            msg("The certificate of the point system cannot be trusted; nothing was sent."),
            todo=msg("Check the address in the configuration ([pos] endpoint) and the date of this computer."),
            detail=type(broken).__name__,
        )
    return RemoteUnavailable(
        System.POINTS,
        msg("The point system cannot be reached; nothing was sent."),
        todo=msg("Check the network and try again."),
        detail=type(broken).__name__,
    )


def _moment(date: str | None) -> datetime | None:
    if date is None:
        return None
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
